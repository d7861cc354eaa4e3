"""What the program understood of a score, for a musician to read and for a program to parse.

Conventions
-----------
- :func:`describe` holds numbers: seconds rounded to the microsecond and MIDI pitches, an ``int``
  unless the note is a microtone.
- :func:`as_text` names notes as musicians do, middle C is C4, and writes places as ``bar:beat``.
  An empty line in the table is a rest.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from singsynth.song import Note, Part, Song, pitch_name

SHORTEST_REST_S = 0.2
"""A smaller gap is how a note is articulated, not a rest between phrases."""

HELD = "–"
"""Shown as the syllable of a note that continues the vowel before it."""


def describe(song: Song) -> dict[str, Any]:
    """The song as plain numbers, strings, lists and dictionaries, ready for JSON.

    Returns
    -------
    ::

        {"duration_s": 42.0,
         "parts": [{"name": "Soprano", "language": "ja",
                    "notes": [{"start_s": 0.0, "duration_s": 0.5, "pitch": 67, "lyric": "う",
                               "phones": ["u"], "bar": 1, "beat": 1.0}]}],
         "warnings": [{"part": "Soprano", "bar": 3, "beat": 2.5, "message": "..."}]}
    """
    return {
        "duration_s": _round(song.duration_s),
        "parts": [
            {
                "name": part.name,
                "language": part.language,
                "notes": [_describe_note(note) for note in part.notes],
            }
            for part in song.parts
        ],
        "warnings": [
            {
                "part": remark.part,
                "bar": remark.bar,
                "beat": _round(remark.beat),
                "message": remark.message,
            }
            for remark in song.warnings
        ],
    }


def as_text(song: Song) -> str:
    """A table of every note with its place, length, name, syllable and phones; warnings last."""
    lines = [f"{_one_line(song.title) or 'Untitled'}, {_clock(song.duration_s)}"]
    for part in song.parts:
        lines += ["", _headline(part)]
        if part.notes:
            lines += ["", *_table(part.notes)]
    if song.warnings:
        lines += ["", "Worth a look:"]
        lines += [f"  {_one_line(str(remark))}" for remark in dict.fromkeys(song.warnings)]
    return "\n".join(lines)


def note_name(pitch: float) -> str:
    """Name of a MIDI pitch: 61 is ``C#4``, and 60.5 is ``C#4-50c``, fifty cents below it."""
    key = math.floor(pitch + 0.5)
    cents = round(100 * (pitch - key))
    return pitch_name(key) + (f"{cents:+d}c" if cents else "")


def _describe_note(note: Note) -> dict[str, Any]:
    pitch = _round(note.pitch)
    return {
        "start_s": _round(note.start_s),
        "duration_s": _round(note.duration_s),
        "pitch": int(pitch) if pitch.is_integer() else pitch,
        "lyric": note.lyric,
        "phones": list(note.syllable.phones) if note.syllable else [],
        "bar": note.bar,
        "beat": _round(note.beat),
    }


def _headline(part: Part) -> str:
    """``Soprano (ja): 62 notes, F4 to D5``."""
    language = f" ({part.language})" if part.language else ""
    name = f"{_one_line(part.name) or 'Unnamed part'}{language}"
    if not part.notes:
        return f"{name}: no notes"
    count = "1 note" if len(part.notes) == 1 else f"{len(part.notes)} notes"
    pitches = [note.pitch for note in part.notes]
    return f"{name}: {count}, {note_name(min(pitches))} to {note_name(max(pitches))}"


def _table(notes: Sequence[Note]) -> Iterator[str]:
    header = ("bar:beat", "at", "length", "note", "syllable", "phones")
    rows = [
        (
            f"{note.bar}:{round(note.beat, 2):g}",
            _clock(note.start_s),
            f"{note.duration_s:.2f} s",
            note_name(note.pitch),
            _one_line(note.lyric) or HELD,
            " ".join(note.syllable.phones) if note.syllable else "",
        )
        for note in notes
    ]
    widths = [max(map(_width, column)) for column in zip(header, *rows, strict=True)]
    yield _row(header, widths)
    yield _row(["-" * width for width in widths], widths)
    end_s = notes[0].start_s
    for note, row in zip(notes, rows, strict=True):
        if note.start_s - end_s >= SHORTEST_REST_S:
            yield ""
        yield _row(row, widths)
        end_s = note.end_s


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The numbers, in the first three columns, stand to the right, words to the left."""
    padding = [" " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    numbers = [space + cell for space, cell in zip(padding[:3], cells[:3], strict=True)]
    words = [cell + space for space, cell in zip(padding[3:], cells[3:], strict=True)]
    return ("  " + "  ".join(numbers + words)).rstrip()


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: two for each kana or kanji, none for an accent."""
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _clock(time_s: float) -> str:
    """Minutes and seconds: ``1:02.50``."""
    minutes, hundredths = divmod(round(100 * time_s), 6000)
    return f"{minutes}:{hundredths / 100:05.2f}"


def _round(value: float) -> float:
    return round(float(value), 6)
