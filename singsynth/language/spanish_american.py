"""Spanish as in America: as :mod:`.spanish`, but that c before e and i, and z, are ``s`` (seseo).

Source: RAE and ASALE, *Nueva gramática de la lengua española: Fonética y fonología* (2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from singsynth.language.spanish import REMEDY, SPELLING
from singsynth.song import Syllable

__all__ = ["NAME", "REMEDY", "syllables"]

NAME = "Latin American Spanish"


def syllables(word: Sequence[str]) -> list[Syllable | None]:
    """The syllables of a word, as they stand under the notes.

    >>> [syllable.phones for syllable in syllables(["co", "ra", "zón"])]
    [('k', 'o'), ('r', 'a'), ('s', 'o', 'n')]
    """
    letters, unknown = SPELLING.letters(word)
    sounds = [replace(s, phone="s") if s.phone == "th" else s for s in SPELLING.sounds(letters)]
    return SPELLING.syllables(word, sounds, unknown)
