from __future__ import annotations

import functools
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singsynth.language import japanese
from singsynth.language.phones import PHONES, is_syllabic


def said(text: str) -> str | None:
    (phones,) = japanese.phones([text])
    return None if phones is None else " ".join(phones)


@functools.cache
def table() -> list[tuple[str, str, str]]:
    text = (resources.files("singsynth.language") / "data" / "japanese.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [(kana, romaji, phones) for kana, romaji, phones in rows]


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        # hiragana, katakana, half-width katakana
        ("か", "k a"), ("カ", "k a"), ("ｶ", "k a"), ("ガ", "g a"), ("ｶﾞ", "g a"),
        ("し", "sh i"), ("ち", "ch i"), ("つ", "ts u"), ("ふ", "f u"), ("じ", "j i"),
        ("ぢ", "j i"), ("ず", "z u"), ("づ", "z u"), ("を", "o"), ("は", "h a"), ("へ", "h e"),
        ("や", "y a"), ("わ", "w a"), ("ら", "r a"), ("ぱ", "p a"),
        ("きゃ", "ky a"), ("ぎゅ", "gy u"), ("しょ", "sh o"), ("じゃ", "j a"), ("ちゅ", "ch u"),
        ("にょ", "ny o"), ("ひゃ", "hy a"), ("びゅ", "by u"), ("ぴょ", "py o"), ("みゃ", "my a"),
        ("りゅ", "ry u"),
        # foreign words
        ("ティ", "t i"), ("ディ", "d i"), ("トゥ", "t u"), ("ドゥ", "d u"), ("ファ", "f a"),
        ("フィ", "f i"), ("ウィ", "w i"), ("ウェ", "w e"), ("ヴ", "v u"), ("ヴァ", "v a"),
        ("チェ", "ch e"), ("シェ", "sh e"), ("ジェ", "j e"), ("ツァ", "ts a"), ("テュ", "ty u"),
        ("デュ", "dy u"), ("イェ", "y e"), ("クァ", "k w a"),
        # romaji, Hepburn and Kunrei
        ("ka", "k a"), ("KA", "k a"), ("Sa", "s a"), ("shi", "sh i"), ("si", "sh i"),
        ("chi", "ch i"), ("ti", "ch i"), ("tsu", "ts u"), ("tu", "ts u"), ("fu", "f u"),
        ("hu", "f u"), ("ji", "j i"), ("zi", "j i"), ("sho", "sh o"), ("syo", "sh o"),
        ("cha", "ch a"), ("tya", "ch a"), ("ja", "j a"), ("zya", "j a"), ("wo", "o"),
        ("ｋａ", "k a"),
        # moraic nasal and closure
        ("ん", "N"), ("n", "N"), ("n'", "N"), ("かん", "k a N"), ("kan", "k a N"),
        ("shimbun", "sh i N b u N"), ("kin'en", "k i N e N"), ("kinen", "k i n e N"),
        ("konnichiwa", "k o N n i ch i w a"), ("っ", "cl"), ("ッ", "cl"), ("あっ", "a cl"),
        ("きって", "k i cl t e"), ("kitte", "k i cl t e"), ("matcha", "m a cl ch a"),
        ("zasshi", "z a cl sh i"),
        # several morae, long vowels
        ("かい", "k a i"), ("きょう", "ky o u"), ("kyō", "ky o"), ("かー", "k a"),
        ("カー", "k a"), ("かいー", "k a i i"), ("かーん", "k a N"), ("ー", ""),
        ("おお", "o o"), ("さぃ", "s a i"),
    ],
)  # fmt: skip
def test_spellings(text: str, phones: str) -> None:
    assert said(text) == phones


@pytest.mark.parametrize("text", ["x", "la", "桜", "kq", "k", "さk", "hello", "1", "ж"])
def test_what_is_not_japanese(text: str) -> None:
    assert said(text) is None


@pytest.mark.parametrize(("kana", "romaji", "phones"), table())
def test_every_row_of_the_table(kana: str, romaji: str, phones: str) -> None:
    """All spellings of a row say the same, in phones that exist, with one vowel or none."""
    assert set(phones.split()) <= set(PHONES)
    assert sum(map(is_syllabic, phones.split())) == (0 if kana == "っ" else 1)
    katakana = "".join(chr(ord(c) + 0x60) for c in kana)
    for text in (kana, katakana, *(romaji.split() if romaji != "-" else [])):
        assert said(text) == phones


def test_no_spelling_stands_twice() -> None:
    spellings = [s for kana, romaji, _ in table() for s in (kana, *romaji.split()) if s != "-"]
    assert len(spellings) == len(set(spellings))


@given(st.lists(st.sampled_from([kana for kana, _, _ in table()]), max_size=6))
def test_any_kana_can_be_sung(morae: list[str]) -> None:
    assert said("".join(morae)) is not None


@given(st.text(max_size=12))
def test_any_text_is_sung_in_known_phones_or_not_at_all(text: str) -> None:
    (phones,) = japanese.phones([text])
    assert phones is None or set(phones) <= set(PHONES)


def test_detection() -> None:
    assert japanese.is_script_of(["la", "か"])
    assert japanese.is_script_of(["ｶ"])
    assert not japanese.is_script_of(["ka", "桜"])
    assert japanese.is_spelled(["sa", "ku", "ra"])
    assert not japanese.is_spelled(["sa", "ku", "la"])
    assert not japanese.is_spelled([])
