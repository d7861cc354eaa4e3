"""Write tiny MusicXML scores: one quarter note is two divisions, so that a 1 is an eighth."""

from __future__ import annotations

from pathlib import Path

from singsynth.score import read_score
from singsynth.song import Song

TEMPO_60 = '<direction><sound tempo="60"/></direction>'
"""One quarter note a second: times in seconds are times in quarter notes."""


def lyric(text: str, verse: int = 1, syllabic: str = "single") -> str:
    return f'<lyric number="{verse}"><syllabic>{syllabic}</syllabic><text>{text}</text></lyric>'


def note(
    pitch: str = "C4", length: int = 2, words: str = "", before: str = "", after: str = ""
) -> str:
    """A note such as ``C4`` or ``F#3``, or ``R`` for a rest, ``length`` eighths long.

    ``words`` are a lyric, or ready <lyric> elements; ``before`` and ``after`` stand there.
    """
    step, octave = pitch[0], pitch[-1]
    alter = {"#": 1, "b": -1}.get(pitch[1:2], 0)
    if pitch == "R":
        sound = "<rest/>"
    else:
        sound = f"<pitch><step>{step}</step><alter>{alter}</alter><octave>{octave}</octave></pitch>"
    if words and not words.startswith("<"):
        words = lyric(words)
    return (
        f"<note>{before}{sound}<duration>{length}</duration><voice>1</voice>{after}{words}</note>"
    )


TIE, TIED = '<tie type="start"/>', '<tie type="stop"/>'


def bar(*content: str, number: int | str = 1, attributes: str = "", implicit: bool = False) -> str:
    flag = ' implicit="yes"' if implicit else ""
    if attributes:
        attributes = f"<attributes><divisions>2</divisions>{attributes}</attributes>"
    return f'<measure number="{number}"{flag}>{attributes}{"".join(content)}</measure>'


def time(beats: int, beat_type: int = 4) -> str:
    return f"<time><beats>{beats}</beats><beat-type>{beat_type}</beat-type></time>"


def part(*bars: str, meter: str = time(4), tempo: str = TEMPO_60) -> str:
    """The bars of one part; the first gets the meter and a tempo of one quarter a second."""
    head, inside, tail = bars[0].partition(">")
    if "<divisions>" not in bars[0]:
        inside += f"<attributes><divisions>2</divisions>{meter}</attributes>"
    return head + inside + tempo + tail + "".join(bars[1:])


def score(*parts: str, names: tuple[str, ...] = (), head: str = "", title: str = "Test") -> str:
    listed = "".join(
        f'<score-part id="P{i}"><part-name>{names[i - 1] if names else f"Voice {i}"}</part-name>'
        "</score-part>"
        for i in range(1, len(parts) + 1)
    )
    bodies = "".join(f'<part id="P{i}">{body}</part>' for i, body in enumerate(parts, start=1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0">'
        f"<work><work-title>{title}</work-title></work>{head}"
        f"<part-list>{listed}</part-list>{bodies}</score-partwise>"
    )


def read(folder: Path, text: str) -> Song:
    path = folder / "test.musicxml"
    path.write_text(text, encoding="utf-8")
    return read_score(path)


def sung(song: Song, part_index: int = 0) -> list[tuple[float, float, float, str]]:
    """Start and duration in seconds, pitch and lyric of each note."""
    return [
        (round(n.start_s, 5), round(n.duration_s, 5), n.pitch, n.lyric)
        for n in song.parts[part_index].notes
    ]


def words(song: Song, part_index: int = 0) -> str:
    return " ".join(n.lyric or "~" for n in song.parts[part_index].notes)


def warnings(song: Song) -> list[str]:
    return [str(remark) for remark in song.warnings]
