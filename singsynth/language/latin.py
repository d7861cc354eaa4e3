"""Ecclesiastical Latin, in the Roman manner that choirs sing, by rules.

Conventions
-----------
- Vowels have one sound each, long or short: e, ae and oe are the open ``eh``, o the open ``oh``,
  i and y ``i``, u ``uw``. au, eu and others on one note are sung as both, held on the first.
- c before e, i, y, ae, oe is ``ch``, cc there *cl ch*, sc ``sh``, xc *k sh*; g there is ``j``.
  ch is ``k``, gn ``ny``, j and i before a vowel ``y``, qu and ngu before a vowel with ``w``.
- ti before a vowel is *ts i*, but not after s, t, x. th is ``t``, ph ``ff``, z ``dz``.
- h is mute, but ``k`` in *mihi*, *nihil* and their kin.
- s between vowels is voiced, as is x in ex- before a vowel (*exaudi*).
- Doubled consonants are sung twice, plosives as a closure and the second one: *pec-ca-ta*.
- r is tapped between vowels and rolled elsewhere. n before c, g, q, x is ``ng``.
- What is a diphthong is told by the syllables as written: *Ky-ri-e* and *Ky-rie*, *e-le-i-son* and
  *e-lei-son*. *ae* cut in two (*Mi-cha-el*) is two vowels, as it is with a diaeresis (*aër*).

Sources: *The Liber Usualis, with introduction and rubrics in English* (Solesmes), "The reading and
pronunciation of liturgical Latin"; M. de Angelis, *The Correct Pronunciation of Latin according to
Roman Usage* (1937); *Textbook of Gregorian Chant* (1930), part one. The Liber only "slightly
softens" s between vowels; here it is ``z``, as choirs sing it. The rules are ``data/latin.tsv``.
"""

from __future__ import annotations

from collections.abc import Sequence

from singsynth.language.spelling import Spelling
from singsynth.song import Syllable

NAME = "Latin"
REMEDY = "spell it in the letters of Latin"

SPELLING = Spelling("latin.tsv", falling=frozenset({("uw", "i")}))


def syllables(word: Sequence[str]) -> list[Syllable | None]:
    """The syllables of a word, as they stand under the notes.

    >>> [syllable.phones for syllable in syllables(["ex", "cel", "sis"])]
    [('eh', 'k'), ('sh', 'eh', 'l'), ('s', 'i', 's')]
    """
    return SPELLING.read(word)
