"""What the networks train on, held in memory: songs joined end to end, cut into random windows.

Silence further than ``MARGIN_S`` from any singing is left out: singing is generated phrase by
phrase with that much silence around, so nothing else needs to be learnt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from singsynth.acoustics import Features
from singsynth.acoustics.features import BoolArray, FloatArray, semitones
from singsynth.model.controls import frame_times, locate
from singsynth.model.network import GatedNetwork
from singsynth.model.pitch import DEVIATION_SEMITONES, PitchModel
from singsynth.model.timbre import STREAMS, TimbreModel
from singsynth.model.timing import DEVIATION_UNIT_S, TimingModel
from singsynth.song import REST, Phone
from singsynth.training.corpus import Example
from singsynth.training.extraction import load_features
from singsynth.training.styles import Styles

MARGIN_S = 0.2
"""Silence that is kept on either side of singing."""

UNVOICED_WEIGHT = 0.1
"""What a bridged F0 frame counts in the pitch loss, where a voiced one counts 1."""


@dataclass(frozen=True)
class Sung:
    """An example with its features: what was sung, and how it sounds."""

    example: Example
    features: Features


def load_songs(examples: Iterable[Example], caches: Mapping[Path, Path]) -> list[Sung]:
    """Examples with the features that stand in the cache."""
    return [Sung(e, load_features(caches[e.audio])) for e in examples]


def near_singing(phones: Sequence[Phone], times_s: FloatArray, margin_s: float) -> BoolArray:
    """Whether each time lies in singing or within ``margin_s`` of it, (T,)."""
    near = np.zeros(len(times_s), dtype=bool)
    for phone in phones:
        if phone.symbol != REST:
            near |= (times_s >= phone.start_s - margin_s) & (times_s < phone.end_s + margin_s)
    return near


def sounding(phones: Sequence[Phone], times_s: FloatArray) -> BoolArray:
    """Whether each time lies in a phone that is not silence, (T,)."""
    silent = np.array([phone.symbol == REST for phone in phones])
    return ~silent[locate(np.array([p.start_s for p in phones]), times_s)]


def fit_scaling(model: TimbreModel, songs: Sequence[Sung]) -> None:
    """Set the model's feature scaling and register from the sounding frames of ``songs``."""
    rows, pitches = [], []
    for song in songs:
        features = song.features
        times = frame_times(len(features), model.hop_s, 0.0)
        keep = sounding(song.example.phones, times)
        rows.append(np.concatenate([features.harmonic, features.aperiodic], axis=1)[keep])
        pitches.append(semitones(features.f0_hz[keep & features.voicing]))
    low, high = np.quantile(np.concatenate(pitches), [0.01, 0.99])
    model.fit_scaling(np.concatenate(rows), (float(low), float(high)))


class Windows:
    """Random windows over joined songs, aligned as :meth:`GatedNetwork.forward` wants them."""

    def __init__(self, network: GatedNetwork, total: int, frames: int) -> None:
        config = network.config
        self.frames = frames
        self.reach, self.history = config.encoder_reach, config.control_history
        self.field = config.receptive_field
        self.first = max(self.field, self.history + self.reach)
        self.last = total - frames - self.reach
        if self.last <= self.first:
            raise ValueError(f"{total} frames are too few for windows of {frames}")

    def draw(self, batch: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Indices of the past, the controls and the target frames, each (batch, length)."""
        start = torch.from_numpy(rng.integers(self.first, self.last, size=batch))[:, None]
        return self.at(start)

    def at(self, start: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same for given first target frames (batch, 1)."""
        past = start + torch.arange(-self.field, self.frames - 1)
        controls = start + torch.arange(-self.history - self.reach, self.frames + self.reach)
        return past, controls, start + torch.arange(self.frames)

    def cover(self, most: int) -> Tensor:
        """First frames of windows that cover everything once, thinned to ``most``."""
        starts = torch.arange(self.first, self.last, self.frames)
        return starts[:: max(1, -(-len(starts) // most))][:, None]


class TimbreData:
    """Scaled streams and score controls of songs, for training one stream."""

    def __init__(self, model: TimbreModel, songs: Sequence[Sung]) -> None:
        self.model = model
        parts: dict[str, list[Tensor]] = {
            name: [] for name in (*STREAMS, "identities", "numbers", "phrase")
        }
        phrases = 0
        for song in songs:
            features = song.features
            times = frame_times(len(features), model.hop_s, 0.0)
            rests = np.array([p.start_s for p in song.example.phones if p.symbol == REST])
            phrase = np.searchsorted(rests, times, side="right")
            keep = torch.from_numpy(near_singing(song.example.phones, times, MARGIN_S))
            f0 = semitones(features.f0_hz)
            identities, numbers = model.score_controls(song.example.phones, f0, 0.0)
            parts["identities"].append(identities[keep])
            parts["numbers"].append(numbers[keep])
            parts["phrase"].append(torch.from_numpy(phrases + phrase)[keep])
            phrases += len(rests) + 1
            values = {
                "harmonic": features.harmonic,
                "voicing": features.voicing[:, None].astype(np.float64),
                "aperiodic": features.aperiodic,
            }
            for name in STREAMS:
                scaled = model.scale(name, torch.from_numpy(values[name]).float())
                parts[name].append(scaled[keep])
        self.num_phrases = phrases
        self.data = {name: torch.cat(pieces) for name, pieces in parts.items()}

    def __len__(self) -> int:
        return len(self.data["numbers"])

    def to(self, device: torch.device) -> Self:
        """Move the data to where the model is trained."""
        self.data = {name: values.to(device) for name, values in self.data.items()}
        return self

    def windows(self, stream: str, frames: int) -> Windows:
        """Windows for one stream."""
        return Windows(self.model.network(stream), len(self), frames)

    def loss(
        self,
        stream: str,
        indices: tuple[Tensor, Tensor, Tensor],
        noise: float,
        control_noise: float = 0.0,
        styles: Styles | None = None,
    ) -> Tensor:
        """Loss of one stream on windows.

        ``noise`` disturbs every frame of the inputs, ``control_noise`` the numbers of the controls
        by an offset that is constant in a window: the encoder would average anything faster.
        ``styles`` are for the harmonic stream; without them it is given zeros, as in singing.
        """
        past, controls, target = indices
        cross = STREAMS[: STREAMS.index(stream)]
        inputs = _disturbed(self.data[stream][past], noise)
        seen = [_disturbed(self.data[name][controls], noise) for name in cross]
        penalty: Tensor | float = 0.0
        if stream == "harmonic" and styles is not None:
            style, penalty = styles(self.data["phrase"][controls])
            seen.append(style)
        elif stream == "harmonic":
            seen.append(inputs.new_zeros(*controls.shape, self.model.config.style))
        score = self.model.controls(
            self.data["identities"][controls],
            _shifted(self.data["numbers"][controls], control_noise),
            *seen,
        )
        return self.model.loss(stream, inputs, score, self.data[stream][target]) + penalty


class PitchData:
    """Deviations of F0 from the straight glides, and controls, for training the pitch model."""

    def __init__(self, model: PitchModel, songs: Sequence[Sung]) -> None:
        self.model = model
        parts: dict[str, list[Tensor]] = {
            name: [] for name in ("identities", "numbers", "pitch", "deviation", "weight")
        }
        stride = model.config.stride
        for song in songs:
            example, features = song.example, song.features
            f0 = semitones(features.f0_hz)[::stride]
            times = frame_times(len(f0), model.step_s, 0.0)
            identities, numbers, pitch, glides = model.score_controls(
                example.part.notes, example.phones, len(f0), 0.0
            )
            keep = near_singing(example.phones, times, MARGIN_S)
            voiced = features.voicing[::stride] & sounding(example.phones, times)
            deviation = np.clip((f0 - glides) / DEVIATION_SEMITONES, -1, 1)
            columns: dict[str, npt.NDArray[Any]] = {
                "identities": identities,
                "numbers": numbers.astype(np.float32),
                "pitch": pitch.astype(np.float32),
                "deviation": deviation[:, None].astype(np.float32),
                "weight": np.where(voiced, 1.0, UNVOICED_WEIGHT).astype(np.float32),
            }
            for name, values in columns.items():
                parts[name].append(torch.from_numpy(values[keep]))
        self.data = {name: torch.cat(pieces) for name, pieces in parts.items()}

    def __len__(self) -> int:
        return len(self.data["weight"])

    def to(self, device: torch.device) -> Self:
        """Move the data to where the model is trained."""
        self.data = {name: values.to(device) for name, values in self.data.items()}
        return self

    def windows(self, frames: int) -> Windows:
        """Windows of model frames."""
        return Windows(self.model.network, len(self), frames)

    def loss(
        self, indices: tuple[Tensor, Tensor, Tensor], noise: float, shift: Tensor | float
    ) -> Tensor:
        """Loss on windows; ``shift`` (batch, 1) moves notes and F0 together, in semitones."""
        past, controls, target = indices
        pitch = self.data["pitch"][controls]
        score = self.model.controls(
            self.data["identities"][controls],
            self.data["numbers"][controls],
            pitch + (shift.to(pitch.device) if isinstance(shift, Tensor) else shift),
        )
        inputs = _disturbed(self.data["deviation"][past], noise)
        return self.model.loss(
            inputs, score, self.data["deviation"][target], self.data["weight"][target]
        )


class TimingData:
    """Onset deviations and phone durations of songs, for training the timing model."""

    def __init__(self, model: TimingModel, songs: Sequence[Sung]) -> None:
        self.model = model
        onset_rows: list[FloatArray] = []
        onset_targets: list[float] = []
        phone_rows: list[FloatArray] = []
        phone_targets: list[float] = []
        for song in songs:
            notes, sung = song.example.part.notes, song.example.phones
            owned: dict[int, list[Phone]] = {}
            for phone in sung:
                if phone.note is not None:
                    owned.setdefault(phone.note, []).append(phone)
            for index, row in enumerate(model.note_inputs(notes)):
                syllable = notes[index].syllable
                if syllable is None or not syllable.nucleus:
                    continue
                vowel = owned[index][len(syllable.onset)]
                onset_rows.append(row)
                onset_targets.append((vowel.start_s - notes[index].start_s) / DEVIATION_UNIT_S)
            rows, places = model.phone_inputs(notes)
            for row, (index, place, _) in zip(rows, places, strict=True):
                phone_rows.append(row)
                phone_targets.append(float(np.log(owned[index][place].duration_s)))
        self.tables = {
            "onset": (_table(onset_rows), _table(onset_targets).clamp(-5, 5)),
            "duration": (_table(phone_rows), _table(phone_targets)),
        }

    def loss(self, rng: np.random.Generator | None, batch: int) -> Tensor:
        """Negative log-likelihood of both networks on ``batch`` random rows; of all without rng."""
        total = torch.zeros(())
        for which, (inputs, targets) in self.tables.items():
            if rng is not None:
                rows = torch.from_numpy(rng.integers(len(targets), size=batch))
                inputs, targets = inputs[rows], targets[rows]
            mean, log_scale = self.model(inputs, which)
            z = (targets - mean.float()) * torch.exp(-log_scale.float())
            total = total + (0.5 * z * z + log_scale.float()).mean()
        return total


def _table(rows: Sequence[FloatArray] | Sequence[float]) -> Tensor:
    return torch.from_numpy(np.array(rows, dtype=np.float32))


def _shifted(values: Tensor, noise: float) -> Tensor:
    """(batch, T, D) with one random offset a window and dimension."""
    return values + noise * torch.randn_like(values[:, :1]) if noise else values


def _disturbed(values: Tensor, noise: float) -> Tensor:
    return values + noise * torch.randn_like(values) if noise else values
