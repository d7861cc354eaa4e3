"""Everything in a score that was repaired, guessed or left out, gathered once each.

Two kinds: :meth:`Remarks.say` is for what has its own place (a broken tie), :meth:`Remarks.count`
for what may occur a hundred times (staccato dots): told once a part, at its first place.
"""

from __future__ import annotations

from typing import NamedTuple

from singsynth.song import Remark


class Place(NamedTuple):
    """Where in the score: the printed bar number, and the beat counted from 1."""

    bar: int
    beat: float


class Remarks:
    """Collects remarks; :meth:`in_order` gives them as they stand in the score."""

    def __init__(self) -> None:
        self._said: dict[Remark, None] = {}
        self._counted: dict[tuple[str, str], tuple[Place, int]] = {}

    def say(self, part: str, place: Place, message: str) -> None:
        """Report one thing at its place; the same thing twice is told once."""
        self._said[Remark(part, place.bar, place.beat, message)] = None

    def count(self, part: str, place: Place, message: str) -> None:
        """Report one of many alike; told once a part, at the earliest place."""
        first, times = self._counted.get((part, message), (place, 0))
        self._counted[part, message] = (min(first, place), times + 1)

    def in_order(self) -> tuple[Remark, ...]:
        """All remarks by bar and beat."""
        counted = [
            Remark(part, first.bar, first.beat, message + (f" ({n} times)" if n > 1 else ""))
            for (part, message), (first, n) in self._counted.items()
        ]
        return tuple(
            sorted([*self._said, *counted], key=lambda r: (r.bar, r.beat, r.part, r.message))
        )
