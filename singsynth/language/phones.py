"""The phone inventory: every symbol, its sound in IPA, and how it is made.

Conventions
-----------
- The symbols of Japanese come first and are those of Japanese singing corpora: a palatalised
  consonant is one phone (``ky``), ``N`` is the moraic nasal ん, ``cl`` the closure of a geminate.
- ``pau`` is silence and ``br`` a breath. The timing model places them between phrases, never a
  lyric.
- Other languages use the same symbol for the same sound, and new ones for new sounds. Where ARPABET
  has a symbol for it, it is that one. A vowel with ``h`` is the opener sister of the one without:
  ``e`` [e] and ``eh`` [ɛ], ``o`` [o] and ``oh`` [ɔ].
- One symbol stands for neighbours that no language here tells apart: ``sh`` is ɕ or ʃ, ``ch`` tɕ or
  tʃ, ``j`` dʑ or dʒ, ``h`` is h.
- Features are those of the IPA chart. Length is the note's, so vowels have none.
"""

from __future__ import annotations

from dataclasses import dataclass

from singsynth.song import BREATH, REST, Syllable


@dataclass(frozen=True)
class PhoneClass:
    """How a phone is made.

    Parameters
    ----------
    ipa
        The sound.
    manner
        One of vowel, nasal, plosive, fricative, affricate, liquid, glide, closure, silence.
    voiced
        Whether the vocal folds sound.
    place
        Of a consonant: bilabial, labiodental, dental, alveolar, postalveolar, palatal, velar,
        uvular, glottal.
    height, backness
        Of a vowel: close, near-close, close-mid, mid, open-mid, near-open, open; front, central,
        back.
    traits
        Of a vowel: rounded. Of a consonant: sibilant, lateral, trill, and palatal where the tongue
        is raised as for [j].
    """

    ipa: str
    manner: str
    voiced: bool
    place: str = ""
    height: str = ""
    backness: str = ""
    traits: frozenset[str] = frozenset()


_TABLE = """
# Vowels: symbol, IPA, height, backness, traits
a    a   vowel open       central
i    i   vowel close      front
u    ɯ   vowel close      back
e    e   vowel close-mid  front
o    o   vowel close-mid  back     rounded

# Consonants: symbol, IPA, manner, voicing, place, traits
N    ɴ   nasal     voiced     uvular
n    n   nasal     voiced     alveolar
ny   ɲ   nasal     voiced     palatal      palatal
m    m   nasal     voiced     bilabial
my   mʲ  nasal     voiced     bilabial     palatal
k    k   plosive   voiceless  velar
ky   kʲ  plosive   voiceless  velar        palatal
t    t   plosive   voiceless  alveolar
ty   tʲ  plosive   voiceless  alveolar     palatal
p    p   plosive   voiceless  bilabial
py   pʲ  plosive   voiceless  bilabial     palatal
g    ɡ   plosive   voiced     velar
gy   ɡʲ  plosive   voiced     velar        palatal
d    d   plosive   voiced     alveolar
dy   dʲ  plosive   voiced     alveolar     palatal
b    b   plosive   voiced     bilabial
by   bʲ  plosive   voiced     bilabial     palatal
s    s   fricative voiceless  alveolar     sibilant
sh   ɕ   fricative voiceless  postalveolar sibilant
h    h   fricative voiceless  glottal
hy   ç   fricative voiceless  palatal      palatal
f    ɸ   fricative voiceless  bilabial
z    z   fricative voiced     alveolar     sibilant
v    v   fricative voiced     labiodental
ts   ts  affricate voiceless  alveolar     sibilant
ch   tɕ  affricate voiceless  postalveolar sibilant
j    dʑ  affricate voiced     postalveolar sibilant
r    ɾ   liquid    voiced     alveolar
ry   ɾʲ  liquid    voiced     alveolar     palatal
y    j   glide     voiced     palatal      palatal
w    w   glide     voiced     bilabial
cl   ʔ   closure   voiceless  glottal
pau  -   silence   voiceless  -
br   -   silence   voiceless  -

# What Japanese has not
uw   u   vowel close      back     rounded
eh   ɛ   vowel open-mid   front
oh   ɔ   vowel open-mid   back     rounded
ih   ɪ   vowel near-close front
uh   ʊ   vowel near-close back     rounded
ue   y   vowel close      front    rounded
ueh  ʏ   vowel near-close front    rounded
oe   ø   vowel close-mid  front    rounded
oeh  œ   vowel open-mid   front    rounded
ae   æ   vowel near-open  front
ah   ʌ   vowel open-mid   central
aa   ɑ   vowel open       back
ax   ə   vowel mid        central
er   ɝ   vowel open-mid   central

ng   ŋ   nasal     voiced     velar
ff   f   fricative voiceless  labiodental
th   θ   fricative voiceless  dental
x    x   fricative voiceless  velar
bh   β   fricative voiced     bilabial
dh   ð   fricative voiced     dental
zh   ʒ   fricative voiced     postalveolar sibilant
gh   ɣ   fricative voiced     velar
dz   dz  affricate voiced     alveolar     sibilant
l    l   liquid    voiced     alveolar     lateral
ly   ʎ   liquid    voiced     palatal      lateral palatal
rr   r   liquid    voiced     alveolar     trill
rh   ɹ   liquid    voiced     postalveolar
"""


def _phone_class(ipa: str, manner: str, *rest: str) -> PhoneClass:
    first, second, *traits = rest
    if manner == "vowel":
        return PhoneClass(ipa, manner, True, "", first, second, frozenset(traits))
    place = "" if second == "-" else second
    return PhoneClass(ipa, manner, first == "voiced", place, traits=frozenset(traits))


PHONES: dict[str, PhoneClass] = {
    symbol: _phone_class(*features)
    for line in _TABLE.splitlines()
    if line and not line.startswith("#")
    for symbol, *features in [line.split()]
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
