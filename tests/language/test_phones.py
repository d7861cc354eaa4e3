from __future__ import annotations

from dataclasses import replace

import pytest

from singsynth.language.phones import (
    PHONES,
    SUNG_PHONES,
    is_syllabic,
    is_vowel,
    split_syllable,
)
from singsynth.song import Syllable

JAPANESE = """
a i u e o N n ny m my k ky t ty p py g gy d dy b by s sh h hy f z v ts ch j r ry y w cl pau br
"""
ADDED = """
uw eh oh ih uh ue ueh oe oeh ae ah aa ax er ng ff th x bh dh zh gh dz l ly rr rh
"""
VOWELS = "a i u e o uw eh oh ih uh ue ueh oe oeh ae ah aa ax er"
VOICELESS = "k ky t ty p py s sh h hy f ts ch cl pau br ff th x"


def test_inventory_begins_with_that_of_the_corpora() -> None:
    assert list(PHONES) == [*JAPANESE.split(), *ADDED.split()]
    assert set(SUNG_PHONES) == set(PHONES) - {"pau", "br"}


def test_every_phone_is_a_sound_of_its_own() -> None:
    assert all(symbol.isascii() for symbol in PHONES)
    sung = [PHONES[s].ipa for s in SUNG_PHONES]
    assert len(set(sung)) == len(sung)
    features = [replace(PHONES[s], ipa="") for s in SUNG_PHONES if s not in {"er"}]
    assert len(set(features)) == len(features), "all but er, which is ah with an r in it"


def test_classes() -> None:
    assert [s for s in PHONES if is_vowel(s)] == VOWELS.split()
    assert [s for s in PHONES if is_syllabic(s) and not is_vowel(s)] == ["N"]
    assert not is_vowel("xyz")
    assert {p.manner for p in PHONES.values()} == {
        "vowel", "nasal", "plosive", "fricative", "affricate", "liquid", "glide", "closure",
        "silence",
    }  # fmt: skip
    assert {s for s, p in PHONES.items() if not p.voiced} == set(VOICELESS.split())


@pytest.mark.parametrize(
    ("symbol", "ipa", "features"),
    [
        ("sh", "ɕ", "postalveolar sibilant"), ("u", "ɯ", "close back"), ("r", "ɾ", "alveolar"),
        ("f", "ɸ", "bilabial"), ("N", "ɴ", "uvular"), ("j", "dʑ", "postalveolar sibilant"),
        ("uw", "u", "close back rounded"), ("ly", "ʎ", "palatal lateral palatal"),
        ("rr", "r", "alveolar trill"), ("eh", "ɛ", "open-mid front"),
    ],
)  # fmt: skip
def test_features(symbol: str, ipa: str, features: str) -> None:
    phone = PHONES[symbol]
    told = [phone.place, phone.height, phone.backness, *sorted(phone.traits)]
    assert (phone.ipa, " ".join(filter(None, told))) == (ipa, features)


@pytest.mark.parametrize(
    ("phones", "onset", "nucleus", "coda"),
    [
        ("a", "", "a", ""),
        ("k a", "k", "a", ""),
        ("k a N", "k", "a", "N"),
        ("N", "", "N", ""),
        ("cl k a i", "cl k", "a", "i"),
        ("cl", "", "", "cl"),
        ("", "", "", ""),
    ],
)
def test_division(phones: str, onset: str, nucleus: str, coda: str) -> None:
    assert split_syllable("x", tuple(phones.split())) == Syllable(
        "x", tuple(onset.split()), tuple(nucleus.split()), tuple(coda.split())
    )
