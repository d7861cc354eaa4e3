"""Italian, by rules and a list of words.

Conventions
-----------
- c, g and sc before e and i are ``ch j sh``; the i of *cia, gio, sciu* is mute. gli is ``ly``, gn
  ``ny``, ch ``k``, gh ``g``, qu *k w*. h is mute.
- Doubled consonants are sung twice, plosives and affricates as a closure and the second one:
  *not-te* is *n oh cl - t e*. Single ``ny ly sh ts dz`` are not doubled, as spelling does not.
- s is voiced between vowels and before voiced consonants. z is ``dz`` at the head of a word, ``ts``
  within, and else as the list of words says (*mezzo*).
- r is tapped between vowels and trilled elsewhere. n before hard c, g, q is ``ng``.
- Apostrophes join: *l'anima* is one word. Words cut short (*amor*, *cuor*) are sung as written.
- Words on one note (elision, *mia‿anima*) are all sung; the stressed or most open vowel is held.

Stress, and open and closed e and o
-----------------------------------
1. A written accent tells all: è ò are open, é ó closed.
2. So do the endings and words in ``data/italian-words.tsv``, which have such accents.
3. Otherwise the last vowel but one is stressed, or the last one of a word cut short; a word whose
   only vowels are i or u and another (*mia, tuo, Dio*) is stressed on the first. A word with one
   vowel (*che, di, e*) is not stressed: on a note that it shares, another vowel is held.
4. Stressed e is open in *ie* and o in *uo*, both before another vowel (*idea, eroe*) and before a
   consonant and a glide (*gloria, premio*). All others are closed, as are all unstressed.

Sources: L. Canepari, *Manuale di pronuncia italiana* (1992); A. L. and G. Lepschy, *The Italian
Language Today* (1977); E. Colorni, *Singers' Italian* (1970). The rules are ``data/italian.tsv``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from singsynth.language.phones import is_vowel
from singsynth.language.spelling import Letter, Sound, Spelling, words_of
from singsynth.song import Syllable

NAME = "Italian"
REMEDY = "spell it in the letters of Italian"

SPELLING = Spelling("italian.tsv", "italian-words.tsv", falling=frozenset({("uw", "i")}))

_OPEN = {"e": "eh", "o": "oh"}
_CLOSE = {"i", "uw"}
_RISING = {("i", "e"), ("uw", "o")}


def syllables(word: Sequence[str]) -> list[Syllable | None]:
    """The syllables of a word, as they stand under the notes.

    >>> [syllable.phones for syllable in syllables(["oc", "chiuo", "lo"])]
    [('o', 'cl'), ('k', 'y', 'w', 'oh'), ('l', 'o')]
    """
    letters, unknown = SPELLING.letters(word)
    sounds = SPELLING.sounds(letters)
    for at in words_of(letters):
        vowels = [
            i for i, s in enumerate(sounds) if s.letter in at and is_vowel(s.phone) and not s.mute
        ]
        if len(vowels) > 1 and not any(sounds[i].stressed for i in vowels):
            i = _stressed(vowels, sounds, ends_in_vowel=_is_vowel_letter(letters[at[-1]]))
            is_open = _is_open(i, vowels, sounds, letters)
            phone = _OPEN.get(sounds[i].phone, sounds[i].phone) if is_open else sounds[i].phone
            sounds[i] = replace(sounds[i], phone=phone, stressed=True)
    return SPELLING.syllables(word, sounds, unknown)


def _stressed(vowels: Sequence[int], sounds: Sequence[Sound], ends_in_vowel: bool) -> int:
    """Index of the stressed vowel, by rule 3."""
    sung = list(dict.fromkeys(sounds[i].syllable for i in vowels))
    syllable = sung[-2] if len(sung) > 1 and ends_in_vowel else sung[-1]
    of_syllable = [i for i in vowels if sounds[i].syllable == syllable]
    first = of_syllable[0]
    if len(vowels) == 2 and len(sung) == 1 and sounds[first].phone in _CLOSE:
        return first if sounds[of_syllable[1]].phone not in _CLOSE else _later(of_syllable, sounds)
    open_ones = [i for i in of_syllable if sounds[i].phone not in _CLOSE]
    return open_ones[0] if open_ones else _later(of_syllable, sounds)


def _later(close: Sequence[int], sounds: Sequence[Sound]) -> int:
    """Of i and u together: the u of *cui*, the u of *più*."""
    return next((i for i in close if sounds[i].phone == "uw"), close[0])


def _is_open(
    i: int, vowels: Sequence[int], sounds: Sequence[Sound], letters: Sequence[Letter]
) -> bool:
    """Rule 4."""
    place = vowels.index(i)
    before = vowels[place - 1] if place else -1
    if place and before == i - 1 and (sounds[before].phone, sounds[i].phone) in _RISING:
        return True
    after = [v for v in vowels[place + 1 :] if sounds[v].syllable != sounds[i].syllable]
    if not after:
        return False
    is_hiatus = after[0] == i + 1 and sounds[after[0]].phone not in _CLOSE
    glides = (
        len(after) > 1
        and sounds[after[0]].phone in _CLOSE
        and after[1] == after[0] + 1
        and sounds[after[1]].syllable == sounds[after[0]].syllable
    )
    return is_hiatus or glides


def _is_vowel_letter(letter: Letter) -> bool:
    return letter.text in "aeiouyjàèéìíòóùúá"
