r"""Pull generated F0 onto the notes without flattening its shape.

Blaauw and Bonada 2017 (journal version), tuning post-process. For a sounding note with frames t and
weights :math:`w = w_e w_d w_p w_t` the note is shifted by

.. math:: \Delta = p + \frac{\text{master}}{100} - \frac{\sum_t w_t f_t}{\sum_t w_t}

- ``w_e``: Tukey window (0.5) over the note: the edges are transitions;
- ``w_d = 1 / min(1 + 27 |dF0|, 15)``: frames that move count less. dF0 in semitones a frame is the
  Savitzky-Golay derivative (order 3, 11 frames);
- ``w_p``: 0 in silence and breath, 2 in vowels and the moraic nasal, 1 elsewhere;
- ``w_t = 1 / max(|f - p|, 1)``: frames more than a semitone off count less.

Notes of 1.25 s or more are corrected on segments of 20 % of their length with 10 % hop, linearly
between the segments' centres. The whole shift curve is smoothed with a Gaussian 150 ms wide (plus
to minus three standard deviations), then added.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence

import numpy as np
import scipy.ndimage

from singsynth.model.controls import FloatArray, frame_times, locate
from singsynth.model.pitch import Line
from singsynth.song import BREATH, REST, Phone

LONG_NOTE_S = 1.25
SEGMENT_SHARE = 0.2
HOP_SHARE = 0.1
SMOOTHING_S = 0.15
TUKEY_SHAPE = 0.5
DERIVATIVE_FRAMES = 11
DERIVATIVE_ORDER = 3


def tune(
    f0_semitones: FloatArray,
    line: Line,
    phones: Sequence[Phone],
    vowels: Collection[str],
    hop_s: float,
    origin_s: float,
    master_cents: float = 0.0,
) -> FloatArray:
    """Shift each note of continuous F0 (T,) onto its pitch; returns the tuned copy."""
    times = frame_times(len(f0_semitones), hop_s, origin_s)
    moving = _derivative(f0_semitones)
    weight = phone_weights(phones, vowels, times) / np.minimum(1 + 27 * np.abs(moving), 15)
    knots: list[tuple[float, float]] = []
    for onset, end, pitch in zip(*line, strict=True):
        inside = np.flatnonzero((times >= onset) & (times < end))
        wanted = pitch + master_cents / 100
        knots += _corrections(f0_semitones, weight, times, inside, wanted, end - onset)
    if not knots:
        return f0_semitones.copy()
    places, shifts = np.array(knots).T
    curve = np.interp(times, places, shifts)
    sigma = SMOOTHING_S / 6 / hop_s
    return f0_semitones + scipy.ndimage.gaussian_filter1d(curve, sigma, mode="nearest")


def _derivative(f0: FloatArray) -> FloatArray:
    if len(f0) < DERIVATIVE_FRAMES:
        return np.gradient(f0) if len(f0) > 1 else np.zeros_like(f0)
    fit = _savitzky_golay()
    half = DERIVATIVE_FRAMES // 2
    middle = np.correlate(f0, fit[half], mode="valid")
    return np.concatenate(
        [fit[:half] @ f0[:DERIVATIVE_FRAMES], middle, fit[half + 1 :] @ f0[-DERIVATIVE_FRAMES:]]
    )


@functools.cache
def _savitzky_golay() -> FloatArray:
    """Row ``i`` gives the slope at frame ``i`` of the polynomial that fits a window best.

    SciPy's ``savgol_filter`` does the same, and half of the time that this program takes to start.
    """
    places = np.arange(DERIVATIVE_FRAMES) - DERIVATIVE_FRAMES // 2
    powers = np.arange(DERIVATIVE_ORDER + 1)
    fit = np.linalg.pinv(places[:, None] ** powers)  # (order + 1, frames): samples to coefficients
    slopes = powers * places[:, None] ** np.maximum(powers - 1, 0)  # (frames, order + 1)
    return slopes @ fit


def phone_weights(
    phones: Sequence[Phone], vowels: Collection[str], times_s: FloatArray
) -> FloatArray:
    """``w_p`` of each frame, (T,)."""
    by_phone = np.array(
        [0.0 if p.symbol in (REST, BREATH) else 2.0 if p.symbol in vowels else 1.0 for p in phones]
    )
    return by_phone[locate(np.array([p.start_s for p in phones]), times_s)]


def _corrections(
    f0: FloatArray,
    weight: FloatArray,
    times: FloatArray,
    inside: np.ndarray,
    wanted: float,
    length_s: float,
) -> list[tuple[float, float]]:
    """Knots (time, shift) of one note's shift curve: flat over a short note."""
    if not len(inside):
        return []
    if length_s < LONG_NOTE_S:
        shift = _shift(f0[inside], weight[inside], wanted)
        return [] if shift is None else [(times[inside[0]], shift), (times[inside[-1]], shift)]
    size = max(1, round(SEGMENT_SHARE * len(inside)))
    hop = max(1, round(HOP_SHARE * len(inside)))
    knots = []
    for first in range(0, len(inside) - size + 1, hop):
        segment = inside[first : first + size]
        shift = _shift(f0[segment], weight[segment], wanted)
        if shift is not None:
            knots.append((float(times[segment].mean()), shift))
    if knots:  # flat from the outer centres to the note's edges
        knots = [(times[inside[0]], knots[0][1]), *knots, (times[inside[-1]], knots[-1][1])]
    return knots


def _tukey(size: int) -> FloatArray:
    """A window of raised cosines over the outer share TUKEY_SHAPE, flat between."""
    place = np.arange(size) / (size - 1)
    outer = np.minimum(np.minimum(place, 1 - place) * 2 / TUKEY_SHAPE, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * outer)


def _shift(f0: FloatArray, weight: FloatArray, wanted: float) -> float | None:
    """Shift of one stretch in semitones; None where nothing sounds."""
    edges = _tukey(len(f0) + 2)[1:-1]  # no frame weighs nothing
    total = weight * edges / np.maximum(np.abs(f0 - wanted), 1.0)
    if total.sum() <= 0:
        return None
    return float(wanted - (total * f0).sum() / total.sum())
