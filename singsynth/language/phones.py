"""The phone inventory: the symbols of the training corpora, and how each is made.

The symbols are those of Japanese singing corpora. A palatalised consonant is one phone (``ky``),
``N`` is the moraic nasal ん, ``cl`` the closure of a geminate っ, ``pau`` silence, ``br`` a breath.
The last two are placed between phrases by the timing model, never by a lyric.
"""

from __future__ import annotations

from dataclasses import dataclass

from singsynth.song import BREATH, REST, Syllable


@dataclass(frozen=True)
class PhoneClass:
    """How a phone is made.

    ``manner`` is one of vowel, nasal, plosive, fricative, affricate, liquid, glide, closure,
    silence.
    """

    manner: str
    voiced: bool


_TABLE = """
vowel      voiced     a i u e o
nasal      voiced     N n ny m my
plosive    voiceless  k ky t ty p py
plosive    voiced     g gy d dy b by
fricative  voiceless  s sh h hy f
fricative  voiced     z v
affricate  voiceless  ts ch
affricate  voiced     j
liquid     voiced     r ry
glide      voiced     y w
closure    voiceless  cl
silence    voiceless  pau br
"""

PHONES: dict[str, PhoneClass] = {
    symbol: PhoneClass(manner, voicing == "voiced")
    for manner, voicing, *symbols in map(str.split, _TABLE.strip().splitlines())
    for symbol in symbols
}
"""Every phone symbol and its class."""

SUNG_PHONES = tuple(symbol for symbol in PHONES if symbol not in {REST, BREATH})
"""The phones that a lyric can ask for."""


def is_vowel(symbol: str) -> bool:
    """Whether a phone is a vowel."""
    return symbol in PHONES and PHONES[symbol].manner == "vowel"


def is_syllabic(symbol: str) -> bool:
    """Whether a phone can be held through a note: the vowels and the moraic nasal N."""
    return is_vowel(symbol) or symbol == "N"


def split_syllable(text: str, phones: tuple[str, ...]) -> Syllable:
    """Divide phones into onset, nucleus (the first syllabic phone) and coda.

    Phones without a syllabic one among them close the syllable before: they are all coda.

    >>> split_syllable("かい", ("k", "a", "i"))
    Syllable(text='かい', onset=('k',), nucleus=('a',), coda=('i',))
    """
    for i, phone in enumerate(phones):
        if is_syllabic(phone):
            return Syllable(text, phones[:i], (phone,), phones[i + 1 :])
    return Syllable(text, coda=phones)
