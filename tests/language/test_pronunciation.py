from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from singsynth.errors import LyricError
from singsynth.language import pronounce
from singsynth.song import Note, Part, Song, Syllable


def song(*lyrics: str, language: str = "", name: str = "Solo") -> Song:
    """Notes of a second each; ``|`` is a rest."""
    notes = [
        Note(float(i), 1.0, 60.0, lyric=lyric, bar=i // 4 + 1, beat=i % 4 + 1)
        for i, lyric in enumerate(lyrics)
        if lyric != "|"
    ]
    return Song("Test", float(len(lyrics)), (Part(name, tuple(notes), language),))


def syllables(
    *lyrics: str, lexicon: dict[str, Sequence[str]] | None = None, language: str = "ja"
) -> list[Syllable | None]:
    (part,) = pronounce(song(*lyrics), language, lexicon).parts
    return [note.syllable for note in part.notes]


def test_onset_nucleus_coda() -> None:
    assert syllables("きょう", "ん", "かん") == [
        Syllable("きょう", ("ky",), ("o",), ("u",)),
        Syllable("ん", (), ("N",), ()),
        Syllable("かん", ("k",), ("a",), ("N",)),
    ]


def test_melisma_holds_the_vowel_and_closes_on_its_last_note() -> None:
    assert syllables("かん", "", "", "さ", "") == [
        Syllable("かん", ("k",), ("a",), ()),
        None,
        Syllable("", (), (), ("N",)),
        Syllable("さ", ("s",), ("a",), ()),
        None,
    ]


def test_closure_alone_holds_the_vowel_and_closes() -> None:
    assert syllables("か", "っ", "て") == [
        Syllable("か", ("k",), ("a",)),
        Syllable("っ", (), (), ("cl",)),
        Syllable("て", ("t",), ("e",)),
    ]


def test_long_vowel_mark_alone_holds_the_vowel() -> None:
    """And after a rest, where there is nothing to hold, it sings the vowel anew."""
    assert syllables("かん", "ー", "|", "ー") == [
        Syllable("かん", ("k",), ("a",)),
        Syllable("", (), (), ("N",)),
        Syllable("ー", (), ("a",)),
    ]


@pytest.mark.parametrize(
    "lyric", ["さ", "sa-", "-sa", "sa_", "Sa,", "「さ」", "さ。", "sa!", " sa "]
)
def test_punctuation_is_not_sung(lyric: str) -> None:
    (only,) = syllables(lyric)
    assert only == Syllable(lyric, ("s",), ("a",), ())


def test_elision() -> None:
    assert syllables("か‿い") == [Syllable("か‿い", ("k",), ("a",), ("i",))]


def test_phones_in_brackets() -> None:
    assert syllables("[w a]", "[N]", "[s t a i]", "[cl]") == [
        Syllable("[w a]", ("w",), ("a",)),
        Syllable("[N]", (), ("N",)),
        Syllable("[s t a i]", ("s", "t"), ("a",), ("i",)),
        Syllable("[cl]", (), (), ("cl",)),
    ]


def test_brackets_need_no_language() -> None:
    (part,) = pronounce(song("[w a]", "[t o]", language="de")).parts
    assert [n.syllable and n.syllable.phones for n in part.notes] == [("w", "a"), ("t", "o")]


def test_lexicon_goes_first() -> None:
    lexicon = {"は": ["w", "a"], "愛": ("a", "i")}
    assert syllables("は", "愛", "愛、", lexicon=lexicon) == [
        Syllable("は", ("w",), ("a",)),
        Syllable("愛", (), ("a",), ("i",)),
        Syllable("愛、", (), ("a",), ("i",)),
    ]


@pytest.mark.parametrize("lyrics", [("か", "la"[1:]), ("sa", "ku", "ra"), ("サ",), ("Tō", "kyō")])
def test_language_is_told_by_script_or_spelling(lyrics: tuple[str, ...]) -> None:
    assert all(note.syllable for note in pronounce(song(*lyrics)).parts[0].notes)


def test_language_of_the_score_and_of_the_caller() -> None:
    assert pronounce(song("ka", language="ja-JP")).parts[0].notes[0].syllable
    assert pronounce(song("ka", language="de"), "ja").parts[0].notes[0].syllable
    assert pronounce(song("か", language="tlh")).parts[0].notes[0].syllable, "the script tells"


def test_nothing_else_of_the_song_changes() -> None:
    before = song("か", "", "き")
    after = pronounce(before)
    assert [(n.start_s, n.pitch, n.lyric) for n in after.parts[0].notes] == [
        (n.start_s, n.pitch, n.lyric) for n in before.parts[0].notes
    ]
    assert after.duration_s == before.duration_s


def error(*lyrics: str, language: str | None = None, of: str = "") -> str:
    with pytest.raises(LyricError) as caught:
        pronounce(song(*lyrics, language=of), language)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_unknown_syllables_are_named_together() -> None:
    assert error("か", "xq", "か", "か", "愛") == (
        'cannot pronounce "xq" (Solo, bar 1, beat 2), "愛" (Solo, bar 2, beat 1) in Japanese; '
        "spell it in kana or romaji, write its phones in brackets such as [k a], or add it to a "
        "lexicon"
    )
    message = error("か", *(["xq"] * 8))
    assert message.count('"xq"') == 5
    assert " and 3 more in Japanese" in message


@pytest.mark.parametrize("lyric", ["[]", "[k a", "k a]", "[k][a]"])
def test_broken_brackets(lyric: str) -> None:
    assert f'cannot pronounce "{lyric}"' in error("か", lyric)


def test_nothing_to_hold() -> None:
    assert 'cannot pronounce "ー" (Solo, bar 1, beat 1)' in error("ー", "か")


def test_unknown_phone() -> None:
    message = error("か", "[kk a]")
    assert message.startswith(
        'Solo, bar 1, beat 2: unknown phone "kk" for "[kk a]"; did you mean k'
    )
    assert "The phones are: a i u e o" in message
    assert 'unknown phone "pau"' in error("か", "[pau]")


def test_unknown_language() -> None:
    assert error("ka", language="tlh") == (
        'no language "tlh" yet; there are: ja, es, es-419, it, la, en, de'
    )
    assert error("Lie", "be", of="cy") == (
        'Solo: its words are in "cy", which cannot be pronounced yet; name one of these with '
        "--language: ja (Japanese), es (Spanish), es-419 (Latin American Spanish), it (Italian), "
        "la (Latin), en (English), de (German); or write phones in brackets such as [k a]"
    )


def test_a_language_is_told_by_its_common_words() -> None:
    songs = {
        "en": "when I sur vey the won drous cross on which the prince of glo ry died",
        "de": "stil le nacht hei li ge nacht und der mond ist nicht mein",
        "it": "che il mio cor non è per te",
        "la": "ave maria gratia plena dominus tecum et in saecula",
        "es": "los pas to res que en la no che con el ni ño",
    }
    for tag, words in songs.items():
        assert pronounce(song(*words.split())).parts[0].language == tag


def test_a_language_that_cannot_be_told_is_read_as_latin_and_told() -> None:
    read = pronounce(song("Lum", "pfi", "xylo"))
    assert read.parts[0].language == "la"
    assert [str(remark) for remark in read.warnings] == [
        "Solo, bar 1, beat 1: the language of the words cannot be told; read as Latin, name it "
        "with --language"
    ]


def test_an_editor_s_brackets_are_not_phones_and_are_told() -> None:
    read = pronounce(song("[Ky", "ri", "e]", "[e]", "[li]", "son6", language="la"))
    phones = [note.syllable and note.syllable.phones for note in read.parts[0].notes]
    assert phones == [("k", "i"), ("rr", "i"), ("eh",), ("e",), ("l", "i"), ("s", "oh", "n")]
    assert [str(remark) for remark in read.warnings] == [
        'Solo, bar 1, beat 1: "[Ky" is read without the signs in it that are no letters '
        "(and 3 more)"
    ]


def test_vowels_tied_to_one_note_are_both_sung() -> None:
    (part,) = pronounce(song("che͜i", language="it")).parts
    assert part.notes[0].syllable is not None
    assert part.notes[0].syllable.phones == ("k", "e", "i")


def test_the_score_s_language_goes_before_what_letters_show() -> None:
    """*sa-no* could be Japanese in Latin letters; its part keeps the language it was read in."""
    (part,) = pronounce(song("bru", "no", language="it-CH")).parts
    assert [n.syllable and n.syllable.phones for n in part.notes] == [
        ("b", "rr", "uw"), ("n", "o"),
    ]  # fmt: skip
    assert part.language == "it-CH"
    (part,) = pronounce(song("sa", "no")).parts
    assert part.language == "ja"
    (part,) = pronounce(song("sa", "no"), "it").parts
    assert part.language == "it"


def word(*lyrics: str) -> Song:
    """One word of several syllables; an empty lyric holds the one before."""
    before = song(*lyrics)
    (part,) = before.parts
    places = ["begin", *["middle"] * (len(lyrics) - 2), "end"]
    notes = tuple(replace(n, syllabic=s) for n, s in zip(part.notes, places, strict=True))
    return replace(before, parts=(replace(part, notes=notes),))


@pytest.mark.parametrize(
    ("lyrics", "phones", "sung"),
    [
        (("Eng", "land"), "ih ng g l ax n d", ["ih ng g", "l ax n d"]),
        (("cho", "rus"), "k oh rh ax s", ["k oh", "rh ax s"]),
        (("chor", "us"), "k oh rh ax s", ["k oh", "rh ax s"]),
        (("ev", "ery"), "eh v rh i", ["eh v", "rh i"]),
        (("ev", "er", "y"), "eh v rh i", ["eh v", "rh i", ""]),
        (("pia", "no"), "p i a n o", ["p y a", "n o"]),
        (("fire", "fly"), "ff a i ax ff l a i", ["ff a y ax", "ff l a i"]),
    ],
)
def test_a_word_of_the_lexicon_is_spread_over_its_syllables(
    lyrics: tuple[str, ...], phones: str, sung: list[str]
) -> None:
    (part,) = pronounce(word(*lyrics), None, {"".join(lyrics).lower(): phones.split()}).parts
    assert [" ".join(n.syllable.phones) if n.syllable else "" for n in part.notes] == sung


def test_brackets_and_lexicon_within_a_word_of_a_language() -> None:
    (part,) = pronounce(word("[k a]", "ra", "zón"), "es", {"zón": ["s", "o"]}).parts
    assert [n.syllable and n.syllable.phones for n in part.notes] == [
        ("k", "a"), ("r", "a"), ("s", "o"),
    ]  # fmt: skip


def test_several_words_on_one_note() -> None:
    for lyric in ("mia‿a", "mia a", "mia\u00a0a", "mia_‿_a"):
        (first, *_) = pronounce(word(lyric, "ni", "ma"), "it").parts[0].notes
        assert first.syllable == Syllable(lyric, ("m",), ("i",), ("a",))


def test_a_hyphen_says_that_a_word_goes_on_though_its_syllables_are_called_single() -> None:
    """*l-l* of *bella* and the open e, which only the whole word tells."""
    (part,) = pronounce(song("bel-", "", "la", "bel", "la"), "it").parts
    assert [n.syllable and n.syllable.phones for n in part.notes] == [
        ("b", "eh"), ("l",), ("l", "a"), ("b", "eh", "l"), ("l", "a"),
    ]  # fmt: skip
    soft, _ = pronounce(song("ge\N{SOFT HYPHEN}", "lo"), "it").parts[0].notes
    assert soft.syllable == Syllable("ge\N{SOFT HYPHEN}", ("j",), ("eh",))
