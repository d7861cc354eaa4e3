"""Languages with regular spelling: rules from letters to phones, as data, and syllables from them.

How a word is read
------------------
1. Its syllables are joined to one line of letters, and each letter keeps the syllable that it
   stands in. Capitals are small letters, apostrophes only part words, and an accent that the rules
   do not know is dropped. An undertie parts words that share a note.
2. A word in the list of respellings is spelled as that says.
3. At each letter the first rule that fits gives phones. They belong to the syllable of the rule's
   last letter, so that it does not matter where the engraver cut: *a-gnus* or *ag-nus*.
4. Each syllable as written gets one nucleus. If its letters have several vowels, it is the stressed
   one, where the spelling or the language tells, else the most open one (a > e, o > i, u), and of
   equals the first; but of *i* and *u* together the second, unless the language says otherwise. An
   *i* or *u* before another vowel is a glide, ``y`` or ``w``; all others are sung as vowels in
   onset and coda. Equal vowels that meet are one (*la‿anima*).
5. A letter that is written but mute (the i of Italian *giusto*) is sung if its syllable has no
   other vowel. A syllable without any vowel closes the one before.

The rules
---------
A table in ``data/`` with columns separated by tabs: before, letters, after, phones. The first and
third are regular expressions on what stands before and after, ``-`` for anything. In them a capital
stands for the class of letters that a line ``@V aeiou`` defines, and ``#`` for the end of a word.
In the last column ``'a`` is a stressed vowel, ``(i)`` a mute one, and ``0`` no phone. A rule with
two vowel letters, such as *ae*, fits only within a syllable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from itertools import pairwise

from singsynth.language.phones import PHONES, is_vowel
from singsynth.song import Syllable

UNDERTIE = "\N{UNDERTIE}"
"""Stands between words that share a note."""

_GLIDES = {"i": "y", "u": "w", "uw": "w"}
_OPENNESS = {"close": 0, "near-close": 0, "open": 2}
_OPENNESS_OF_OTHERS = 1


@dataclass(frozen=True)
class Rule:
    """Letters in a place, and their phones."""

    before: re.Pattern[str] | None
    letters: str
    after: re.Pattern[str] | None
    phones: tuple[str, ...]
    within_syllable: bool


@dataclass(frozen=True)
class Sound:
    """A phone in a word: its syllable, the letter it ends with, and how it was written."""

    phone: str
    syllable: int
    letter: int
    stressed: bool = False
    mute: bool = False


@dataclass(frozen=True)
class Letter:
    """A letter, the syllable it stands in, and the number of its word; an undertie has none."""

    text: str
    syllable: int
    word: int


@dataclass(frozen=True)
class Spelling:
    """The spelling of a language.

    Parameters
    ----------
    table
        File of the rules in ``data/``.
    respelled
        File of words and how they are to be spelled for the rules, letter for letter. A word that
        begins with a hyphen is an ending; the longest one wins.
    falling
        Pairs of close vowels of which the first is the nucleus, as in Italian *cui*.
    """

    table: str
    respelled: str = ""
    falling: frozenset[tuple[str, str]] = frozenset()

    @cached_property
    def _classes(self) -> dict[str, str]:
        named = [line for line in lines(self.table) if line.startswith("@")]
        return {name: f"[{letters}]" for name, letters in (line[1:].split() for line in named)}

    @cached_property
    def _rules(self) -> dict[str, list[Rule]]:
        """By first letter."""
        vowels = set(self._classes["V"])
        rules: dict[str, list[Rule]] = {}
        for line in lines(self.table):
            if line.startswith("@"):
                continue
            before, letters, after, phones = line.split("\t")
            rule = Rule(
                self._pattern(before, "(?:^|‿)", end="$"),
                letters,
                self._pattern(after, "(?:$|‿)"),
                () if phones == "0" else tuple(phones.split()),
                sum(letter in vowels for letter in letters) > 1,
            )
            rules.setdefault(letters[0], []).append(rule)
        return rules

    def _pattern(self, text: str, boundary: str, end: str = "") -> re.Pattern[str] | None:
        if text == "-":
            return None
        for name, letters in self._classes.items():
            text = text.replace(name, letters)
        return re.compile(f"(?:{text.replace('#', boundary)}){end}")

    @cached_property
    def _respellings(self) -> dict[str, str]:
        listed = lines(self.respelled) if self.respelled else ()
        return {line.split("\t")[0]: line.split("\t")[1] for line in listed}

    def letters(self, word: Sequence[str]) -> tuple[list[Letter], set[int]]:
        """The letters of a word, respelled, and the syllables that have others than its rules."""
        letters: list[Letter] = []
        unknown: set[int] = set()
        count = 0
        for i, syllable in enumerate(word):
            for char in unicodedata.normalize("NFC", syllable.replace("’", "'")).lower():
                if char in f"'{UNDERTIE}":
                    count += 1
                    if char == UNDERTIE:
                        letters.append(Letter(char, i, -1))
                    continue
                plain = unicodedata.normalize("NFD", char)[0]
                if char not in self._rules and plain not in self._rules:
                    unknown.add(i)
                else:
                    letters.append(Letter(char if char in self._rules else plain, i, count))
        return self._respell(letters), unknown

    def _respell(self, letters: list[Letter]) -> list[Letter]:
        for at in words_of(letters):
            text = "".join(letters[i].text for i in at)
            whole = self._respellings.get(text)
            endings = (f"-{text[k:]}" for k in range(len(text)))
            spelled = whole or next(
                (self._respellings[e][1:] for e in endings if e in self._respellings), ""
            )
            for i, new in zip(at[len(at) - len(spelled) :], spelled, strict=True):
                letters[i] = Letter(new, letters[i].syllable, letters[i].word)
        return letters

    def sounds(self, letters: Sequence[Letter]) -> list[Sound]:
        """Phones of letters, by the rules."""
        text = "".join(letter.text for letter in letters)
        found: list[Sound] = []
        at = 0
        while at < len(text):
            if text[at] == UNDERTIE:
                at += 1
                continue
            rule = next(rule for rule in self._rules[text[at]] if _fits(rule, text, at, letters))
            at += len(rule.letters)
            last = letters[at - 1].syllable
            found += (
                Sound(p.strip("'()"), last, at - 1, p.startswith("'"), p.startswith("("))
                for p in rule.phones
            )
        return found

    def syllables(
        self, word: Sequence[str], sounds: Sequence[Sound], unknown: set[int]
    ) -> list[Syllable | None]:
        """One syllable for each as written; None for those that are ``unknown``."""
        return [
            None
            if i in unknown
            else one_syllable(text, [s for s in sounds if s.syllable == i], self.falling)
            for i, text in enumerate(word)
        ]

    def read(self, word: Sequence[str]) -> list[Syllable | None]:
        """The syllables of a word."""
        letters, unknown = self.letters(word)
        return self.syllables(word, self.sounds(letters), unknown)


def words_of(letters: Sequence[Letter]) -> Iterator[list[int]]:
    """The places of the letters of each word; apostrophe and undertie part words."""
    for number in sorted({letter.word for letter in letters if letter.word >= 0}):
        yield [i for i, letter in enumerate(letters) if letter.word == number]


def one_syllable(
    text: str, sounds: Sequence[Sound], falling: frozenset[tuple[str, str]] = frozenset()
) -> Syllable:
    """Sounds as a syllable with one nucleus, by rules 4 and 5 above."""
    heard = _heard(sounds)
    vowels = [i for i, sound in enumerate(heard) if is_vowel(sound.phone)]
    if not vowels:
        return Syllable(text, coda=tuple(sound.phone for sound in heard))
    at = _nucleus([(i, heard[i]) for i in vowels], falling)
    phones = [sound.phone for sound in heard]
    for i in vowels:
        if i != at and i + 1 in vowels and (i < at or i - 1 in vowels[vowels.index(at) :]):
            phones[i] = _GLIDES.get(phones[i], phones[i])
    return Syllable(text, tuple(phones[:at]), (phones[at],), tuple(phones[at + 1 :]))


def spread(phones: Sequence[str], word: Sequence[str]) -> list[Syllable]:
    """The phones of a whole word, given back to its syllables as written.

    Each syllable gets one vowel. If there are more vowels than syllables, those with the fewest
    consonants between them share one, the first such pair first; if there are fewer, the last
    syllables hold the vowel before. The last consonant between two vowels opens the later syllable,
    as singers do, and all of them do so if the earlier one is written with a vowel at its end.

    >>> [s.phones for s in spread(("n", "oh", "cl", "t", "e"), ("not", "te"))]
    [('n', 'oh', 'cl'), ('t', 'e')]
    """
    vowels = [[i] for i, phone in enumerate(phones) if is_vowel(phone)]
    while len(vowels) > max(1, len(word)):
        gaps = [later[0] - earlier[-1] for earlier, later in pairwise(vowels)]
        at = gaps.index(min(gaps))
        vowels[at : at + 2] = [vowels[at] + vowels[at + 1]]
    starts = [0]
    for k, (earlier, later) in enumerate(pairwise(vowels)):
        between = later[0] - earlier[-1] - 1
        closing = 0 if _is_vowel_letter(word[k][-1:]) else max(0, between - 1)
        starts.append(earlier[-1] + 1 + closing)
    ends = [*starts[1:], len(phones)]
    shares = [(a, b) for a, b in zip(starts, ends, strict=True)] + [(0, 0)] * len(word)
    return [
        one_syllable(text, [Sound(phones[i], k, i) for i in range(*shares[k])])
        for k, text in enumerate(word)
    ]


def _is_vowel_letter(text: str) -> bool:
    return unicodedata.normalize("NFD", text.lower())[:1] in set("aeiouyæœ")


def _heard(sounds: Sequence[Sound]) -> list[Sound]:
    """Without mute vowels, unless there is no other; equal vowels that meet are one."""
    has_vowel = any(is_vowel(s.phone) and not s.mute for s in sounds)
    mute = [s for s in sounds if s.mute]
    kept = [s for s in sounds if not s.mute or (not has_vowel and s is mute[0])]
    merged: list[Sound] = []
    for sound in kept:
        if merged and is_vowel(sound.phone) and merged[-1].phone == sound.phone:
            if sound.stressed:
                merged[-1] = sound
        else:
            merged.append(sound)
    return merged


def _nucleus(vowels: Sequence[tuple[int, Sound]], falling: frozenset[tuple[str, str]]) -> int:
    stressed = [i for i, sound in vowels if sound.stressed]
    if stressed:
        return stressed[0]
    openness = [
        _OPENNESS.get(PHONES[sound.phone].height, _OPENNESS_OF_OTHERS) for _, sound in vowels
    ]
    best = openness.index(max(openness))
    if openness[best] == 0 and best + 1 < len(vowels):
        pair = (vowels[best][1].phone, vowels[best + 1][1].phone)
        best += pair not in falling
    return vowels[best][0]


def _fits(rule: Rule, text: str, at: int, letters: Sequence[Letter]) -> bool:
    end = at + len(rule.letters)
    return (
        text.startswith(rule.letters, at)
        and (rule.before is None or rule.before.search(text[:at]) is not None)
        and (rule.after is None or rule.after.match(text[end:]) is not None)
        and (not rule.within_syllable or letters[at].syllable == letters[end - 1].syllable)
    )


def lines(name: str) -> Iterator[str]:
    """Lines of a file of ``data/`` that are neither empty nor remarks."""
    source = resources.files("singsynth.language") / "data" / name
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("# "):
            yield line
