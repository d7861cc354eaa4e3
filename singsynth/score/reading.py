"""A score is read: all steps of this room in order."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from singsynth.errors import ScoreError
from singsynth.score.bars import Bar, written_bars
from singsynth.score.lines import Line, has_words, written_line
from singsynth.score.lyrics import verse_index
from singsynth.score.markup import lyric_languages, prepare
from singsynth.score.melody import sung_part
from singsynth.score.opening import open_score
from singsynth.score.remarks import Place, Remarks
from singsynth.score.tempo import fermatas, tempo_map, tempo_marks
from singsynth.score.unfolding import PlayedBar, play_order
from singsynth.song import Song

MAX_HOURS = 6
"""Longest song read. An opera is shorter; a longer file is in error."""

T = TypeVar("T")


def read_score(source: str | Path | Any, *, verse: int = 1) -> Song:
    """Read a score and give what is to be sung in it.

    Parameters
    ----------
    source
        Path of a MusicXML file (.musicxml, .xml or .mxl), or an open music21 stream, which is not
        changed.
    verse
        The verse to sing, counted from 1. Each repeat goes on to the next verse; a part, or a
        refrain, that does not have it is sung with its first.

    Returns
    -------
    Song
        One part for each part of the score that has words. Times are seconds, pitches are sounding
        MIDI pitches. ``warnings`` name everything that was repaired, guessed or left out.

    Raises
    ------
    ScoreError
        If the score cannot be read, or holds nothing that can be sung. One line that names the
        file, what is wrong with it, and how to mend it.
    """
    remarks = Remarks()
    if isinstance(source, str | Path):
        name = str(source)
        root = open_score(Path(source))
        languages = lyric_languages(root)
        prepare(root, remarks)
        stream = _guarded(name, lambda: _to_music21(root, remarks))
        fallback_title = Path(source).stem
    else:
        name = "score"
        _check_stream(source)
        languages = {}
        stream = _guarded(name, lambda: copy.deepcopy(source))
        fallback_title = ""
    return _guarded(name, lambda: _song(stream, name, fallback_title, languages, remarks, verse))


def _song(
    stream: Any,
    name: str,
    fallback_title: str,
    languages: dict[str, str],
    remarks: Remarks,
    verse: int,
) -> Song:
    title = (stream.metadata.bestTitle if stream.metadata else "") or fallback_title
    parts = _parts(stream)
    bars = written_bars(parts)
    if not any("Unpitched" in n.classes or n.pitches for p in parts for n in p.recurse().notes):
        raise ScoreError(f"{name}: holds no notes; write a melody with words and export it again")

    names = _names(parts)
    sung = [
        (part, part_name) for part, part_name in zip(parts, names, strict=True) if has_words(part)
    ]
    if not sung:
        raise _no_words(name)
    marks = tempo_marks(parts, bars, remarks)
    order = play_order(parts, bars, remarks)
    tempo = tempo_map(marks, bars, [played.bar for played in order], fermatas(parts))
    lines = [
        written_line(part, part_name, _language(part, languages), bars, remarks)
        for part, part_name in sung
    ]
    verses = max(len(line.verses) for line in lines)
    if not verses:
        raise _no_words(name)
    if not 1 <= verse <= verses:
        raise ScoreError(f"{name}: has no verse {verse}; choose one from 1 to {verses}")
    for line in lines:
        _report_unsung_verses(line, verse, bars, order, remarks)
    duration_s = tempo.seconds(sum((bars[p.bar].length_ql for p in order), Fraction(0)))
    if duration_s > MAX_HOURS * 3600:
        raise ScoreError(
            f"{name}: lasts {duration_s / 3600:.0f} hours, more than {MAX_HOURS}; mend its "
            "durations or tempo, or divide it"
        )
    return Song(
        title=title,
        duration_s=duration_s,
        parts=tuple(sung_part(line, bars, order, tempo, remarks, verse) for line in lines),
        warnings=remarks.in_order(),
    )


def _no_words(name: str) -> ScoreError:
    return ScoreError(
        f"{name}: has no words; add lyrics under the notes, e.g. in MuseScore with Ctrl+L"
    )


def _to_music21(root: Any, remarks: Remarks) -> Any:
    """Let music21 read the tree; what it warns of becomes a remark."""
    from music21.musicxml import xmlToM21

    make_importer: Any = xmlToM21.MusicXMLImporter
    importer = make_importer()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        importer.xmlRootToScore(root, importer.stream)
    for warning in caught:
        message = " ".join(str(warning.message).split())
        if "exception took place" not in message:
            remarks.say("score", Place(0, 1), f"while reading: {message}")
    return importer.stream


def _guarded(name: str, step: Callable[[], T]) -> T:
    """Do a step; let no traceback of music21 out, only a line that a user can act on."""
    try:
        return step()
    except ScoreError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ScoreError(
            f"{name}: cannot be read as a score ({reason}); "
            "open it in a notation program and export it again as MusicXML"
        ) from error


def _check_stream(source: Any) -> None:
    from music21 import stream

    if isinstance(source, stream.Opus):
        raise ScoreError("score: is a collection of several; read one of its scores at a time")
    if not isinstance(source, stream.Stream):
        raise ScoreError(f"score: expected a path or a music21 stream, got {type(source).__name__}")


def _parts(stream: Any) -> list[Any]:
    """The parts of a music21 stream, at sounding pitch and in bars."""
    parts = list(stream.parts) if stream.hasPartLikeStreams() else [stream]
    in_bars = []
    for part in parts:
        part.toSoundingPitch(inPlace=True)
        if not part.hasMeasures():
            part = part.makeMeasures()
            part.makeTies(inPlace=True)
        in_bars.append(part)
    return in_bars


def _names(parts: Sequence[Any]) -> list[str]:
    """A name for each part, no two alike."""
    names: list[str] = []
    for number, part in enumerate(parts, start=1):
        name = " ".join(str(getattr(part, "partName", None) or f"part {number}").split())
        alike = sum(other == name or other.startswith(f"{name} (") for other in names)
        names.append(f"{name} ({alike + 1})" if alike else name)
    return names


def _language(part: Any, languages: dict[str, str]) -> str:
    """The language of a part's words; music21 keeps MusicXML's part id as a group."""
    for group in part.groups:
        if language := languages.get(str(group).partition("-Staff")[0]):
            return language
    return ""


def _report_unsung_verses(
    line: Line, verse: int, bars: Sequence[Bar], order: Sequence[PlayedBar], remarks: Remarks
) -> None:
    """Report the verses that no pass of the score comes to, where the first of them begins."""
    passes = {verse_index(verse, played.turn) for played in order}
    sung = {i if i < len(line.verses) else 0 for i in passes}
    unsung = [number for i, number in enumerate(line.verses) if i not in sung]
    for bar, notes in zip(bars, line.bars, strict=False):
        for note in notes:
            if unsung and unsung[0] in note.words:
                numbers = ", ".join(map(str, unsung))
                message = f"words of verse {numbers} are not sung"
                remarks.say(line.name, bar.place(note.offset_ql), message)
                return
