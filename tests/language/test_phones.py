from __future__ import annotations

import pytest

from singsynth.language.phones import (
    PHONES,
    SUNG_PHONES,
    is_syllabic,
    is_vowel,
    split_syllable,
)
from singsynth.song import Syllable


def test_inventory_is_that_of_the_corpora() -> None:
    symbols = (
        "a i u e o N cl pau br k ky g gy s sh z j t ts ch d n ny h hy f b by p py m my y r ry w v "
        "ty dy"
    )
    assert set(PHONES) == set(symbols.split())
    assert set(SUNG_PHONES) == set(PHONES) - {"pau", "br"}


def test_classes() -> None:
    assert [s for s in PHONES if is_vowel(s)] == list("aiueo")
    assert [s for s in PHONES if is_syllabic(s)] == [*"aiueo", "N"]
    assert not is_vowel("xyz")
    assert {p.manner for p in PHONES.values()} == {
        "vowel", "nasal", "plosive", "fricative", "affricate", "liquid", "glide", "closure",
        "silence",
    }  # fmt: skip
    assert [s for s, p in PHONES.items() if not p.voiced] == (
        ["k", "ky", "t", "ty", "p", "py", "s", "sh", "h", "hy", "f", "ts", "ch", "cl", "pau", "br"]
    )


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
