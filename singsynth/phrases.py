"""Phrases: the singing between two rests, the unit in which a part is generated and made sound.

A phrase draws its own noise, sees only the notes and phones around it, and begins and ends in
silence. So phrases can be sung in any order and company, on any number of cores, one after the
other while the first are heard already, and editing one leaves the others as they are.

Frames are those of the whole performance: frame ``i`` stands at ``phones[0].start_s + i * hop_s``.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from singsynth.acoustics import Features, FeatureSpec, SpectralCoder
from singsynth.acoustics import synthesize as vocode_features
from singsynth.acoustics.features import FloatArray, hertz, semitones
from singsynth.acoustics.features import num_frames as count
from singsynth.model.pitch import performed_line
from singsynth.model.sampling import Tell
from singsynth.model.tuning import tune
from singsynth.song import REST, Note, Phone
from singsynth.voice import Voice

PHRASE_REST_S = 0.3
"""A rest of this length or more parts two phrases, which are sung independently."""

MARGIN_S = 0.2
"""Silence around a phrase that the models are run on."""

FADE_IN_S = 0.01
FADE_OUT_S = 0.03

NEIGHBOURS = 3
"""Notes on either side of a phrase that its own controls can depend on."""

NEAR_S = 1.0
"""Phones this near to those notes are kept with them."""

WAVE_S = 200.0
"""Singing generated at once: bounds memory, and more gain nothing."""

STREAM_WAVE_S = 40.0
"""The same in a stream, whose memory is to stay small however long it is."""

FIRST_WAVE_S = 5.0
"""A stream's first wave is short, for the first sound to come soon; each next is twice as long."""

LOUDNESS_SMOOTHING_S = 0.012
"""Standard deviation of the Gaussian that rounds the corners of a loudness curve."""


@dataclass(frozen=True)
class Phrase:
    """Frames [first, last) of a performance, with the notes and phones in and around them.

    ``start_s`` is the time of the first frame; ``phones`` index ``notes``.
    """

    first: int
    last: int
    start_s: float
    notes: tuple[Note, ...]
    phones: tuple[Phone, ...]

    def __len__(self) -> int:
        return self.last - self.first


# -- dividing -------------------------------------------------------------------------------------


def divide(notes: Sequence[Note], phones: Sequence[Phone], hop_s: float) -> list[Phrase]:
    """The phrases of a part, in order. ``notes`` may be empty where only phones matter."""
    origin = phones[0].start_s
    first_after = [note.end_s for note in notes]
    begins = [note.start_s for note in notes]
    ends = [phone.end_s for phone in phones]
    starts = [phone.start_s for phone in phones]
    found = []
    for first, last in spans(phones, hop_s):
        start_s, end_s = origin + first * hop_s, origin + last * hop_s
        low = max(0, bisect_right(first_after, start_s) - NEIGHBOURS)
        high = min(len(notes), bisect_left(begins, end_s) + NEIGHBOURS)
        near = notes[low:high]
        from_s = min([start_s, *(note.start_s for note in near[:1])]) - NEAR_S
        to_s = max([end_s, *(note.end_s for note in near[-1:])]) + NEAR_S
        around = phones[max(0, bisect_right(ends, from_s) - 1) : bisect_left(starts, to_s) + 1]
        found.append(Phrase(first, last, start_s, tuple(near), tuple(_counted(around, low, high))))
    return found


def _counted(phones: Sequence[Phone], low: int, high: int) -> Iterator[Phone]:
    """Phones that count their notes from ``low``; notes outside [low, high) are forgotten."""
    for phone in phones:
        known = phone.note is not None and low <= phone.note < high
        yield replace(phone, note=phone.note - low if known and phone.note is not None else None)


def spans(phones: Sequence[Phone], hop_s: float) -> list[tuple[int, int]]:
    """Frames [first, last) of each phrase: singing between long rests, with its margins."""
    joined: list[tuple[float, float]] = []
    for start, end in sung_spans(phones):
        if joined and start - joined[-1][1] < PHRASE_REST_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    origin, total = phones[0].start_s, num_frames(phones, hop_s)
    found = []
    for i, (start, end) in enumerate(joined):
        before = joined[i - 1][1] if i else origin
        after = joined[i + 1][0] if i + 1 < len(joined) else np.inf
        first = max(start - MARGIN_S, (start + before) / 2 if i else origin)
        last = min(end + MARGIN_S, (end + after) / 2)
        a, b = round((first - origin) / hop_s), round((last - origin) / hop_s)
        found.append((a, min(b, total)))
    return found


def num_frames(phones: Sequence[Phone], hop_s: float) -> int:
    """Acoustic frames that a performance has."""
    return count(phones[-1].end_s - phones[0].start_s, hop_s)


def sung_spans(phones: Sequence[Phone]) -> list[tuple[float, float]]:
    """Stretches between rests, in seconds."""
    found: list[tuple[float, float]] = []
    for phone in phones:
        if phone.symbol == REST:
            continue
        if found and phone.start_s - found[-1][1] < 1e-6:
            found[-1] = (found[-1][0], phone.end_s)
        else:
            found.append((phone.start_s, phone.end_s))
    return found


def waves(
    phrases: Sequence[Phrase], hop_s: float, first_s: float | None = None
) -> Iterator[list[Phrase]]:
    """Phrases in groups to generate at once.

    Groups of about the same length, or of ``first_s`` first and then ever longer ones.
    """
    whole_s = sum(map(len, phrases)) * hop_s
    most_s = STREAM_WAVE_S if first_s else whole_s / max(1, math.ceil(whole_s / WAVE_S))
    wave: list[Phrase] = []
    room = min(first_s or most_s, most_s)
    for phrase in phrases:
        if wave and (sum(map(len, wave)) + len(phrase) / 2) * hop_s > room:
            yield wave
            wave, room = [], min(2 * room, most_s)
        wave.append(phrase)
    if wave:
        yield wave


# -- singing --------------------------------------------------------------------------------------


def generate_pitch(
    phrases: Sequence[Phrase],
    voice: Voice,
    seed: int,
    temperature: float,
    tell: Tell | None = None,
) -> list[FloatArray]:
    """F0 of each phrase in Hz, tuned to the notes, (len(phrase),)."""
    hop = voice.spec.hop_s
    asked = [(p.notes, p.phones, len(p), p.start_s) for p in phrases]
    seeds = [_seed(seed, 0, p.first) for p in phrases]
    curves = voice.pitch.generate(asked, seeds, temperature, tell)
    return [
        hertz(
            tune(curve, performed_line(p.notes, p.phones), p.phones, voice.vowels, hop, p.start_s)
        )
        for p, curve in zip(phrases, curves, strict=True)
    ]


def generate_timbre(
    phrases: Sequence[Phrase],
    f0_hz: Sequence[FloatArray],
    voice: Voice,
    seed: int,
    temperature: float,
    tell: Tell | None = None,
) -> list[Features]:
    """Acoustic features of each phrase, sung at its F0 (len(phrase),)."""
    asked = [
        voice.timbre.score_controls(p.phones, semitones(f0), p.start_s)
        for p, f0 in zip(phrases, f0_hz, strict=True)
    ]
    made = voice.timbre.generate(
        asked, [_seed(seed, 1, p.first) for p in phrases], temperature, tell
    )
    return [
        Features(
            harmonic=streams["harmonic"].numpy().astype(np.float64),
            aperiodic=streams["aperiodic"].numpy().astype(np.float64),
            voicing=streams["voicing"][:, 0].numpy() > 0.5,
            f0_hz=f0,
        )
        for streams, f0 in zip(made, f0_hz, strict=True)
    ]


def _seed(seed: int, stream: int, first_frame: int) -> int:
    """A seed a phrase: changing one phrase leaves the others' noise as it is."""
    return int(
        np.random.SeedSequence([seed & (2**63 - 1), stream, first_frame]).generate_state(1)[0]
    )


# -- sound ----------------------------------------------------------------------------------------


def sound(
    phrase: Phrase,
    features: Features,
    spec: FeatureSpec,
    loudness: Sequence[tuple[float, float]] = (),
) -> npt.NDArray[np.float32]:
    """Samples of one phrase, at the level of the recordings, silent in its rests.

    They begin at sample ``round(phrase.first * hop_s * sample_rate)`` of the performance.

    Parameters
    ----------
    features
        Of its frames alone.
    loudness
        (seconds, dB) of the part; none leaves the level as it is.
    """
    samples = vocode_features(features, spec, _coder(spec))
    times = np.arange(len(samples)) / spec.sample_rate + phrase.start_s
    samples *= rest_gain(phrase.phones, times)
    if loudness:
        samples *= loudness_gain(loudness, times)
    return samples.astype(np.float32)


@functools.lru_cache(maxsize=4)
def _coder(spec: FeatureSpec) -> SpectralCoder:
    return SpectralCoder(spec)


def rest_gain(phones: Sequence[Phone], times_s: FloatArray) -> FloatArray:
    """Gain that is 1 while anything is sung and 0 in rests, with raised-cosine fades, (T,)."""
    gain = np.zeros(len(times_s))
    for start, end in sung_spans(phones):
        first, last = np.searchsorted(times_s, [start - FADE_IN_S, end + FADE_OUT_S])
        t = times_s[first:last]
        rise = np.clip((t - start + FADE_IN_S) / FADE_IN_S, 0, 1)
        fall = np.clip((end + FADE_OUT_S - t) / FADE_OUT_S, 0, 1)
        shape = 0.5 - 0.5 * np.cos(np.pi * np.minimum(rise, fall))
        gain[first:last] = np.maximum(gain[first:last], shape)
    return gain


def loudness_gain(loudness: Sequence[tuple[float, float]], times_s: FloatArray) -> FloatArray:
    """Gain of a loudness curve at evenly spaced times, (T,): straight lines in dB, smoothed.

    Before its first point and after its last the curve is held. A step takes about 50 ms.
    """
    places, levels = np.array(loudness).T
    step = 0.005
    margin = 4 * LOUDNESS_SMOOTHING_S
    grid = np.arange(times_s[0] - margin, times_s[-1] + margin + step, step)
    curve = np.interp(grid, places, levels)
    smooth = scipy.ndimage.gaussian_filter1d(curve, LOUDNESS_SMOOTHING_S / step, mode="nearest")
    return 10.0 ** (np.interp(times_s, grid, smooth) / 20.0)
