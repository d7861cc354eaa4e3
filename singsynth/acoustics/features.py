"""Acoustic features of a recording or a performance, and the constants that fix their shape.

Conventions
-----------
- A frame every ``hop_s`` seconds; frame ``i`` is centred on ``i * hop_s``.
- ``harmonic``: log mel-frequency spectral envelope in dB, ``NUM_HARMONIC`` points per frame.
- ``aperiodic``: band aperiodicity in dB (0 dB: all noise), bridged over unvoiced frames.
- ``f0_hz``: continuous fundamental frequency, bridged over unvoiced frames; never 0.
- ``voicing``: whether a frame is voiced. Voicing and F0 are separate streams (Blaauw and Bonada
  2017, section 2.3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from singsynth.errors import CorpusError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

NUM_HARMONIC = 60
"""Points of the log mel-frequency spectral envelope: mel-cepstrum order 59 plus one."""

APERIODICITY_BAND_HZ = 3000.0
"""WORLD places one aperiodicity band every 3 kHz ..."""

APERIODICITY_LIMIT_HZ = 15000.0
"""... up to 15 kHz."""

LOWEST_RATE = 12000
"""Lowest sample rate in Hz: at least one band must fit below half of it."""


@dataclass(frozen=True)
class FeatureSpec:
    """What fixes every acoustic dimension: the sample rate, the hop, and the range of F0.

    ``f0_floor_hz`` also fixes the FFT size, as CheapTrick needs three periods in a window.
    """

    sample_rate: int
    hop_s: float = 0.005
    f0_floor_hz: float = 71.0
    f0_ceil_hz: float = 800.0

    def __post_init__(self) -> None:
        if self.sample_rate < LOWEST_RATE:
            raise CorpusError(
                f"{self.sample_rate} Hz is too low a sample rate, WORLD needs {LOWEST_RATE} Hz; "
                "record at 24000 Hz or more"
            )

    @property
    def fft_size(self) -> int:
        """Samples in the FFT of CheapTrick and of WORLD synthesis (Morise 2015)."""
        return int(2 ** (1 + math.floor(math.log2(3 * self.sample_rate / self.f0_floor_hz + 1))))

    @property
    def num_bins(self) -> int:
        """Bins of the linear spectral envelope."""
        return self.fft_size // 2 + 1

    @property
    def num_aperiodic(self) -> int:
        """Bands of the coded aperiodicity, as WORLD counts them."""
        top = min(APERIODICITY_LIMIT_HZ, self.sample_rate / 2 - APERIODICITY_BAND_HZ)
        return int(top // APERIODICITY_BAND_HZ)

    def num_frames(self, duration_s: float) -> int:
        """Frames that cover ``duration_s`` seconds, as WORLD counts them."""
        return num_frames(duration_s, self.hop_s)


def num_frames(duration_s: float, hop_s: float) -> int:
    """Frames that cover ``duration_s`` seconds, as WORLD counts them."""
    return math.floor(duration_s / hop_s + 1e-9) + 1


@dataclass(frozen=True)
class Features:
    """Acoustic features of ``T`` frames; see the module for their meaning.

    Shapes: ``harmonic`` (T, 60), ``aperiodic`` (T, bands), ``voicing`` (T,), ``f0_hz`` (T,).
    """

    harmonic: FloatArray
    aperiodic: FloatArray
    voicing: BoolArray
    f0_hz: FloatArray

    def __post_init__(self) -> None:
        lengths = {
            "harmonic": len(self.harmonic),
            "aperiodic": len(self.aperiodic),
            "voicing": len(self.voicing),
            "f0_hz": len(self.f0_hz),
        }
        if len(set(lengths.values())) != 1:
            raise ValueError(f"all streams need the same number of frames, got {lengths}")

    def __len__(self) -> int:
        return len(self.f0_hz)


def semitones(f0_hz: FloatArray) -> FloatArray:
    """F0 in Hz -> MIDI pitch (69 is A4, 440 Hz); any shape."""
    return 69 + 12 * np.log2(f0_hz / 440.0)


def hertz(pitch: FloatArray) -> FloatArray:
    """MIDI pitch -> F0 in Hz; the inverse of :func:`semitones`."""
    return 440.0 * 2.0 ** ((pitch - 69) / 12)
