"""Repeats, endings and jumps: the order of bars, and the verse of each pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musicxml import bar, lyric, note, part, read, score, warnings, words

from singsynth.errors import ScoreError
from singsynth.score import read_score
from singsynth.score.unfolding import MOST_PASSES, Signs, unfold

START = '<barline location="left"><repeat direction="forward"/></barline>'
END = '<barline location="right"><repeat direction="backward"/></barline>'


def ending(number: str, *, repeat: bool = False) -> tuple[str, str]:
    back = '<repeat direction="backward"/>' if repeat else ""
    return (
        f'<barline location="left"><ending number="{number}" type="start"/></barline>',
        f'<barline location="right"><ending number="{number}" type="stop"/>{back}</barline>',
    )


def says(words: str, sound: str = "") -> str:
    return (
        f"<direction><direction-type><words>{words}</words></direction-type>"
        f"{f'<sound {sound}/>' if sound else ''}</direction>"
    )


def sign(name: str) -> str:
    return f"<direction><direction-type><{name}/></direction-type></direction>"


def sing(folder: Path, *bars: tuple[str, ...]) -> tuple[str, list[str]]:
    """Sing bars whose only note is a, b, c, … and give the letters in the order sung."""
    written = []
    for i, marks in enumerate(bars):
        left = "".join(m for m in marks if 'location="left"' in m or "<segno" in m or "<coda" in m)
        right = "".join(m for m in marks if m not in left)
        text = note("C4", 8, "abcdefgh"[i])
        written.append(bar(left, text, right, number=i + 1))
    song = read(folder, score(part(*written)))
    return words(song).replace(" ", ""), warnings(song)


FIRST, SECOND = ending("1", repeat=True), ending("2")


@pytest.mark.parametrize(
    ("bars", "order"),
    [
        pytest.param([(), (START,), (END,), ()], "abcbcd", id="repeat"),
        pytest.param([(), (END,), ()], "ababc", id="repeat from the beginning"),
        pytest.param([(END,), (END,), ()], "aabbc", id="repeat from the repeat before"),
        pytest.param([(START, END), (START, END)], "aabb", id="two repeats"),
        pytest.param(
            [(END.replace("backward", 'backward" times="3'),), ()], "aaab", id="three times"
        ),
        pytest.param([(START,), FIRST, SECOND, ()], "abacd", id="two endings"),
        pytest.param([(START,), ending("1", repeat=True), ()], "abac", id="one ending"),
        pytest.param(
            [(), ending("1, 2", repeat=True), ending("3"), ()], "ababacd", id="three passes"
        ),
        pytest.param(
            [(), ending("1", repeat=True), ending("2", repeat=True), ()],
            "abacd",
            id="last ending with a repeat bar",
        ),
        pytest.param(
            [(START,), FIRST, SECOND, (START,), FIRST, SECOND], "abacdedf", id="two groups"
        ),
        pytest.param([(), (says("D.C."),)], "abab", id="da capo"),
        pytest.param([(), (says("Fine"),), (says("D.C. al Fine"),)], "abcab", id="dc al fine"),
        pytest.param(
            [(), (sign("segno"),), (says("D.S."),), ()], "abcbcd", id="dal segno to the end"
        ),
        pytest.param(
            [(), (sign("segno"),), (says("To Coda"),), (says("D.S. al Coda"),), (sign("coda"),)],
            "abcdbce",
            id="ds al coda",
        ),
        pytest.param(
            [(), (sign("segno"), sign("coda")), (says("D.S. al Coda"),), (sign("coda"),)],
            "abcbd",
            id="two coda signs",
        ),
        pytest.param(
            [(), (says("x", 'fine="yes"'),), (says("y", 'dacapo="yes"'),)], "abcab", id="by sound"
        ),
        pytest.param(
            [(END,), (says("Fine"),), (says("D.C. al Fine"),)], "aabcab", id="no repeats after dc"
        ),
        pytest.param(
            [(START,), FIRST, SECOND, (says("D.C."),)], "abacdacd", id="last ending after dc"
        ),
        pytest.param(
            [(START,), ending("1", repeat=True), (), (says("D.C."),)],
            "abacdacd",
            id="past the only ending after dc",
        ),
    ],
)
def test_order(tmp_path: Path, bars: list[tuple[str, ...]], order: str) -> None:
    sung, remarks = sing(tmp_path, *bars)
    assert sung == order
    assert remarks == []


@pytest.mark.parametrize(
    ("bars", "order", "remark"),
    [
        ([(), (says("D.S."),)], "ab", "D.S. is not taken: there is no segno before it"),
        (
            [(says("To Coda"),), (says("D.C. al Coda"),), ()],
            "abab" + "c",
            "To Coda is not taken: there is no coda after it",
        ),
        ([(says("D.C."),), (says("D.C."),)], "aab", "jump is not taken: only the first"),
        ([(), ending("1"), ending("3"), ()], "abd", "bar 3, beat 1: bar is not sung"),
        (
            [(END.replace("backward", 'backward" times="9999'),), ()],
            "aab",
            "repeat of 9999 times is played twice",
        ),
    ],
)
def test_signs_that_lead_nowhere_are_reported(
    tmp_path: Path, bars: list[tuple[str, ...]], order: str, remark: str
) -> None:
    sung, remarks = sing(tmp_path, *bars)
    assert sung == order
    assert len(remarks) == 1
    assert remark in remarks[0]


def test_signs_of_any_part_hold_for_all(tmp_path: Path) -> None:
    silent = part(bar(note("C3", 8), END), bar(note("C3", 8), number=2))
    voice = part(bar(note("C4", 8, "か")), bar(note("C4", 8, "き"), number=2))
    assert words(read(tmp_path, score(silent, voice)), 0) == "か か き"


def verses(*texts: str) -> str:
    return "".join(lyric(text, i) for i, text in enumerate(texts, start=1) if text)


def test_pass_n_sings_verse_n(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(
            part(
                bar(START, note("C4", 4, verses("か", "さ")), note("D4", 4, verses("き", "し"))),
                bar(ending("1", repeat=True)[0], note("E4", 8, verses("く")),
                    ending("1", repeat=True)[1], number=2),
                bar(SECOND[0], note("F4", 8, verses("", "す")), SECOND[1], number=3),
                bar(note("G4", 8, verses("ら")), number=4),
            )
        ),
    )  # fmt: skip
    assert words(song) == "か き く さ し す ら"
    assert song.warnings == ()


def test_a_refrain_printed_once_is_sung_in_all_passes(tmp_path: Path) -> None:
    """And where verse 2 has a melisma, the word of verse 1 is not put in."""
    song = read(
        tmp_path,
        score(
            part(
                bar(
                    START,
                    note("C4", 2, verses("か", "さ")), note("D4", 2, verses("き")),
                    note("E4", 2, verses("く", "す")), note("F4", 2, verses("ら")),
                ),
                bar(note("G4", 4, verses("り")), note("G4", 4, verses("る")), END, number=2),
            )
        ),
    )  # fmt: skip
    assert words(song) == "か き く ら り る さ ~ す ら り る"


def test_a_verse_can_be_chosen(tmp_path: Path) -> None:
    """Repeats go on from it; a refrain stays; a line without it is sung with its first verse."""
    two = part(
        bar(note("C4", 8, verses("か", "さ", "た"))),
        bar(END, note("D4", 8, verses("ら")), number=2),
    )
    one = part(bar(note("C4", 8, "の")), bar(note("C4", 8, "の"), number=2))
    path = tmp_path / "verses.musicxml"
    path.write_text(score(two, one), encoding="utf-8")
    song = read_score(path, verse=2)
    assert [words(song, i) for i in (0, 1)] == ["さ ら た ら", "の の の の"]
    assert warnings(song) == ["Voice 1, bar 1, beat 1: words of verse 1 are not sung"]
    for verse in (0, 4):
        with pytest.raises(ScoreError, match=f"has no verse {verse}; choose one from 1 to 3"):
            read_score(path, verse=verse)


def test_verses_that_no_pass_reaches_are_reported(tmp_path: Path) -> None:
    song = read(
        tmp_path,
        score(
            part(
                bar(note("R", 4), note("C4", 4, verses("か", "さ", "た", "な"))), bar(END, number=2)
            )
        ),
    )
    assert words(song) == "か さ"
    assert warnings(song) == ["Voice 1, bar 1, beat 3: words of verse 3, 4 are not sung"]


def test_a_tie_into_either_ending(tmp_path: Path) -> None:
    tie, tied = '<tie type="start"/>', '<tie type="stop"/>'
    song = read(
        tmp_path,
        score(
            part(
                bar(START, note("C4", 8, "か", after=tie)),
                bar(FIRST[0], note("C4", 8, after=tied), FIRST[1], number=2),
                bar(SECOND[0], note("C4", 8, after=tied), SECOND[1], number=3),
            )
        ),
    )
    assert [(n.start_s, n.duration_s) for n in song.parts[0].notes] == [(0, 8), (8, 8)]
    assert song.warnings == ()


@st.composite
def any_signs(draw: st.DrawFn) -> list[Signs]:
    """Signs in any disorder, but for jumps that lead nowhere, which are taken away before."""
    bars = draw(
        st.lists(
            st.builds(
                Signs,
                starts_repeat=st.booleans(),
                plays=st.sampled_from([0, 0, 2, 3]),
                ending=st.sampled_from([(), (), (1,), (2,), (1, 2), (3,)]),
                fine=st.booleans(),
            ),
            min_size=1,
            max_size=12,
        )
    )
    if draw(st.booleans()):
        bars[draw(st.integers(0, len(bars) - 1))].jump = "D.C."
    return bars


@given(any_signs())
def test_unfolding_ends_and_stays_within_the_score(signs: list[Signs]) -> None:
    order = list(unfold(signs))
    assert len(order) <= 2 * MOST_PASSES * len(signs)
    assert all(0 <= played.bar < len(signs) and played.turn >= 1 for played in order)
    if not any(bar.ending or bar.jump for bar in signs):
        assert {played.bar for played in order} == set(range(len(signs)))
