"""Fixtures that all tests share: the real corpora, and a voice and a corpus made on the fly."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder that holds the corpora, one folder each; without it the test is skipped."""
    folder = Path(os.environ.get("SINGSYNTH_CORPORA") or ROOT.parent / "shared" / "corpora")
    if not folder.is_dir():
        pytest.skip(f"no corpora in {folder}; set SINGSYNTH_CORPORA to the folder that holds them")
    return folder


# -- a voice --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def tiny_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of a voice with small random weights: it babbles, but everything runs.

    It knows all phones that a lyric can ask for, sings from 40 to 80, at 16 kHz.
    """
    import torch

    from singsynth.language.phones import SUNG_PHONES
    from singsynth.model.network import NetworkConfig
    from singsynth.model.pitch import PitchConfig, PitchModel
    from singsynth.model.timbre import TimbreConfig, TimbreModel
    from singsynth.model.timing import TimingConfig, TimingModel
    from singsynth.song import REST
    from singsynth.voice import Voice, VoiceInfo, save_voice

    info = VoiceInfo(
        name="tiny",
        title="Tiny, untrained",
        languages=("ja",),
        phones=(REST, *SUNG_PHONES),
        lowest=40.0,
        highest=80.0,
        sample_rate=16000,
        hop_s=0.005,
        f0_floor_hz=71.0,
        f0_ceil_hz=900.0,
        licence="CC0 1.0",
        credits=("nobody",),
        recipe="tiny",
        seed=1,
    )
    small = NetworkConfig(6, 8, 3, (1, 2), encoder_channels=8, encoder_kernel=3, dropout=0.0)
    torch.manual_seed(1)
    timing = TimingModel(info.phones, TimingConfig(channels=8))
    pitch = PitchModel(info.phones, info.hop_s, PitchConfig(network=small))
    bands = info.spec.num_aperiodic
    config = TimbreConfig(harmonic=small, voicing=small, aperiodic=small)
    timbre = TimbreModel(info.phones, 60, bands, info.hop_s, config)
    rng = np.random.default_rng(1)
    low, high = np.repeat([[-75.0, -40.0], [-35.0, 0.0]], [60, bands], axis=0).T
    timbre.fit_scaling(rng.uniform(low, high, (200, 60 + bands)), (48.0, 72.0))
    with torch.no_grad():
        timing.duration_net[-1].bias[0] = float(np.log(0.07))
        timbre.network("voicing").output.bias.fill_(1.0)
    path = tmp_path_factory.mktemp("voices") / "tiny"
    save_voice(Voice(info, timing, pitch, timbre), path, {"CREDITS": b"nobody\n"})
    return path


# -- a corpus and its recipe ----------------------------------------------------------------------

RECIPE = """\
sample_rate = 16000
seed = 3

[voice]
name = "babble"
title = "Babble"
languages = ["ja"]
licence = "CC0 1.0"
credits = ["numpy"]

[corpus]
held_out = ["song4"]
validation = ["song3"]
"""

SMALL_NETWORK = """
residual_channels = 6
skip_channels = 8
initial_kernel = 3
dilations = [1, 2]
encoder_channels = 8
encoder_kernel = 3
encoder_dilations = [1, 2]
"""

PREPARE = '''\
"""A corpus of babble: NAME.wav, NAME.lab, and NAME.csv with start_s,duration_s,pitch."""

import csv

from singsynth.song import Note
from singsynth.training.corpus import Recording, read_labels


def prepare(corpus_dir):
    for path in sorted(corpus_dir.glob("*.lab")):
        with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
            notes = tuple(Note(*map(float, row)) for row in csv.reader(file))
        yield Recording(path.stem, path.with_suffix(".wav"), read_labels(path), notes)
'''

SYLLABLES = {
    "song1": [("s", "a", 57), ("k", "i", 59), ("s", "u", 60), ("", "a", 62)],
    "song2": [("k", "u", 62), ("s", "i", 60), ("k", "a", 57), ("s", "a", 55)],
    "song3": [("s", "i", 55), ("k", "a", 57), ("k", "u", 60), ("s", "a", 59)],
    "song4": [("k", "a", 60), ("s", "u", 58), ("k", "i", 57), ("s", "a", 60)],
}
"""Consonant, vowel and note of each song."""

FORMANTS = {"a": (800, 1300), "i": (300, 2300), "u": (350, 1200)}
NOTE_S, CONSONANT_S, EDGE_S = 0.6, 0.09, 0.3


@pytest.fixture(scope="session")
def tiny_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a recipe that makes a small voice of :func:`tiny_corpus` in six updates."""
    folder = tmp_path_factory.mktemp("recipes") / "babble"
    folder.mkdir()
    lines = [RECIPE, "[timing]\nchannels = 8\n", "[pitch.network]", SMALL_NETWORK]
    for stream in ("harmonic", "voicing", "aperiodic"):
        lines += [f"[timbre.{stream}]", SMALL_NETWORK]
    for model in ("timing", "pitch", "harmonic", "voicing", "aperiodic"):
        lines.append(f"[train.{model}]\nupdates = 6\nbatch = 4\nframes = 40\nvalidate_every = 3\n")
    (folder / "recipe.toml").write_text("\n".join(lines), encoding="utf-8")
    (folder / "prepare.py").write_text(PREPARE, encoding="utf-8")
    (folder / "LICENSE").write_text("CC0 1.0\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four songs of three seconds: vowels of two formants, and consonants of noise."""
    from singsynth.acoustics import write_audio

    folder = tmp_path_factory.mktemp("corpus")
    for seed, (name, syllables) in enumerate(SYLLABLES.items()):
        labels, notes, f0_hz = [(0.0, EDGE_S, "pau")], [], [0.0]
        for number, (consonant, vowel, pitch) in enumerate(syllables):
            start = EDGE_S + number * NOTE_S
            if consonant:
                labels[-1] = (labels[-1][0], start - CONSONANT_S, labels[-1][2])
                labels.append((start - CONSONANT_S, start, consonant))
                f0_hz.append(0.0)
            labels.append((start, start + NOTE_S, vowel))
            f0_hz.append(440 * 2 ** ((pitch - 69) / 12))
            notes.append((start, NOTE_S, pitch))
        end = EDGE_S + len(syllables) * NOTE_S
        labels.append((end, end + EDGE_S, "pau"))
        f0_hz.append(0.0)
        write_audio(folder / f"{name}.wav", _sung(labels, f0_hz, seed), 16000)
        (folder / f"{name}.lab").write_text(
            "".join(f"{a * 1e7:.0f} {b * 1e7:.0f} {symbol}\n" for a, b, symbol in labels), "utf-8"
        )
        (folder / f"{name}.csv").write_text(
            "".join(f"{start:.3f},{length},{pitch}\n" for start, length, pitch in notes), "utf-8"
        )
    return folder


def _sung(labels: list[tuple[float, float, str]], f0_hz: list[float], seed: int) -> np.ndarray:
    """Sound of labels (start, end, phone) with their F0, at 16 kHz."""
    time = np.arange(round(labels[-1][1] * 16000)) / 16000
    which = np.searchsorted([start for start, _, _ in labels], time, side="right") - 1
    f0 = np.array(f0_hz)[which]
    vibrato = 2 ** (0.2 / 12 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(f0 * vibrato) / 16000
    noise = np.random.default_rng(seed).normal(0, 0.05, len(time))
    samples = 1e-4 * noise
    for start, end, symbol in labels:
        inside = (time >= start) & (time < end)
        t = time[inside]
        fade = np.clip(np.minimum(t - start, end - t) / 0.01, 0, 1)
        if symbol in FORMANTS:
            pitch = f0[inside][0]
            tone = np.zeros(len(t))
            for k in range(1, int(7500 / pitch)):
                level = sum(1 / (1 + ((k * pitch - f) / 150) ** 2) for f in FORMANTS[symbol])
                tone += (level + 0.02) * np.sin(k * phase[inside])
            samples[inside] += 0.15 * fade * tone
        elif symbol != "pau":
            samples[inside] += fade * noise[inside]
    return samples / np.abs(samples).max() * 0.6
