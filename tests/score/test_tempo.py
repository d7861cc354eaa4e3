"""One tempo map for the whole score, whatever part its marks stand in."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from musicxml import bar, note, part, read, score, sung, time, warnings

from singsynth.score.bars import Bar
from singsynth.score.tempo import Hold, TempoMap, TempoMark, tempo_map


def metronome(unit: str, per_minute: str, dotted: bool = False, sound: str = "") -> str:
    dot = "<beat-unit-dot/>" if dotted else ""
    return (
        f"<direction><direction-type><metronome><beat-unit>{unit}</beat-unit>{dot}"
        f"<per-minute>{per_minute}</per-minute></metronome></direction-type>{sound}</direction>"
    )


@pytest.mark.parametrize(
    ("mark", "seconds"),
    [
        (metronome("quarter", "120"), 2),
        (metronome("half", "60"), 2),
        (metronome("quarter", "80", dotted=True), 2),
        (metronome("quarter", "c. 60"), 4),
        (metronome("quarter", "60-66"), 4),
        ('<direction><sound tempo="96"/></direction>', 2.5),
        ('<sound tempo="96"/>', 2.5),
        (metronome("quarter", "120", sound='<sound tempo="60"/>'), 4),  # the playback counts
    ],
)
def test_marks(tmp_path: Path, mark: str, seconds: float) -> None:
    song = read(tmp_path, score(part(bar(mark, note("C4", 8, "か")), tempo="")))
    assert song.duration_s == pytest.approx(seconds, abs=1e-6)
    assert song.warnings == ()


def test_without_a_mark_the_tempo_is_120(tmp_path: Path) -> None:
    song = read(tmp_path, score(part(bar(note("C4", 8, "か")), tempo="")))
    assert song.duration_s == 2
    assert warnings(song) == [
        "score, bar 1, beat 1: no tempo mark; sung at 120 quarter notes a minute"
    ]


def test_a_late_first_mark_holds_from_the_beginning(tmp_path: Path) -> None:
    late = bar('<sound tempo="60"/>', note("D4", 8, "き"), number=2)
    song = read(tmp_path, score(part(bar(note("C4", 8, "か")), late, tempo="")))
    assert sung(song) == [(0, 4, 60, "か"), (4, 4, 62, "き")]
    assert warnings(song) == [
        "score, bar 1, beat 1: no tempo mark; sung at 60 quarter notes a minute as marked later"
    ]


def test_marks_in_another_part_and_within_a_note(tmp_path: Path) -> None:
    voice = part(bar(note("C4", 8, "か")), bar(note("D4", 8, "き"), number=2), tempo="")
    piano = part(
        bar('<sound tempo="60"/>', note("C2", 4), '<sound tempo="120"/>', note("C2", 4)),
        bar(note("C2", 8), number=2),
        tempo="",
    )
    song = read(tmp_path, score(voice, piano))
    assert sung(song) == [(0, 3, 60, "か"), (3, 2, 62, "き")]


def test_metric_modulation(tmp_path: Path) -> None:
    """Quarter = dotted quarter: the new beat, longer by half, lasts as long as the old."""
    modulation = (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit>"
        "<beat-unit>quarter</beat-unit><beat-unit-dot/></metronome></direction-type></direction>"
    )
    second = bar(modulation, note("D4", 6, "き"), number=2, attributes=time(6, 8))
    song = read(tmp_path, score(part(bar(note("C4", 8, "か")), second)))
    assert sung(song) == [(0, 4, 60, "か"), (4, 2, 62, "き")]


@pytest.mark.parametrize("words", ["rit.", "poco rallentando", "accel.", "a tempo"])
def test_changes_in_words_are_reported(tmp_path: Path, words: str) -> None:
    direction = f"<direction><direction-type><words>{words}</words></direction-type></direction>"
    song = read(tmp_path, score(part(bar(direction, note("C4", 8, "か")))))
    assert warnings(song) == [f'score, bar 1, beat 1: not sung yet: tempo change "{words}"']


def test_absurd_marks_are_ignored(tmp_path: Path) -> None:
    song = read(tmp_path, score(part(bar('<sound tempo="1e9"/>', note("C4", 8, "か")), tempo="")))
    assert song.duration_s == 2
    assert "tempo of 1e+09 quarter notes a minute is ignored" in warnings(song)[1]


def test_tempo_map_is_continuous() -> None:
    tempo = TempoMap([(Fraction(0), 60.0), (Fraction(4), 120.0), (Fraction(6), 30.0)])
    moments = [0, 2, 4, 5, 6, 7]
    assert [tempo.seconds(Fraction(m)) for m in moments] == [0, 2, 4, 4.5, 5, 7]


def test_a_repeated_bar_has_the_tempo_written_over_it() -> None:
    bars = [Bar(1, Fraction(4)), Bar(2, Fraction(4))]
    marks = [TempoMark(0, Fraction(0), 60.0), TempoMark(1, Fraction(2), 120.0)]
    tempo = tempo_map(marks, bars, [0, 1, 0, 1])
    assert [tempo.seconds(Fraction(4 * i)) for i in range(5)] == [0, 4, 7, 11, 14]


def test_a_fermata_holds_all_parts(tmp_path: Path) -> None:
    """Half as long again, for everyone, once, and in every pass."""
    fermata = "<notations><fermata/></notations>"
    end = '<barline location="right"><repeat direction="backward"/></barline>'
    voice = part(bar(note("C4", 4, "か"), note("D4", 4, "き"), end))
    piano = part(bar(note("C2", 4), note("D2", 4, after=fermata)), tempo="")
    other = part(bar(note("C2", 4), note("D2", 4, after=fermata)), tempo="")
    song = read(tmp_path, score(voice, piano, other))
    assert sung(song) == [(0, 2, 60, "か"), (2, 3, 62, "き"), (5, 2, 60, "か"), (7, 3, 62, "き")]
    assert song.duration_s == 10
    assert song.warnings == ()


def test_a_tempo_mark_under_a_fermata() -> None:
    marks = [TempoMark(0, Fraction(0), 60.0), TempoMark(0, Fraction(3), 120.0)]
    holds = [Hold(0, Fraction(2), Fraction(4))]
    tempo = tempo_map(marks, [Bar(1, Fraction(4)), Bar(2, Fraction(4))], [0, 1], holds)
    seconds = [tempo.seconds(Fraction(q)) for q in (0, 2, 3, 4, 8)]
    assert seconds == [0, 2, 3.5, 4.25, 6.25]
