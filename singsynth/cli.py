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
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from singsynth.errors import OutputError, SingsynthError

DEFAULT_VOICE = "pjs"

AUDIBLE_DB = 60.0
"""Copy-synthesis is measured on frames no more than this below the loudest."""

STEPS = ("prepare", "check", "timing", "pitch", "timbre", "evaluate", "pack")
"""Steps of making a voice, in order."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb with the arguments ``argv``, by default the program's; give the exit code."""
    _never_fail_to_print()
    arguments = build_parser().parse_args(argv)
    verb: Callable[[argparse.Namespace], None] = arguments.verb
    try:
        verb(arguments)
        sys.stdout.flush()
    except SingsynthError as error:
        _say(f"singsynth: {error}")
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
    """Sing a score into a sound file."""
    from singsynth.files import check_writable

    if arguments.output.suffix.lower() != ".wav":
        raise OutputError(f"{arguments.output}: only WAV is written; let its name end in .wav")
    check_writable(arguments.output, arguments.force)

    from singsynth.performance import synthesize

    performance = synthesize(
        arguments.score,
        arguments.voice,
        part=arguments.part,
        verse=arguments.verse,
        seed=arguments.seed,
        temperature=arguments.temperature,
        tempo=arguments.tempo,
        transpose=arguments.transpose,
        device=arguments.device,
        language=arguments.language,
        progress=_show_progress if sys.stderr.isatty() and not arguments.quiet else None,
    )
    performance.save(arguments.output, arguments.force)
    if not arguments.quiet:
        _say(
            f"{arguments.score.name}, {performance.part.name}, sung by {arguments.voice}: "
            f"{performance.duration_s:.2f} s in {arguments.output}, the score's first beat at "
            f"{performance.head_s:g} s"
        )
        for warning in dict.fromkeys(map(str, performance.warnings)):
            _say(f"  {warning}")


def inspect(arguments: argparse.Namespace) -> None:
    """Show what is understood of a score: notes, syllables, phones and warnings."""
    from singsynth.inspect import as_text, describe
    from singsynth.score import read_score

    song = read_score(arguments.score, verse=arguments.verse)
    if arguments.voice is None:
        from singsynth.language import pronounce

        song = pronounce(song, arguments.language)
    else:
        from singsynth.performance import prepare
        from singsynth.voice import load_voice

        song = prepare(song, load_voice(arguments.voice), language=arguments.language)
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


# Arguments ---------------------------------------------------------------------------------------


def build_parser() -> argparse.ArgumentParser:
    """All verbs and their options."""
    parser = argparse.ArgumentParser(
        prog="singsynth",
        description="Sing a score: MusicXML with lyrics in, a singing voice out.",
        epilog="Start with: singsynth render song.musicxml -o song.wav\n"
        "More about a verb: singsynth render --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    verb = _add_verb(verbs, render, example="render song.musicxml -o song.wav --tempo 0.9")
    _add_score(verb)
    _add_output(verb, "the sound file to write, .wav")
    _add_voice(verb)
    verb.add_argument(
        "--part",
        metavar="PART",
        help="name or number of the part to sing (default: the first that has words)",
    )
    _add_language(verb)
    verb.add_argument(
        "--tempo",
        type=_positive,
        default=1.0,
        metavar="FACTOR",
        help="scale the speed: 2 is twice as fast (default: 1)",
    )
    verb.add_argument(
        "--transpose",
        type=_finite,
        default=0.0,
        metavar="SEMITONES",
        help="move all notes up, or down with a minus (default: 0)",
    )
    verb.add_argument(
        "--temperature",
        type=_not_negative,
        default=1.0,
        metavar="FACTOR",
        help="scale the variation from one rendering to the next; 0 has none (default: 1)",
    )
    verb.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="NUMBER",
        help="another number, another rendition; the same, the same to the byte (default: 0)",
    )
    _add_device(verb)
    verb.add_argument("--quiet", action="store_true", help="say nothing but errors")

    verb = _add_verb(verbs, inspect, example="inspect song.musicxml --json")
    _add_score(verb)
    verb.add_argument(
        "--voice", metavar="NAME", help="pronounce words as this voice does, by its own lexicon"
    )
    _add_language(verb)
    _add_json(verb)

    verb = _add_verb(verbs, voices, example="voices")
    _add_json(verb)

    verb = _add_verb(verbs, copy, example="copy sung.wav -o copied.wav", aliases=["analyze"])
    verb.add_argument("input", type=Path, metavar="IN.wav", help="a recording of one voice, mono")
    _add_output(verb, "the sound file to write, .wav")

    verb = _add_verb(verbs, train, example="train recipes/pjs --data PJS_corpus --work runs/pjs")
    verb.add_argument(
        "recipe", type=Path, metavar="RECIPE", help="a folder of recipes/, or one like them"
    )
    _add_data(verb)
    _add_work(verb)
    verb.add_argument(
        "--step",
        action="extend",
        nargs="+",
        choices=STEPS,
        metavar="STEP",
        help=f"only these steps, of {', '.join(STEPS)} (default: all, in this order)",
    )
    verb.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="where to put the voice; an older voice there is replaced (default: WORK/voice)",
    )
    _add_device(verb)

    verb = _add_verb(verbs, evaluate, example="evaluate pjs --data PJS_corpus --json")
    verb.add_argument(
        "voice",
        metavar="VOICE",
        help="a name that `singsynth voices` lists, a folder or a zip file",
    )
    _add_data(verb)
    verb.add_argument(
        "--songs",
        nargs="+",
        metavar="SONG",
        help="songs of the corpus (default: those the voice's recipe held out)",
    )
    verb.add_argument(
        "--recipe",
        type=Path,
        metavar="DIR",
        help="the recipe that reads the corpus (default: recipes/ and the name the voice gives)",
    )
    _add_work(verb)
    _add_device(verb)
    _add_json(verb)
    return parser


def _add_verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    run: Callable[[argparse.Namespace], None],
    example: str,
    aliases: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """A verb is named after its function and described by the first line of its docstring."""
    description = (run.__doc__ or "").splitlines()[0]
    verb = verbs.add_parser(
        run.__name__,
        aliases=aliases,
        help=description[0].lower() + description[1:].rstrip("."),
        description=description,
        epilog=f"For example: singsynth {example}",
    )
    verb.set_defaults(verb=run)
    return verb


def _add_score(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "score", type=Path, metavar="SCORE", help="a score with lyrics: .musicxml, .xml or .mxl"
    )
    verb.add_argument(
        "--verse",
        type=_count,
        default=1,
        metavar="NUMBER",
        help="the verse to begin with; each repeat goes on to the next (default: 1)",
    )


def _add_output(verb: argparse.ArgumentParser, description: str) -> None:
    verb.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT.wav", help=description
    )
    verb.add_argument(
        "--force", action="store_true", help="replace the output if it exists already"
    )


def _add_voice(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--voice",
        default=DEFAULT_VOICE,
        metavar="NAME",
        help=f"a name that `singsynth voices` lists, or a folder (default: {DEFAULT_VOICE})",
    )


def _add_language(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--language",
        metavar="CODE",
        help="language of the lyrics, as in ja, es or la (default: the score's)",
    )


def _add_device(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--device", type=_device, default="cpu", help="cpu, cuda or cuda:1 (default: cpu)"
    )


def _add_json(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="print JSON, for other programs")


def _add_data(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="the folder of the corpus"
    )


def _add_work(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="the folder for all that is made on the way (default: runs/ and the recipe's name)",
    )


class _Version(argparse.Action):
    """Print the version; unlike argparse's own it looks it up only when asked."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and leave")

    def __call__(self, parser: argparse.ArgumentParser, *unused: object) -> None:
        from importlib.metadata import version

        print(f"singsynth {version('singsynth')}")
        parser.exit()


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number counted from 1")
    return int(text)


def _positive(text: str) -> float:
    value = _finite(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return value


def _not_negative(text: str) -> float:
    value = _finite(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} must be 0 or more")
    return value


def _device(text: str) -> str:
    if not re.fullmatch(r"cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"'{text}' is none of cpu, cuda, cuda:1 and so on")
    return text


# Talking -----------------------------------------------------------------------------------------


WIPE_LINE = "\r\x1b[K"
"""Brings a terminal back to the start of a line that is empty."""


def _say(message: str) -> None:
    print((WIPE_LINE if sys.stderr.isatty() else "") + message, file=sys.stderr)


def _show_progress(stage: str, share: float) -> None:
    """Keep one line of the terminal up to date; what is said next wipes it."""
    print(f"{WIPE_LINE}{stage} {share:.0%}", end="", file=sys.stderr, flush=True)


def _never_fail_to_print() -> None:
    """Write what a terminal has no letters for, kana on an old console say, as escapes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _print_json(value: object) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False, indent=2))
