"""The recipe of the bundled voice: on three real songs, and on the publisher's own layout."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from singsynth.errors import CorpusError
from singsynth.training.pipeline import run
from singsynth.training.recipe import load_prepare

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "pjs"
NAMES = ("pjs012", "pjs033", "pjs086")
"""Among them the one that was sung an octave higher than written."""


def test_three_real_songs_are_prepared_and_pass(corpora: Path, tmp_path: Path) -> None:
    if not (corpora / "pjs").is_dir():
        pytest.skip(f"no PJS corpus in {corpora}")
    data = tmp_path / "pjs"
    data.mkdir()
    for name in NAMES:
        (data / name).symlink_to(corpora / "pjs" / name)
    overrides = {"corpus": {"held_out": [], "validation": []}, "sample_rate": 16000}
    said: list[str] = []
    work = tmp_path / "work"
    run(RECIPE, data, work, steps=["prepare", "check"], overrides=overrides, say=said.append)
    assert said[0] == "prepare: 3 songs"
    with (work / "check.csv").open(encoding="utf-8", newline="") as file:
        assert [row for row in csv.DictReader(file) if row["fatal"] == "True"] == []
    recordings = list(load_prepare(RECIPE)(data))
    assert [r.name for r in recordings] == list(NAMES)
    for recording in recordings:
        assert recording.phones[0].symbol == recording.phones[-1].symbol == "pau"
        assert len(recording.notes) > 10
        for one, other in zip(recording.notes, recording.notes[1:], strict=False):
            assert other.start_s >= one.end_s - 1e-6


MUSICXML = """\
<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.0">
  <part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>
  <part id="P1"><measure number="1">
    <attributes><divisions>2</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>
    <direction><sound tempo="120"/></direction>
    <note><rest/><duration>2</duration></note>
    <note><pitch><step>A</step><octave>3</octave></pitch><duration>2</duration><lyric><text>か</text></lyric></note>
    <note><pitch><step>C</step><octave>4</octave></pitch><duration>2</duration><lyric><text>い</text></lyric></note>
    <note><rest/><duration>2</duration></note>
  </measure></part>
</score-partwise>
"""


def published(folder: Path, name: str) -> Path:
    """A song in the layout in which PJS is published."""
    song = folder / name
    song.mkdir(parents=True)
    time = np.arange(2 * 48000) / 48000
    f0 = np.where(time < 1.0, 220.0, 261.63)
    phase = 2 * np.pi * np.cumsum(f0) / 48000
    sung = sum(np.sin(k * phase) / k for k in range(1, 30)) / 4
    samples = np.where((time > 0.5) & (time < 1.5), sung, 0.0)
    soundfile.write(song / f"{name}_song.wav", samples, 48000, subtype="PCM_24")
    rows = [(0, 0.45, "pau0"), (0.45, 0.5, "k"), (0.5, 1, "a"), (1, 1.5, "I"), (1.5, 2, "pau")]
    lines = [f"{start * 1e7:.0f} {end * 1e7:.0f} {symbol}\n" for start, end, symbol in rows]
    (song / f"{name}.lab").write_text("".join(lines), "utf-8")
    (song / f"{name}.musicxml").write_text(MUSICXML, "utf-8")
    return song


def test_the_publishers_layout_is_read(tmp_path: Path) -> None:
    published(tmp_path / "data", "pjs001")
    (recording,) = load_prepare(RECIPE)(tmp_path / "data")
    assert recording.audio.name == "pjs001_song.wav"
    assert [p.symbol for p in recording.phones] == ["pau", "k", "a", "i", "pau"]
    assert [(n.start_s, n.duration_s, n.pitch) for n in recording.notes] == [
        (0.5, 0.5, 57),
        (1.0, 0.5, 60),
    ]
    overrides = {"corpus": {"held_out": [], "validation": []}, "sample_rate": 16000}
    steps = ["prepare", "check"]
    said: list[str] = []
    run(
        RECIPE,
        tmp_path / "data",
        tmp_path / "work",
        steps=steps,
        overrides=overrides,
        say=said.append,
    )
    assert said[-1] == "check: 1 songs, 0 doubts"


def test_songs_written_in_another_octave_are_put_right(tmp_path: Path) -> None:
    published(tmp_path, "pjs012")
    (recording,) = load_prepare(RECIPE)(tmp_path)
    assert [n.pitch for n in recording.notes] == [69, 72]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    prepare = load_prepare(RECIPE)
    with pytest.raises(CorpusError, match=r"holds no folders pjs001 \.\.\. pjs100; is it the PJS"):
        list(prepare(tmp_path))
    song = published(tmp_path, "pjs001")
    (song / "pjs001.notes.csv").write_text("start_s,duration_s,midi_pitch\n0,soon,60\n", "utf-8")
    with pytest.raises(CorpusError, match=r"notes\.csv, line 2: expected start_s,duration_s"):
        list(prepare(tmp_path))
    (song / "pjs001.notes.csv").unlink()
    (song / "pjs001_song.wav").unlink()
    with pytest.raises(CorpusError, match=r"holds no pjs001_song\.wav or \.flac; is the download"):
        list(prepare(tmp_path))
