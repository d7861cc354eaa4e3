"""Written notes become sung notes: repeats laid out, ties joined, melismas told from gaps.

- A tie joins notes of one pitch that touch. A tie with one end missing is repaired if the notes can
  be joined, and ignored if not; both are reported. A tied note with words of its own is sung anew.
- A note without words that touches the note before it continues the vowel (``lyric == ""``).
- A detached note (staccato) sounds for a share of its length. A breath mark takes
  :data:`BREATH_S`, but no more than half of the note, from the end of the note before it. Neither
  divides a melisma.
- A note without words at the beginning or after a rest has no vowel to continue: it is sung on
  :data:`DEFAULT_VOWEL`, and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from singsynth.score.bars import Bar
from singsynth.score.lines import Line
from singsynth.score.loudness import loudness_curve
from singsynth.score.lyrics import Word, choose_words
from singsynth.score.remarks import Place, Remarks
from singsynth.score.tempo import TempoMap, round_time
from singsynth.score.unfolding import PlayedBar
from singsynth.song import Note, Part

DEFAULT_VOWEL = "a"
"""Lyric of a note that has no words and no vowel before it to continue."""

BREATH_S = 0.3
"""Seconds that a breath mark takes from the note before it."""


@dataclass
class _Sung:
    """A note of the played score, in quarter lengths from its start."""

    start_ql: Fraction
    end_ql: Fraction
    pitch: float
    tie: str
    word: Word | None
    place: Place
    share: float
    breath: bool

    @property
    def ties_on(self) -> bool:
        return self.tie in {"start", "continue"}

    @property
    def tied_back(self) -> bool:
        return self.tie in {"stop", "continue"}


def sung_part(
    line: Line,
    bars: Sequence[Bar],
    order: Sequence[PlayedBar],
    tempo: TempoMap,
    remarks: Remarks,
    verse: int = 1,
) -> Part:
    """The part that a line becomes when its bars are played in ``order``, from ``verse`` on."""
    notes = _laid_out(line, bars, order, verse)
    notes = _without_overlaps(notes, line.name, remarks)
    notes = _ties_joined(notes, line.name, remarks)
    sung: list[Note] = []
    for before, note, after in zip([None, *notes], notes, [*notes[1:], None], strict=False):
        lyric, syllabic = "", "single"
        if note.word is not None:
            lyric, syllabic = note.word.text, note.word.syllabic
        elif before is None or before.end_ql < note.start_ql:
            lyric = DEFAULT_VOWEL
            message = f'note without words and no vowel to continue; sung on "{DEFAULT_VOWEL}"'
            remarks.say(line.name, note.place, message)
        start_s, end_s = tempo.seconds(note.start_ql), tempo.seconds(note.end_ql)
        if after is None or after.word is not None or note.end_ql < after.start_ql:
            end_s = _detached(start_s, end_s, note)
        elif note.breath:
            remarks.say(line.name, note.place, "no breath is taken within a melisma")
        if end_s > start_s:
            sung.append(
                Note(
                    start_s=start_s,
                    duration_s=end_s - start_s,
                    pitch=note.pitch,
                    lyric=lyric,
                    syllabic=syllabic,
                    bar=note.place.bar,
                    beat=note.place.beat,
                )
            )
    loudness = loudness_curve(line.marks, bars, order, tempo)
    return Part(line.name, tuple(sung), line.language, loudness)


def _detached(start_s: float, end_s: float, note: _Sung) -> float:
    """When a note ends that is shortened by its marks."""
    duration_s = (end_s - start_s) * note.share
    if note.breath:
        duration_s -= min(BREATH_S, duration_s / 2)
    return round_time(start_s + duration_s)


def _laid_out(
    line: Line, bars: Sequence[Bar], order: Sequence[PlayedBar], verse: int
) -> list[_Sung]:
    written = [
        (start_ql, played, note)
        for start_ql, played in _with_starts(bars, order)
        if played.bar < len(line.bars)
        for note in line.bars[played.bar]
    ]
    words = choose_words(
        [(played.bar, played.turn, note.words) for _, played, note in written],
        line.verses,
        verse,
    )
    notes = [
        _Sung(
            start_ql=start_ql + note.offset_ql,
            end_ql=start_ql + note.offset_ql + note.duration_ql,
            pitch=note.pitch,
            tie=note.tie,
            word=word,
            place=bars[played.bar].place(note.offset_ql),
            share=note.share,
            breath=note.breath,
        )
        for (start_ql, played, note), word in zip(written, words, strict=True)
    ]
    return sorted(notes, key=lambda note: (note.start_ql, -note.pitch))


def _with_starts(
    bars: Sequence[Bar], order: Sequence[PlayedBar]
) -> list[tuple[Fraction, PlayedBar]]:
    starts, start_ql = [], Fraction(0)
    for played in order:
        starts.append((start_ql, played))
        start_ql += bars[played.bar].length_ql
    return starts


def _without_overlaps(notes: Sequence[_Sung], name: str, remarks: Remarks) -> list[_Sung]:
    """Of notes that start together the highest stays; a note ends where the next begins."""
    kept: list[_Sung] = []
    for note in notes:
        if kept and note.start_ql == kept[-1].start_ql:
            kept[-1].word = kept[-1].word or note.word
            remarks.count(name, note.place, "of notes at one time only the highest is sung")
            continue
        if kept and note.start_ql < kept[-1].end_ql:
            remarks.count(name, kept[-1].place, "note overlaps the next and is cut short")
            kept[-1].end_ql = note.start_ql
        kept.append(note)
    return kept


def _ties_joined(notes: Sequence[_Sung], name: str, remarks: Remarks) -> list[_Sung]:
    joined: list[_Sung] = []
    for note in notes:
        before = joined[-1] if joined else None
        ties_on = before is not None and before.ties_on
        if before is not None and (ties_on or note.tied_back) and _can_join(before, note):
            if note.word is None:
                if not (ties_on and note.tied_back):
                    remarks.say(name, note.place, "tie has only one end; the notes are joined")
                before.end_ql, before.tie = note.end_ql, "start" if note.ties_on else ""
                before.share, before.breath = note.share, note.breath
                continue
            remarks.say(name, note.place, "tied note has words of its own and is sung anew")
        else:
            if before is not None and ties_on:
                message = "tie leads to no note of the same pitch and is ignored"
                remarks.say(name, before.place, message)
            if note.tied_back:
                message = "tie comes from no note of the same pitch and is ignored"
                remarks.say(name, note.place, message)
        joined.append(note)
    if joined and joined[-1].ties_on:
        message = "tie leads to no note of the same pitch and is ignored"
        remarks.say(name, joined[-1].place, message)
    return joined


def _can_join(before: _Sung, note: _Sung) -> bool:
    return before.end_ql == note.start_ql and before.pitch == note.pitch
