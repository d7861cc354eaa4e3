r"""Spectral envelope, aperiodicity and F0, coded as a network can predict them.

The harmonic stream is the log spectral envelope sampled at 60 points of a mel-like frequency axis
(Blaauw and Bonada 2017, section 2.1). With the first-order all-pass warping

.. math:: \tilde\omega = \omega + 2 \arctan \frac{\alpha \sin\omega}{1 - \alpha \cos\omega}

the mel-cepstrum :math:`c` of a log amplitude spectrum is (Tokuda et al. 1994)

.. math:: \ln |H(\omega)| = \sum_{m=0}^{59} c_m \cos(m \tilde\omega)

so both directions are linear and each is one fixed matrix: 60 points -> cepstrum is the inverse of
a cosine transform, cepstrum -> linear bins a cosine series at the warped bins. :math:`\alpha` is
the value by which the all-pass axis comes closest to the mel scale at the sample rate.
"""

from __future__ import annotations

import warnings
from functools import cached_property

import numpy as np

from singsynth.acoustics.features import NUM_HARMONIC, BoolArray, FeatureSpec, FloatArray

with warnings.catch_warnings():
    # pysptk 1.0.1 imports pkg_resources, which announces its own end; the constraints pin the
    # last setuptools that has it.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    import pysptk

DB_PER_NEPER = 20.0 / np.log(10.0)
"""dB in one unit of natural log amplitude."""

POWER_FLOOR = 1e-16
"""Least power of an envelope bin: digital silence must not become minus infinity."""


class SpectralCoder:
    """Envelope <-> 60 log mel-frequency points <-> mel-cepstrum, for one :class:`FeatureSpec`."""

    def __init__(self, spec: FeatureSpec) -> None:
        self.spec = spec
        self.alpha = float(pysptk.util.mcepalpha(spec.sample_rate))

    @cached_property
    def _points_from_cepstrum(self) -> FloatArray:
        """(60, 60): cosine transform on the grid of half-integer warped frequencies, in dB."""
        grid = np.pi * (np.arange(NUM_HARMONIC) + 0.5) / NUM_HARMONIC
        cosines: FloatArray = np.cos(np.outer(np.arange(NUM_HARMONIC), grid))
        return DB_PER_NEPER * cosines

    @cached_property
    def _cepstrum_from_points(self) -> FloatArray:
        """(60, 60): the way back."""
        return np.linalg.inv(self._points_from_cepstrum).astype(np.float64, copy=False)

    @cached_property
    def _cepstrum_from_log_power(self) -> FloatArray:
        """(num_bins, 60): pysptk's sp2mc is linear in the log power, so ask it for every bin."""
        impulses = np.exp(np.eye(self.spec.num_bins))
        return np.stack([pysptk.sp2mc(row, NUM_HARMONIC - 1, self.alpha) for row in impulses])

    @cached_property
    def _log_power_from_cepstrum(self) -> FloatArray:
        """(60, num_bins): cosine series at the warped frequency of every linear bin."""
        omega = np.pi * np.arange(self.spec.num_bins) / (self.spec.num_bins - 1)
        warped = omega + 2 * np.arctan2(self.alpha * np.sin(omega), 1 - self.alpha * np.cos(omega))
        return 2.0 * np.cos(np.outer(np.arange(NUM_HARMONIC), warped))

    def encode(self, envelope: FloatArray) -> FloatArray:
        """Power envelope (T, num_bins) -> log mel-frequency envelope in dB (T, 60)."""
        log_power = np.log(np.maximum(envelope, POWER_FLOOR))
        return log_power @ self._cepstrum_from_log_power @ self._points_from_cepstrum

    def decode(self, harmonic: FloatArray) -> FloatArray:
        """Log mel-frequency envelope in dB (T, 60) -> power envelope (T, num_bins)."""
        return np.exp(harmonic @ (self._cepstrum_from_points @ self._log_power_from_cepstrum))

    def mel_cepstrum(self, harmonic: FloatArray) -> FloatArray:
        """Log mel-frequency envelope in dB (T, 60) -> mel-cepstrum of order 59 (T, 60)."""
        return harmonic @ self._cepstrum_from_points


def bridge(values: FloatArray, known: BoolArray, *, fallback: float) -> FloatArray:
    """Fill frames where ``known`` is False by straight lines between known ones.

    Before the first and after the last known frame the nearest known value is held.

    Parameters
    ----------
    values
        (T,) or (T, D).
    known
        (T,).
    fallback
        Value everywhere if no frame is known.
    """
    if not known.any():
        return np.full_like(values, fallback)
    frames = np.arange(len(values))
    columns = values.reshape(len(values), -1).T
    filled = [np.interp(frames, frames[known], column[known]) for column in columns]
    return np.stack(filled, axis=1).reshape(values.shape)
