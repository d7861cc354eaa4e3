"""Any voice sings any language: phones that it never learnt are carried over to those it knows.

    song = carried(pronounce(song), voice.info.phones)

A phone goes to the nearest one by the way it is made. The distance adds up

- for vowels, the difference in height (close 0 … open 3), :data:`BACKNESS_COST` a step from front
  over central to back, and :data:`ROUNDING_COST`;
- for consonants, what :data:`MANNER_COST` says of the two manners, :data:`PLACE_COST` a step along
  the vocal tract and more between lips, blade and back of the tongue, voicing, and each trait that
  only one of them has.

The voiced fricatives that do not hiss (β ð ɣ v) are so weak that a plosive is near. A palatalised
consonant may become a plain one and ``y``, and an affricate a plosive and a fricative, where these
are nearer than any single phone.

So a Japanese voice sings ``l`` and ``rr`` as ``r``, ``th`` as ``s``, ``x`` as ``h``, ``ly`` as
``ry``. Vowels only ever become one vowel: a syllable keeps its nucleus.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from singsynth.language.phones import PHONES, SUNG_PHONES, PhoneClass, is_syllabic, is_vowel
from singsynth.language.registry import language_name
from singsynth.song import Note, Remark, Song, Syllable

HEIGHTS = {
    "close": 0.0, "near-close": 0.3, "close-mid": 1.0, "mid": 1.5, "open-mid": 2.0,
    "near-open": 2.5, "open": 3.0,
}  # fmt: skip
"""Of vowels, in units of the distance."""

BACKNESS = ("front", "central", "back")
BACKNESS_COST = 0.8
ROUNDING_COST = 0.3

PLACES = {
    "bilabial": (0.0, "lips"), "labiodental": (0.5, "lips"), "dental": (1.5, "blade"),
    "alveolar": (2.0, "blade"), "postalveolar": (3.0, "blade"), "palatal": (4.0, "blade back"),
    "velar": (5.0, "back"), "uvular": (6.0, "back"), "glottal": (7.0, "back"),
}  # fmt: skip
"""Of consonants: steps along the vocal tract, and what moves."""

PLACE_COST = 0.3
ORGAN_COST = 1.2
VOICING_COST = 1.5
TRAIT_COST = {"palatal": 1.0, "sibilant": 1.2, "lateral": 0.4, "trill": 0.3}
HUSH_COST = 0.6
"""A step between s and sh costs so much more: two hisses are told apart by their pitch."""

MANNER_COST = {
    frozenset({"plosive", "affricate"}): 1.2,
    frozenset({"affricate", "fricative"}): 0.8,
    frozenset({"plosive", "fricative"}): 2.0,
    frozenset({"plosive", "nasal"}): 2.0,
    frozenset({"liquid", "glide"}): 2.0,
}
WEAK_COST = {
    frozenset({"plosive", "fricative"}): 1.0,
    frozenset({"glide", "fricative"}): 1.2,
}
"""Instead, for a weak fricative."""

OTHER_MANNER_COST = 3.0
PAIR_COST = 0.7
"""Of two phones instead of one."""

_PAIRS: dict[str, tuple[str, str]] = {
    **{f"{plain}y": (plain, "y") for plain in ("k", "g", "t", "d", "p", "b", "m", "n", "r", "l")},
    **{"ts": ("t", "s"), "dz": ("d", "z"), "ch": ("t", "sh"), "j": ("d", "zh")},
}


def carry_over(
    known: Iterable[str], overrides: Mapping[str, Sequence[str]] | None = None
) -> dict[str, tuple[str, ...]]:
    """What is sung for each phone of the inventory that is not among ``known``.

    A closure that is not known is left out. ``overrides`` go before the distance, also for phones
    that are known.

    >>> carry = carry_over("a i u e o k s t n h m y r w".split(), {"x": ["k"]})
    >>> carry["l"], carry["ly"], carry["x"], carry["cl"]
    (('r',), ('r', 'y'), ('k',), ())
    """
    have = [symbol for symbol in SUNG_PHONES if symbol in set(known)]
    carry: dict[str, tuple[str, ...]] = {}
    for symbol in SUNG_PHONES:
        if symbol not in have:
            nearest = _nearest(symbol, have)
            if nearest is not None:
                carry[symbol] = nearest[1]
    return carry | {symbol: tuple(phones) for symbol, phones in (overrides or {}).items()}


def carried(
    song: Song, known: Iterable[str], overrides: Mapping[str, Sequence[str]] | None = None
) -> Song:
    """The song in phones that a voice knows, with a remark for each phone that it does not.

    The remark stands where the phone first comes. What has no likeness among ``known`` stays.
    """
    learnt = frozenset(known)
    carry = carry_over(learnt, overrides)
    remarks: dict[str, Remark] = {}
    parts = []
    for part in song.parts:
        notes: list[Note] = []
        for note in part.notes:
            foreign = [p for p in note.syllable.phones if p in carry] if note.syllable else []
            for symbol in foreign:
                why = "" if symbol in learnt else ": the voice never learnt it"
                message = f"{_named(part.language, symbol)} is {_sung(carry[symbol])}{why}"
                remarks.setdefault(symbol, Remark(part.name, note.bar, note.beat, message))
            if note.syllable and foreign:
                note = replace(note, syllable=_carried_syllable(note.syllable, carry))
            notes.append(note)
        parts.append(replace(part, notes=tuple(notes)))
    return replace(song, parts=tuple(parts), warnings=(*song.warnings, *remarks.values()))


def distance(one: str, other: str) -> float:
    """How far apart two phones are made; infinite between a vowel and a consonant.

    >>> distance("l", "r") < distance("l", "d") < distance("l", "a")
    True
    """
    a, b = PHONES[one], PHONES[other]
    if a == b:
        return 0.0
    if "vowel" in {a.manner, b.manner}:
        return _between_vowels(a, b) if a.manner == b.manner else float("inf")
    return _between_consonants(a, b)


def _between_vowels(a: PhoneClass, b: PhoneClass) -> float:
    return (
        abs(HEIGHTS[a.height] - HEIGHTS[b.height])
        + BACKNESS_COST * abs(BACKNESS.index(a.backness) - BACKNESS.index(b.backness))
        + ROUNDING_COST * (a.traits != b.traits)
    )


def _between_consonants(a: PhoneClass, b: PhoneClass) -> float:
    (here, organs), (there, others) = PLACES[a.place], PLACES[b.place]
    cost = PLACE_COST * abs(here - there)
    if not set(organs.split()) & set(others.split()):
        cost += ORGAN_COST
    if {"sibilant"} <= a.traits & b.traits:
        cost += HUSH_COST * abs(here - there)
    if a.voiced != b.voiced:
        cost += VOICING_COST
    cost += sum(TRAIT_COST[trait] for trait in sorted(a.traits ^ b.traits))
    if a.manner != b.manner:
        both = frozenset({a.manner, b.manner})
        weak = any(
            p.manner == "fricative" and p.voiced and "sibilant" not in p.traits for p in (a, b)
        )
        usual = MANNER_COST.get(both, OTHER_MANNER_COST)
        cost += WEAK_COST.get(both, usual) if weak else usual
    return cost


def _nearest(symbol: str, have: Sequence[str]) -> tuple[float, tuple[str, ...]] | None:
    """The distance, and the phone or the two that are nearest; None if nothing is like it."""
    if PHONES[symbol].manner == "closure":
        return 0.0, ()
    alike = [s for s in have if is_vowel(s) == is_vowel(symbol) and PHONES[s].manner != "closure"]
    if not alike:
        return None
    best = min((distance(symbol, s), (s,)) for s in alike)
    if symbol in _PAIRS:
        halves = [min((distance(half, s), s) for s in alike) for half in _PAIRS[symbol]]
        cost = PAIR_COST + sum(cost for cost, _ in halves)
        if cost < best[0]:
            return cost, tuple(s for _, s in halves)
    return best


def _carried_syllable(syllable: Syllable, carry: Mapping[str, tuple[str, ...]]) -> Syllable:
    """A syllable in other phones; what an override puts around the vowel joins onset and coda."""

    def each(phones: Sequence[str]) -> tuple[str, ...]:
        return tuple(sung for phone in phones for sung in carry.get(phone, (phone,)))

    nucleus = each(syllable.nucleus)
    at = next((i for i, phone in enumerate(nucleus) if is_syllabic(phone)), 0)
    return replace(
        syllable,
        onset=each(syllable.onset) + nucleus[:at],
        nucleus=nucleus[at : at + 1],
        coda=nucleus[at + 1 :] + each(syllable.coda),
    )


def _named(language: str, symbol: str) -> str:
    ipa = PHONES[symbol].ipa if symbol in PHONES else symbol
    return " ".join(filter(None, [language_name(language), symbol, f"[{ipa}]"]))


def _sung(phones: Sequence[str]) -> str:
    if not phones:
        return "left out"
    ipa = " ".join(PHONES[p].ipa if p in PHONES else p for p in phones)
    return f"sung as {' '.join(phones)} [{ipa}]"
