"""A bundled score, sung by the bundled voice through the command line, heard from outside.

Nothing of ours analyses the sound here: only soundfile and WORLD's Harvest.
"""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import pyworld
import soundfile

from singsynth.cli import main
from singsynth.song import HEAD_S, TAIL_S

SCORES = Path(__file__).parents[1] / "scores"
REST_MARGIN_S = 0.25
"""Consonants before a phrase, and the fade after one, sound in a rest's edges."""


@pytest.fixture(scope="module")
def sung(tmp_path_factory):
    """Samples and rate of Furusato, and the paths of score and sound."""
    folder = tmp_path_factory.mktemp("sung")
    score, wav = SCORES / "furusato.musicxml", folder / "furusato.wav"
    assert main(["render", str(score), "-o", str(wav), "--quiet"]) == 0
    samples, rate = soundfile.read(wav)
    return samples, rate, score, wav


@pytest.fixture(scope="module")
def song(sung):
    """What ``inspect --json`` says of the score."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["inspect", str(sung[2]), "--json"]) == 0
    return json.loads(printed.getvalue())


def notes_heard(samples, rate, notes):
    """Median F0 of each note in MIDI pitch, NaN where none is heard."""
    f0, times = pyworld.harvest(np.asarray(samples, dtype=float), rate, f0_floor=60, f0_ceil=800)
    heard = []
    for note in notes:
        start = note["start_s"] + HEAD_S
        inside = (times >= start) & (times < start + note["duration_s"]) & (f0 > 0)
        heard.append(69 + 12 * np.log2(np.median(f0[inside]) / 440) if inside.any() else np.nan)
    return np.array(heard)


def test_it_lasts_as_long_as_the_score(sung, song):
    samples, rate, *_ = sung
    assert len(samples) / rate == pytest.approx(song["duration_s"] + HEAD_S + TAIL_S, abs=0.001)


def test_notes_are_in_tune(sung, song):
    samples, rate, *_ = sung
    notes = song["parts"][0]["notes"]
    heard = notes_heard(samples, rate, notes)
    apart = np.abs(heard - np.array([n["pitch"] for n in notes]))
    assert np.mean(apart < 0.35) >= 0.9, apart


def test_rests_are_silent_and_notes_are_not(sung, song):
    samples, rate, *_ = sung
    peak = np.abs(samples).max()
    notes = song["parts"][0]["notes"]
    ends = [0.0] + [n["start_s"] + n["duration_s"] + HEAD_S for n in notes]
    starts = [n["start_s"] + HEAD_S for n in notes] + [len(samples) / rate]
    rests = [(a + REST_MARGIN_S, b - REST_MARGIN_S) for a, b in zip(ends, starts, strict=True)]
    rests = [(a, b) for a, b in rests if b > a]
    assert rests
    for a, b in rests:
        assert np.abs(samples[int(a * rate) : int(b * rate)]).max() < 10 ** (-50 / 20) * peak
    for note in notes:
        middle = note["start_s"] + HEAD_S + note["duration_s"] / 2
        around = samples[int((middle - 0.05) * rate) : int((middle + 0.05) * rate)]
        assert np.sqrt(np.mean(around**2)) > 10 ** (-40 / 20) * peak, note


def test_nothing_clips_and_nothing_clicks(sung):
    samples, rate, *_ = sung
    assert np.isfinite(samples).all()
    assert 0.5 < np.abs(samples).max() < 1.0
    silent = samples == 0
    length = round(0.05 * rate)  # a run of zeros this long is a rest, not a crossing
    starts = np.flatnonzero(np.convolve(silent, np.ones(length), "valid") == length)
    rest = np.zeros(len(samples), dtype=bool)
    for start in starts:
        rest[start : start + length] = True
    edges = np.flatnonzero(rest[1:] != rest[:-1])
    assert len(edges) >= 2
    for edge in edges:  # sound swells from silence and dies away into it
        assert np.abs(samples[edge - 24 : edge + 24]).max() < 0.02


def test_the_same_seed_gives_the_same_bytes(sung, tmp_path):
    *_, score, wav = sung
    again, other = tmp_path / "again.wav", tmp_path / "other.wav"
    assert main(["render", str(score), "-o", str(again), "--quiet"]) == 0
    assert main(["render", str(score), "-o", str(other), "--quiet", "--seed", "1"]) == 0
    assert again.read_bytes() == wav.read_bytes()
    assert other.read_bytes() != wav.read_bytes()


@pytest.mark.parametrize("name", ["sakura", "londonderry_air"])
def test_the_other_bundled_scores_are_sung_in_tune(name, tmp_path):
    from singsynth import synthesize

    performance = synthesize(SCORES / f"{name}.musicxml")
    notes = [
        {"start_s": n.start_s, "duration_s": n.duration_s, "pitch": n.pitch}
        for n in performance.part.notes
    ]
    heard = notes_heard(performance.samples, performance.sample_rate, notes)
    apart = np.abs(heard - np.array([n["pitch"] for n in notes]))
    assert np.mean(apart < 0.35) >= 0.9, apart
