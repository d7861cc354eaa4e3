"""German, as it is sung, by rules and a list of words.

Conventions
-----------
- Stage pronunciation: r is tapped and never a vowel, the e of endings is ``ax``, final b, d, g are
  hard, *-ig* ends in ``hy``.
- A vowel is short, and open, before two consonants or a doubled one, long and closed else; short
  words that break the rule (*das, mit, bin*) are in ``data/german-words.tsv``.
- Diphthongs are a vowel, which is held, and a glide: *mein* ``m a y n``, *neu* ``n oh y``.
- ch is ``x`` after a, o, u, au and ``hy`` else; s before a vowel is ``z``; st and sp at the head of
  a word, or after a common prefix, ``sh t`` and ``sh p``.
- Syllables as written show where e is weak: *ge-* and *be-* at the head of a word, and every later
  syllable whose only vowel is an e that ends it or stands before n, r, l, s, m or t.
- Compounds are read as one word: the joint is not seen (*Haus-tür* may be read amiss). Write the
  phones in brackets where it matters.

Sources: T. Siebs, *Deutsche Aussprache* (19th ed., 1969); *Duden, Das Aussprachewörterbuch* (2015);
W. Odom, *German for Singers* (1997).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from singsynth.language.spelling import Spelling
from singsynth.song import Syllable

NAME = "German"
REMEDY = "spell it in the letters of German"

SPELLING = Spelling("german.tsv", "german-words.tsv")


def syllables(word: Sequence[str]) -> list[Syllable | None]:
    """The syllables of a word, as they stand under the notes.

    >>> [syllable.phones for syllable in syllables(["Freu", "de"])]
    [('ff', 'r', 'oh', 'y'), ('d', 'ax')]
    """
    return SPELLING.read([_weakened(word, i) for i in range(len(word))])


def _weakened(word: Sequence[str], i: int) -> str:
    """A syllable with the ë of unstressed ones, which the syllables as written show."""
    whole = "".join(word).lower()
    if i == 0:
        weak = len(word) > 1 and word[0].lower() in {"ge", "be"}
        weak = weak and not whole.startswith(_STRESSED_PREFIX)
    else:
        after_prefix = i == 1 and _weakened(word, 0) != word[0] and len(word) > 2
        weak = bool(_WEAK.fullmatch(word[i].lower())) and not after_prefix
        weak = weak and whole not in _STRESSED_END
    return word[i].replace("e", "ë", 1) if weak else word[i]


_WEAK = re.compile("[bcdfghjklmnpqrstvwxzß]*e(?:n|r|l|s|m|t|st|ns|rn|ln|nd)?")
_STRESSED_PREFIX = ("geb", "gegen", "gehe", "gehn", "gelb", "gern", "bete", "bebe", "bess", "beck")
"""Heads of words in which ge- and be- are the stem: *geben, gegen, beten*."""

_STRESSED_END = frozenset({"jerusalem", "lebendig", "forelle", "kapelle", "juwel", "kamel"})
