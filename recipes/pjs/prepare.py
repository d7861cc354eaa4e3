"""PJS: 95 phoneme-balanced Japanese songs of one male singer, 26 minutes.

J. Koguchi, S. Takamichi, M. Morise, *PJS: phoneme-balanced Japanese singing-voice corpus*, APSIPA
2020. Labels corrected by hand by UtaUtaUtau. Licence CC BY-SA 4.0: a voice trained on it carries
the same licence and the credits in ``recipe.toml``.

Layout, as published (48 kHz WAV, MusicXML) or as resampled (24 kHz FLAC, notes as CSV)::

    CORPUS/pjsNNN/pjsNNN_song.wav | pjsNNN_song.flac
    CORPUS/pjsNNN/pjsNNN.lab
    CORPUS/pjsNNN/pjsNNN.musicxml | pjsNNN.notes.csv

The CSV has the columns start_s, duration_s and midi_pitch; a row without pitch is a rest. Its
durations were clamped to 0.12-2.0 s at the source, so that starts drift after long notes; they are
refitted to the labels before use. ``pau0`` (silence at the file's ends) is ``pau``; the 14 devoiced
vowels become the vowels they are, as there are too few to learn.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from singsynth.errors import CorpusError
from singsynth.language.phones import is_syllabic
from singsynth.score import read_score
from singsynth.song import Note
from singsynth.training.corpus import Recording, read_labels, refit_notes

SYMBOLS = {"pau0": "pau", "I": "i", "U": "u", "O": "o"}

OCTAVES_SUNG_HIGHER = {"pjs012": 1}
"""Songs that were sung in another octave than written."""


def prepare(corpus_dir: Path) -> Iterator[Recording]:
    """One recording a song, in order of their numbers."""
    folders = sorted(path for path in corpus_dir.glob("pjs[0-9][0-9][0-9]") if path.is_dir())
    if not folders:
        raise CorpusError(
            f"{corpus_dir}: holds no folders pjs001 ... pjs100; is it the PJS corpus?"
        )
    for folder in folders:
        name = folder.name
        phones = read_labels(folder / f"{name}.lab", SYMBOLS)
        octave = OCTAVES_SUNG_HIGHER.get(name, 0)
        notes = [replace(n, pitch=n.pitch + 12 * octave) for n in _read_notes(folder)]
        nuclei = frozenset(p.symbol for p in phones if is_syllabic(p.symbol))
        yield Recording(name, _audio(folder), phones, refit_notes(notes, phones, nuclei))


def _audio(folder: Path) -> Path:
    for suffix in (".wav", ".flac"):
        path = folder / f"{folder.name}_song{suffix}"
        if path.is_file():
            return path
    raise CorpusError(f"{folder}: holds no {folder.name}_song.wav or .flac; is the download whole?")


def _read_notes(folder: Path) -> tuple[Note, ...]:
    path = folder / f"{folder.name}.notes.csv"
    if not path.is_file():
        return read_score(folder / f"{folder.name}.musicxml").parts[0].notes
    notes = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                start, duration = float(row["start_s"]), float(row["duration_s"])
                pitch = row["midi_pitch"]
                if pitch:
                    notes.append(Note(start, duration, float(pitch)))
            except (KeyError, TypeError, ValueError):
                raise CorpusError(
                    f"{path}, line {number}: expected start_s,duration_s,midi_pitch, got {row}"
                ) from None
    return tuple(notes)
