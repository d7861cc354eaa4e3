"""Phones carried over to the voices that there are: Japanese singing corpora, and smaller ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singsynth.language import pronounce
from singsynth.language.carry import carried, carry_over, distance
from singsynth.language.phones import PHONES, SUNG_PHONES, is_syllabic, is_vowel
from singsynth.song import Note, Part, Song, Syllable

JAPANESE = """
a i u e o N n ny m my k ky t ty p py g gy d dy b by s sh h hy f z ts ch j r ry y w cl pau br
""".split()  # noqa: SIM905

known_phones = st.sets(st.sampled_from(SUNG_PHONES), min_size=1)


@pytest.mark.parametrize(
    ("symbol", "sung"),
    [
        ("l", "r"), ("rr", "r"), ("rh", "r"), ("ly", "ry"), ("th", "s"), ("x", "h"), ("v", "b"),
        ("ff", "f"), ("bh", "b"), ("dh", "d"), ("gh", "g"), ("zh", "j"), ("dz", "d z"),
        ("ng", "N"),
        ("uw", "u"), ("eh", "e"), ("oh", "o"), ("ih", "i"), ("uh", "u"), ("ue", "i"), ("oe", "e"),
        ("ae", "a"), ("ah", "a"), ("aa", "a"), ("ax", "e"), ("er", "a"),
    ],
)  # fmt: skip
def test_what_a_japanese_voice_sings(symbol: str, sung: str) -> None:
    assert carry_over(JAPANESE)[symbol] == tuple(sung.split())


@pytest.mark.parametrize(
    ("symbol", "sung"),
    [("ky", "k y"), ("ny", "n y"), ("ts", "t s"), ("j", "d z"), ("cl", ""), ("r", "l"), ("f", "p")],
)
def test_what_a_voice_with_few_phones_sings(symbol: str, sung: str) -> None:
    few = "a i u e o k g s z t d n p b m l y w".split()  # noqa: SIM905
    assert carry_over(few)[symbol] == tuple(sung.split())


def test_overrides_go_first_even_for_phones_that_are_known() -> None:
    carry = carry_over(JAPANESE, {"x": ["k"], "u": ["o"]})
    assert (carry["x"], carry["u"], carry["l"]) == (("k",), ("o",), ("r",))


@given(st.sampled_from(SUNG_PHONES), st.sampled_from(SUNG_PHONES))
def test_distance(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other or {one, other} == {"ah", "er"})
    assert math.isinf(distance(one, other)) == (is_vowel(one) != is_vowel(other))


@settings(deadline=None)
@given(known_phones)
def test_all_that_is_sung_is_known_and_vowels_stay_vowels(known: set[str]) -> None:
    carry = carry_over(known)
    assert not carry.keys() & known
    for symbol, sung in carry.items():
        assert set(sung) <= known
        if is_vowel(symbol):
            assert len(sung) == 1
            assert is_vowel(sung[0])
    if any(map(is_vowel, known)) and known - {"cl"} - {p for p in known if is_vowel(p)}:
        assert set(carry) == set(SUNG_PHONES) - known


def song(*syllables: Syllable | None, language: str = "it") -> Song:
    notes = tuple(
        Note(float(i), 1.0, 60.0, bar=i // 2 + 1, beat=i % 2 + 1.0, syllable=syllable)
        for i, syllable in enumerate(syllables)
    )
    return Song("Test", float(len(notes)), (Part("Solo", notes, language),))


def test_syllables_are_rewritten_and_each_phone_is_told_once() -> None:
    after = carried(
        song(
            Syllable("bel", ("b",), ("e",), ("l",)),
            Syllable("la", ("l",), ("a",)),
            None,
            Syllable("uf", (), ("uw",), ("ff",)),
            Syllable("", coda=("l",)),
        ),
        JAPANESE,
    )
    assert [n.syllable for n in after.parts[0].notes] == [
        Syllable("bel", ("b",), ("e",), ("r",)),
        Syllable("la", ("r",), ("a",)),
        None,
        Syllable("uf", (), ("u",), ("f",)),
        Syllable("", coda=("r",)),
    ]
    assert [str(remark) for remark in after.warnings] == [
        "Solo, bar 1, beat 1: Italian l [l] is sung as r [ɾ]: the voice never learnt it",
        "Solo, bar 2, beat 2: Italian uw [u] is sung as u [ɯ]: the voice never learnt it",
        "Solo, bar 2, beat 2: Italian ff [f] is sung as f [ɸ]: the voice never learnt it",
    ]


def test_what_a_voice_has_it_sings() -> None:
    before = song(Syllable("la", ("l",), ("a",)))
    assert carried(before, ["l", "a"]) == before


def test_an_override_around_a_vowel_keeps_one_nucleus() -> None:
    before = song(Syllable("bird", ("b",), ("er",), ("d",)), language="")
    after = carried(before, JAPANESE, {"er": ["w", "a", "r"]})
    (note,) = after.parts[0].notes
    assert note.syllable == Syllable("bird", ("b", "w"), ("a",), ("r", "d"))
    assert after.warnings[0].message == "er [ɝ] is sung as w a r [w a ɾ]: the voice never learnt it"


def test_what_is_left_out_is_told() -> None:
    after = carried(song(Syllable("a", ("cl",), ("a",)), language=""), ["a"])
    assert after.parts[0].notes[0].syllable == Syllable("a", (), ("a",))
    assert after.warnings[0].message == "cl [ʔ] is left out: the voice never learnt it"


def test_a_phone_that_is_like_none_stays() -> None:
    assert carried(song(Syllable("ta", ("t",), ("a",))), ["a"]).parts[0].notes[0].syllable == (
        Syllable("ta", ("t",), ("a",))
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", "llu via ju ne ce rro guz mán y ciu dad ex tra ño ver güen za"),
        ("it", "gli scia gnor zez zo cia giù quel l'uo mo fa cc"),
        ("la", "ky ri e ex cel sis gra ti a chri stum phi lo so"),
    ],
)
def test_a_japanese_voice_sings_every_language(language: str, words: str) -> None:
    lyrics = words.split()
    notes = tuple(Note(float(i), 1.0, 60.0, lyric=text) for i, text in enumerate(lyrics))
    said = pronounce(Song("", 9.0, (Part("Solo", notes),)), language)
    for before, after in zip(
        said.parts[0].notes, carried(said, JAPANESE).parts[0].notes, strict=True
    ):
        assert before.syllable is not None
        assert after.syllable is not None
        assert set(after.syllable.phones) <= set(JAPANESE)
        assert len(after.syllable.nucleus) == len(before.syllable.nucleus)
        assert all(is_syllabic(p) for p in after.syllable.nucleus)
    assert set(PHONES) >= {p for n in said.parts[0].notes if n.syllable for p in n.syllable.phones}
