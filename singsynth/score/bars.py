"""One grid of bars for all parts.

music21 places the bars of each part by that part's own content, so that parts drift apart where one
of them has an incomplete bar. Here bar *i* is the same time in every part: it is as long as the
fullest part makes it. A bar of which nothing but whole-bar rests is written has the length of the
time signature. All lengths are exact fractions of a quarter note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from singsynth.score.remarks import Place


@dataclass(frozen=True)
class Bar:
    """One bar as written. Lengths are in quarter notes.

    ``pickup_ql`` is what an upbeat lacks before its first note: a pickup of one quarter in 3/4 has
    ``pickup_ql = 2`` and its first note is on beat 3.
    """

    number: int
    length_ql: Fraction
    beat_ql: Fraction = Fraction(1)
    pickup_ql: Fraction = Fraction(0)

    def place(self, offset_ql: Fraction) -> Place:
        """The place that a musician would name for an offset from the start of this bar."""
        return Place(self.number, 1 + float((offset_ql + self.pickup_ql) / self.beat_ql))


def written_bars(parts: Sequence[Any]) -> list[Bar]:
    """The grid of bars of a score, from its music21 parts."""
    measures = [list(part.getElementsByClass("Measure")) for part in parts]
    columns = [
        [column[index] for column in measures if index < len(column)]
        for index in range(max(map(len, measures), default=0))
    ]
    bars: list[Bar] = []
    nominal_ql, beat_ql = Fraction(4), Fraction(1)
    was_short = True  # an incomplete first bar is an upbeat
    for column in columns:
        signatures = [s for m in column for s in m.getElementsByClass("TimeSignature")]
        if signatures:
            nominal_ql, beat_ql = _meter(signatures[0])
        length_ql = _length(column, nominal_ql)
        is_short = length_ql < nominal_ql
        is_pickup = is_short and was_short
        bars.append(
            Bar(
                number=column[0].number,
                length_ql=length_ql,
                beat_ql=beat_ql,
                pickup_ql=nominal_ql - length_ql if is_pickup else Fraction(0),
            )
        )
        # A short bar that is no upbeat ends a phrase in mid-bar; the next may complete it.
        was_short = is_short and not is_pickup
    return bars


def _meter(signature: Any) -> tuple[Fraction, Fraction]:
    """Length of a full bar and of its beat, in quarter notes."""
    length_ql = Fraction(signature.barDuration.quarterLength)
    if signature.beatCount and length_ql:
        try:
            return length_ql, Fraction(signature.beatDuration.quarterLength)
        except Exception:  # 5/8 and its kin have beats of unequal length
            pass
    return length_ql or Fraction(4), Fraction(4, signature.denominator or 4)


def _length(column: Sequence[Any], nominal_ql: Fraction) -> Fraction:
    """Length of a bar by the fullest part that has more in it than a whole-bar rest."""
    length_ql = Fraction(0)
    for measure in column:
        elements = [e for e in measure.recurse().notesAndRests if "Harmony" not in e.classes]
        if len(elements) == 1 and elements[0].isRest:
            continue
        for element in elements:
            end = element.getOffsetInHierarchy(measure) + element.duration.quarterLength
            length_ql = max(length_ql, Fraction(end))
    return length_ql or _rest_length(column, nominal_ql)


def _rest_length(column: Sequence[Any], nominal_ql: Fraction) -> Fraction:
    """Length of a bar of silence: of an upbeat rest, or else of the time signature."""
    rests = [r for m in column for r in m.recurse().notesAndRests if r.isRest]
    shortest = min((Fraction(r.duration.quarterLength) for r in rests), default=nominal_ql)
    return shortest if 0 < shortest < nominal_ql else nominal_ql
