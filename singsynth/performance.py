"""From a song and a voice to a performance, in stages that can each be called alone.

::

    synthesize("song.musicxml")  =  read_score -> pronounce -> perform

    perform  =  predict_timing   notes and syllables      -> phones in time
                predict_pitch    notes and phones         -> F0
                predict_timbre   phones and F0            -> acoustic features
                vocode           features and phones      -> samples

Each stage takes what the one before made, or an edited copy. Times are seconds of the score;
features begin :data:`~singsynth.song.HEAD_S` before the score does and end
:data:`~singsynth.song.TAIL_S` after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from singsynth.acoustics import Features, SpectralCoder, write_audio
from singsynth.acoustics import synthesize as vocode_features
from singsynth.acoustics.features import FloatArray
from singsynth.errors import ScoreError, VoiceError
from singsynth.language import pronounce
from singsynth.model.pitch import performed_line
from singsynth.model.timing import fit
from singsynth.model.tuning import tune
from singsynth.score import read_score
from singsynth.song import (
    HEAD_S,
    REST,
    TAIL_S,
    Note,
    Part,
    Phone,
    Remark,
    Song,
    adjusted,
    pitch_name,
)
from singsynth.voice import Voice, load_voice

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


@dataclass(frozen=True)
class Performance:
    """A song as sung.

    ``samples`` (num_samples,) last ``head_s``, the score's duration and ``tail_s``. ``features``
    and ``f0_hz`` (T,) have a frame every ``voice.spec.hop_s`` from ``-head_s`` on; ``f0_hz`` is
    continuous, ``features.voicing`` tells where it sounds.
    """

    song: Song
    part: Part
    voice: Voice
    phones: tuple[Phone, ...]
    f0_hz: FloatArray
    features: Features
    samples: FloatArray
    head_s: float = HEAD_S
    tail_s: float = TAIL_S

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.voice.info.sample_rate

    @property
    def duration_s(self) -> float:
        """Length of the sound, head and tail included."""
        return len(self.samples) / self.sample_rate

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What in the score was repaired, guessed or left out."""
        return self.song.warnings

    def save(self, path: str | Path, force: bool = False) -> None:
        """Write a 16-bit WAV file.

        Raises
        ------
        OutputError
            If ``path`` exists and ``force`` is False, or cannot be written.
        """
        write_audio(path, self.samples, self.sample_rate, force=force)

    def plot(self) -> Any:
        """Notes, F0, phones and spectrogram as a matplotlib figure."""
        from singsynth.plot import plot_performance

        return plot_performance(self)

    def _repr_html_(self) -> str:
        from singsynth.plot import performance_html

        return performance_html(self)


def synthesize(
    score: Any,
    voice: str | Path | Voice = "pjs",
    *,
    part: int | str | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    tempo: float = 1.0,
    transpose: float = 0.0,
    device: str = "cpu",
    language: str | None = None,
    progress: Progress | None = None,
) -> Performance:
    """Sing a score.

    Parameters
    ----------
    score
        Path of a MusicXML file, an open music21 stream, or a :class:`Song`.
    voice
        Name, folder or zip file of a voice, or a loaded one.
    part
        Name or number (from 1) of the part to sing; by default the first that has words.
    seed, temperature
        The same seed gives the same bytes; temperature scales how much renditions vary.
    tempo, transpose
        Factor on the speed, and semitones upwards.
    device
        ``cpu`` or ``cuda``.
    language
        Of the lyrics; by default what the score says, or what its letters show.

    Raises
    ------
    ScoreError, LyricError, VoiceError
        With the place in the score and the remedy.
    """
    loaded = voice if isinstance(voice, Voice) else load_voice(voice, device)
    song = score if isinstance(score, Song) else read_score(score)
    return perform(
        prepare(song, loaded, language=language, tempo=tempo, transpose=transpose),
        loaded,
        part=part,
        seed=seed,
        temperature=temperature,
        progress=progress,
    )


def prepare(
    song: Song,
    voice: Voice,
    *,
    language: str | None = None,
    tempo: float = 1.0,
    transpose: float = 0.0,
) -> Song:
    """Tempo, transposition and pronunciation: the song that a voice will be given."""
    song = adjusted(song, tempo, transpose)
    lexicon: Mapping[str, Sequence[str]] = {
        word: symbols for words in voice.lexicons.values() for word, symbols in words.items()
    }
    return pronounce(song, language, lexicon or None)


def choose_part(song: Song, part: int | str | None = None) -> Part:
    """The part to sing, by number from 1 or by name; None for the first.

    Raises
    ------
    ScoreError
        If the song has no such part, naming those it has.
    """
    names = [p.name for p in song.parts]
    if part is None and song.parts:
        return song.parts[0]
    if isinstance(part, str) and part in names:
        return song.parts[names.index(part)]
    if str(part).isdecimal() and 1 <= int(str(part)) <= len(song.parts):
        return song.parts[int(str(part)) - 1]
    listed = ", ".join(f"{i} {name}" for i, name in enumerate(names, start=1)) or "none"
    raise ScoreError(f"{song.title or 'score'}: no part '{part}' with words; there are: {listed}")


def perform(
    song: Song,
    voice: Voice,
    *,
    part: int | str | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    progress: Progress | None = None,
) -> Performance:
    """Sing one part of a pronounced song: timing, pitch, timbre, sound."""
    tell = progress or (lambda stage, share: None)
    chosen = choose_part(song, part)
    if part is None and len(song.parts) > 1:
        others = ", ".join(p.name for p in song.parts if p is not chosen)
        remark = Remark(
            chosen.name, 1, 1.0, f"only this part is sung; choose with --part: {others}"
        )
        song = replace(song, warnings=(*song.warnings, remark))
    check_singable(chosen, voice)
    tell("timing", 0.0)
    phones = predict_timing(chosen, voice, song.duration_s)
    f0_hz = predict_pitch(chosen, phones, voice, seed=seed, temperature=temperature, progress=tell)
    features = predict_timbre(
        phones, f0_hz, voice, seed=seed, temperature=temperature, progress=tell
    )
    tell("sound", 0.0)
    samples = vocode(features, phones, voice, HEAD_S + song.duration_s + TAIL_S)
    tell("sound", 1.0)
    return Performance(song, chosen, voice, phones, f0_hz, features, samples)


def check_singable(part: Part, voice: Voice) -> None:
    """Refuse notes out of the voice's range and phones that it does not know.

    Raises
    ------
    VoiceError
        Naming the first such note, how many there are, and the transposition that helps.
    """
    low, high = voice.info.lowest, voice.info.highest
    outside = [n for n in part.notes if not low <= n.pitch <= high]
    if outside:
        note = outside[0]
        more = f" (and {len(outside) - 1} more)" if len(outside) > 1 else ""
        reach = f"{pitch_name(low)} to {pitch_name(high)}"
        raise VoiceError(
            f"{_where(part, note)}: {pitch_name(note.pitch)} is outside the range of voice "
            f"'{voice.info.name}', {reach}{more}; {_transposition(part.notes, low, high)}"
        )
    for note in part.notes:
        symbols = note.syllable.phones if note.syllable else ()
        odd = [symbol for symbol in symbols if symbol not in voice.info.phones]
        if odd:
            raise VoiceError(
                f"{_where(part, note)}: voice '{voice.info.name}' never learnt the sound "
                f"'{odd[0]}' of '{note.lyric}'; write other phones in brackets, as in [k a], or "
                "choose another voice"
            )


def _where(part: Part, note: Note) -> str:
    return f"{part.name}, bar {note.bar}, beat {note.beat:g}"


def _transposition(notes: Sequence[Note], low: float, high: float) -> str:
    lowest, highest = min(n.pitch for n in notes), max(n.pitch for n in notes)
    if highest - lowest > high - low:
        return f"the part spans {highest - lowest:g} semitones, more than this voice has"
    up, down = np.ceil(low - lowest), np.floor(high - highest)
    octave = 12 * round((up if up > 0 else down) / 12)
    amount = octave if octave and up <= octave <= down else (up if up > 0 else down)
    return f"try --transpose {amount:g}"


# -- stages ---------------------------------------------------------------------------------------


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
    return 440.0 * 2.0 ** ((curve - 69) / 12)


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
    semitones = 69 + 12 * np.log2(f0_hz / 440.0)
    total = len(f0_hz)
    model = voice.timbre
    quiet = {s: model.unscale(s, torch.full((model.dimensions[s],), -1.0)) for s in ("harmonic",)}
    harmonic = np.tile(quiet["harmonic"].double().numpy(), (total, 1))
    aperiodic = np.zeros((total, model.dimensions["aperiodic"]))
    voicing = np.zeros(total, dtype=bool)
    for batch in _batches(phrases(phones, hop, total), "timbre", progress):
        asked = [model.score_controls(phones, semitones[a:b], origin + a * hop) for a, b in batch]
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


__all__ = [
    "HEAD_S",
    "TAIL_S",
    "Performance",
    "check_singable",
    "choose_part",
    "perform",
    "predict_pitch",
    "predict_timbre",
    "predict_timing",
    "prepare",
    "synthesize",
    "vocode",
]
