"""Figures of merit on literal arrays."""

from __future__ import annotations

import numpy as np
import pytest

from singsynth.training import metrics

RNG = np.random.default_rng(0)
CEPSTRUM = RNG.normal(0, 1, (300, 60))
ALL = np.ones(4, dtype=bool)


def test_a_difference_in_one_coefficient_is_known() -> None:
    for difference in (0.0, 0.1, -0.25):
        other = CEPSTRUM.copy()
        other[:, 7] += difference
        wanted = 10 / np.log(10) * np.sqrt(2) * abs(difference)
        assert metrics.mel_cepstral_distortion(CEPSTRUM, other) == pytest.approx(wanted)


def test_energy_and_what_lies_beyond_34_do_not_count() -> None:
    other = CEPSTRUM.copy()
    other[:, 0] += 5
    other[:, 35:] += 5
    assert metrics.mel_cepstral_distortion(CEPSTRUM, other) == 0
    assert metrics.global_variance_ratio(CEPSTRUM, other * 1.0) == pytest.approx(1)
    other[:, 34] += 1
    assert metrics.mel_cepstral_distortion(CEPSTRUM, other) > 1


def test_distortion_is_averaged_over_frames() -> None:
    other = CEPSTRUM.copy()
    other[:150, 1] += 0.2
    wanted = 10 / np.log(10) * np.sqrt(2) * 0.1
    assert metrics.mel_cepstral_distortion(CEPSTRUM, other) == pytest.approx(wanted)


def test_global_variance() -> None:
    assert metrics.global_variance_ratio(CEPSTRUM, CEPSTRUM) == pytest.approx(1)
    assert metrics.global_variance_ratio(CEPSTRUM, CEPSTRUM / 2 + 3) == pytest.approx(0.25)
    assert metrics.global_variance_ratio(CEPSTRUM, np.zeros_like(CEPSTRUM)) == 0


def test_modulation_spectrum() -> None:
    hop = 0.005
    assert metrics.modulation_spectrum_distance(CEPSTRUM, CEPSTRUM, hop) == 0
    halved = metrics.modulation_spectrum_distance(CEPSTRUM, CEPSTRUM / 2, hop)
    assert halved == pytest.approx(20 * np.log10(2), abs=1e-3)
    time = np.arange(400)[:, None] * hop
    slow, fast = np.sin(2 * np.pi * 5 * time), np.sin(2 * np.pi * 60 * time)
    noise = RNG.normal(0, 0.01, (400, 1))
    beyond = metrics.modulation_spectrum_distance(noise, noise + fast, hop)
    within = metrics.modulation_spectrum_distance(noise, noise + slow, hop)
    assert within > 3 * beyond


def test_voicing_error() -> None:
    one = np.array([True, True, False, False])
    assert metrics.voicing_error(one, one) == 0
    assert metrics.voicing_error(one, ~one) == 1
    assert metrics.voicing_error(one, np.array([True, False, False, False])) == 0.25


def test_aperiodicity_distortion() -> None:
    bands = np.array([[-10.0, -20.0], [-30.0, 0.0]])
    assert metrics.aperiodicity_distortion(bands, bands) == 0
    assert metrics.aperiodicity_distortion(bands, bands + 3) == pytest.approx(3)
    assert metrics.aperiodicity_distortion(
        bands, bands + np.array([[3, 4], [0, 0]])
    ) == pytest.approx(2.5)


def test_a_semitone_is_a_hundred_cents() -> None:
    f0 = np.array([100.0, 200.0, 300.0, 400.0])
    assert metrics.f0_rmse_cents(f0, f0 * 2 ** (1 / 12), ALL) == pytest.approx(100)
    assert metrics.f0_rmse_cents(f0, f0 / 2, ALL) == pytest.approx(1200)
    mask = np.array([True, False, True, False])
    spoiled = np.array([100.0, 1.0, 300.0, 0.0])
    assert metrics.f0_rmse_cents(f0, spoiled, mask) == 0


def test_f0_correlation() -> None:
    f0 = np.array([100.0, 200.0, 300.0, 250.0])
    assert metrics.f0_correlation(f0, f0 * 1.5, ALL) == pytest.approx(1)
    assert metrics.f0_correlation(f0, 1 / f0, ALL) == pytest.approx(-1)


def test_means_have_intervals() -> None:
    assert metrics.mean_with_interval(np.array([3.0])) == {"mean": 3, "low": 3, "high": 3}
    found = metrics.mean_with_interval(np.array([1.0, 2.0, 3.0]))
    half = 4.302653 / np.sqrt(3)  # Student's t with two degrees of freedom, deviation 1
    assert found["mean"] == pytest.approx(2)
    assert found["high"] == pytest.approx(2 + half, rel=1e-5)
    assert found["low"] == pytest.approx(2 - half, rel=1e-5)
