"""From phones and notes in seconds to control features per frame.

The one place where the models' seconds become frames: frame ``i`` stands at
``origin_s + i * hop_s`` and belongs to the phone (or note) that sounds at that moment.

Coarse coding (Blaauw and Bonada 2017, figure 3): a position x in [0, 1] becomes three Gaussians
``exp(-(x - c)^2 / (2 * 0.4^2))`` at c = 0, 0.5, 1. On a long phone it hardly moves, so the
distances to its two edges are added as decaying exponentials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from singsynth.song import REST, Phone

FloatArray = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]

COARSE_CENTRES = np.array([0.0, 0.5, 1.0])
COARSE_WIDTH = 0.4
EDGE_SCALES_S = (0.02, 0.08)
"""Time constants of the exponentials that tell how near the edges of a segment are."""

LONGEST_S = 4.0
"""Durations are coded on a logarithmic scale up to this."""

SHORTEST_S = 0.02
NUM_SEGMENT = len(COARSE_CENTRES) + 2 * len(EDGE_SCALES_S) + 1

PHRASE_SCALES_S = (0.5, 2.0)
"""Time constants of the exponentials that tell how near a phrase's beginning and end are."""

NUM_PHONE = NUM_SEGMENT + 2 * len(PHRASE_SCALES_S)
"""Numbers that :func:`phone_controls` gives a frame."""


def coarse(x: FloatArray) -> FloatArray:
    """Positions (T,) in [0, 1] -> three Gaussians (T, 3)."""
    return np.exp(-((x[:, None] - COARSE_CENTRES) ** 2) / (2 * COARSE_WIDTH**2))


def code_duration(duration_s: FloatArray) -> FloatArray:
    """Seconds -> [0, 1], logarithmic from 20 ms to 4 s."""
    clipped = np.clip(duration_s, SHORTEST_S, LONGEST_S)
    return np.log(clipped / SHORTEST_S) / np.log(LONGEST_S / SHORTEST_S)


def frame_times(num_frames: int, hop_s: float, origin_s: float) -> FloatArray:
    """Time of each frame in seconds, (T,)."""
    return origin_s + hop_s * np.arange(num_frames)


def locate(starts_s: FloatArray, times_s: FloatArray) -> IntArray:
    """Index of the segment that holds each time: the last that starts at or before it."""
    found = np.searchsorted(starts_s, times_s + 1e-9, side="right") - 1
    return np.clip(found, 0, len(starts_s) - 1)


def segment_position(
    times_s: FloatArray, starts_s: FloatArray, ends_s: FloatArray, which: IntArray
) -> FloatArray:
    """Where each frame stands in its segment, (T, NUM_SEGMENT), all in [0, 1]."""
    start, end = starts_s[which], ends_s[which]
    length = np.maximum(end - start, 1e-3)
    elapsed = np.clip(times_s - start, 0.0, length)
    columns = [coarse(elapsed / length)]
    for scale in EDGE_SCALES_S:
        columns.append(np.exp(-elapsed / scale)[:, None])
        columns.append(np.exp(-(length - elapsed) / scale)[:, None])
    columns.append(code_duration(length)[:, None])
    return np.concatenate(columns, axis=1)


def merge_continued(phones: Sequence[Phone]) -> list[Phone]:
    """Phones as timbre sees them: a vowel held over several notes is one phone."""
    merged: list[Phone] = []
    for phone in phones:
        if merged and phone.continues and merged[-1].symbol == phone.symbol:
            last = merged[-1]
            merged[-1] = Phone(last.symbol, last.start_s, phone.end_s - last.start_s, last.note)
        else:
            merged.append(phone)
    return merged


def phone_controls(
    phones: Sequence[Phone], index: Mapping[str, int], times_s: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Phonetic context of each frame.

    Returns
    -------
    identities, positions
        (T, 3) indices of the previous, current and next phone, and (T, NUM_PHONE): where the frame
        stands in its phone, and in its phrase.
    """
    merged = merge_continued(phones)
    starts = np.array([p.start_s for p in merged])
    ends = np.array([p.end_s for p in merged])
    symbols = np.array([index[REST]] + [index[p.symbol] for p in merged] + [index[REST]])
    which = locate(starts, times_s)
    identities = np.stack([symbols[which], symbols[which + 1], symbols[which + 2]], axis=1)
    in_phone = segment_position(times_s, starts, ends, which)
    return identities, np.concatenate([in_phone, _phrase_position(merged, which, times_s)], axis=1)


def _phrase_position(phones: Sequence[Phone], which: IntArray, times_s: FloatArray) -> FloatArray:
    """How near the rests before and after each frame are, (T, 2 * len(PHRASE_SCALES_S)).

    1 in rests; falling exponentials of the distance in singing.
    """
    resting = np.array([p.symbol == REST for p in phones])
    ends = np.array([p.end_s for p in phones])
    starts = np.array([p.start_s for p in phones])
    order = np.arange(len(phones))
    before = np.maximum.accumulate(np.where(resting, order, -1))
    after = np.minimum.accumulate(np.where(resting, order, len(phones))[::-1])[::-1]
    begin = np.append(starts[0], ends)[before + 1]  # where the last rest ended
    finish = np.append(starts, ends[-1])[after]  # where the next rest starts
    since = np.maximum(times_s - begin[which], 0.0)
    until = np.maximum(finish[which] - times_s, 0.0)
    columns = [np.exp(-x / scale) for scale in PHRASE_SCALES_S for x in (since, until)]
    return np.stack(columns, axis=1)
