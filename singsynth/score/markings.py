"""Marks on notes: those that change their length, and those that are not sung yet.

The latter are reported once a part, with a count.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from singsynth.score.bars import Bar
from singsynth.score.remarks import Place, Remarks

SHARE = {"Staccatissimo": 0.25, "Staccato": 0.5, "DetachedLegato": 0.75}
"""music21 classes of marks that detach a note, and the share of its length that it sounds."""

BREATHS = frozenset({"BreathMark", "Caesura"})
"""music21 classes of marks after which a breath is taken."""

ON_NOTES = {
    "Stress": "stress mark",
    "IndeterminateSlide": "slide",
    "Trill": "trill",
    "GeneralMordent": "mordent",
    "Turn": "turn",
    "Schleifer": "slide",
    "GeneralAppoggiatura": "appoggiatura sign",
    "Tremolo": "tremolo",
    "ArpeggioMark": "arpeggio",
}
"""music21 classes of articulations and expressions, the most general of each family."""

ACROSS_BARS = {
    "Glissando": "glissando",
    "TrillExtension": "trill",
    "TremoloSpanner": "tremolo",
}


def report_markings(
    part: Any, sources: Sequence[Any], name: str, bars: Sequence[Bar], remarks: Remarks
) -> None:
    """Count every mark of a music21 part that is not sung.

    ``sources`` are the streams that are sung of its measures: one of their voices, or all.
    """

    def count(place: Place, what: str) -> None:
        remarks.count(name, place, f"not sung yet: {what}")

    places: dict[int, Place] = {}
    measures = part.getElementsByClass("Measure")
    for bar, measure, source in zip(bars, measures, sources, strict=False):
        for element in [*measure, *(source if source is not measure else [])]:
            place = bar.place(Fraction(element.getOffsetInHierarchy(measure)))
            places[id(element)] = place
            if "GeneralNote" in element.classes:
                for mark in [*element.articulations, *element.expressions]:
                    for what in _matches(mark, ON_NOTES):
                        count(place, what)
    for spanner in part.recurse().getElementsByClass("Spanner"):
        first = places.get(id(spanner.getFirst()))
        for what in _matches(spanner, ACROSS_BARS):
            if first:
                count(first, what)


def _matches(element: Any, table: dict[str, str]) -> list[str]:
    """What the table calls an element, at most once."""
    return [what for name, what in table.items() if name in element.classes][:1]
