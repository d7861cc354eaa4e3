"""A lexicon of the user's own: read, used first, and told where it is amiss."""

from __future__ import annotations

from pathlib import Path

import pytest

from singsynth.errors import LyricError
from singsynth.language import pronounce, read_lexicon
from singsynth.song import Note, Part, Song


def test_its_words_go_before_the_language_s(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("\ufeff# mine\ncolour\tk oh l uh rh\n\n", encoding="utf-8")
    lexicon = read_lexicon(path)
    assert lexicon == {"colour": ("k", "oh", "l", "uh", "rh")}
    notes = (
        Note(0.0, 1.0, 60.0, lyric="Col", syllabic="begin"),
        Note(1.0, 1.0, 60.0, lyric="our", syllabic="end"),
    )
    (part,) = pronounce(Song("", 2.0, (Part("Solo", notes),)), "en", lexicon).parts
    assert [n.syllable and n.syllable.phones for n in part.notes] == [
        ("k", "oh"),
        ("l", "uh", "rh"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"colour k a", "line 1: expected a word, a tab and its phones"),
        (b"a\tax\nb\t", "line 2: expected a word"),
        (b"a\tq", 'line 1: unknown phone "q"'),
        (b"caf\xe9\tk a", "is not UTF-8 text"),
    ],
)
def test_what_is_amiss_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "words.tsv"
    path.write_bytes(content)
    with pytest.raises(LyricError, match=message) as caught:
        read_lexicon(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_lexicon_is_told(tmp_path: Path) -> None:
    with pytest.raises(LyricError, match=r"cannot be read .* check --lexicon"):
        read_lexicon(tmp_path / "none.tsv")
