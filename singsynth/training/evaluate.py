"""Measure a voice on songs that it never heard, beside what it cannot beat and what it must.

Systems
-------
``voice``     the models, as packed. Timbre from true timing and F0; F0 from true timing and the
              notes; timing from the notes.
``mean``      the same with temperature 0: the means of the distributions.
``copy``      copy-synthesis, analysed again: what the vocoder and its coding leave possible.
``baseline``  :mod:`singsynth.training.baseline`.

Figures are over frames outside silence, see :mod:`singsynth.training.metrics`; each is the mean
over songs with its 95 % interval. Features are compared as generated; only ``copy`` passes through
sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from singsynth.acoustics import Features, SpectralCoder, analyze, synthesize
from singsynth.acoustics.features import FloatArray, hertz
from singsynth.errors import CorpusError
from singsynth.model.controls import frame_times
from singsynth.model.pitch import performed_line, straight_glides
from singsynth.song import Note, Phone
from singsynth.stages import predict_pitch, predict_timbre, predict_timing
from singsynth.training import metrics
from singsynth.training.baseline import Baseline
from singsynth.training.dataset import Sung, sounding
from singsynth.voice import Voice

FIGURES = {
    "mcd_db": "mel-cepstral distortion, dB",
    "vuv_error": "voicing error",
    "bap_db": "band aperiodicity distortion, dB",
    "gv_ratio": "global variance ratio",
    "ms_db": "modulation spectrum distance, dB",
    "f0_rmse_cents": "F0 RMSE, cents",
    "f0_corr": "F0 correlation",
    "vowel_onset_mae_ms": "vowel onset, mean absolute error, ms",
    "consonant_mae_ms": "consonant duration, mean absolute error, ms",
}
"""Figures in the order they are shown, with what they are called."""


def evaluate(
    voice: Voice, baseline: Baseline | None, songs: Iterable[Sung], seed: int = 0
) -> dict[str, Any]:
    """All figures of all systems.

    Returns
    -------
    ``{"songs": [...], "systems": {system: {figure: {"mean", "low", "high"}}}}``.

    Raises
    ------
    CorpusError
        If there is no song.
    """
    names: list[str] = []
    rows: dict[str, dict[str, list[float]]] = {}
    for song in songs:
        names.append(song.example.name)
        for system, figures in _song_figures(voice, baseline, song, seed).items():
            for figure, value in figures.items():
                rows.setdefault(system, {}).setdefault(figure, []).append(value)
    if not names:
        raise CorpusError("no songs to evaluate on; check --songs and the recipe's held_out")
    systems = {
        system: {f: metrics.mean_with_interval(np.array(v)) for f, v in figures.items()}
        for system, figures in rows.items()
    }
    return {"songs": names, "systems": systems}


def _song_figures(
    voice: Voice, baseline: Baseline | None, song: Sung, seed: int
) -> dict[str, dict[str, float]]:
    example, truth = song.example, song.features
    spec, phones, part = voice.spec, example.phones, example.part
    duration = phones[-1].end_s
    f0 = _fitted(truth.f0_hz, len(truth))
    made: dict[str, dict[str, float]] = {}

    def fill(system: str, features: Features, f0_hz: FloatArray) -> None:
        made[system] = {
            **timbre_figures(voice, truth, features, phones),
            **pitch_figures(truth, f0_hz, phones, spec.hop_s),
        }

    for system, temperature in (("voice", 1.0), ("mean", 0.0)):
        options: dict[str, Any] = {"seed": seed, "temperature": temperature}
        features = predict_timbre(phones, f0, voice, **options)
        fill(system, features, predict_pitch(part, phones, voice, **options))
        sung = predict_timing(part, voice, duration)
        made[system] |= timing_figures(part.notes, phones, sung)
    copied = analyze(synthesize(truth, spec), spec)
    aligned = _cut(copied, len(truth))
    fill("copy", aligned, aligned.f0_hz)
    made["copy"] |= {"vowel_onset_mae_ms": 0.0, "consonant_mae_ms": 0.0}
    if baseline is not None:
        times = frame_times(len(truth), spec.hop_s, 0.0)
        glides = hertz(straight_glides(performed_line(part.notes, phones), times))
        fill("baseline", baseline.timbre(phones, f0, spec.hop_s), glides)
        sung = baseline.timing(part.notes, 0.0, duration)
        made["baseline"] |= timing_figures(part.notes, phones, sung)
    return made


def timbre_figures(
    voice: Voice, truth: Features, made: Features, phones: Sequence[Phone]
) -> dict[str, float]:
    """Figures of the feature streams, given the true F0."""
    coder, hop = SpectralCoder(voice.spec), voice.spec.hop_s
    length = min(len(truth), len(made))
    truth, made = _cut(truth, length), _cut(made, length)
    keep = sounding(phones, frame_times(length, hop, 0.0))
    reference, estimate = (coder.mel_cepstrum(x.harmonic)[keep] for x in (truth, made))
    both = keep & truth.voicing
    return {
        "mcd_db": metrics.mel_cepstral_distortion(reference, estimate),
        "vuv_error": metrics.voicing_error(truth.voicing[keep], made.voicing[keep]),
        "bap_db": metrics.aperiodicity_distortion(truth.aperiodic[both], made.aperiodic[both]),
        "gv_ratio": metrics.global_variance_ratio(reference, estimate),
        "ms_db": metrics.modulation_spectrum_distance(
            truth.harmonic[keep], made.harmonic[keep], hop
        ),
    }


def pitch_figures(
    truth: Features, f0_hz: FloatArray, phones: Sequence[Phone], hop_s: float
) -> dict[str, float]:
    """Figures of F0 over the singer's voiced frames."""
    length = min(len(truth), len(f0_hz))
    mask = truth.voicing[:length] & sounding(phones, frame_times(length, hop_s, 0.0))
    reference, estimate = truth.f0_hz[:length], f0_hz[:length]
    return {
        "f0_rmse_cents": metrics.f0_rmse_cents(reference, estimate, mask),
        "f0_corr": metrics.f0_correlation(reference, estimate, mask),
    }


def timing_figures(
    notes: Sequence[Note], truth: Sequence[Phone], sung: Sequence[Phone]
) -> dict[str, float]:
    """Errors of vowel onsets and of consonant durations, phone by phone, in ms."""
    onsets: list[float] = []
    consonants: list[float] = []
    for index, note in enumerate(notes):
        if note.syllable is None:
            continue
        lead = len(note.syllable.onset)
        last = len(note.syllable.phones)
        ours = [p for p in sung if p.note == index]
        theirs = [p for p in truth if p.note == index]
        if len(ours) != len(theirs):  # a phone that the score left no time for
            continue
        for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            if place == lead and note.syllable.nucleus:
                onsets.append(abs(mine.start_s - other.start_s))
            elif place < lead or (place < last and other.symbol == "cl"):
                consonants.append(abs(mine.duration_s - other.duration_s))
    return {
        "vowel_onset_mae_ms": 1000 * float(np.mean(onsets)) if onsets else 0.0,
        "consonant_mae_ms": 1000 * float(np.mean(consonants)) if consonants else 0.0,
    }


def _fitted(values: FloatArray, length: int) -> FloatArray:
    return np.pad(values[:length], (0, max(0, length - len(values))), mode="edge")


def _cut(features: Features, length: int) -> Features:
    return Features(
        features.harmonic[:length],
        features.aperiodic[:length],
        features.voicing[:length],
        features.f0_hz[:length],
    )


def as_table(result: dict[str, Any], systems: Iterable[str] | None = None) -> str:
    """The figures as a Markdown table, mean and half of the interval."""
    names = list(systems or result["systems"])
    lines = ["| figure | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for figure, title in FIGURES.items():
        cells = []
        for name in names:
            value = result["systems"][name].get(figure)
            digits = 3 if figure in ("f0_corr", "vuv_error", "gv_ratio") else 2
            cells.append(
                f"{value['mean']:.{digits}f} ± {value['high'] - value['mean']:.{digits}f}"
                if value
                else "-"
            )
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
