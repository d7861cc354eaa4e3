"""Marks that musicians read and this room does not yet: reported once a part, with a count."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from singsynth.score.bars import Bar
from singsynth.score.remarks import Place, Remarks

ON_NOTES = {
    "Fermata": "fermata",
    "BreathMark": "breath mark",
    "Caesura": "caesura",
    "Staccato": "staccato",
    "Tenuto": "tenuto",
    "DetachedLegato": "detached legato",
    "Accent": "accent",
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

IN_BARS = {"Dynamic": "dynamics"}
ACROSS_BARS = {
    "DynamicWedge": "hairpin",
    "Glissando": "glissando",
    "TrillExtension": "trill",
    "TremoloSpanner": "tremolo",
}


def report_markings(part: Any, name: str, bars: Sequence[Bar], remarks: Remarks) -> None:
    """Count every mark of a music21 part that is not sung."""

    def count(place: Place, what: str) -> None:
        remarks.count(name, place, f"not sung yet: {what}")

    places: dict[int, Place] = {}
    for bar, measure in zip(bars, part.getElementsByClass("Measure"), strict=False):
        for element in measure.recurse():
            place = bar.place(Fraction(element.getOffsetInHierarchy(measure)))
            places[id(element)] = place
            for what in _matches(element, IN_BARS):
                count(place, what)
            if "GeneralNote" in element.classes:
                for mark in [*element.articulations, *element.expressions]:
                    for what in _matches(mark, ON_NOTES):
                        count(place, what)
    for spanner in part.recurse().getElementsByClass("Spanner"):
        first = spanner.getFirst()
        for what in _matches(spanner, ACROSS_BARS):
            count(places.get(id(first), bars[0].place(Fraction(0))), what)


def _matches(element: Any, table: dict[str, str]) -> list[str]:
    """What the table calls an element, at most once."""
    return [what for name, what in table.items() if name in element.classes][:1]
