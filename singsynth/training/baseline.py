"""The naive singer that every model must beat: phone means, straight glides, mean durations.

- timbre: every frame of a phone has that phone's mean envelope and aperiodicity over the training
  songs, and is voiced if most of its frames were;
- pitch: the notes, joined by straight glides;
- timing: onsets as written, consonants as long as on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from singsynth.acoustics import Features
from singsynth.acoustics.features import FloatArray
from singsynth.model.controls import frame_times, locate
from singsynth.model.timing import fit
from singsynth.song import Note, Phone
from singsynth.training.dataset import Sung


@dataclass(frozen=True)
class Baseline:
    """Means per phone symbol."""

    harmonic: dict[str, FloatArray]
    aperiodic: dict[str, FloatArray]
    voiced: dict[str, bool]
    duration_s: dict[str, float]

    def timbre(self, phones: Sequence[Phone], f0_hz: FloatArray, hop_s: float) -> Features:
        """Mean spectra, as long as ``f0_hz`` (T,)."""
        times = frame_times(len(f0_hz), hop_s, 0.0)
        which = locate(np.array([p.start_s for p in phones]), times)
        symbols = [self._known(phones[i].symbol) for i in which]
        return Features(
            harmonic=np.stack([self.harmonic[s] for s in symbols]),
            aperiodic=np.stack([self.aperiodic[s] for s in symbols]),
            voicing=np.array([self.voiced[s] for s in symbols]),
            f0_hz=f0_hz,
        )

    def _known(self, symbol: str) -> str:
        """The symbol, or for one that the training songs lack the most common vowel."""
        return symbol if symbol in self.harmonic else "a"

    def timing(self, notes: Sequence[Note], begin_s: float, end_s: float) -> tuple[Phone, ...]:
        """Onsets as written and mean durations."""
        usual = float(np.median(list(self.duration_s.values())))
        durations = [
            np.array(
                [self.duration_s.get(s, usual) for s in (n.syllable.phones if n.syllable else ())]
            )
            for n in notes
        ]
        return fit(notes, np.zeros(len(notes)), durations, begin_s, end_s)


def fit_baseline(songs: Sequence[Sung], hop_s: float) -> Baseline:
    """Means over training songs."""
    frames: dict[str, list[tuple[FloatArray, FloatArray, FloatArray]]] = {}
    lengths: dict[str, list[float]] = {}
    for song in songs:
        phones, features = song.example.phones, song.features
        times = frame_times(len(features), hop_s, 0.0)
        which = locate(np.array([p.start_s for p in phones]), times)
        for i, phone in enumerate(phones):
            inside = which == i
            lengths.setdefault(phone.symbol, []).append(phone.duration_s)
            frames.setdefault(phone.symbol, []).append(
                (features.harmonic[inside], features.aperiodic[inside], features.voicing[inside])
            )
    joined = {s: [np.concatenate(c) for c in zip(*rows, strict=True)] for s, rows in frames.items()}
    return Baseline(
        harmonic={s: rows[0].mean(axis=0) for s, rows in joined.items()},
        aperiodic={s: rows[1].mean(axis=0) for s, rows in joined.items()},
        voiced={s: bool(rows[2].mean() > 0.5) for s, rows in joined.items()},
        duration_s={s: float(np.mean(values)) for s, values in lengths.items()},
    )
