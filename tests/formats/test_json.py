"""A song's own JSON: exact there and back, and plain about what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from singsynth.errors import OutputError, ScoreError
from singsynth.formats import read_song, write_song
from singsynth.language import pronounce
from singsynth.score import read_score
from singsynth.song import Note, Part, Remark, Song

SCORES = Path(__file__).resolve().parents[2] / "scores"


@pytest.mark.parametrize("name", ["furusato", "sakura", "londonderry_air"])
def test_there_and_back_is_the_same_song(name: str, tmp_path: Path) -> None:
    song = pronounce(read_score(SCORES / f"{name}.musicxml"))
    write_song(song, tmp_path / "song.json")
    assert read_song(tmp_path / "song.json") == song


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.floats(1e-3, 10), min_size=1, max_size=8),
    pitch=st.floats(20, 100),
    words=st.text(max_size=8),
    level=st.floats(-60, 20),
)
def test_any_song_is_exact(
    tmp_path: Path, lengths: list[float], pitch: float, words: str, level: float
) -> None:
    notes, at = [], 0.0
    for bar, length in enumerate(lengths):
        notes.append(Note(at, length, pitch, words, "begin", bar, 1 / 3))
        at += length
    part = Part(words, tuple(notes), "ja", ((0.1, level), (0.1, 0.0)))
    song = Song(words, at, (part,), (Remark("a", 1, 1.5, words),))
    write_song(song, tmp_path / "song.json", force=True)
    assert read_song(tmp_path / "song.json") == song


def test_the_least_that_another_program_must_write(tmp_path: Path) -> None:
    path = tmp_path / "least.json"
    notes = [{"start_s": 0, "duration_s": 1, "pitch": 60, "lyric": "か"}]
    path.write_text(
        json.dumps({"title": "", "duration_s": 1, "parts": [{"name": "A", "notes": notes}]})
    )
    assert read_song(path) == Song("", 1.0, (Part("A", (Note(0.0, 1.0, 60.0, "か"),)),))


def changed(**note: object) -> dict[str, object]:
    whole = {"start_s": 1.0, "duration_s": 1.0, "pitch": 60.0, "bar": 2} | note
    first = {"start_s": 0.0, "duration_s": 1.0, "pitch": 60.0}
    return {"title": "", "duration_s": 2.0, "parts": [{"name": "A", "notes": [first, whole]}]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", 'its "format" must be'),
        ('{"format": "other"}', 'its "format" must be'),
        (json.dumps({"version": 9, **changed()}), "is of version 9"),
        (json.dumps({"title": "", "duration_s": 1.0, "parts": []}), "holds no notes"),
        (json.dumps(changed(lyrik="a")), r"unknown key 'parts\[0\].notes\[1\].lyrik'"),
        (json.dumps(changed(pitch="high")), r"'parts\[0\].notes\[1\].pitch' must be float"),
        (json.dumps(changed(start_s=0.5)), r"note 1 \(bar 2, beat 1\): begins before"),
        (json.dumps(changed(duration_s=0)), "note 1 .*: lasts 0 s"),
        (json.dumps(changed(duration_s=5.0)), "note 1 .*: ends after the song's duration_s"),
        (json.dumps(changed(start_s=float("nan"))), "note 1 .*: holds a number that is not finite"),
        (json.dumps(changed(syllabic="first")), "syllabic must be one of single, begin"),
    ],
)
def test_what_is_wrong_is_one_line(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "song.json"
    path.write_text(content)
    with pytest.raises(ScoreError, match=message) as caught:
        read_song(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_one_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match="check the path"):
        read_song(tmp_path / "none.json")
    (tmp_path / "song.json").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        write_song(Song("", 0.0, ()), tmp_path / "song.json")
