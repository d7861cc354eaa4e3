"""One tempo map for the whole score: quarter lengths to seconds.

A tempo mark holds for all parts wherever it stands, from its place until the next. Within a stretch
of *q* quarter notes a minute, *x* quarter lengths last

    t = 60 x / q  seconds.

A fermata, in whatever part, makes its note or rest :data:`FERMATA_STRETCH` times as long, for all.

Marks belong to the written bars, so a repeated bar has the tempo that is written over it even when
the jump to it skips the mark. Times are rounded to 2⁻²⁰ s (about a microsecond): such numbers add
and subtract without error, so that notes which touch in the score touch in seconds.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from singsynth.score.bars import Bar
from singsynth.score.remarks import Remarks

DEFAULT_QPM = 120.0
"""Quarter notes a minute of a score without any tempo mark."""

SLOWEST_QPM, FASTEST_QPM = 5.0, 1000.0
"""Marks beyond these are mistakes, and ignored with a remark."""

FERMATA_STRETCH = 1.5
"""How many times longer a note under a fermata is held."""

TICKS_PER_SECOND = 2**20

_CHANGES = re.compile(
    r"\b(rit|rit\w*|rall\w*|riten\w*|accel\w*|string\w*|allarg\w*|calando|smorz\w*|a tempo"
    r"|tempo (primo|i)|(pi[uù]|meno|poco) mosso|rubato)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class TempoMark:
    """``qpm`` quarter notes a minute from ``offset_ql`` after the start of written bar ``bar``."""

    bar: int
    offset_ql: Fraction
    qpm: float


@dataclass(frozen=True)
class Hold:
    """A fermata: the time from ``start_ql`` to ``end_ql`` of written bar ``bar`` is stretched."""

    bar: int
    start_ql: Fraction
    end_ql: Fraction


class TempoMap:
    """Seconds of each moment of the played score, which is counted in quarter lengths."""

    def __init__(self, stretches: Iterable[tuple[Fraction, float]]) -> None:
        """``stretches`` are (start in quarter lengths, quarter notes a minute), from 0 upwards."""
        self._starts_ql: list[Fraction] = []
        self._starts_s: list[float] = []
        self._qpm: list[float] = []
        for start_ql, qpm in stretches:
            if self._starts_ql:
                if qpm == self._qpm[-1]:
                    continue
                elapsed_s = float(start_ql - self._starts_ql[-1]) * 60 / self._qpm[-1]
                self._starts_s.append(self._starts_s[-1] + elapsed_s)
            else:
                self._starts_s.append(0.0)
            self._starts_ql.append(start_ql)
            self._qpm.append(qpm)

    def seconds(self, moment_ql: Fraction) -> float:
        """Seconds from the start of the played score."""
        i = max(bisect.bisect_right(self._starts_ql, moment_ql) - 1, 0)
        time_s = self._starts_s[i] + float(moment_ql - self._starts_ql[i]) * 60 / self._qpm[i]
        return round_time(time_s)


def round_time(time_s: float) -> float:
    """A time on the grid on which all times of a song lie."""
    return round(time_s * TICKS_PER_SECOND) / TICKS_PER_SECOND


def tempo_map(
    marks: Sequence[TempoMark],
    bars: Sequence[Bar],
    order: Iterable[int],
    holds: Sequence[Hold] = (),
) -> TempoMap:
    """The tempo map of written ``bars`` played in ``order`` (indices, with repeats unfolded)."""
    marks_in: dict[int, list[TempoMark]] = defaultdict(list)
    holds_in: dict[int, list[Hold]] = defaultdict(list)
    for mark in marks:
        marks_in[mark.bar].append(mark)
    for hold in holds:
        holds_in[hold.bar].append(hold)

    qpm = marks[0].qpm if marks else DEFAULT_QPM
    written: list[list[tuple[Fraction, float]]] = []
    for index, bar in enumerate(bars):
        written.append(_stretches(bar, qpm, marks_in[index], holds_in[index]))
        qpm = marks_in[index][-1].qpm if marks_in[index] else qpm

    stretches: list[tuple[Fraction, float]] = []
    start_ql = Fraction(0)
    for index in order:
        stretches += [(start_ql + offset_ql, qpm) for offset_ql, qpm in written[index]]
        start_ql += bars[index].length_ql
    return TempoMap(stretches)


def _stretches(
    bar: Bar, qpm: float, marks: Sequence[TempoMark], holds: Sequence[Hold]
) -> list[tuple[Fraction, float]]:
    """Tempo within a bar that begins at ``qpm``: (offset, quarter notes a minute) from 0 on."""
    offsets = {Fraction(0), *(m.offset_ql for m in marks)}
    offsets |= {offset for hold in holds for offset in (hold.start_ql, hold.end_ql)}
    stretches = []
    for offset_ql in sorted(offset for offset in offsets if 0 <= offset < bar.length_ql):
        qpm = next((m.qpm for m in reversed(marks) if m.offset_ql <= offset_ql), qpm)
        is_held = any(hold.start_ql <= offset_ql < hold.end_ql for hold in holds)
        stretches.append((offset_ql, qpm / FERMATA_STRETCH if is_held else qpm))
    return stretches


def fermatas(parts: Sequence[Any]) -> list[Hold]:
    """All fermatas of the score, from whichever part they stand in."""
    return [
        Hold(index, offset_ql, offset_ql + Fraction(element.duration.quarterLength))
        for part in parts
        for index, measure in enumerate(part.getElementsByClass("Measure"))
        for element in measure.recurse().notesAndRests
        if any("Fermata" in mark.classes for mark in element.expressions)
        for offset_ql in [Fraction(element.getOffsetInHierarchy(measure))]
    ]


def tempo_marks(parts: Sequence[Any], bars: Sequence[Bar], remarks: Remarks) -> list[TempoMark]:
    """All tempo marks of the score in order of time, from whichever part they stand in."""
    found: dict[tuple[int, Fraction], Any] = {}
    for part in parts:
        for index, measure in enumerate(part.getElementsByClass("Measure")):
            for element in measure.recurse().getElementsByClass(
                ("MetronomeMark", "MetricModulation", "TextExpression")
            ):
                offset_ql = Fraction(element.getOffsetInHierarchy(measure))
                if "TextExpression" not in element.classes:
                    found.setdefault((index, offset_ql), element)
                elif _CHANGES.search(element.content):
                    message = f'not sung yet: tempo change "{element.content}"'
                    remarks.say("score", bars[index].place(offset_ql), message)

    marks: list[TempoMark] = []
    for (index, offset_ql), element in sorted(found.items(), key=lambda item: item[0]):
        place = bars[index].place(offset_ql)
        qpm = _quarters_per_minute(element, marks[-1].qpm if marks else DEFAULT_QPM)
        if qpm is None:
            remarks.say("score", place, "tempo mark without a number is ignored")
        elif not SLOWEST_QPM <= qpm <= FASTEST_QPM:
            remarks.say("score", place, f"tempo of {qpm:g} quarter notes a minute is ignored")
        else:
            marks.append(TempoMark(index, offset_ql, qpm))
    if not marks:
        message = f"no tempo mark; sung at {DEFAULT_QPM:g} quarter notes a minute"
        remarks.say("score", bars[0].place(Fraction(0)), message)
    elif marks[0].bar > 0 or marks[0].offset_ql > 0:
        message = f"no tempo mark; sung at {marks[0].qpm:g} quarter notes a minute as marked later"
        remarks.say("score", bars[0].place(Fraction(0)), message)
    return marks


def _quarters_per_minute(mark: Any, before_qpm: float) -> float | None:
    if "MetricModulation" in mark.classes:  # the old note lasts as long as the new one
        old, new = mark.oldReferent, mark.newReferent
        if not (old and new and old.quarterLength and new.quarterLength):
            return None
        return round(before_qpm * float(new.quarterLength / old.quarterLength), 6)
    qpm = mark.getQuarterBPM()
    return None if qpm is None else round(float(qpm), 6)
