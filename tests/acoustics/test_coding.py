"""The spectral code: linear, exactly invertible, and the same as the field's own tools."""

from __future__ import annotations

import numpy as np
import pysptk
import pytest
import pyworld

from singsynth.acoustics import Features, FeatureSpec, SpectralCoder
from singsynth.acoustics.coding import bridge
from singsynth.acoustics.features import NUM_HARMONIC
from singsynth.acoustics.world import bridge_f0
from singsynth.errors import CorpusError

RATES = (16000, 22050, 24000, 32000, 44100, 48000)


@pytest.fixture(scope="module")
def coder() -> SpectralCoder:
    return SpectralCoder(FeatureSpec(16000))


def spectra(coder: SpectralCoder, frames: int, seed: int = 0) -> np.ndarray:
    """Smooth power spectra, (frames, num_bins)."""
    rng = np.random.default_rng(seed)
    place = np.linspace(0, 1, coder.spec.num_bins)
    waves = np.cos(np.pi * np.outer(np.arange(12), place))
    return np.exp(rng.normal(0, 1, (frames, 12)) @ waves - 8)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("floor", [40.0, 71.0, 110.0])
def test_every_dimension_is_worlds_own(rate: int, floor: float) -> None:
    spec = FeatureSpec(rate, f0_floor_hz=floor)
    assert spec.fft_size == pyworld.get_cheaptrick_fft_size(rate, floor)
    assert spec.num_aperiodic == pyworld.get_num_aperiodicities(rate)
    assert spec.num_bins == spec.fft_size // 2 + 1


def test_a_rate_without_aperiodicity_bands_is_refused() -> None:
    assert pyworld.get_num_aperiodicities(12000) == 1
    assert FeatureSpec(12000).num_aperiodic == 1
    with pytest.raises(CorpusError, match=r"8000 Hz is too low .* record at 24000 Hz or more"):
        FeatureSpec(8000)


@pytest.mark.parametrize(
    ("duration_s", "frames"), [(0.0, 1), (0.0049, 1), (0.005, 2), (0.1, 21), (1.0, 201)]
)
def test_frames_are_counted_as_world_does(duration_s: float, frames: int) -> None:
    spec = FeatureSpec(16000)
    assert spec.num_frames(duration_s) == frames
    samples = np.zeros(round(duration_s * 16000))
    if len(samples):
        assert len(pyworld.harvest(samples, 16000, frame_period=5.0)[0]) == frames


@pytest.mark.parametrize("rate", [16000, 24000, 44100])
def test_the_cepstrum_is_sptks(rate: int) -> None:
    coder = SpectralCoder(FeatureSpec(rate))
    power = spectra(coder, 5)
    wanted = np.stack([pysptk.sp2mc(row, NUM_HARMONIC - 1, coder.alpha) for row in power])
    np.testing.assert_allclose(coder.mel_cepstrum(coder.encode(power)), wanted, atol=1e-9)
    decoded = np.stack([pysptk.mc2sp(row, coder.alpha, coder.spec.fft_size) for row in wanted])
    np.testing.assert_allclose(
        np.log(coder.decode(coder.encode(power))), np.log(decoded), atol=1e-2
    )


def test_encoding_is_linear_in_db(coder: SpectralCoder) -> None:
    power, other = spectra(coder, 3, 1), spectra(coder, 3, 2)
    louder = coder.encode(power * 100.0)
    np.testing.assert_allclose(louder - coder.encode(power), 20.0, atol=1e-9)
    both = coder.encode(power * other)
    np.testing.assert_allclose(both, coder.encode(power) + coder.encode(other), atol=1e-8)


def test_decoding_inverts_encoding_on_what_can_be_coded(coder: SpectralCoder) -> None:
    smooth = coder.decode(coder.encode(spectra(coder, 4)))
    again = coder.decode(coder.encode(smooth))
    decibels = 10 * np.log10(again / smooth)
    assert np.abs(decibels).max() < 0.2
    harmonic = coder.encode(smooth)
    assert harmonic.shape == (4, NUM_HARMONIC)
    np.testing.assert_allclose(coder.encode(again), harmonic, atol=0.2)
    cepstrum = coder.mel_cepstrum(harmonic)
    np.testing.assert_allclose(cepstrum @ coder._points_from_cepstrum, harmonic, atol=1e-9)


def test_a_flat_spectrum_is_flat_in_db(coder: SpectralCoder) -> None:
    flat = np.full((1, coder.spec.num_bins), 1e-4)
    np.testing.assert_allclose(coder.encode(flat), -40.0, atol=1e-9)
    np.testing.assert_allclose(coder.decode(coder.encode(flat)), flat, rtol=1e-9)


def test_digital_silence_has_a_level(coder: SpectralCoder) -> None:
    np.testing.assert_allclose(coder.encode(np.zeros((1, coder.spec.num_bins))), -160.0, atol=1e-6)


def test_bridge() -> None:
    known = np.array([False, True, False, False, True, False])
    values = np.array([9.0, 1.0, 9.0, 9.0, 4.0, 9.0])
    np.testing.assert_allclose(bridge(values, known, fallback=0.0), [1, 1, 2, 3, 4, 4])
    columns = np.stack([values, -values], axis=1)
    bridged = bridge(columns, known, fallback=0.0)
    np.testing.assert_allclose(bridged[:, 1], [-1, -1, -2, -3, -4, -4])
    np.testing.assert_allclose(bridge(values, known & False, fallback=7.0), np.full(6, 7.0))


def test_f0_is_bridged_in_semitones() -> None:
    f0 = np.array([0.0, 100.0, 0.0, 400.0, 0.0])
    voicing = np.array([False, True, False, True, False])
    np.testing.assert_allclose(bridge_f0(f0, voicing, fallback=200.0), [100, 100, 200, 400, 400])
    np.testing.assert_allclose(bridge_f0(f0, voicing & False, fallback=200.0), np.full(5, 200.0))


def test_streams_of_unlike_length_are_refused() -> None:
    with pytest.raises(ValueError, match="'f0_hz': 3"):
        Features(np.zeros((2, 60)), np.zeros((2, 1)), np.zeros(2, dtype=bool), np.zeros(3))
