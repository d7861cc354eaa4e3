"""The tables of words in ``words/``, checked against an independent reference that they name."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singsynth.language.phones import SUNG_PHONES, is_vowel
from singsynth.language.registry import load_language

TABLES = Path(__file__).parent / "words"
LANGUAGES = ("es", "it", "la")


def table(language: str) -> list[tuple[str, str]]:
    text = (TABLES / f"{language}.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return [(word, phones) for word, phones, *_ in rows]


def said(language: str, word: str) -> str | None:
    """Phones of a word with hyphens, as in the tables."""
    syllables = load_language(language).syllables(word.split("-"))
    if None in syllables:
        return None
    return " - ".join(" ".join(s.phones) for s in syllables if s)


WORDS = [(language, word, phones) for language in LANGUAGES for word, phones in table(language)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_are_long_enough(language: str) -> None:
    words = [word for word, _ in table(language)]
    assert len(words) == len(set(words)) > 200


@pytest.mark.parametrize(("language", "word", "phones"), WORDS)
def test_word(language: str, word: str, phones: str) -> None:
    assert said(language, word) == phones
    assert said(language, word.upper()) == phones
    assert said(language, unicodedata.normalize("NFD", word)) == phones


@pytest.mark.parametrize(("language", "word", "phones"), WORDS)
def test_where_the_engraver_cuts_between_consonants_changes_no_sound(
    language: str, word: str, phones: str
) -> None:
    """*a-gnus*, *ag-nus*, *agn-us*: all consonants put before or after the hyphen."""
    consonants = "[b-df-hj-np-tv-zñ]"
    sound = phones.replace(" -", "")
    if re.search("[aeiouáéíóúàèìòù]-[aeiouyáéíóú]|[qgc][uhi]?-|-[iu]|y", word.lower()):
        return  # here the cut tells what is a diphthong
    for cut in (
        re.sub(f"({consonants}*)-({consonants}*)(?=[aeoáéíóú])", r"\1\2-", word),
        re.sub(f"({consonants}*)-({consonants}*)(?=[aeoáéíóú])", r"-\1\2", word),
    ):
        assert (said(language, cut) or "").replace(" -", "") == sound, cut


@pytest.mark.parametrize("language", [*LANGUAGES, "es-419"])
@settings(deadline=None)
@given(st.data())
def test_any_letters_are_sung_with_one_nucleus_a_syllable(
    language: str, data: st.DataObject
) -> None:
    letters = "abcdefghijklmnopqrstuvwxyzñçáéíóúàèìòùü'‿"
    word = data.draw(st.lists(st.text(letters, max_size=5), min_size=1, max_size=4))
    syllables = load_language(language).syllables(word)
    assert len(syllables) == len(word)
    for text, syllable in zip(word, syllables, strict=True):
        assert syllable is not None
        assert set(syllable.phones) <= set(SUNG_PHONES)
        assert len(syllable.nucleus) == any(map(is_vowel, syllable.phones))
        if set(text) & set("aáà"):
            assert len(syllable.nucleus) == 1


@pytest.mark.parametrize("language", [*LANGUAGES, "es-419"])
@settings(deadline=None)
@given(st.text(max_size=8))
def test_any_text_is_sung_in_known_phones_or_not_at_all(language: str, text: str) -> None:
    (syllable,) = load_language(language).syllables([text])
    assert syllable is None or set(syllable.phones) <= set(SUNG_PHONES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["か", "愛", "ж", "1", "a2"])
def test_what_is_in_no_letters_of_theirs_is_unknown(language: str, text: str) -> None:
    assert load_language(language).syllables(["la", text])[1] is None
