"""A corpus as training sees it: recordings with phone labels and notes, in one plain form.

A recipe's ``prepare`` yields a :class:`Recording` a song. :func:`match_notes` then ties the labels
to the notes, giving the same :class:`~singsynth.song.Part` and performed
:class:`~singsynth.song.Phone` s that singing a score has: training and singing share every line
from there on.

HTS label files hold one phone a line, ``start end symbol``, times in units of 100 ns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from singsynth.errors import LabelError
from singsynth.song import REST, Note, Part, Phone, Syllable

HTS_TICKS_PER_S = 1e7


@dataclass(frozen=True)
class Recording:
    """One song of a corpus: where its sound is, what was sung when, and the notes as written."""

    name: str
    audio: Path
    phones: tuple[Phone, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Example:
    """A recording whose labels are tied to its notes, ready for feature extraction.

    ``part`` carries syllables; ``phones`` are as performed, with their notes' indices; gaps
    between notes are rests. ``origin`` names the label file, for messages.
    """

    name: str
    audio: Path
    part: Part
    phones: tuple[Phone, ...]


def read_labels(path: Path, symbols: Mapping[str, str] | None = None) -> tuple[Phone, ...]:
    """Read an HTS label file (UTF-8). ``symbols`` renames phones, as in ``{"pau0": "pau"}``.

    Raises
    ------
    LabelError
        Naming the line, for anything but ``start end symbol`` in increasing order of time.
    """
    if not path.is_file():
        raise LabelError(f"{path}: no such label file; the recipe's docstring tells the layout")
    phones: list[Phone] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        columns = line.split()
        if len(columns) != 3:
            raise LabelError(f"{where}: expected 'start end phone', got '{line.strip()[:60]}'")
        try:
            start, end = (float(c) / HTS_TICKS_PER_S for c in columns[:2])
        except ValueError:
            raise LabelError(f"{where}: '{columns[0]} {columns[1]}' are not times") from None
        if not 0 <= start < end < 1e5:
            raise LabelError(
                f"{where}: phone '{columns[2]}' goes from {start:.3f} s to {end:.3f} s; "
                "times are in 100 ns and an end must come after its start"
            )
        if phones and start < phones[-1].end_s - 1e-6:
            raise LabelError(
                f"{where}: phone '{columns[2]}' starts at {start:.3f} s, before "
                f"'{phones[-1].symbol}' ends at {phones[-1].end_s:.3f} s; labels must not overlap"
            )
        if phones and start > phones[-1].end_s + 1e-6:
            raise LabelError(
                f"{where}: nothing is labelled from {phones[-1].end_s:.3f} s to {start:.3f} s; "
                f"label silence as '{REST}'"
            )
        symbol = (symbols or {}).get(columns[2], columns[2])
        phones.append(Phone(symbol, start, end - start))
    if not phones:
        raise LabelError(f"{path}: holds no labels; is it the right file?")
    return tuple(phones)


CLOSING = frozenset({"cl"})
"""Consonants that close the syllable before them (a geminate's closure) where there is one."""


# -- tying labels to notes ------------------------------------------------------------------------

MOST_APART_S = 0.35
"""A vowel further than this from a note's start is not that note's."""

UNMATCHED_COST_S = 0.2
"""What leaving a note or a vowel without partner costs, in seconds of distance."""


def refit_notes(
    notes: Sequence[Note], labels: Sequence[Phone], nuclei: frozenset[str]
) -> tuple[Note, ...]:
    """Shift runs of notes to where they were sung, and close gaps in which nobody rests.

    For scores whose longest and shortest durations were clamped: after a clamped note all starts
    are off by the same amount, up to the next. Between clamps the score's rhythm stays as written.
    A run's shift is the median distance of its notes to their nearest vowel onsets.
    """
    onsets = np.array([p.start_s for p in labels if p.symbol in nuclei])
    if not notes or not len(onsets):
        return tuple(notes)
    rests = np.array([p.start_s for p in labels if p.symbol == REST])
    fitted: list[Note] = []
    shift = 0.0
    for run in _runs(notes):
        starts = np.array([note.start_s for note in run])
        for _ in range(3):  # nearest onsets depend on the shift: settle it
            moved = starts + shift
            nearest = onsets[np.abs(onsets[None, :] - moved[:, None]).argmin(axis=1)]
            near = np.abs(nearest - moved) < MOST_APART_S
            if near.sum() < 3:
                break
            shift = float(np.median((nearest - starts)[near]))
        fitted.extend(replace(note, start_s=note.start_s + shift) for note in run)
    kept: list[Note] = []
    for note, after in zip(fitted, [*fitted[1:], None], strict=True):
        length = note.duration_s
        if after is not None:
            room = after.start_s - note.start_s
            rested = ((rests > note.start_s) & (rests < after.start_s)).any()
            length = min(length, room) if rested else room
        if length > 0:
            kept.append(replace(note, duration_s=length))
    return tuple(kept)


CLAMPED_S = (0.12, 2.0)


def _runs(notes: Sequence[Note]) -> list[list[Note]]:
    """Cut after clamped notes and after rests long enough to have been clamped."""
    runs: list[list[Note]] = [[]]
    for index, note in enumerate(notes):
        runs[-1].append(note)
        if index + 1 == len(notes):
            break
        gap = notes[index + 1].start_s - note.end_s
        clamped = any(
            abs(length - bound) < 1e-3 for length in (note.duration_s, gap) for bound in CLAMPED_S
        )
        if clamped:
            runs.append([])
    return [run for run in runs if run]


def match_notes(
    name: str, labels: Sequence[Phone], notes: Sequence[Note], nuclei: frozenset[str]
) -> tuple[Part, tuple[Phone, ...]]:
    """Tie labels to notes: each note gets the vowel that begins nearest to it.

    A dynamic programme over notes and vowels in order keeps the sum of distances least. A note
    without vowel continues the one before it; a vowel without note is sung on the note before it.
    Consonants belong to the vowel they lead into, or close the syllable before a rest.

    Parameters
    ----------
    nuclei
        Symbols that can carry a note.

    Returns
    -------
    part, phones
        Notes with their syllables, and the labels with note indices.

    Raises
    ------
    LabelError
        If labels and notes disagree: fewer than two thirds of the notes find a vowel.
    """
    if not notes:
        raise LabelError(f"{name}: holds no notes; is it the right score?")
    vowels = [i for i, phone in enumerate(labels) if phone.symbol in nuclei]
    pairs = _align([n.start_s for n in notes], [labels[v].start_s for v in vowels])
    if 3 * len(pairs) < 2 * len(notes):
        raise LabelError(
            f"{name}: only {len(pairs)} of {len(notes)} notes have a vowel within "
            f"{MOST_APART_S:g} s; labels and notes are of different takes, or shifted"
        )
    note_of_label = {vowels[v]: n for n, v in pairs}
    owner: int | None = None
    owners: list[int | None] = []
    for index, phone in enumerate(labels):
        if phone.symbol == REST:
            owner = None
            owners.append(None)
            continue
        if index in note_of_label:
            owner = note_of_label[index]
        elif phone.symbol not in nuclei and (phone.symbol not in CLOSING or owner is None):
            ahead = _next_nucleus(labels, index, nuclei)
            if ahead in note_of_label:
                owner = note_of_label[ahead]
        owners.append(owner)
    phones = [replace(p, note=o) for p, o in zip(labels, owners, strict=True)]
    written = []
    for index, note in enumerate(notes):
        symbols = tuple(p.symbol for p in phones if p.note == index)
        written.append(replace(note, syllable=_syllable(symbols, nuclei) if symbols else None))
    return Part(name, tuple(written), ""), tuple(phones)


def _next_nucleus(labels: Sequence[Phone], index: int, nuclei: frozenset[str]) -> int | None:
    for ahead in range(index + 1, len(labels)):
        if labels[ahead].symbol == REST:
            return None
        if labels[ahead].symbol in nuclei:
            return ahead
    return None


def _syllable(symbols: tuple[str, ...], nuclei: frozenset[str]) -> Syllable:
    first = next((i for i, s in enumerate(symbols) if s in nuclei), len(symbols))
    return Syllable(
        "".join(symbols), symbols[:first], symbols[first : first + 1], symbols[first + 1 :]
    )


def _align(starts_s: Sequence[float], onsets_s: Sequence[float]) -> list[tuple[int, int]]:
    """Pairs (note, vowel) of least total distance, in order, leaving out what fits nothing."""
    rows, columns = len(starts_s), len(onsets_s)
    cost = np.full((rows + 1, columns + 1), np.inf)
    cost[0, :] = UNMATCHED_COST_S * np.arange(columns + 1)
    cost[:, 0] = UNMATCHED_COST_S * np.arange(rows + 1)
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            apart = abs(starts_s[i - 1] - onsets_s[j - 1])
            pair = cost[i - 1, j - 1] + apart if apart <= MOST_APART_S else np.inf
            cost[i, j] = min(pair, min(cost[i - 1, j], cost[i, j - 1]) + UNMATCHED_COST_S)
    pairs = []
    i, j = rows, columns
    while i and j:
        apart = abs(starts_s[i - 1] - onsets_s[j - 1])
        if apart <= MOST_APART_S and np.isclose(cost[i, j], cost[i - 1, j - 1] + apart):
            pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif np.isclose(cost[i, j], cost[i - 1, j] + UNMATCHED_COST_S):
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


# -- on disk --------------------------------------------------------------------------------------


def to_json(example: Example) -> str:
    """An example as JSON text."""
    return json.dumps({**asdict(example), "audio": str(example.audio)}, ensure_ascii=False)


def from_json(text: str) -> Example:
    """Inverse of :func:`to_json`."""
    table: dict[str, Any] = json.loads(text)
    notes = []
    for note in table["part"]["notes"]:
        syllable = note.pop("syllable")
        notes.append(Note(**note, syllable=_syllable_from(syllable) if syllable else None))
    return Example(
        name=table["name"],
        audio=Path(table["audio"]),
        part=Part(table["part"]["name"], tuple(notes), table["part"]["language"]),
        phones=tuple(Phone(**phone) for phone in table["phones"]),
    )


def _syllable_from(table: dict[str, Any]) -> Syllable:
    onset, nucleus, coda = (tuple(table[role]) for role in ("onset", "nucleus", "coda"))
    return Syllable(table["text"], onset, nucleus, coda)
