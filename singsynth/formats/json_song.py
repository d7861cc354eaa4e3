"""A song as JSON, for other programs: the fields of :class:`~singsynth.song.Song` by their names.

A round trip is exact: numbers are written with all their digits. Fields at their defaults may be
left out by whoever writes one; the rest is checked for type and sense.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from singsynth.config import ConfigError, from_table, to_table
from singsynth.errors import ScoreError
from singsynth.files import write_whole
from singsynth.song import Part, Song

FORMAT = "singsynth song"
VERSION = 1
SYLLABIC = ("single", "begin", "middle", "end")


def write_song(song: Song, path: str | Path, *, force: bool = False) -> None:
    """Write a song, whole or not at all.

    Raises
    ------
    OutputError
        If ``path`` exists and ``force`` is False, or cannot be written.
    """
    table = {"format": FORMAT, "version": VERSION, **to_table(song)}
    text = json.dumps(table, ensure_ascii=False, indent=1, allow_nan=False)
    with write_whole(path, force) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Song:
    """Read a song that :func:`write_song`, or another program, has written.

    Raises
    ------
    ScoreError
        If the file is no such song; the message names the field.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ScoreError(f"{path}: {error.strerror or error}; check the path") from error
    except (ValueError, RecursionError) as error:
        raise ScoreError(f"{path}: is not JSON ({error}); write it again") from error
    if not isinstance(table, dict) or table.pop("format", FORMAT) != FORMAT:
        raise ScoreError(f'{path}: is not a song; its "format" must be "{FORMAT}"')
    version = table.pop("version", VERSION)
    if version != VERSION:
        raise ScoreError(
            f"{path}: is of version {version!r}, this program reads {VERSION}; update it"
        )
    try:
        song = from_table(Song, table)
    except ConfigError as error:
        raise ScoreError(f"{path}: {error}") from error
    if problem := next((p for part in song.parts for p in _problems(part, song)), ""):
        raise ScoreError(f"{path}: {problem}")
    if not any(part.notes for part in song.parts):
        raise ScoreError(f"{path}: holds no notes; there is nothing to sing")
    return song


def _problems(part: Part, song: Song) -> list[str]:
    """What is wrong with the notes of a part, the first thing first."""
    found, end_s = [], 0.0
    for number, note in enumerate(part.notes):
        where = f"part '{part.name}', note {number} (bar {note.bar}, beat {note.beat:g})"
        numbers = (note.start_s, note.duration_s, note.pitch, note.beat)
        if not all(map(math.isfinite, numbers)):
            found.append(f"{where}: holds a number that is not finite")
        elif note.duration_s <= 0:
            found.append(f"{where}: lasts {note.duration_s:g} s; notes last longer than 0")
        elif note.start_s < end_s - 1e-9:
            found.append(f"{where}: begins before the note before it ends; a part is one line")
        elif note.end_s > song.duration_s + 1e-6:
            found.append(f"{where}: ends after the song's duration_s, {song.duration_s:g}")
        elif note.syllabic not in SYLLABIC:
            found.append(f"{where}: syllabic must be one of {', '.join(SYLLABIC)}")
        end_s = note.end_s
    times = [time_s for time_s, _ in part.loudness]
    if times != sorted(times) or not all(math.isfinite(x) for pair in part.loudness for x in pair):
        found.append(f"part '{part.name}': loudness must be finite, in order of time")
    return found
