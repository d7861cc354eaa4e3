"""Dynamics, hairpins and accents as one curve of loudness, in dB about *mf*.

- A dynamic holds until the next. *sf*, *fz* and their kin are accents; *fp* is *f* and then *p*.
- A hairpin leads from the level where it begins to the dynamic that stands at its end; where none
  stands there, it goes :data:`HAIRPIN_DB` up or down, and that holds.
- An accent is :data:`ACCENT_DB` more at the head of its note, gone after :data:`ACCENT_S`, or with
  the note.
- Each pass of a repeat takes the dynamics as they stand; a level is carried over from bar to bar as
  they are played.

Levels: a step of dynamics is 4 to 6 dB in singing (Titze, *Principles of Voice Production*, 1994,
on the range of loudness; Sundberg, *The Science of the Singing Voice*, 1987).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from singsynth.score.bars import Bar
from singsynth.score.tempo import TempoMap
from singsynth.score.unfolding import PlayedBar

LEVELS_DB = {
    "pppp": -22.0,
    "ppp": -17.0,
    "pp": -12.0,
    "p": -8.0,
    "mp": -4.0,
    "mf": 0.0,
    "f": 4.0,
    "ff": 8.0,
    "fff": 12.0,
    "ffff": 15.0,
}
ACCENTS = frozenset({"sf", "sfz", "fz", "sffz", "rf", "rfz"})
THEN = {"fp": ("f", "p"), "sfp": ("f", "p"), "sfpp": ("f", "pp"), "pf": ("p", "f")}
HAIRPIN_DB = 5.0
ACCENT_DB = 3.0
ACCENT_S = 0.3
SWITCH_S = 0.3
"""After this *fp* is *p*."""

AT_END_QL = Fraction(1)
"""A dynamic so near after the end of a hairpin is where it leads to."""


@dataclass(frozen=True)
class Mark:
    """A dynamic (``value``: *mf*), a hairpin (``<`` or ``>``) or an accent (``!``) of a bar.

    ``length_ql`` is that of the hairpin, in the bars as written, or of the accented note.
    """

    bar: int
    offset_ql: Fraction
    value: str
    length_ql: Fraction = Fraction(0)


def written_marks(part: Any, sources: Sequence[Any], bars: Sequence[Bar]) -> tuple[Mark, ...]:
    """The marks of a music21 part; ``sources`` are the streams that are sung of its measures."""
    starts = [Fraction(0)]
    for bar in bars:
        starts.append(starts[-1] + bar.length_ql)
    marks: list[Mark] = []
    places: dict[int, tuple[int, Fraction, Fraction]] = {}
    measures = part.getElementsByClass("Measure")
    for index, (measure, source) in enumerate(zip(measures, sources, strict=False)):
        for element in [*measure, *(source if source is not measure else [])]:
            offset_ql = Fraction(element.getOffsetInHierarchy(measure))
            length_ql = Fraction(element.duration.quarterLength)
            places[id(element)] = (index, offset_ql, length_ql)
            if "Dynamic" in element.classes:
                marks.append(Mark(index, offset_ql, str(element.value)))
            elif "GeneralNote" in element.classes and any(
                "Accent" in mark.classes for mark in element.articulations
            ):
                marks.append(Mark(index, offset_ql, "!", length_ql))
    for wedge in part.recurse().getElementsByClass("DynamicWedge"):
        first, last = places.get(id(wedge.getFirst())), places.get(id(wedge.getLast()))
        if first and last:
            end_ql = starts[last[0]] + last[1] + last[2]
            length_ql = end_ql - starts[first[0]] - first[1]
            value = "<" if "Crescendo" in wedge.classes else ">"
            if length_ql > 0:
                marks.append(Mark(first[0], first[1], value, length_ql))
    return tuple(sorted(set(marks), key=lambda m: (m.bar, m.offset_ql, m.value in "<>!", m.value)))


def loudness_curve(
    marks: Sequence[Mark], bars: Sequence[Bar], order: Sequence[PlayedBar], tempo: TempoMap
) -> tuple[tuple[float, float], ...]:
    """(seconds, dB) of the bars as played; empty without marks."""
    played = list(_played(marks, bars, order))
    if not played:
        return ()
    level = 0.0
    points: list[tuple[float, float]] = []
    for i, (start_ql, mark) in enumerate(played):
        at_s = tempo.seconds(start_ql)
        if mark.value in {"<", ">"}:
            end_ql = start_ql + mark.length_ql
            level_after = level + (HAIRPIN_DB if mark.value == "<" else -HAIRPIN_DB)
            for later_ql, later in played[i + 1 :]:
                if later.value in LEVELS_DB and end_ql <= later_ql + AT_END_QL:
                    if later_ql <= end_ql + AT_END_QL:
                        end_ql, level_after = later_ql, LEVELS_DB[later.value]
                    break
            points += [(at_s, level), (tempo.seconds(end_ql), level_after)]
            level = level_after
        elif mark.value in LEVELS_DB or mark.value in THEN:
            first, then = THEN.get(mark.value, (mark.value, mark.value))
            if LEVELS_DB[first] != level and at_s > 0:
                points += [(at_s, level)]
            points += [(at_s, LEVELS_DB[first])]
            level = LEVELS_DB[then]
            if first != then:
                points += [(at_s + SWITCH_S / 2, LEVELS_DB[first]), (at_s + SWITCH_S, level)]
    bumps = [
        (tempo.seconds(ql), tempo.seconds(ql + (m.length_ql or 1)))
        for ql, m in played
        if m.value == "!" or m.value in ACCENTS
    ]
    return _with_bumps(_in_order(points) or [(0.0, 0.0)], bumps)


def _played(
    marks: Sequence[Mark], bars: Sequence[Bar], order: Sequence[PlayedBar]
) -> Iterator[tuple[Fraction, Mark]]:
    by_bar: dict[int, list[Mark]] = {}
    for mark in marks:
        by_bar.setdefault(mark.bar, []).append(mark)
    start_ql = Fraction(0)
    for played in order:
        for mark in by_bar.get(played.bar, []):
            yield start_ql + mark.offset_ql, mark
        start_ql += bars[played.bar].length_ql


def _in_order(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points with times that never go back; hairpins that overlap are cut where the next begins."""
    kept: list[tuple[float, float]] = []
    for time_s, level in points:
        while kept and kept[-1][0] > time_s:
            kept.pop()
        kept.append((time_s, level))
    return kept


def _with_bumps(
    points: Sequence[tuple[float, float]], bumps: Sequence[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """The curve with accents on it: straight lines between all places where either bends."""
    if not bumps:
        return tuple(points)
    times = sorted(
        {t for t, _ in points} | {t for a, b in bumps for t in (a, min(b, a + ACCENT_S))}
    )
    found: list[tuple[float, float]] = []
    for time_s in times:
        for after in (False, True):
            level = _at(points, time_s, after) + max(
                (_bump(time_s, a, min(b, a + ACCENT_S), after) for a, b in bumps), default=0.0
            )
            if not found or found[-1] != (time_s, level):
                found.append((time_s, level))
    return tuple(found)


def _bump(time_s: float, begin_s: float, end_s: float, after: bool) -> float:
    inside = begin_s <= time_s < end_s if after else begin_s < time_s <= end_s
    return ACCENT_DB * (end_s - time_s) / (end_s - begin_s) if inside else 0.0


def _at(points: Sequence[tuple[float, float]], time_s: float, after: bool) -> float:
    """The level just before or just after a time."""
    level = points[0][1]
    for (a, x), (b, y) in pairwise(points):
        if a < time_s < b:
            return x + (y - x) * (time_s - a) / (b - a)
        if b < time_s or (b == time_s and (after or a < b)):
            level = y
        if b == time_s and not after and a < b:
            return y
    return level
