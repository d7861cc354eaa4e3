"""WORLD analysis and synthesis (Morise, Yokomori and Ozawa 2016), to and from coded features.

F0 comes from Harvest, the envelope from CheapTrick, aperiodicity from D4C. D4C's own test
("love train") finds frames without a harmonic at the F0 that Harvest bridged; a frame is voiced
where both agree.
"""

from __future__ import annotations

import numpy as np
import pyworld

from singsynth.acoustics.coding import SpectralCoder, bridge
from singsynth.acoustics.features import BoolArray, Features, FeatureSpec, FloatArray

D4C_THRESHOLD = 0.85
"""D4C's default threshold below which a frame counts as unvoiced."""

UNVOICED_APERIODICITY = 0.999
"""D4C writes aperiodicity of 1 (less a rounding) into frames that it finds unvoiced."""

MIN_APERIODICITY_DB = -60.0
"""WORLD's floor of the aperiodicity at 0 Hz."""


def analyze(samples: FloatArray, spec: FeatureSpec, f0_hz: FloatArray | None = None) -> Features:
    """Features of a recording.

    Parameters
    ----------
    samples
        (num_samples,) at ``spec.sample_rate``.
    f0_hz
        Measured F0 per frame (T,), 0 where unvoiced; by default Harvest's.
    """
    samples = np.ascontiguousarray(samples, dtype=np.float64)
    rate, period_ms = spec.sample_rate, spec.hop_s * 1000
    if f0_hz is None:
        f0_hz, times = pyworld.harvest(
            samples,
            rate,
            f0_floor=spec.f0_floor_hz,
            f0_ceil=spec.f0_ceil_hz,
            frame_period=period_ms,
        )
    else:
        times = np.arange(len(f0_hz)) * spec.hop_s
    envelope = pyworld.cheaptrick(
        samples, f0_hz, times, rate, f0_floor=spec.f0_floor_hz, fft_size=spec.fft_size
    )
    aperiodicity = pyworld.d4c(
        samples, f0_hz, times, rate, threshold=D4C_THRESHOLD, fft_size=spec.fft_size
    )
    voicing = (f0_hz > 0) & (aperiodicity.mean(axis=1) < UNVOICED_APERIODICITY)
    bands = pyworld.code_aperiodicity(aperiodicity, rate)
    middle_hz = float(np.sqrt(spec.f0_floor_hz * spec.f0_ceil_hz))
    return Features(
        harmonic=SpectralCoder(spec).encode(envelope),
        aperiodic=bridge(bands, voicing, fallback=0.0),
        voicing=voicing,
        f0_hz=bridge_f0(f0_hz, voicing, fallback=middle_hz),
    )


def bridge_f0(f0_hz: FloatArray, voicing: BoolArray, *, fallback: float) -> FloatArray:
    """Continuous F0: straight lines in log frequency over unvoiced frames. Shapes (T,)."""
    log_f0 = np.log(np.where(voicing, np.maximum(f0_hz, 1.0), 1.0))
    bridged: FloatArray = np.exp(bridge(log_f0, voicing, fallback=float(np.log(fallback))))
    return bridged


def synthesize(
    features: Features, spec: FeatureSpec, coder: SpectralCoder | None = None
) -> FloatArray:
    """Sound of coded features.

    Returns
    -------
    (num_samples,) at ``spec.sample_rate``; frame ``i`` sounds at ``i * hop_s``. Not limited: scale
    before writing to a file.
    """
    coder = coder or SpectralCoder(spec)
    f0_hz = np.ascontiguousarray(np.where(features.voicing, features.f0_hz, 0.0))
    envelope = np.ascontiguousarray(coder.decode(features.harmonic))
    bands = np.ascontiguousarray(np.clip(features.aperiodic, MIN_APERIODICITY_DB, 0.0))
    aperiodicity = pyworld.decode_aperiodicity(bands, spec.sample_rate, spec.fft_size)
    samples: FloatArray = pyworld.synthesize(
        f0_hz, envelope, aperiodicity, spec.sample_rate, spec.hop_s * 1000
    )
    return samples


def copy_synthesis(samples: FloatArray, spec: FeatureSpec) -> tuple[FloatArray, Features]:
    """Analyse, code, decode and synthesise: the ceiling of every voice at this sample rate.

    Returns
    -------
    samples, features
        Samples as long as the input, and the features that they were made from.
    """
    features = analyze(samples, spec)
    copied = synthesize(features, spec)
    length = len(samples)
    return np.pad(copied[:length], (0, max(0, length - len(copied)))), features
