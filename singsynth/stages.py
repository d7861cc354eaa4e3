"""The stages of a performance, each callable alone and open to edited input.

::

    predict_timing   notes and syllables      -> phones in time
    predict_pitch    notes and phones         -> F0
    predict_timbre   phones and F0            -> acoustic features
    vocode           features and phones      -> samples

Times are seconds of the score; features begin :data:`~singsynth.song.HEAD_S` before the score does
and end :data:`~singsynth.song.TAIL_S` after it. A phrase is the unit of generation: each draws its
own noise, and how phrases are batched changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from singsynth.acoustics import Features, SpectralCoder
from singsynth.acoustics import synthesize as vocode_features
from singsynth.acoustics.features import FloatArray, hertz, semitones
from singsynth.model.pitch import performed_line
from singsynth.model.timing import fit
from singsynth.model.tuning import tune
from singsynth.song import HEAD_S, REST, TAIL_S, Part, Phone
from singsynth.voice import Voice

PHRASE_REST_S = 0.3
"""A rest of this length or more parts two phrases, which are sung independently."""

MARGIN_S = 0.2
"""Silence around a phrase that the models are run on."""

FADE_IN_S = 0.01
FADE_OUT_S = 0.03
PEAK = 10 ** (-1 / 20)
"""Level of the loudest sample: 1 dB below full scale."""

BATCH = 16
"""Phrases generated at once: bounds memory, and more gain little."""

Progress = Callable[[str, float], None]
"""Told the stage and the share of it that is done."""


def predict_timing(part: Part, voice: Voice, duration_s: float) -> tuple[Phone, ...]:
    """Phones of a part in time, from ``-HEAD_S`` to ``duration_s + TAIL_S`` without gaps."""
    deviations, durations = voice.timing.predict(part.notes)
    return fit(part.notes, deviations, durations, -HEAD_S, duration_s + TAIL_S)


def num_frames(phones: Sequence[Phone], voice: Voice) -> int:
    """Acoustic frames that a performance has."""
    return voice.spec.num_frames(phones[-1].end_s - phones[0].start_s)


def predict_pitch(
    part: Part,
    phones: Sequence[Phone],
    voice: Voice,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    progress: Progress | None = None,
) -> FloatArray:
    """Continuous F0 in Hz at every acoustic frame, tuned to the notes, (T,)."""
    hop, origin = voice.spec.hop_s, phones[0].start_s
    spans = phrases(phones, hop, num_frames(phones, voice))
    curve = np.full(num_frames(phones, voice), np.nan)
    for batch in _batches(spans, "pitch", progress):
        asked = [(part.notes, phones, b - a, origin + a * hop) for a, b in batch]
        curves = voice.pitch.generate(asked, [_seed(seed, 0, a) for a, _ in batch], temperature)
        for (a, b), values in zip(batch, curves, strict=True):
            curve[a:b] = values
    known = np.isfinite(curve)
    if known.any():
        curve = np.interp(np.arange(len(curve)), np.flatnonzero(known), curve[known])
        line = performed_line(part.notes, phones)
        curve = tune(curve, line, phones, voice.vowels, hop, origin)
    else:
        curve = np.full(len(curve), 60.0)
    return hertz(curve)


def predict_timbre(
    phones: Sequence[Phone],
    f0_hz: FloatArray,
    voice: Voice,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    progress: Progress | None = None,
) -> Features:
    """Acoustic features of phones sung at ``f0_hz`` (T,); silence between phrases."""
    hop, origin = voice.spec.hop_s, phones[0].start_s
    pitch = semitones(f0_hz)
    total = len(f0_hz)
    model = voice.timbre
    quiet = {s: model.unscale(s, torch.full((model.dimensions[s],), -1.0)) for s in ("harmonic",)}
    harmonic = np.tile(quiet["harmonic"].double().numpy(), (total, 1))
    aperiodic = np.zeros((total, model.dimensions["aperiodic"]))
    voicing = np.zeros(total, dtype=bool)
    for batch in _batches(phrases(phones, hop, total), "timbre", progress):
        asked = [model.score_controls(phones, pitch[a:b], origin + a * hop) for a, b in batch]
        made = model.generate(asked, [_seed(seed, 1, a) for a, _ in batch], temperature)
        for (a, b), streams in zip(batch, made, strict=True):
            harmonic[a:b] = streams["harmonic"].double().numpy()
            aperiodic[a:b] = streams["aperiodic"].double().numpy()
            voicing[a:b] = streams["voicing"][:, 0].numpy() > 0.5
    return Features(harmonic, aperiodic, voicing, f0_hz)


def vocode(
    features: Features, phones: Sequence[Phone], voice: Voice, duration_s: float | None = None
) -> FloatArray:
    """Sound of features, silent in rests, its loudest sample 1 dB below full scale."""
    spec = voice.spec
    samples = vocode_features(features, spec, SpectralCoder(spec))
    origin = phones[0].start_s
    length = round((duration_s or phones[-1].end_s - origin) * spec.sample_rate)
    samples = np.pad(samples[:length], (0, max(0, length - len(samples))))
    samples *= rest_gain(phones, np.arange(length) / spec.sample_rate + origin)
    peak = float(np.max(np.abs(samples), initial=0.0))
    return samples * (PEAK / peak) if peak > 0 else samples


def rest_gain(phones: Sequence[Phone], times_s: FloatArray) -> FloatArray:
    """Gain that is 1 while anything is sung and 0 in rests, with raised-cosine fades, (T,)."""
    gain = np.zeros(len(times_s))
    for start, end in _sung_spans(phones):
        first, last = np.searchsorted(times_s, [start - FADE_IN_S, end + FADE_OUT_S])
        t = times_s[first:last]
        rise = np.clip((t - start + FADE_IN_S) / FADE_IN_S, 0, 1)
        fall = np.clip((end + FADE_OUT_S - t) / FADE_OUT_S, 0, 1)
        shape = 0.5 - 0.5 * np.cos(np.pi * np.minimum(rise, fall))
        gain[first:last] = np.maximum(gain[first:last], shape)
    return gain


def _sung_spans(phones: Sequence[Phone]) -> list[tuple[float, float]]:
    """Stretches between rests, in seconds."""
    spans: list[tuple[float, float]] = []
    for phone in phones:
        if phone.symbol == REST:
            continue
        if spans and phone.start_s - spans[-1][1] < 1e-6:
            spans[-1] = (spans[-1][0], phone.end_s)
        else:
            spans.append((phone.start_s, phone.end_s))
    return spans


def phrases(phones: Sequence[Phone], hop_s: float, total: int) -> list[tuple[int, int]]:
    """Frames [first, last) of each phrase: singing between long rests, with its margins."""
    joined: list[tuple[float, float]] = []
    for start, end in _sung_spans(phones):
        if joined and start - joined[-1][1] < PHRASE_REST_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    origin = phones[0].start_s
    spans = []
    for i, (start, end) in enumerate(joined):
        before = joined[i - 1][1] if i else origin
        after = joined[i + 1][0] if i + 1 < len(joined) else np.inf
        first = max(start - MARGIN_S, (start + before) / 2 if i else origin)
        last = min(end + MARGIN_S, (end + after) / 2)
        a, b = round((first - origin) / hop_s), round((last - origin) / hop_s)
        spans.append((a, min(b, total)))
    return spans


def _batches(
    spans: Sequence[tuple[int, int]], stage: str, progress: Progress | None
) -> Iterator[list[tuple[int, int]]]:
    """Phrases of like length together, as a batch takes as long as its longest."""
    tell = progress or (lambda name, share: None)
    ordered = sorted(spans, key=lambda span: span[1] - span[0])
    for i in range(0, len(ordered), BATCH):
        tell(stage, i / len(ordered))
        yield ordered[i : i + BATCH]
    tell(stage, 1.0)


def _seed(seed: int, stream: int, first_frame: int) -> int:
    """A seed a phrase: changing one phrase leaves the others' noise as it is."""
    return int(
        np.random.SeedSequence([seed & (2**63 - 1), stream, first_frame]).generate_state(1)[0]
    )
