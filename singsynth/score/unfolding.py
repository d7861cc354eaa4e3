"""Repeats, endings and jumps become the order in which the written bars are played.

The rules are those of the textbook, and of MuseScore:

- ``|: … :|`` is played twice, or as often as the repeat bar says. Without ``|:`` the repeat goes
  back to the bar after the repeat before, or to the beginning.
- Of a group of endings (voltas) pass *n* plays the one that bears its number. A repeat bar in an
  ending goes back as long as an ending for the next pass follows; a single numbered ending is
  skipped once its passes are over.
- *D.C.* goes back to the beginning and *D.S.* to the segno, once, after the repeats of its bar.
  After the jump, repeats are not taken and only last endings are played; the music stops at
  *Fine*, or goes from *To Coda* on to the coda.
- Signs stand for whole bars: segno and coda for the beginning of their bar, all others for its end.

A jump that leads nowhere is reported and not taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from singsynth.score.bars import Bar
from singsynth.score.remarks import Remarks

MOST_PASSES = 32
"""More repeats of one section than any song has; beyond it a file is in error."""


class PlayedBar(NamedTuple):
    """A written bar, by its index, and which time it is played: turn 1, 2, …"""

    bar: int
    turn: int


@dataclass
class Signs:
    """The signs of one written bar that order repeats and jumps."""

    starts_repeat: bool = False
    plays: int = 0
    """How often the section that ends with this bar is played; 0 if none ends here."""
    ending: tuple[int, ...] = ()
    """The passes that play this bar, if it stands under a bracket."""
    segno: bool = False
    coda: bool = False
    to_coda: bool = False
    fine: bool = False
    jump: str = ""
    """``D.C.``, ``D.S.`` or nothing."""


def play_order(parts: Sequence[Any], bars: Sequence[Bar], remarks: Remarks) -> list[PlayedBar]:
    """The bars of a score of music21 parts in the order in which they are played."""
    signs = written_signs(parts, bars, remarks)
    _check_jumps(signs, bars, remarks)
    order = list(unfold(signs))
    for index in sorted(set(range(len(bars))) - {played.bar for played in order}):
        remarks.say(
            "score", bars[index].place(Fraction(0)), "bar is not sung: no repeat leads here"
        )
    return order


def unfold(signs: Sequence[Signs]) -> Iterator[PlayedBar]:
    """Play the bars, following their signs."""
    groups = _ending_groups(signs)
    played: Counter[int] = Counter()
    index, section, turn, jumped = 0, 0, 1, False
    while index < len(signs):
        bar, group = signs[index], groups.get(index)
        if bar.starts_repeat and index != section:
            section, turn = index, 1
        if group and not _is_played(bar.ending, turn, group, jumped):
            index += 1
            if index not in group.bars:
                section, turn = index, 1
            continue

        played[index] += 1
        yield PlayedBar(index, played[index] if jumped else turn)

        if not jumped and turn < (group.plays if group and bar.plays else bar.plays):
            index, turn = section, turn + 1
        elif not jumped and bar.jump:
            jumped = True
            index = 0 if bar.jump == "D.C." else _first(signs, "segno")
        elif jumped and bar.fine:
            return
        elif jumped and bar.to_coda:
            index = _first(signs, "coda", after=index)
        else:
            index += 1
            if (bar.plays or group) and not (group and index in group.bars):
                section, turn = index, 1


@dataclass(frozen=True)
class _Endings:
    """Adjacent endings of one section: their bars, and how often the section is played."""

    bars: range
    plays: int
    last: tuple[int, ...]


def _is_played(ending: tuple[int, ...], turn: int, group: _Endings, jumped: bool) -> bool:
    return ending == group.last if jumped else turn in ending


def _ending_groups(signs: Sequence[Signs]) -> dict[int, _Endings]:
    """The group of endings that each bar under a bracket belongs to."""
    groups: dict[int, _Endings] = {}
    index = 0
    while index < len(signs):
        if not signs[index].ending:
            index += 1
            continue
        start, seen = index, 0
        # A bracket with a lower number than the one before it belongs to a new section.
        while index < len(signs) and signs[index].ending and min(signs[index].ending) >= seen:
            seen = min(signs[index].ending)
            index += 1
        bars = range(start, index)
        endings = [signs[i].ending for i in bars]
        plays = max(max(ending) for ending in endings)
        plays = max([plays, *(signs[i].plays for i in bars if signs[i].plays > 2)])
        last = endings[-1]
        if len(set(endings)) == 1 and any(signs[i].plays for i in bars):
            # The last pass goes past the only ending.
            plays, last = max(plays, max(last) + 1), ()
        group = _Endings(bars, min(plays, MOST_PASSES), last)
        groups.update(dict.fromkeys(bars, group))
    return groups


def _first(signs: Sequence[Signs], name: str, after: int = -1) -> int:
    """Index of the first bar with a sign; one that exists, see :func:`_check_jumps`."""
    return next(i for i, bar in enumerate(signs) if i > after and getattr(bar, name))


def _check_jumps(signs: Sequence[Signs], bars: Sequence[Bar], remarks: Remarks) -> None:
    """Take away, with a remark, the jumps that lead nowhere."""
    codas = [i for i, bar in enumerate(signs) if bar.coda]
    if any(bar.jump for bar in signs) and len(codas) >= 2 and not any(bar.to_coda for bar in signs):
        # Two coda signs without the words: the first says where to leave, the last where to go.
        signs[codas[0]].coda, signs[codas[0]].to_coda = False, True
        codas = codas[1:]
    taken = False
    for index, bar in enumerate(signs):
        end = bars[index].place(Fraction(0))
        if bar.jump and taken:
            bar.jump = ""
            remarks.say("score", end, "jump is not taken: only the first of a score is")
        elif bar.jump == "D.S." and not any(b.segno for b in signs[: index + 1]):
            bar.jump = ""
            remarks.say("score", end, "D.S. is not taken: there is no segno before it")
        taken = taken or bool(bar.jump)
        if bar.to_coda and not any(coda > index for coda in codas):
            bar.to_coda = False
            remarks.say("score", end, "To Coda is not taken: there is no coda after it")


def written_signs(parts: Sequence[Any], bars: Sequence[Bar], remarks: Remarks) -> list[Signs]:
    """The signs of each bar; those of all parts together, since often only one part has them."""
    signs = [Signs() for _ in bars]
    for part in parts:
        measures = list(part.getElementsByClass("Measure"))
        for index, measure in enumerate(measures):
            for repeat in measure.recurse().getElementsByClass("Repeat"):
                is_left = repeat is measure.leftBarline
                if not is_left and repeat is not measure.rightBarline:
                    place = bars[index].place(Fraction(repeat.getOffsetInHierarchy(measure)))
                    remarks.say("score", place, "repeat in the middle of a bar is not taken")
                elif repeat.direction == "start":
                    target = index if is_left else index + 1
                    if target < len(signs):
                        signs[target].starts_repeat = True
                elif not is_left or index:
                    plays = repeat.times or 2
                    if plays > MOST_PASSES:
                        place = bars[index].place(Fraction(0))
                        remarks.say("score", place, f"repeat of {plays} times is played twice")
                        plays = 2
                    signs[index - is_left].plays = max(plays, 2)
            for element in measure.recurse().getElementsByClass(
                ("RepeatExpression", "TextExpression")
            ):
                is_words = "TextExpression" in element.classes
                _read_words(element.content if is_words else element.getText(), signs[index])
        position = {id(measure): index for index, measure in enumerate(measures)}
        for bracket in part.recurse().getElementsByClass("RepeatBracket"):
            inside = [position[id(m)] for m in bracket if id(m) in position]
            numbers = tuple(sorted({n for n in bracket.numberRange if 0 < n <= MOST_PASSES}))
            for index in range(min(inside, default=0), max(inside, default=-1) + 1):
                signs[index].ending = numbers or (1,)
    return signs


def _read_words(words: str, bar: Signs) -> None:
    """Note what a direction such as ``D.S. al Coda`` says."""
    text = re.sub(r"[\s.]+", "", words or "").lower()
    if re.match(r"(dc|dacapo)(al|$)", text):
        bar.jump = "D.C."
    elif re.match(r"(ds|dalsegno|dals)(al|$)", text):
        bar.jump = "D.S."
    elif text in {"tocoda", "alcoda", "gotocoda"}:
        bar.to_coda = True
    elif text == "coda":
        bar.coda = True
    elif text == "segno":
        bar.segno = True
    elif text == "fine":
        bar.fine = True
