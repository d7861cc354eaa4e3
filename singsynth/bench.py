"""How fast this machine sings: every stage in multiples of real time, measured in one run.

The song is made here, three minutes of four-bar phrases in quavers and crotchets in the middle of
the voice's range, so that every machine measures the same. A figure is the median of several runs.
``uncached`` is the same network in plain PyTorch, recomputed for every frame: what all the rest is
measured against; ``copy`` is WORLD analysis and synthesis of the same sound, no model between.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from singsynth.acoustics import copy_synthesis
from singsynth.model.engine import engine_name, num_threads, threads
from singsynth.performance import perform, prepare
from singsynth.phrases import divide
from singsynth.score import read_score
from singsynth.stages import predict_pitch, predict_timbre, predict_timing, vocode
from singsynth.voice import Voice, load_voice

SONG_BARS = 72
PHRASE_BARS = 4
BEATS_PER_MINUTE = 96
UNCACHED_S = 1.0
"""Sound that the uncached network makes: it takes its time."""

SYLLABLES = "さくらやまかわはなとりうみそらゆきつきほしかぜ"
STEPS = ("D{}", "E{}", "F{}", "G{}", "A{}", "G{}", "F{}", "E{}")

Say = Callable[[str], None]


def song_xml(bars: int = SONG_BARS, octave: int = 3) -> str:
    """A MusicXML score of so many bars: 2.5 seconds each, every fourth ends in a rest."""
    notes, sung = [], 0
    for bar in range(bars):
        lengths = [1, 1, 2, 1, 1, 2] if bar % 2 else [2, 1, 1, 2, 2]
        final = bar % PHRASE_BARS == PHRASE_BARS - 1
        body = ""
        if not bar:
            body += "<attributes><divisions>2</divisions><time><beats>4</beats>"
            body += "<beat-type>4</beat-type></time></attributes>"
            body += f'<sound tempo="{BEATS_PER_MINUTE}"/>'
        for place, length in enumerate(lengths):
            if final and place == len(lengths) - 1:
                body += f"<note><rest/><duration>{length}</duration></note>"
                continue
            name = STEPS[sung % len(STEPS)].format(octave)
            body += (
                f"<note><pitch><step>{name[0]}</step><octave>{name[1]}</octave></pitch>"
                f"<duration>{length}</duration><lyric><syllabic>single</syllabic>"
                f"<text>{SYLLABLES[sung * 7 % len(SYLLABLES)]}</text></lyric></note>"
            )
            sung += 1
        notes.append(f'<measure number="{bar + 1}">{body}</measure>')
    return (
        '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0"><part-list>'
        '<score-part id="P1"><part-name>Voice</part-name></score-part></part-list>'
        f'<part id="P1">{"".join(notes)}</part></score-partwise>'
    )


def measure(voice_name: str, repeats: int, say: Say) -> dict[str, Any]:
    """Every figure, as :func:`singsynth.cli.bench` prints it.

    Returns
    -------
    ``phrase`` (one phrase on one core), ``song`` (on all), ``song_one_thread``, ``uncached`` and
    ``copy`` in multiples of real time; ``first_sound_s`` from the score to the first phrase, the
    voice being loaded; ``peak_mb`` of a process that renders the song; ``threads``; ``engine``.
    """
    voice = load_voice(voice_name)
    octave = round((voice.info.lowest + voice.info.highest) / 24 - 1.5)  # D to A in mid-range
    with tempfile.TemporaryDirectory() as folder:
        score = Path(folder) / "song.musicxml"
        score.write_text(song_xml(SONG_BARS, octave), encoding="utf-8")
        phrase = Path(folder) / "phrase.musicxml"
        phrase.write_text(song_xml(PHRASE_BARS, octave), encoding="utf-8")

        say("one phrase, one core")
        with threads(1):
            one = _stages(phrase, voice_name, voice, repeats, ("pitch", "timbre", "vocoder"))
            say("one phrase, uncached")
            uncached = _uncached(phrase, voice)
        say(f"{SONG_BARS * 2.5:.0f} seconds of song, {num_threads()} threads")
        every = ("score", "language", "timing", "pitch", "timbre", "vocoder", "total")
        song = _stages(score, voice_name, voice, repeats, every)
        say("the same on one thread")
        with threads(1):
            alone = _stages(score, voice_name, voice, repeats, ("pitch", "timbre", "vocoder"))
        say("copy-synthesis, first sound, memory")
        made = perform(prepare(read_score(phrase), voice), voice)
        copied = _median(
            lambda: copy_synthesis(made.samples.astype(np.float64), voice.spec), repeats
        )
        first = _median(lambda: _first_sound(score, voice), repeats)
        return {
            "phrase": one,
            "song": song,
            "song_one_thread": alone,
            "uncached": {"timbre": uncached},
            "copy": {"total": made.duration_s / copied},
            "first_sound_s": first,
            "peak_mb": _peak_mb(score, voice_name, Path(folder) / "out.wav"),
            "threads": num_threads(),
            "engine": engine_name(),
        }


def _stages(
    score: Path, voice_name: str, voice: Voice, repeats: int, wanted: Sequence[str]
) -> dict[str, float]:
    """Multiples of real time of each stage; what one makes is handed to the next."""
    read = read_score(score)
    song = prepare(read, voice)
    part, duration = song.parts[0], song.duration_s
    phones = predict_timing(part, voice, duration)
    f0_hz = predict_pitch(part, phones, voice)
    features = predict_timbre(phones, f0_hz, voice)
    out = score.with_suffix(".wav")

    def whole() -> None:
        loaded = load_voice(voice_name)
        perform(prepare(read_score(score), loaded), loaded).save(out, force=True)

    runs: dict[str, Callable[[], object]] = {
        "score": lambda: read_score(score),
        "language": lambda: prepare(read, voice),
        "timing": lambda: predict_timing(part, voice, duration),
        "pitch": lambda: predict_pitch(part, phones, voice),
        "timbre": lambda: predict_timbre(phones, f0_hz, voice),
        "vocoder": lambda: vocode(features, phones, voice),
        "total": whole,
    }
    return {name: duration / _median(runs[name], repeats) for name in wanted}


def _median(run: Callable[[], object], repeats: int) -> float:
    """Seconds that a run takes."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def _uncached(score: Path, voice: Voice) -> float:
    """Multiples of real time of the three timbre streams, the network run anew for every frame."""
    song = prepare(read_score(score), voice)
    phones = predict_timing(song.parts[0], voice, song.duration_s)
    phrase = divide((), phones, voice.spec.hop_s)[0]
    pitch = np.full(round(UNCACHED_S / voice.spec.hop_s), 60.0)
    controls = voice.timbre.score_controls(phrase.phones, pitch, phrase.start_s)
    return UNCACHED_S / _median(lambda: voice.timbre.generate_uncached(controls), repeats=1)


def _first_sound(score: Path, voice: Voice) -> None:
    pieces = perform(prepare(read_score(score), voice), voice).stream()
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]


def _peak_mb(score: Path, voice_name: str, out: Path) -> float:
    """Most memory that a process of its own takes for the whole render."""
    code = (
        "import resource, sys; from singsynth.cli import main; "
        "main(['render', sys.argv[1], '--voice', sys.argv[2], '-o', sys.argv[3], '--quiet']); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, str(score), voice_name, str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return int(done.stdout.split()[-1]) / unit


def as_table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    slow = figures["uncached"]["timbre"]
    columns = {
        "phrase, 1 thread": figures["phrase"],
        "song, 1 thread": figures["song_one_thread"],
        f"song, {figures['threads']} threads": figures["song"],
    }
    lines = [
        f"multiples of real time, engine {figures['engine']}",
        f"{'':<10}" + "".join(f"{name:>20}" for name in columns),
    ]
    for stage in figures["song"]:
        cells = [f"{c[stage]:.0f}" if stage in c else "" for c in columns.values()]
        lines.append(f"{stage:<10}" + "".join(f"{cell:>20}" for cell in cells))
    lines += [
        f"timbre, the network uncached in PyTorch: {slow:.2f}; "
        f"one phrase is {figures['phrase']['timbre'] / slow:.0f} times as fast, "
        f"the song {figures['song']['timbre'] / slow:.0f} times",
        f"WORLD copy-synthesis: {figures['copy']['total']:.1f}; "
        f"a render is {figures['song']['total'] / figures['copy']['total']:.1f} times as fast",
        f"first sound after {figures['first_sound_s']:.2f} s; "
        f"at most {figures['peak_mb']:.0f} MB of memory",
    ]
    return "\n".join(lines)
