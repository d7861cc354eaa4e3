"""Japanese: kana and romaji to phones, mora by mora.

Conventions
-----------
- Hiragana, katakana (also half-width), and romaji in Hepburn, Kunrei-shiki or Nihon-shiki, upper
  or lower case, with macrons (``tōkyō``) or circumflexes. The table is ``data/japanese.tsv``.
- Every kana is pronounced as written: the particles は and へ are *ha* and *he*. Scores write わ
  and え where they are meant to be sung so, or take ``[w a]``. The object particle を is *o*.
- ん is ``N``. In romaji it is ``n`` before a consonant, at the end or before an apostrophe
  (``kin'en``), and ``m`` before b, p, m (``shimbun``).
- っ, and a doubled consonant in romaji (``kitte``, ``matcha``), is the closure ``cl``.
- ー prolongs the vowel before it. A note's first vowel is as long as the note anyway, so there ー
  adds nothing; after a later vowel of the same note it repeats it. Alone on a note it holds the
  vowel of the note before.
- Long vowels spelled out are sung as spelled: とう is *t o u*.
- Combinations that no table has (さぃ) are read kana by kana.

Sources: the mora table of JIS X 4063 and the Cabinet notices on romaji (1954) and on loanwords
(1991); phone symbols as in Japanese singing corpora labelled for HTS.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from importlib import resources

from singsynth.language.phones import is_syllabic, is_vowel, split_syllable
from singsynth.language.spelling import UNDERTIE
from singsynth.song import Syllable

NAME = "Japanese"
REMEDY = "spell it in kana or romaji"

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9d]")
_MACRONS = str.maketrans({
    "ā": "aー", "ī": "iー", "ū": "uー", "ē": "eー", "ō": "oー",
    "â": "aー", "î": "iー", "û": "uー", "ê": "eー", "ô": "oー",
})  # fmt: skip
_LONG = "ー"
_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def is_script_of(lyrics: Sequence[str]) -> bool:
    """Whether any kana is among the lyrics."""
    return any(_KANA.search(lyric) for lyric in lyrics)


def is_spelled(lyrics: Sequence[str]) -> bool:
    """Whether all lyrics can be read as romaji."""
    return bool(lyrics) and all(_phones(lyric) is not None for lyric in lyrics)


def syllables(word: Sequence[str]) -> list[Syllable | None]:
    """The syllables of a word as written; a mora does not depend on its word."""
    return [
        None if found is None else split_syllable(text, found)
        for text, found in zip(word, phones(word), strict=True)
    ]


def phones(word: Sequence[str]) -> list[tuple[str, ...] | None]:
    """The phones of each syllable; none to hold the vowel before, None if it cannot be read.

    >>> phones(["きょう", "っと", "ー", "x"])
    [('ky', 'o', 'u'), ('cl', 't', 'o'), (), None]
    """
    return [_phones(syllable) for syllable in word]


def _phones(syllable: str) -> tuple[str, ...] | None:
    text = unicodedata.normalize("NFKC", syllable.replace(UNDERTIE, "")).lower().translate(_MACRONS)
    text = text.translate(_KATAKANA_TO_HIRAGANA)
    found: list[str] = []
    at = 0
    while at < len(text):
        step = _long_vowel(text, at, found) or _mora(text, at) or _moraic_consonant(text, at)
        if step is None:
            return None
        length, symbols = step
        found += symbols
        at += length
    return tuple(found)


def _mora(text: str, at: int) -> tuple[int, tuple[str, ...]] | None:
    """The longest mora of the table that begins here: its length, and its phones."""
    table = _table()
    for length in (4, 3, 2, 1):
        symbols = table.get(text[at : at + length])
        if symbols and at + length <= len(text):
            return length, symbols
    return None


def _long_vowel(text: str, at: int, found: Sequence[str]) -> tuple[int, tuple[str, ...]] | None:
    if text[at] != _LONG:
        return None
    is_nucleus = sum(map(is_syllabic, found)) <= 1
    return 1, () if is_nucleus or not is_vowel(found[-1]) else (found[-1],)


def _moraic_consonant(text: str, at: int) -> tuple[int, tuple[str, ...]] | None:
    """The ん or っ that romaji writes as a bare consonant."""
    letter, rest = text[at], text[at + 1 :]
    if letter == "n" and rest.startswith("'"):
        return 2, ("N",)
    if letter == "n" and rest[:1] not in {"a", "i", "u", "e", "o", "y"}:
        return 1, ("N",)
    if letter == "m" and rest[:1] in {"b", "p", "m"}:
        return 1, ("N",)
    is_doubled = letter.isalpha() and letter.isascii() and rest.startswith(letter)
    if (is_doubled or (letter == "t" and rest.startswith("ch"))) and _mora(text, at + 1):
        return 1, ("cl",)
    return None


@functools.cache
def _table() -> dict[str, tuple[str, ...]]:
    """Phones of every mora, by its hiragana and by its romaji."""
    table: dict[str, tuple[str, ...]] = {}
    source = resources.files("singsynth.language") / "data" / "japanese.tsv"
    for line in source.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kana, romaji, symbols = line.split("\t")
        for spelling in (kana, *romaji.split()):
            if spelling != "-":
                table[spelling] = tuple(symbols.split())
    return table
