"""The timbre model: phones and F0 in, harmonic envelope, voicing and aperiodicity out.

Three streams, each a :class:`~singsynth.model.network.GatedNetwork`, in a cascade: harmonic, then
voicing (which sees the harmonic frames), then aperiodicity (which sees both); Blaauw and Bonada
2017, section 3.3. The streams are trained one by one on true features, generated one after the
other. Input noise keeps generation from drifting: the network learns to look at the score rather
than to copy its own past (section 3.4).

All features are scaled to [-1, 1] per dimension over sounding frames; what silence adds below is
clamped at -1, so -1 everywhere is the frame that stands before a phrase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from singsynth.model import mixture as gaussian
from singsynth.model.controls import NUM_PHONE, FloatArray, frame_times, phone_controls
from singsynth.model.engine.reference import Head, MixtureHead, VoicingHead, generate_uncached
from singsynth.model.network import GatedNetwork, NetworkConfig, one_hot
from singsynth.model.sampling import Tell, portion, sample_stream
from singsynth.song import Phone

STREAMS = ("harmonic", "voicing", "aperiodic")
"""In the order of the cascade."""

SHARES = {"harmonic": (0.0, 0.8), "voicing": (0.8, 0.9), "aperiodic": (0.9, 1.0)}
"""Where each begins and ends on the way through the cascade, roughly."""

NUM_REGISTER = 4
"""Gaussians that code F0 over the voice's range."""

SILENT = -1.0
"""Scaled value of every stream in silence."""


@dataclass(frozen=True)
class TimbreConfig:
    """Sizes of the three streams, and how they are regularised and sampled."""

    harmonic: NetworkConfig = field(
        default_factory=lambda: NetworkConfig(dropout=0.2, skip_dropout=0.15)
    )
    voicing: NetworkConfig = field(
        default_factory=lambda: NetworkConfig(20, 4, encoder_channels=48)
    )
    aperiodic: NetworkConfig = field(
        default_factory=lambda: NetworkConfig(20, 16, encoder_channels=48)
    )
    input_noise: float = 0.4
    """Standard deviation of the noise on the autoregressive input and on cross-stream inputs."""
    style: int = 4
    """Dimensions of what training learns of each phrase beyond its controls; zero in singing."""
    style_noise: float = 0.2
    style_penalty: float = 0.001
    """What keeps style vectors small and vague; see ``training/styles.py``."""
    control_noise: float = 0.08
    """Standard deviation of the noise on positions, durations and F0: exact, they would tell every
    phone of the corpus apart, and the network would learn it by heart."""
    harmonic_temperature: tuple[float, float] = (0.05, 0.5)
    """Of dimensions 0-3 and of 8 and up; linear between."""
    aperiodic_temperature: float = 0.01


class TimbreModel(nn.Module):
    """Three streams over one set of phones.

    Parameters
    ----------
    phones
        Symbols the voice knows, in the order of their one-hot codes.
    num_harmonic, num_aperiodic
        Dimensions of the feature streams.
    hop_s
        Seconds between frames.
    """

    low: Tensor
    high: Tensor
    register: Tensor

    def __init__(
        self,
        phones: Sequence[str],
        num_harmonic: int,
        num_aperiodic: int,
        hop_s: float,
        config: TimbreConfig,
    ) -> None:
        super().__init__()
        self.config = config
        self.hop_s = hop_s
        self.phones = tuple(phones)
        self.index: Mapping[str, int] = {symbol: i for i, symbol in enumerate(self.phones)}
        self.dimensions = {"harmonic": num_harmonic, "voicing": 1, "aperiodic": num_aperiodic}
        shared = 3 * len(self.phones) + NUM_PHONE + NUM_REGISTER
        raw = gaussian.NUM_RAW
        self.streams = nn.ModuleDict(
            {
                "harmonic": GatedNetwork(
                    num_harmonic, raw * num_harmonic, shared + config.style, config.harmonic
                ),
                "voicing": GatedNetwork(1, 1, shared + num_harmonic, config.voicing),
                "aperiodic": GatedNetwork(
                    num_aperiodic,
                    raw * num_aperiodic,
                    shared + num_harmonic + 1,
                    config.aperiodic,
                ),
            }
        )
        for name in ("harmonic", "aperiodic"):
            bias = self.network(name).output.bias
            with torch.no_grad():
                bias.view(-1, raw)[:, 1] = gaussian.INITIAL_SCALE_LOGIT
        total = num_harmonic + num_aperiodic
        self.register_buffer("low", torch.zeros(total))
        self.register_buffer("high", torch.ones(total))
        self.register_buffer("register", torch.tensor([48.0, 72.0]))

    def network(self, stream: str) -> GatedNetwork:
        """The network of one stream."""
        module = self.streams[stream]
        assert isinstance(module, GatedNetwork)
        return module

    def temperature(self, stream: str) -> Tensor:
        """Temperature of each dimension, (D,)."""
        if stream == "aperiodic":
            return torch.full((self.dimensions[stream],), self.config.aperiodic_temperature)
        lowest, highest = self.config.harmonic_temperature
        place = torch.arange(self.dimensions[stream], dtype=torch.float32)
        return lowest + (highest - lowest) * ((place - 3) / 5).clamp(0, 1)

    # -- scaling ---------------------------------------------------------------------------------

    def fit_scaling(self, features: FloatArray, register: tuple[float, float]) -> None:
        """Set scaling from sounding frames (T, harmonic + aperiodic), and the range of F0."""
        low, high = np.quantile(features, [0.001, 0.999], axis=0)
        self.low.copy_(torch.from_numpy(low))
        self.high.copy_(torch.from_numpy(np.maximum(high, low + 1e-3)))
        self.register.copy_(torch.tensor(register))

    def _bounds(self, stream: str) -> tuple[Tensor, Tensor]:
        cut = self.dimensions["harmonic"]
        part = slice(None, cut) if stream == "harmonic" else slice(cut, None)
        return self.low[part], self.high[part]

    def scale(self, stream: str, values: Tensor) -> Tensor:
        """Features (..., D) -> [-1, 1]; voicing 0 or 1 -> -1 or 1."""
        if stream == "voicing":
            return values * 2 - 1
        low, high = self._bounds(stream)
        return ((values - low) / (high - low) * 2 - 1).clamp(-1, 1)

    def unscale(self, stream: str, values: Tensor) -> Tensor:
        """[-1, 1] -> features (..., D)."""
        if stream == "voicing":
            return (values + 1) / 2
        low, high = (bound.to(values.device) for bound in self._bounds(stream))
        return (values + 1) / 2 * (high - low) + low

    @property
    def silence(self) -> FloatArray:
        """The harmonic frame of silence, unscaled, (num_harmonic,)."""
        frame = torch.full((self.dimensions["harmonic"],), SILENT)
        return self.unscale("harmonic", frame).numpy()

    # -- controls --------------------------------------------------------------------------------

    def score_controls(
        self, phones: Sequence[Phone], f0_semitones: FloatArray, origin_s: float
    ) -> tuple[Tensor, Tensor]:
        """Controls that all streams share.

        Returns
        -------
        identities, numbers
            (T, 3) phone indices and (T, NUM_PHONE + NUM_REGISTER).
        """
        times = frame_times(len(f0_semitones), self.hop_s, origin_s)
        identities, positions = phone_controls(phones, self.index, times)
        low, high = (float(x) for x in self.register)
        place = np.clip((f0_semitones - low) / (high - low), 0, 1)[:, None]
        centres = np.linspace(0, 1, NUM_REGISTER)
        width = 1.0 / (NUM_REGISTER - 1)
        register = np.exp(-((place - centres) ** 2) / (2 * width**2))
        numbers = np.concatenate([positions, register], axis=1).astype(np.float32)
        return torch.from_numpy(identities), torch.from_numpy(numbers)

    def controls(self, identities: Tensor, numbers: Tensor, *cross: Tensor) -> Tensor:
        """One-hot phones, numbers, and style or cross-stream frames: (batch, T, controls)."""
        return torch.cat([one_hot(identities, len(self.phones)), numbers, *cross], dim=-1)

    # -- training --------------------------------------------------------------------------------

    def loss(self, stream: str, past: Tensor, controls: Tensor, target: Tensor) -> Tensor:
        """Mean negative log-likelihood per dimension.

        Shapes as in :meth:`GatedNetwork.forward`; ``target`` (batch, T, D), scaled.
        """
        raw = self.network(stream)(past, controls)
        if stream == "voicing":
            return F.binary_cross_entropy_with_logits(raw.float(), (target > 0).float())
        shaped = raw.view(*target.shape, gaussian.NUM_RAW)
        return gaussian.negative_log_likelihood(shaped, target).mean()

    # -- generation ------------------------------------------------------------------------------

    @torch.inference_mode()
    def generate(
        self,
        phrases: Sequence[tuple[Tensor, Tensor]],
        seeds: Sequence[int],
        temperature: float = 1.0,
        tell: Tell | None = None,
    ) -> list[dict[str, Tensor]]:
        """Sing phrases.

        Parameters
        ----------
        phrases
            Score controls of each phrase, from :meth:`score_controls`.
        seeds
            One a phrase. Noise is drawn on the CPU phrase by phrase, so that neither the device nor
            the other phrases change a phrase's sound.
        temperature
            Multiplies the temperature of every stream.
        tell
            Told the share that is done.

        Returns
        -------
        Of each phrase its unscaled streams: harmonic (T, 60), voicing (T, 1), aperiodic (T, bands).
        """
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        scaled: dict[str, list[Tensor]] = {}
        for stream in STREAMS:
            controls = [
                self.stream_controls(stream, phrase, [scaled[name][i] for name in scaled])
                for i, phrase in enumerate(phrases)
            ]
            tau = None if stream == "voicing" else self.temperature(stream) * temperature
            scaled[stream] = sample_stream(
                self.network(stream),
                controls,
                generators,
                tau,
                SILENT,
                portion(tell, *SHARES[stream]),
            )
        return [
            {name: self.unscale(name, scaled[name][i]) for name in STREAMS}
            for i in range(len(phrases))
        ]

    def stream_controls(
        self, stream: str, phrase: tuple[Tensor, Tensor], seen: Sequence[Tensor]
    ) -> Tensor:
        """Controls of one stream in singing, (T, C), after the scaled frames of those before it."""
        identities, numbers = phrase
        if stream == "harmonic":
            seen = [torch.zeros(len(numbers), self.config.style)]
        return self.controls(identities, numbers, *seen)

    @torch.inference_mode()
    def generate_uncached(self, phrase: tuple[Tensor, Tensor]) -> None:
        """The work of :meth:`generate` for one phrase, every frame computed from nothing.

        What ``singsynth bench`` compares with; nothing is kept.
        """
        scaled: list[Tensor] = []
        for stream in STREAMS:
            network = self.network(stream)
            controls = self.stream_controls(stream, phrase, scaled)[None]
            shape = (1, controls.shape[1], network.num_inputs)
            head: Head = VoicingHead()
            if stream != "voicing":
                head = MixtureHead(torch.rand(shape), torch.randn(shape), self.temperature(stream))
            initial = torch.full((1, network.num_inputs), SILENT)
            scaled.append(generate_uncached(network, controls, initial, head)[0])
