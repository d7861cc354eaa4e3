"""The pitch model: notes and phones in, F0 out.

One :class:`~singsynth.model.network.GatedNetwork` over continuous F0 in semitones (Blaauw and
Bonada 2017, section 3.5). Three things differ from the paper, each measured in ``docs/model.md``:

- it predicts the *deviation* of F0 from the notes joined by short straight glides, so that the
  register of the score need not be learnt from few songs;
- it runs at every second frame, as F0 moves slowly: half the work and twice the context;
- its controls pass through an encoder that sees the notes ahead.

Training shifts songs by random intervals (augmentation), which leaves deviations as they are and
teaches that the absolute pitch of a note says little about its shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from singsynth.model import mixture as gaussian
from singsynth.model.controls import (
    NUM_PHONE,
    NUM_SEGMENT,
    FloatArray,
    IntArray,
    code_duration,
    frame_times,
    locate,
    phone_controls,
    segment_position,
)
from singsynth.model.network import GatedNetwork, NetworkConfig, one_hot
from singsynth.model.sampling import Tell, sample_stream
from singsynth.song import REST, Note, Phone

GLIDE_S = 0.12
"""Length of the straight glide from note to note, centred on the vowel's onset."""

DEVIATION_SEMITONES = 8.0
"""Deviation that is scaled to 1; larger ones are clamped."""

INTERVAL_SEMITONES = 12.0
NUM_REGISTER = 4
NUM_NOTE = NUM_SEGMENT + 2 * 2 + 1
"""Position in the note; interval and duration of both neighbours; the glide's offset."""


@dataclass(frozen=True)
class PitchConfig:
    """Size of the network, its pace, and how it is regularised and sampled."""

    network: NetworkConfig = field(
        default_factory=lambda: NetworkConfig(
            residual_channels=64,
            skip_channels=64,
            initial_kernel=10,
            dilations=(1, 2, 4, 8, 16, 1, 2, 4, 8, 16),
            encoder_channels=64,
            encoder_kernel=5,
            encoder_dilations=(1, 2, 4, 8),
            dropout=0.2,
        )
    )
    stride: int = 2
    """Frames of the acoustic features per frame of this model."""
    input_noise: float = 0.1
    shift_semitones: float = 5.0
    """Augmentation: songs are shifted by up to this, either way."""
    temperature: float = 0.01


class Line(NamedTuple):
    """Notes as performed. Arrays of shape (num_notes,); see :func:`performed_line`."""

    onset_s: FloatArray
    end_s: FloatArray
    pitch: FloatArray


def performed_line(notes: Sequence[Note], phones: Sequence[Phone]) -> Line:
    """Where each note was sung: from its nucleus's onset to the next note's, or to a rest.

    A note that no phone belongs to (a melisma in hand-made labels) starts where the score says.
    """
    sung: dict[int, list[Phone]] = {}
    for phone in phones:
        if phone.note is not None:
            sung.setdefault(phone.note, []).append(phone)
    onset = np.array([note.start_s for note in notes])
    for index, own in sung.items():
        syllable = notes[index].syllable
        nucleus = own[len(syllable.onset) if syllable else 0 :]
        onset[index] = nucleus[0].start_s if nucleus else own[-1].end_s
    onset = np.maximum.accumulate(onset)
    last = phones[-1].end_s if phones else 0.0
    following = np.append(onset[1:], max(last, float(onset[-1])))
    end = following.copy()
    for phone in phones:
        if phone.symbol == REST:
            inside = (onset < phone.start_s + 1e-6) & (phone.start_s < following)
            end[inside] = np.minimum(end[inside], phone.start_s)
    pitch = np.array([note.pitch for note in notes])
    return Line(onset, np.maximum(end, onset + 1e-3), pitch)


def straight_glides(line: Line, times_s: FloatArray) -> FloatArray:
    """Notes held flat and joined by straight glides, in semitones (T,): the naive performance.

    A glide is centred on the onset of the note it leads to; across a rest it lies in its middle.
    """
    if len(line.onset_s) == 1:
        return np.full(len(times_s), line.pitch[0])
    rest = np.maximum(line.onset_s[1:] - line.end_s[:-1], 0.0)
    centre = line.onset_s[1:] - rest / 2
    shortest = np.minimum(np.diff(line.onset_s), GLIDE_S)
    half = np.minimum(shortest, np.append(shortest[1:], GLIDE_S)) / 2
    knots = np.stack([centre - half, centre + half], axis=1).ravel()
    values = np.stack([line.pitch[:-1], line.pitch[1:]], axis=1).ravel()
    return np.interp(times_s, np.maximum.accumulate(knots), values)


class PitchModel(nn.Module):
    """F0 of one singer.

    Parameters
    ----------
    phones
        Symbols the voice knows, in the order of their one-hot codes.
    hop_s
        Seconds between acoustic frames; the model runs at ``hop_s * config.stride``.
    """

    register: Tensor

    def __init__(self, phones: Sequence[str], hop_s: float, config: PitchConfig) -> None:
        super().__init__()
        self.config = config
        self.hop_s = hop_s
        self.step_s = hop_s * config.stride
        self.phones = tuple(phones)
        self.index = {symbol: i for i, symbol in enumerate(self.phones)}
        num_controls = 3 * len(self.phones) + NUM_PHONE + NUM_NOTE + NUM_REGISTER
        self.network = GatedNetwork(1, gaussian.NUM_RAW, num_controls, config.network)
        with torch.no_grad():
            self.network.output.bias[1] = gaussian.INITIAL_SCALE_LOGIT
        self.register_buffer("register", torch.tensor([48.0, 72.0]))

    # -- controls --------------------------------------------------------------------------------

    def score_controls(
        self, notes: Sequence[Note], phones: Sequence[Phone], num_frames: int, origin_s: float
    ) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
        """Controls of every model frame.

        Returns
        -------
        identities (T, 3), numbers (T, NUM_PHONE + NUM_NOTE), pitch of the note (T,) and the
        straight glides (T,), both in semitones.
        """
        times = frame_times(num_frames, self.step_s, origin_s)
        identities, position = phone_controls(phones, self.index, times)
        line = performed_line(notes, phones)
        glides = straight_glides(line, times)
        which = locate(line.onset_s, times)
        note_position = segment_position(times, line.onset_s, line.end_s, which)
        interval = np.diff(line.pitch) / INTERVAL_SEMITONES
        before = np.clip(np.append(0.0, interval), -1, 1)
        after = np.clip(np.append(interval, 0.0), -1, 1)
        length = code_duration(line.end_s - line.onset_s)
        neighbours = np.stack(
            [before, after, np.append(0.0, length[:-1]), np.append(length[1:], 0.0)], axis=1
        )
        offset = (glides - line.pitch[which]) / INTERVAL_SEMITONES
        numbers = np.concatenate(
            [position, note_position, neighbours[which], offset[:, None]], axis=1
        )
        return identities, numbers, line.pitch[which], glides

    def controls(self, identities: Tensor, numbers: Tensor, pitch: Tensor) -> Tensor:
        """Controls (..., T, C) from :meth:`score_controls`; ``pitch`` (..., T) may be shifted."""
        low, high = self.register[0], self.register[1]
        place = ((pitch - low) / (high - low)).clamp(0, 1).unsqueeze(-1)
        centres = torch.linspace(0, 1, NUM_REGISTER, device=pitch.device)
        register = torch.exp(-((place - centres) ** 2) * (NUM_REGISTER - 1) ** 2 / 2)
        return torch.cat(
            [one_hot(identities, len(self.phones)), numbers, register.to(numbers.dtype)], dim=-1
        )

    # -- training --------------------------------------------------------------------------------

    def loss(self, past: Tensor, controls: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Weighted mean negative log-likelihood.

        Shapes as in :meth:`GatedNetwork.forward`; ``target`` (batch, T, 1), scaled deviation;
        ``weight`` (batch, T).
        """
        raw = self.network(past, controls)
        shaped = raw.view(*target.shape, gaussian.NUM_RAW)
        nll = gaussian.negative_log_likelihood(shaped, target).squeeze(-1)
        return (nll * weight).sum() / weight.sum().clamp_min(1e-6)

    # -- generation ------------------------------------------------------------------------------

    @torch.inference_mode()
    def generate(
        self,
        phrases: Sequence[tuple[Sequence[Note], Sequence[Phone], int, float]],
        seeds: Sequence[int],
        temperature: float = 1.0,
        tell: Tell | None = None,
    ) -> list[FloatArray]:
        """F0 of phrases, before tuning.

        Parameters
        ----------
        phrases
            Of each: its notes, its phones (with indices into those notes), how many acoustic
            frames, and the time of the first.
        seeds
            One a phrase.
        temperature
            Multiplies the model's own.
        tell
            Told the share that is done.

        Returns
        -------
        Continuous F0 in semitones at every acoustic frame, (T_i,).
        """
        stride = self.config.stride
        controls, contours = [], []
        for notes, phones, num_frames, origin_s in phrases:
            steps = -(-num_frames // stride) + 1
            identities, numbers, pitch, glides = self.score_controls(notes, phones, steps, origin_s)
            controls.append(
                self.controls(
                    torch.from_numpy(identities),
                    torch.from_numpy(numbers.astype(np.float32)),
                    torch.from_numpy(pitch.astype(np.float32)),
                )
            )
            contours.append(glides)
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        tau = torch.tensor([self.config.temperature * temperature])
        deviations = sample_stream(self.network, controls, generators, tau, 0.0, tell)
        curves = []
        for deviation, glides, phrase in zip(deviations, contours, phrases, strict=True):
            coarse = glides + DEVIATION_SEMITONES * deviation[:, 0].double().numpy()
            frames = np.arange(phrase[2]) / stride
            curves.append(np.interp(frames, np.arange(len(coarse)), coarse))
        return curves
