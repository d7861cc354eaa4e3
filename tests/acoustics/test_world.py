"""Analysis and synthesis of a tone whose every property is known."""

from __future__ import annotations

import numpy as np
import pytest

from singsynth.acoustics import Features, FeatureSpec, analyze, copy_synthesis, synthesize

RATE = 16000
SPEC = FeatureSpec(RATE)
SUNG = slice(40, 280)
"""Frames well inside the vowel of :func:`sung`."""

NOISE = slice(320, 380)
"""Frames well inside its noise."""


def sung() -> tuple[np.ndarray, np.ndarray]:
    """1.5 s of A3 with vibrato, 0.1 s of silence, 0.4 s of noise; and the F0 of its vowel's frames.

    Returns
    -------
    samples (num_samples,) and F0 in Hz at every frame of the vowel.
    """
    time = np.arange(int(1.5 * RATE)) / RATE
    f0 = 220 * 2 ** (0.3 / 12 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    vowel = sum(np.sin(k * phase) / k for k in range(1, 20))
    fade = np.clip(np.minimum(time, time[::-1]) / 0.02, 0, 1)
    hiss = np.random.default_rng(0).normal(0, 0.1, int(0.4 * RATE))
    samples = np.concatenate([0.3 * fade * vowel, np.zeros(int(0.1 * RATE)), hiss])
    return samples / np.abs(samples).max() * 0.7, f0[:: int(SPEC.hop_s * RATE)]


@pytest.fixture(scope="module")
def tone() -> tuple[np.ndarray, np.ndarray, Features]:
    samples, f0 = sung()
    return samples, f0, analyze(samples, SPEC)


def test_f0_is_found(tone: tuple[np.ndarray, np.ndarray, Features]) -> None:
    _, f0, features = tone
    cents = 1200 * np.log2(features.f0_hz[SUNG] / f0[SUNG])
    assert np.abs(cents).max() < 10
    assert features.voicing[SUNG].all()


def test_noise_is_unvoiced_and_f0_bridged_over_it(
    tone: tuple[np.ndarray, np.ndarray, Features],
) -> None:
    features = tone[2]
    assert not features.voicing[NOISE].any()
    assert (features.f0_hz > 0).all()
    last = np.flatnonzero(features.voicing)[-1]
    np.testing.assert_allclose(features.f0_hz[last:], features.f0_hz[last])
    assert np.isfinite(features.aperiodic).all()


def test_dimensions(tone: tuple[np.ndarray, np.ndarray, Features]) -> None:
    samples, _, features = tone
    frames = SPEC.num_frames(len(samples) / RATE)
    assert features.harmonic.shape == (frames, 60)
    assert features.aperiodic.shape == (frames, SPEC.num_aperiodic)
    assert len(features) == frames


def test_a_given_f0_is_taken(tone: tuple[np.ndarray, np.ndarray, Features]) -> None:
    samples, _, features = tone
    given = np.where(features.voicing, features.f0_hz, 0.0)
    again = analyze(samples, SPEC, given)
    np.testing.assert_allclose(again.f0_hz[SUNG], features.f0_hz[SUNG])


def test_copy_synthesis_keeps_length_f0_and_level(
    tone: tuple[np.ndarray, np.ndarray, Features],
) -> None:
    samples, _, features = tone
    copied, made_from = copy_synthesis(samples, SPEC)
    assert copied.shape == samples.shape
    np.testing.assert_array_equal(made_from.harmonic, features.harmonic)
    again = analyze(copied, SPEC)
    cents = 1200 * np.log2(again.f0_hz[SUNG] / features.f0_hz[SUNG])
    assert np.median(np.abs(cents)) < 10
    for frames in (SUNG, NOISE):
        part = slice(frames.start * 80, frames.stop * 80)
        before, after = (np.sqrt(np.mean(x[part] ** 2)) for x in (samples, copied))
        assert abs(20 * np.log10(after / before)) < 2
    silence = slice(int(1.54 * RATE), int(1.56 * RATE))
    assert np.abs(copied[silence]).max() < 0.02


def test_an_edited_f0_is_heard(tone: tuple[np.ndarray, np.ndarray, Features]) -> None:
    features = tone[2]
    higher = Features(
        features.harmonic, features.aperiodic, features.voicing, features.f0_hz * 2 ** (4 / 12)
    )
    heard = analyze(synthesize(higher, SPEC), SPEC).f0_hz[SUNG] / features.f0_hz[SUNG]
    assert abs(12 * np.log2(np.median(heard)) - 4) < 0.1


@pytest.mark.parametrize("length", [1, 50, 500, 5000])
def test_short_sounds(length: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, length)
    copied, features = copy_synthesis(noise, SPEC)
    assert len(copied) == length
    assert np.isfinite(copied).all()
    assert len(features) == SPEC.num_frames(length / RATE)


def test_silence_stays_silent() -> None:
    copied, features = copy_synthesis(np.zeros(RATE // 2), SPEC)
    assert np.abs(copied).max() < 1e-6
    assert not features.voicing.any()
    assert (features.f0_hz > 0).all()
