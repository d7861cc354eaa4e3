r"""Figures of merit: small pure functions over arrays.

Conventions
-----------
- ``reference`` is the singer, ``estimate`` the system; both have the same number of frames ``T``.
- Mel-cepstra are (T, 60), order 59; F0 is in Hz; voicing is boolean.
- Functions over F0 take a mask of the frames to count.

Mel-cepstral distortion (Kubichek 1993), in dB, over coefficients 1 to 34:

.. math:: \frac{10}{\ln 10} \sqrt{2 \sum_{d=1}^{34} (c_d - \hat c_d)^2}

averaged over frames, without time warping. The energy coefficient 0 is left out; 34 is where
published figures for 60-dimensional envelopes stop.

Global variance ratio: variance over frames of the estimate's coefficient over the reference's,
averaged over coefficients 1 to 34 (Toda and Tokuda 2007). 1 is a singer, 0 a constant.

Modulation spectrum distance (Takamichi et al. 2016): root mean square difference in dB between the
log modulation spectra of the envelope's dimensions, below 25 Hz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.signal
import scipy.stats

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

COEFFICIENTS = slice(1, 35)
MODULATION_WINDOW_S = 1.0
MODULATION_LIMIT_HZ = 25.0


def mel_cepstral_distortion(reference: FloatArray, estimate: FloatArray) -> float:
    """Mean distortion in dB; both (T, 60)."""
    difference = reference[:, COEFFICIENTS] - estimate[:, COEFFICIENTS]
    per_frame = np.sqrt(2 * np.sum(difference**2, axis=1))
    return float(10 / np.log(10) * per_frame.mean())


def global_variance_ratio(reference: FloatArray, estimate: FloatArray) -> float:
    """Mean ratio of variances over frames; both (T, 60)."""
    ratio = estimate[:, COEFFICIENTS].var(axis=0) / reference[:, COEFFICIENTS].var(axis=0)
    return float(ratio.mean())


def modulation_spectrum_distance(
    reference: FloatArray, estimate: FloatArray, hop_s: float
) -> float:
    """Root mean square difference in dB of log modulation spectra; both (T, D)."""
    spectra = []
    size = min(round(MODULATION_WINDOW_S / hop_s), len(reference))
    for values in (reference, estimate):
        frequencies, power = scipy.signal.welch(values, 1 / hop_s, nperseg=size, axis=0)
        inside = (frequencies > 0) & (frequencies <= MODULATION_LIMIT_HZ)
        spectra.append(10 * np.log10(power[inside] + 1e-12))
    return float(np.sqrt(np.mean((spectra[0] - spectra[1]) ** 2)))


def voicing_error(reference: BoolArray, estimate: BoolArray) -> float:
    """Share of frames whose voicing differs; both (T,)."""
    return float(np.mean(reference != estimate))


def aperiodicity_distortion(reference: FloatArray, estimate: FloatArray) -> float:
    """Root mean square difference in dB over bands and frames; both (T, bands)."""
    return float(np.sqrt(np.mean((reference - estimate) ** 2)))


def f0_rmse_cents(reference: FloatArray, estimate: FloatArray, mask: BoolArray) -> float:
    """Root mean square difference in cents over the frames of ``mask``; all (T,)."""
    cents = 1200 * np.log2(estimate[mask] / reference[mask])
    return float(np.sqrt(np.mean(cents**2)))


def f0_correlation(reference: FloatArray, estimate: FloatArray, mask: BoolArray) -> float:
    """Pearson correlation of log F0 over the frames of ``mask``; all (T,)."""
    return float(np.corrcoef(np.log(reference[mask]), np.log(estimate[mask]))[0, 1])


def mean_with_interval(values: FloatArray) -> dict[str, float]:
    """Mean over songs with its 95 % confidence interval (Student's t)."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return {"mean": mean, "low": mean, "high": mean}
    half = float(scipy.stats.sem(values) * scipy.stats.t.ppf(0.975, len(values) - 1))
    return {"mean": mean, "low": mean - half, "high": mean + half}
