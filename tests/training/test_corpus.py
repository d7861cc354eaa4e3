"""Labels are read, tied to notes, and refused by file and line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from singsynth.errors import LabelError
from singsynth.song import Note, Phone
from singsynth.training.corpus import (
    Example,
    from_json,
    match_notes,
    read_labels,
    refit_notes,
    to_json,
)

NUCLEI = frozenset("aiueo")


def labels(text: str) -> tuple[Phone, ...]:
    """Phones from ``symbol:end`` words, in tenths of a second."""
    phones: list[Phone] = []
    start = 0.0
    for word in text.split():
        symbol, end = word.split(":")
        phones.append(Phone(symbol, start, int(end) / 10 - start))
        start = int(end) / 10
    return tuple(phones)


def notes(*rows: tuple[float, float, float]) -> tuple[Note, ...]:
    return tuple(Note(*row) for row in rows)


def spelled(text: str, *rows: tuple[float, float, float]) -> list[str | None]:
    """The syllable of each note, as onset-nucleus-coda."""
    part, _ = match_notes("song", labels(text), notes(*rows), NUCLEI)
    return [
        "-".join("".join(role) for role in (s.onset, s.nucleus, s.coda)) if s else None
        for s in (note.syllable for note in part.notes)
    ]


# -- reading --------------------------------------------------------------------------------------


def test_labels_are_read_in_seconds(tmp_path: Path) -> None:
    path = tmp_path / "song.lab"
    path.write_text("0 5000000 pau0\n\n5000000 7500000 k\n7500000 20000000 a\n", "utf-8")
    assert read_labels(path, {"pau0": "pau"}) == (
        Phone("pau", 0.0, 0.5),
        Phone("k", 0.5, 0.25),
        Phone("a", 0.75, 1.25),
    )
    path.write_bytes(b"\xef\xbb\xbf0 5000000 a\r\n")
    assert read_labels(path) == (Phone("a", 0.0, 0.5),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("0 10 a\n10 20\n", "line 2: expected 'start end phone', got '10 20'"),
        ("0 10 a b\n", "line 1: expected 'start end phone'"),
        ("0 10 a\n\nten 20 k\n", "line 3: 'ten 20' are not times"),
        ("0 10 a\n10 5 k\n", "line 2: phone 'k' goes from 0.000 s to 0.000 s"),
        ("-10 10 a\n", "line 1: phone 'a' goes from"),
        ("0 nan a\n", "line 1: phone 'a' goes from"),
        ("0 20000000 a\n10000000 30000000 k\n", "line 2: phone 'k' starts at 1.000 s, before 'a'"),
        (
            "0 10000000 a\n20000000 30000000 k\n",
            "line 2: nothing is labelled from 1.000 s to 2.000",
        ),
        ("\n \n", "holds no labels"),
        (b"\xff\xfe0\x00", "is not UTF-8 text"),
    ],
)
def test_bad_labels_are_told_by_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    path = tmp_path / "song.lab"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LabelError) as caught:
        read_labels(path)
    message = str(caught.value)
    assert message.startswith(f"{path}")
    assert said in message
    assert "\n" not in message


def test_missing_labels_are_told(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"none\.lab: no such label file"):
        read_labels(tmp_path / "none.lab")


# -- tying ----------------------------------------------------------------------------------------


def test_each_note_gets_its_syllable() -> None:
    assert spelled("pau:4 s:5 a:10 k:11 i:15 pau:20", (0.5, 0.5, 60), (1.1, 0.4, 62)) == [
        "s-a-",
        "k-i-",
    ]


def test_phones_know_their_notes() -> None:
    _, phones = match_notes(
        "song",
        labels("pau:4 s:5 a:10 k:11 i:15 pau:20"),
        notes((0.5, 0.5, 60), (1.1, 0.4, 62)),
        NUCLEI,
    )
    assert [p.note for p in phones] == [None, 0, 0, 1, 1, None]


def test_a_melisma_is_a_note_without_a_syllable() -> None:
    rows = ((0.5, 0.5, 60), (1.0, 0.5, 62), (1.6, 0.4, 60))
    assert spelled("pau:4 s:5 a:15 k:16 i:20 pau:25", *rows) == ["s-a-", None, "k-i-"]


def test_a_vowel_without_a_note_is_sung_on_the_one_before() -> None:
    rows = ((0.5, 1.0, 60), (1.6, 0.4, 62))
    assert spelled("pau:4 s:5 a:10 i:15 k:16 o:20 pau:25", *rows) == ["s-a-i", "k-o-"]


def test_the_nearest_vowel_is_taken() -> None:
    rows = ((0.55, 0.4, 60), (0.95, 0.5, 62))
    assert spelled("pau:4 s:5 a:10 k:11 i:15 pau:20", *rows) == ["s-a-", "k-i-"]


def test_a_closure_closes_the_syllable_before_it() -> None:
    rows = ((0.5, 0.5, 60), (1.2, 0.4, 62))
    assert spelled("pau:4 k:5 i:10 cl:11 t:12 e:16 pau:20", *rows) == ["k-i-cl", "t-e-"]
    after_rest = "pau:4 k:5 i:9 pau:10 cl:11 t:12 e:16 pau:20"
    assert spelled(after_rest, *rows) == ["k-i-", "clt-e-"]


def test_consonants_before_a_rest_close_the_syllable() -> None:
    rows = ((0.5, 0.5, 60), (1.4, 0.4, 62))
    assert spelled("pau:4 k:5 a:9 s:10 pau:13 t:14 e:18 pau:20", *rows) == ["k-a-s", "t-e-"]


def test_labels_and_notes_that_disagree_are_refused() -> None:
    text = "pau:4 s:5 a:10 k:11 i:15 pau:20"
    with pytest.raises(LabelError, match=r"song: only 0 of 2 notes have a vowel within 0.35 s"):
        spelled(text, (5.0, 0.5, 60), (6.0, 0.5, 62))
    with pytest.raises(LabelError, match="only 1 of 2 notes"):
        spelled(text, (0.5, 0.5, 60), (6.0, 0.5, 62))
    with pytest.raises(LabelError, match="song: holds no notes"):
        spelled(text)
    with pytest.raises(LabelError, match="only 0 of 1 notes"):
        spelled("pau:4 s:5 pau:20", (0.5, 0.5, 60))


# -- refitting ------------------------------------------------------------------------------------


def starts(fitted: tuple[Note, ...]) -> list[float]:
    return [round(note.start_s, 3) for note in fitted]


def test_after_a_clamped_note_starts_are_refitted() -> None:
    sung = labels("pau:5 a:27 i:32 u:37 e:42 o:47 pau:60")
    # The first note lasts 2.2 s but was clamped to 2.0: all that follows is 0.2 s early.
    clamped = notes((0.5, 2.0, 60), *((2.5 + 0.5 * i, 0.5, 60 + i) for i in range(4)))
    fitted = refit_notes(clamped, sung, NUCLEI)
    assert starts(fitted) == [0.5, 2.7, 3.2, 3.7, 4.2]
    assert fitted[0].duration_s == pytest.approx(2.2)  # nobody rests: the gap is closed
    assert [note.pitch for note in fitted] == [note.pitch for note in clamped]


def test_a_score_in_time_stays_as_it_is() -> None:
    sung = labels("pau:5 a:10 i:15 u:20 e:25 pau:30 o:40 pau:50")
    written = notes(*((0.5 * i, 0.5, 60) for i in range(1, 5)), (3.0, 1.0, 62))
    assert refit_notes(written, sung, NUCLEI) == written


def test_expression_within_a_run_is_kept() -> None:
    sung = labels("pau:5 a:11 i:15 u:20 e:26 o:30 pau:40")
    written = notes(*((0.5 * i, 0.5, 60) for i in range(1, 6)))
    assert starts(refit_notes(written, sung, NUCLEI)) == [0.5, 1.0, 1.5, 2.0, 2.5]


def test_without_vowels_nothing_is_refitted() -> None:
    written = notes((0.5, 0.5, 60))
    assert refit_notes(written, labels("pau:5 s:9"), NUCLEI) == written
    assert refit_notes((), labels("pau:5 a:9"), NUCLEI) == ()


# -- on disk --------------------------------------------------------------------------------------


def test_an_example_survives_its_file() -> None:
    part, phones = match_notes(
        "歌",
        labels("pau:4 s:5 a:15 k:16 i:20 pau:25"),
        notes((0.5, 0.5, 60), (1.0, 0.5, 62), (1.6, 0.4, 60)),
        NUCLEI,
    )
    part = replace(part, notes=(replace(part.notes[0], lyric="さ"), *part.notes[1:]))
    example = Example("歌", Path("corpus") / "歌.wav", part, phones)
    assert from_json(to_json(example)) == example
