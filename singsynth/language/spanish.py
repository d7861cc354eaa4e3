"""Spanish as in Spain, by rules.

Conventions
-----------
- c before e and i, and z, are ``th``; j, and g before e and i, are ``x``; ll is ``y`` as y is
  (yeísmo, which most speakers have); ch is ``ch``, ñ is ``ny``. h is mute, v is b.
- b, d, g are stops at the head of a word and after m and n (d also after l). Elsewhere they are the
  spirants ``bh dh gh``, so softly made that the lips or the tongue never quite close.
- r is trilled (``rr``) where it is doubled, at the head of a word, and after l, n, s; else tapped.
- n is ``m`` before b, p, v, m and ``ng`` before g, j, c, q. x is *k s*, at the head of a word
  ``s``.
- An accent marks the stressed vowel: *día* on one note is held on the i, *dios* on the o. Vowels of
  neighbouring words on one note (synalepha, *la‿onda*) are all sung, the most open one held.
- Names that keep an old x (*México*) are in ``data/spanish-words.tsv``.

Sources: RAE and ASALE, *Ortografía de la lengua española* (2010), chapters I (letters and sounds)
and II (accents); *Nueva gramática de la lengua española: Fonética y fonología* (2011); T. Navarro
Tomás, *Manual de pronunciación española* (1918). The rules are ``data/spanish.tsv``.
"""

from __future__ import annotations

from collections.abc import Sequence

from singsynth.language.spelling import Spelling
from singsynth.song import Syllable

NAME = "Spanish"
REMEDY = "spell it in the letters of Spanish"

SPELLING = Spelling("spanish.tsv", "spanish-words.tsv")


def syllables(word: Sequence[str]) -> list[Syllable | None]:
    """The syllables of a word, as they stand under the notes.

    >>> [syllable.phones for syllable in syllables(["co", "ra", "zón"])]
    [('k', 'o'), ('r', 'a'), ('th', 'o', 'n')]
    """
    return SPELLING.read(word)
