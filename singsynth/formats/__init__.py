"""Other ways in than MusicXML: MIDI with lyrics, and a song's own JSON.

    from singsynth.formats import read_song, write_song

    song = read_song("song.mid")          # or .json, .musicxml, .xml, .mxl
    write_song(song, "song.json")         # read back, it is the same song

``docs/formats.md`` describes both. Alone in this package, this room imports mido.
"""

from __future__ import annotations

from pathlib import Path

from singsynth.errors import ScoreError
from singsynth.formats.json_song import read_json, write_song
from singsynth.score import SUFFIXES as SCORE_SUFFIXES
from singsynth.score import read_score
from singsynth.song import Song

MIDI_SUFFIXES = frozenset({".mid", ".midi", ".kar"})
SUFFIXES = SCORE_SUFFIXES | MIDI_SUFFIXES | {".json"}
"""How the names of all files end that hold a song."""


def read_song(path: str | Path, *, verse: int = 1) -> Song:
    """Read a song, of the format that the file's name tells.

    Parameters
    ----------
    verse
        Of a score, the verse to begin with; the other formats hold one text.

    Raises
    ------
    ScoreError
        If it cannot be read, in one line that says where and how to mend it.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in MIDI_SUFFIXES | {".json"}:
        return read_score(path, verse=verse)
    if verse != 1:
        raise ScoreError(f"{path}: holds one text, not verse {verse}; leave out --verse")
    if suffix == ".json":
        return read_json(path)
    from singsynth.formats.midi import read_midi

    return read_midi(path)


__all__ = ["SUFFIXES", "read_song", "write_song"]
