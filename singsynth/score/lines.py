"""A part becomes one line of written notes, bar by bar.

A singer sings one note at a time. Of several voices in a staff the one with words is taken, of a
chord the top note. Chord symbols, cue notes and percussion are not sung. All that is left out is
reported.

Grace notes take their time from the beginning of the note they lean on: each as much as it is
written, a slashed one a sixteenth at most, and all together no more than half of the note. The
syllable begins on the first of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from singsynth.score.bars import Bar
from singsynth.score.loudness import Mark, written_marks
from singsynth.score.lyrics import Word, words_of
from singsynth.score.markings import BREATHS, SHARE, report_markings
from singsynth.score.remarks import Remarks


@dataclass(frozen=True)
class WrittenNote:
    """A note as it stands in its bar.

    ``tie`` is ``start``, ``stop``, ``continue`` or empty, as in MusicXML; ``words`` are by verse.
    Of its length the note sounds for ``share``; ``breath`` tells that one is taken after it.
    """

    offset_ql: Fraction
    duration_ql: Fraction
    pitch: float
    tie: str = ""
    words: Mapping[int, Word] = field(default_factory=dict)
    share: float = 1.0
    breath: bool = False


@dataclass(frozen=True)
class Line:
    """What one singer has to sing: the notes of each written bar, and the marks of loudness."""

    name: str
    language: str
    bars: tuple[tuple[WrittenNote, ...], ...]
    marks: tuple[Mark, ...] = ()

    @property
    def verses(self) -> list[int]:
        """The numbers of the verses written under the line."""
        return sorted({n for notes in self.bars for note in notes for n in note.words})


def has_words(part: Any) -> bool:
    """Whether any note of a music21 part carries words that can be sung."""
    return any(words_of(n) for n in part.recurse().notes if _is_sung(n))


def written_line(
    part: Any, name: str, language: str, bars: Sequence[Bar], remarks: Remarks
) -> Line:
    """The line that a music21 part gives to one singer."""
    main_voice = _voice_with_words(part)
    notes_by_bar: list[tuple[WrittenNote, ...]] = []
    sources: list[Any] = []
    for bar, measure in zip(bars, part.getElementsByClass("Measure"), strict=False):
        source = _sung_voice(measure, main_voice)
        for voice in measure.voices:
            if voice is source or not any(_is_sung(n) for n in voice.notes):
                continue
            message = f"voice {voice.id} is not sung, voice {source.id} is"
            remarks.count(name, bar.place(Fraction(0)), message)
            if any(words_of(n) for n in voice.notes):
                remarks.count(name, bar.place(Fraction(0)), f"words of voice {voice.id} not sung")
        notes_by_bar.append(tuple(_notes(source, measure, bar, name, remarks)))
        sources.append(source)
    report_markings(part, sources, name, bars, remarks)
    return Line(name, language, tuple(notes_by_bar), written_marks(part, sources, bars))


def _is_sung(element: Any) -> bool:
    """Whether a music21 element is a note or chord with pitch, neither symbol nor percussion."""
    classes = element.classes
    return ("Note" in classes or "Chord" in classes) and "Harmony" not in classes


def _voice_with_words(part: Any) -> str:
    """The id of the voice that carries most words, or of the first."""
    counts: Counter[str] = Counter()
    for measure in part.getElementsByClass("Measure"):
        for voice in measure.voices:
            counts[str(voice.id)] += sum(bool(words_of(n)) for n in voice.notes if _is_sung(n))
    return counts.most_common(1)[0][0] if counts else ""


def _sung_voice(measure: Any, main_voice: str) -> Any:
    """The music21 stream of a measure to sing: a voice of it, or the measure itself."""
    voices = list(measure.voices)
    if not voices:
        return measure
    with_words = [v for v in voices if any(words_of(n) for n in v.notes if _is_sung(n))]
    with_notes = [v for v in voices if any(_is_sung(n) for n in v.notes)]
    main = [v for v in voices if str(v.id) == main_voice]
    if main and (main[0] in with_words or (main[0] in with_notes and not with_words)):
        return main[0]
    return [*with_words, *main, *with_notes, *voices][0]


def _notes(
    source: Any, measure: Any, bar: Bar, name: str, remarks: Remarks
) -> Iterator[WrittenNote]:
    graces: list[Any] = []
    for element in source.notes:
        if "Harmony" in element.classes:
            continue
        offset_ql = Fraction(element.getOffsetInHierarchy(measure))
        duration_ql = Fraction(element.duration.quarterLength)
        place = bar.place(offset_ql)
        if not _is_sung(element):
            remarks.count(name, place, "percussion is not sung")
        elif element.duration.isGrace:
            graces.append(element)
        elif duration_ql <= 0:
            remarks.say(name, place, "note without length is not sung")
        elif not 0 <= _ps(_top(element)) <= 127:
            remarks.say(name, place, "note beyond the range of MIDI is not sung")
        else:
            if "Chord" in element.classes and len(element.pitches) > 1:
                remarks.count(name, place, "of a chord only the top note is sung")
            yield from _with_graces(graces, _written_note(element, offset_ql, duration_ql))
            graces = []
    if graces:
        message = "grace note that leads to no note of its bar is not sung"
        remarks.count(name, bar.place(bar.length_ql), message)


def _written_note(element: Any, offset_ql: Fraction, duration_ql: Fraction) -> WrittenNote:
    top = _top(element)
    tie = top.tie or element.tie
    marks = [mark for mark in element.articulations if set(mark.classes) & SHARE.keys()]
    return WrittenNote(
        offset_ql=offset_ql,
        duration_ql=duration_ql,
        pitch=_ps(top),
        tie=tie.type if tie and tie.type in {"start", "stop", "continue"} else "",
        words=words_of(element),
        share=min((SHARE[name] for m in marks for name in m.classes if name in SHARE), default=1),
        breath=any(set(mark.classes) & BREATHS for mark in element.articulations),
    )


def _with_graces(graces: Sequence[Any], note: WrittenNote) -> Iterator[WrittenNote]:
    """The grace notes that lean on a note, and what they leave of it."""
    lengths_ql = [_grace_length(grace) for grace in graces]
    words = next((w for grace in graces if (w := words_of(grace))), {}) or note.words
    scale = min(Fraction(1), note.duration_ql / 2 / sum(lengths_ql)) if graces else 0
    offset_ql = note.offset_ql
    for grace, length_ql in zip(graces, lengths_ql, strict=True):
        yield WrittenNote(offset_ql, length_ql * scale, _ps(_top(grace)), words=words)
        offset_ql += length_ql * scale
        words = {}
    yield replace(
        note,
        offset_ql=offset_ql,
        duration_ql=note.offset_ql + note.duration_ql - offset_ql,
        words=words,
    )


def _grace_length(grace: Any) -> Fraction:
    """Written length of a grace note, in quarter notes."""
    lengths = {"half": Fraction(2), "quarter": Fraction(1), "eighth": Fraction(1, 2)}
    length_ql = lengths.get(grace.duration.type, Fraction(1, 4))
    return min(length_ql, Fraction(1, 4)) if grace.duration.slash else length_ql


def _top(element: Any) -> Any:
    """The note to sing of a note or chord."""
    return max(element.notes, key=_ps) if "Chord" in element.classes else element


def _ps(note: Any) -> float:
    return round(float(note.pitch.ps), 6)
