"""Find bad data before hours are spent training on it.

Every problem names the recording, the time and the phone, and says what to do. A problem is an
*error* if training on it would do harm, else a *doubt*: worth a look, not worth stopping for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from singsynth.acoustics import Features
from singsynth.acoustics.features import FloatArray, semitones
from singsynth.model.controls import frame_times, locate
from singsynth.model.pitch import performed_line
from singsynth.song import REST
from singsynth.training.corpus import Example
from singsynth.training.dataset import sounding

OVERHANG_S = 0.05
"""Labels may end this much after the sound, as files are cut to whole blocks."""

SILENT_OVERHANG_S = 1.0
"""The same where the last label is silence."""

FULL_SCALE = 0.999
CLIPPED_SHARE = 1e-3
"""A recording with more of its samples at full scale is clipped."""

QUIET_DB = -50.0
"""Peak below which a recording counts as silent, in dB of full scale."""

LEAST_VOICED_SHARE = 0.3
"""Vowels of a song that are voiced less than this are not where the labels say."""

NEAR_SEMITONES = 2.0
LEAST_NOTE_AGREEMENT = 0.5
"""Share of notes that must be sung nearer than that."""

LEAST_FRAMES = 10
"""Notes with fewer voiced frames say nothing about pitch."""

MOST_WITHOUT_VOWEL = 0.1
"""Share of notes without a vowel of their own from which on a song is doubtful."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a recording: where, what, and what to do."""

    name: str
    time_s: float
    phone: str
    message: str
    remedy: str
    fatal: bool = True

    def __str__(self) -> str:
        place = f"{self.name}, {self.time_s:.2f} s" + (f", '{self.phone}'" if self.phone else "")
        return f"{place}: {self.message}; {self.remedy}"


def as_csv(problems: Iterable[Problem]) -> str:
    """One line a problem, under a line of headings."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["song", "time_s", "phone", "problem", "remedy", "fatal"])
    for p in problems:
        writer.writerow([p.name, f"{p.time_s:.3f}", p.phone, p.message, p.remedy, p.fatal])
    return text.getvalue()


def check_example(
    example: Example,
    features: Features,
    hop_s: float,
    samples: FloatArray,
    rate: int,
    symbols: Collection[str],
) -> Iterator[Problem]:
    """All problems of one recording.

    Parameters
    ----------
    samples, rate
        The recording as it is on disk.
    symbols
        Phones that a voice can know.
    """
    name, phones = example.name, example.phones
    yield from check_sound(name, samples, rate)
    remedy = "map it to a known one in the recipe's prepare.py"
    for phone in phones:
        if phone.symbol not in symbols:
            yield Problem(name, phone.start_s, phone.symbol, "unknown phone", remedy)
    length = len(samples) / rate
    past = [p for p in phones if p.symbol != REST and p.end_s > length + OVERHANG_S]
    if past or phones[-1].end_s > length + SILENT_OVERHANG_S:
        phone = past[0] if past else phones[-1]
        message = f"labels go on to {phones[-1].end_s:.2f} s but the sound ends at {length:.2f} s"
        remedy = "labels and audio are of different takes or rates: pair them anew"
        yield Problem(name, phone.start_s, phone.symbol, message, remedy)
        return
    yield from _check_agreement(example, features, hop_s)


def check_apart(example: Example, symbols: Collection[str]) -> Iterator[Problem]:
    """Phones of a song kept apart that no training song has: a voice could not sing them."""
    for phone in example.phones:
        if phone.symbol not in symbols:
            message, remedy = "no training song has this phone", "keep another song apart"
            yield Problem(example.name, phone.start_s, phone.symbol, message, remedy)


def check_sound(name: str, samples: FloatArray, rate: int) -> Iterator[Problem]:
    """Problems of the sound alone."""
    peak = float(np.max(np.abs(samples)))
    if peak < 10 ** (QUIET_DB / 20):
        message = "the recording is silent"
        yield Problem(name, 0.0, "", message, "replace the file or leave it out")
        return
    full = np.abs(samples) >= FULL_SCALE
    if full.mean() > CLIPPED_SHARE:
        at = float(np.flatnonzero(full)[0]) / rate
        message = f"{full.mean():.1%} of the samples are clipped"
        yield Problem(name, at, "", message, "record again at a lower level")


def _check_agreement(example: Example, features: Features, hop_s: float) -> Iterator[Problem]:
    """Problems of labels and notes that the sound contradicts."""
    name, phones, notes = example.name, example.phones, example.part.notes
    times = frame_times(len(features), hop_s, 0.0)
    which = locate(np.array([p.start_s for p in phones]), times)
    nuclei = _nuclei(example)
    vowel = np.array([i in nuclei for i in range(len(phones))])[which]
    if vowel.any() and features.voicing[vowel].mean() < LEAST_VOICED_SHARE:
        first = phones[min(nuclei)]
        message = f"only {features.voicing[vowel].mean():.0%} of the labelled vowels are voiced"
        remedy = "labels and audio do not belong together, or are shifted: pair them anew"
        yield Problem(name, first.start_s, first.symbol, message, remedy)
        return
    line = performed_line(notes, phones)
    f0 = semitones(features.f0_hz)
    heard = features.voicing & sounding(phones, times)
    apart: list[float] = []
    for onset, end, pitch in zip(*line, strict=True):
        inside = heard & (times >= onset) & (times < end)
        if inside.sum() >= LEAST_FRAMES:
            apart.append(float(np.median(f0[inside])) - pitch)
    middle = float(np.median(apart)) if apart else 0.0
    near = float(np.mean(np.abs(np.array(apart)) < NEAR_SEMITONES)) if apart else 1.0
    start = float(line.onset_s[0])
    if abs(middle) > NEAR_SEMITONES:
        message = f"sung {middle:+.1f} semitones from the notes"
        remedy = "transpose the notes in the recipe's prepare.py"
        yield Problem(name, start, "", message, remedy)
    elif near < LEAST_NOTE_AGREEMENT:
        message = f"only {near:.0%} of the notes are sung within {NEAR_SEMITONES:g} semitones"
        yield Problem(name, start, "", message, "is it the right score?")
    missing = [n for n in notes if n.syllable is None]
    if len(missing) > MOST_WITHOUT_VOWEL * len(notes):
        message = f"{len(missing)} of {len(notes)} notes have no vowel of their own"
        remedy = "compare notes and labels there"
        yield Problem(name, missing[0].start_s, "", message, remedy, fatal=False)


def _nuclei(example: Example) -> set[int]:
    """Indices of phones that carry a note."""
    nuclei = {s for n in example.part.notes if n.syllable for s in n.syllable.nucleus}
    return {i for i, p in enumerate(example.phones) if p.symbol in nuclei}
