"""The stages of a performance, each callable alone and open to edited input.

::

    predict_timing   notes and syllables      -> phones in time
    predict_pitch    notes and phones         -> F0
    predict_timbre   phones and F0            -> acoustic features
    vocode           features and phones      -> samples

    stream           notes and phones         -> samples, piece by piece

Times are seconds of the score; features begin :data:`~singsynth.song.HEAD_S` before the score does
and end :data:`~singsynth.song.TAIL_S` after it. All stages but the first work phrase by phrase
(:mod:`singsynth.phrases`); whatever runs them, the same phrases come of it.
"""

from __future__ import annotations

import functools
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import numpy as np
import numpy.typing as npt

from singsynth.acoustics import Features
from singsynth.acoustics.features import FloatArray, hertz, semitones
from singsynth.model.engine import num_threads
from singsynth.model.sampling import Tell, portion
from singsynth.model.timing import fit
from singsynth.phrases import (
    FIRST_WAVE_S,
    Phrase,
    divide,
    generate_pitch,
    generate_timbre,
    num_frames,
    sound,
    waves,
)
from singsynth.song import HEAD_S, TAIL_S, Part, Phone
from singsynth.voice import Voice

PEAK = 10 ** (-1 / 20)
"""Level of the loudest sample: 1 dB below full scale."""

SILENT_HZ = 261.6
"""F0 of a performance that has no note at all."""

AHEAD = 8
"""Phrases of sound that a stream makes before they are asked for."""

Progress = Callable[[str, float], None]
"""Told the stage and the share of it that is done."""

Samples = npt.NDArray[np.float32]


def predict_timing(part: Part, voice: Voice, duration_s: float) -> tuple[Phone, ...]:
    """Phones of a part in time, from ``-HEAD_S`` to ``duration_s + TAIL_S`` without gaps."""
    deviations, durations = voice.timing.predict(part.notes)
    return fit(part.notes, deviations, durations, -HEAD_S, duration_s + TAIL_S)


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
    hop = voice.spec.hop_s
    phrases = divide(part.notes, phones, hop)
    curve = np.full(num_frames(phones, hop), np.nan)
    for wave, tell in _told("pitch", phrases, hop, progress):
        made = generate_pitch(wave, voice, seed, temperature, tell)
        for phrase, f0_hz in zip(wave, made, strict=True):
            curve[phrase.first : phrase.last] = semitones(f0_hz)
    known = np.flatnonzero(np.isfinite(curve))
    if not len(known):
        return np.full(len(curve), SILENT_HZ)
    return hertz(np.interp(np.arange(len(curve)), known, curve[known]))


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
    total = len(f0_hz)
    harmonic = np.tile(voice.timbre.silence.astype(np.float64), (total, 1))
    aperiodic = np.zeros((total, voice.spec.num_aperiodic))
    voicing = np.zeros(total, dtype=bool)
    hop = voice.spec.hop_s
    for wave, tell in _told("timbre", divide((), phones, hop), hop, progress):
        given = [f0_hz[phrase.first : phrase.last] for phrase in wave]
        made = generate_timbre(wave, given, voice, seed, temperature, tell)
        for phrase, features in zip(wave, made, strict=True):
            harmonic[phrase.first : phrase.last] = features.harmonic
            aperiodic[phrase.first : phrase.last] = features.aperiodic
            voicing[phrase.first : phrase.last] = features.voicing
    return Features(harmonic, aperiodic, voicing, f0_hz)


def vocode(
    features: Features,
    phones: Sequence[Phone],
    voice: Voice,
    duration_s: float | None = None,
    *,
    loudness: Sequence[tuple[float, float]] = (),
    progress: Progress | None = None,
) -> Samples:
    """Sound of features, silent in rests, its loudest sample 1 dB below full scale.

    Parameters
    ----------
    duration_s
        Of the sound; by default that of the phones.
    loudness
        (seconds, dB) of the part; none leaves the level as it is.
    """
    spec, tell = voice.spec, progress or (lambda stage, share: None)
    phrases = divide((), phones, spec.hop_s)

    def one(phrase: Phrase) -> Samples:
        return sound(phrase, _cut(features, phrase), spec, loudness)

    whole = np.zeros(num_samples(phones, voice, duration_s), dtype=np.float32)
    with ThreadPoolExecutor(num_threads()) as pool:
        for done, (phrase, samples) in enumerate(zip(phrases, pool.map(one, phrases), strict=True)):
            tell("sound", done / len(phrases))
            at = _place(phrase, voice)
            whole[at : at + len(samples)] = samples[: max(0, len(whole) - at)]
    tell("sound", 1.0)
    return whole * level(float(np.max(np.abs(whole), initial=0.0)))


def level(peak: float) -> np.float32:
    """The gain that brings a peak to 1 dB below full scale; 1 for silence."""
    return np.float32(PEAK / peak if peak > 0 else 1.0)


def num_samples(phones: Sequence[Phone], voice: Voice, duration_s: float | None = None) -> int:
    """Samples of a performance that lasts ``duration_s``, by default as long as its phones."""
    if duration_s is None:
        duration_s = phones[-1].end_s - phones[0].start_s
    return round(duration_s * voice.spec.sample_rate)


def stream(
    part: Part,
    phones: Sequence[Phone],
    voice: Voice,
    duration_s: float | None = None,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    progress: Progress | None = None,
) -> Iterator[Samples]:
    """The sound of a part, phrase by phrase, while later phrases are still being generated.

    All pieces together are the samples that :func:`vocode` gives, before it brings their peak to a
    level: how loud the loudest will be is not known when the first is heard. Memory is bounded by
    the longest phrases, not by the part.
    """
    total, sent = num_samples(phones, voice, duration_s), 0
    for phrase, samples in _sung(part, phones, voice, seed, temperature, progress):
        at = _place(phrase, voice)
        samples = samples[: max(0, total - at)]
        yield np.concatenate([np.zeros(at - sent, dtype=np.float32), samples])
        sent = at + len(samples)
    if total > sent:
        yield np.zeros(total - sent, dtype=np.float32)


class _Stopped(Exception):
    """Nobody listens any more."""


def _sung(
    part: Part,
    phones: Sequence[Phone],
    voice: Voice,
    seed: int,
    temperature: float,
    progress: Progress | None,
) -> Iterator[tuple[Phrase, Samples]]:
    """Phrases and their sound, in order. One thread generates, others make sound behind it."""
    hop, spec = voice.spec.hop_s, voice.spec
    pending: queue.Queue[tuple[Phrase, Future[Samples]] | BaseException | None]
    pending = queue.Queue(AHEAD)
    stopped = threading.Event()

    def put(item: tuple[Phrase, Future[Samples]] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                return pending.put(item, timeout=0.1)
            except queue.Full:
                continue

    def heard(stage: str, share: float) -> None:
        if stopped.is_set():
            raise _Stopped
        if progress:
            progress(stage, share)

    def produce() -> None:
        try:
            phrases = divide(part.notes, phones, hop)
            for wave, tell in _told("singing", phrases, hop, heard, FIRST_WAVE_S):
                first, second = portion(tell, 0.0, 0.2), portion(tell, 0.2, 1.0)
                curves = generate_pitch(wave, voice, seed, temperature, first)
                made = generate_timbre(wave, curves, voice, seed, temperature, second)
                sounds = [
                    (phrase, pool.submit(sound, phrase, features, spec, part.loudness))
                    for phrase, features in zip(wave, made, strict=True)
                ]
                for one in sounds:
                    put(one)
                if wave[0] is phrases[0]:  # have the first sound out before the cores are shared
                    wait([sounds[0][1]])
            put(None)
        except _Stopped:
            pass
        except BaseException as error:  # told to whoever listens
            put(error)

    with ThreadPoolExecutor(num_threads()) as pool:
        producer = threading.Thread(target=produce, daemon=True)
        producer.start()
        try:
            while (item := pending.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item[0], item[1].result()
        finally:
            stopped.set()
            producer.join()
            pool.shutdown(cancel_futures=True)


def _told(
    stage: str,
    phrases: Sequence[Phrase],
    hop_s: float,
    progress: Progress | None,
    first_s: float | None = None,
) -> Iterator[tuple[list[Phrase], Tell | None]]:
    """Waves of phrases, each with whom to tell its own share of the stage."""
    tell = functools.partial(progress, stage) if progress else None
    total, done = max(1, sum(map(len, phrases))), 0
    for wave in waves(phrases, hop_s, first_s):
        before, done = done, done + sum(map(len, wave))
        yield wave, portion(tell, before / total, done / total)
        if tell:
            tell(done / total)


def _place(phrase: Phrase, voice: Voice) -> int:
    """The sample of the performance at which a phrase begins."""
    return round(phrase.first * voice.spec.hop_s * voice.spec.sample_rate)


def _cut(features: Features, phrase: Phrase) -> Features:
    inside = slice(phrase.first, phrase.last)
    return Features(
        features.harmonic[inside],
        features.aperiodic[inside],
        features.voicing[inside],
        features.f0_hz[inside],
    )
