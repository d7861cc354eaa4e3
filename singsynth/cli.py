"""The command line: one verb a function, thin over the public functions.

Conventions
-----------
- Results go to standard output or to the file asked for; everything said to a person goes to
  standard error.
- Exit codes: 0 done; 2 the user can mend it (a bad option, score, voice or output), told in one
  line; 130 interrupted; 141 the reader of our output went away.
- Nothing heavy is imported before a verb runs, so that ``singsynth --help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from singsynth.arguments import STEPS
from singsynth.arguments import build_parser as arguments_of
from singsynth.errors import OutputError, SingsynthError

AUDIBLE_DB = 60.0
"""Copy-synthesis is measured on frames no more than this below the loudest."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb with the arguments ``argv``, by default the program's; give the exit code."""
    _never_fail_to_print()
    _tidy_up_when_told_to_stop()
    warnings.showwarning = lambda message, *place: _say(f"singsynth: {message}")
    arguments = build_parser().parse_args(argv)
    verb: Callable[[argparse.Namespace], None] = arguments.verb
    try:
        verb(arguments)
        sys.stdout.flush()
    except SingsynthError as error:
        _say(f"singsynth: {error}")
        return 2
    except MemoryError:
        _say("singsynth: memory ran out; close other programs, or sing a part of the score")
        return 2
    except KeyboardInterrupt:
        _say("singsynth: interrupted")
        return 130
    except BrokenPipeError:
        # Python flushes standard output once more at exit: give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


# Verbs -------------------------------------------------------------------------------------------


def render(arguments: argparse.Namespace) -> None:
    """Sing a score, or many, into sound files."""
    from singsynth.files import check_folder, check_writable

    scores, output = arguments.scores, arguments.output
    many = len(scores) > 1 or scores[0].is_dir()
    if arguments.all_parts and arguments.part:
        raise SingsynthError("--all-parts sings every part: leave out --part, or leave out that")
    if many:
        check_folder(output)
    elif output.suffix.lower() != ".wav":
        raise OutputError(f"{output}: only WAV is written; let its name end in .wav")
    else:
        check_writable(output, arguments.force)

    from singsynth.batch import Settings, render_file, render_files, scores_in

    settings = Settings(
        voice=arguments.voice,
        part=arguments.part,
        verse=arguments.verse,
        seed=arguments.seed,
        temperature=arguments.temperature,
        tempo=arguments.tempo,
        transpose=arguments.transpose,
        octave=arguments.octave,
        device=arguments.device,
        language=arguments.language,
        lexicon=arguments.lexicon,
        all_parts=arguments.all_parts,
    )
    say = (lambda line: None) if arguments.quiet else _say
    if many:
        failed = render_files(
            scores_in(scores),
            output,
            settings,
            jobs=arguments.jobs,
            force=arguments.force,
            say=say,
        )
        if failed:
            raise SingsynthError(f"{failed} of the scores could not be rendered, see above")
        return
    progress = _show_progress if sys.stderr.isatty() and not arguments.quiet else None
    for line in render_file(scores[0], output, settings, force=arguments.force, progress=progress):
        say(line)


def inspect(arguments: argparse.Namespace) -> None:
    """Show what is understood of a score: notes, syllables, phones and warnings."""
    from singsynth.formats import read_song
    from singsynth.inspect import as_text, describe
    from singsynth.language import read_lexicon

    song = read_song(arguments.score, verse=arguments.verse)
    lexicon = read_lexicon(arguments.lexicon) if arguments.lexicon else None
    if arguments.voice is None:
        from singsynth.language import pronounce

        song = pronounce(song, arguments.language, lexicon)
    else:
        from singsynth.performance import prepare
        from singsynth.voice import load_voice

        voice = load_voice(arguments.voice)
        song = prepare(song, voice, language=arguments.language, lexicon=lexicon)
    if arguments.json:
        _print_json(describe(song))
    else:
        print(as_text(song))


def voices(arguments: argparse.Namespace) -> None:
    """List the voices that are installed."""
    from dataclasses import asdict

    from singsynth.song import pitch_name
    from singsynth.voice import list_voices

    found = list_voices()
    if arguments.json:
        _print_json([asdict(info) for info in found])
        return
    for info in found:
        print(f"{info.name}: {info.title}")
        print(f"    sings {', '.join(info.languages)}, ", end="")
        print(f"{pitch_name(info.lowest)} to {pitch_name(info.highest)}, {info.sample_rate} Hz")
        print(f"    {info.licence}")
    if not found:
        _say("no voices are installed; name a folder of voices in SINGSYNTH_VOICES")


def copy(arguments: argparse.Namespace) -> None:
    """Take a recording apart and put it together again, with no model in between."""
    import numpy as np

    from singsynth.acoustics import (
        FeatureSpec,
        SpectralCoder,
        analyze,
        copy_synthesis,
        read_audio,
        write_audio,
    )
    from singsynth.files import check_writable
    from singsynth.training.metrics import mel_cepstral_distortion, voicing_error

    check_writable(arguments.output, arguments.force)
    samples, rate = read_audio(arguments.input)
    spec = FeatureSpec(rate)
    copied, features = copy_synthesis(samples, spec)
    again = analyze(copied, spec)
    loud = features.harmonic.max(axis=1) > features.harmonic.max() - AUDIBLE_DB
    coder = SpectralCoder(spec)
    before, after = (coder.mel_cepstrum(f.harmonic)[loud] for f in (features, again))
    peak = max(1.0, float(np.max(np.abs(copied))))
    write_audio(arguments.output, copied / peak, rate, force=arguments.force)
    _say(
        f"{arguments.output}: mel-cepstral distortion {mel_cepstral_distortion(before, after):.2f} "
        f"dB, voicing error {voicing_error(features.voicing[loud], again.voicing[loud]):.1%}, "
        f"over {loud.sum() * spec.hop_s:.1f} s of sound"
    )


def train(arguments: argparse.Namespace) -> None:
    """Make a voice from recordings, or take some steps of it."""
    from singsynth.training.pipeline import run

    run(
        arguments.recipe,
        arguments.data,
        arguments.work or Path("runs") / arguments.recipe.resolve().name,
        steps=arguments.step or STEPS,
        device=arguments.device,
        output=arguments.output,
        say=_say,
    )


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure a voice against recordings that it was not trained on."""
    from singsynth.training.evaluate import as_table
    from singsynth.training.pipeline import evaluate_voice

    result = evaluate_voice(
        arguments.voice,
        arguments.data,
        recipe_dir=arguments.recipe,
        songs=arguments.songs,
        work=arguments.work,
        device=arguments.device,
        say=_say,
    )
    if arguments.json:
        _print_json(result)
    else:
        print(as_table(result))


def bench(arguments: argparse.Namespace) -> None:
    """Measure how fast this machine sings."""
    from singsynth.bench import as_table, measure

    figures = measure(arguments.voice, arguments.repeats, _say)
    if arguments.json:
        _print_json(figures)
    else:
        print(as_table(figures))


def build_parser() -> argparse.ArgumentParser:
    """All verbs and their options."""
    return arguments_of([render, inspect, voices, copy, train, evaluate, bench])


# Talking -----------------------------------------------------------------------------------------


WIPE_LINE = "\r\x1b[K"
"""Brings a terminal back to the start of a line that is empty."""


def _say(message: str) -> None:
    print((WIPE_LINE if sys.stderr.isatty() else "") + message, file=sys.stderr)


def _show_progress(stage: str, share: float) -> None:
    """Keep one line of the terminal up to date; what is said next wipes it."""
    print(f"{WIPE_LINE}{stage} {share:.0%}", end="", file=sys.stderr, flush=True)


def _tidy_up_when_told_to_stop() -> None:
    """Leave on SIGTERM as on Ctrl-C: what is half written is removed."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, leave)


def _never_fail_to_print() -> None:
    """Write what a terminal has no letters for, kana on an old console say, as escapes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _print_json(value: object) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False, indent=2))
