"""The command line's options: verbs, what they take, and what values mean.

A verb is a function of :mod:`singsynth.cli`, named after it and described by its docstring.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

DEFAULT_VOICE = "pjs"

STEPS = ("prepare", "check", "timing", "pitch", "timbre", "evaluate", "pack")
"""Steps of making a voice, in order."""

Verb = Callable[[argparse.Namespace], None]


def build_parser(functions: Iterable[Verb]) -> argparse.ArgumentParser:
    """All verbs and their options; ``functions`` are the verbs' own."""
    runs = {function.__name__: function for function in functions}
    parser = argparse.ArgumentParser(
        prog="singsynth",
        description="Sing a score: MusicXML with lyrics in, a singing voice out.",
        epilog="Start with: singsynth render song.musicxml -o song.wav\n"
        "More about a verb: singsynth render --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    verb = _add_verb(verbs, runs["render"], example="render song.musicxml -o song.wav --tempo 0.9")
    _add_scores(verb)
    _add_verse(verb)
    _add_output(verb, "the sound file to write, .wav; for many scores the folder to write into")
    _add_voice(verb)
    verb.add_argument(
        "--part",
        metavar="PART",
        help="name or number of the part to sing (default: the first that has words)",
    )
    verb.add_argument(
        "--all-parts",
        action="store_true",
        help="sing every part into a file of its own, and all together into OUT.wav",
    )
    verb.add_argument(
        "--octave",
        choices=["auto"],
        help="auto: move parts by whole octaves into the voice's range",
    )
    _add_language(verb)
    _add_lexicon(verb)
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
    verb.add_argument(
        "--jobs",
        type=_count,
        default=1,
        metavar="NUMBER",
        help="of many scores, how many to sing at a time (default: 1)",
    )
    verb.add_argument("--quiet", action="store_true", help="say nothing but errors")

    verb = _add_verb(verbs, runs["inspect"], example="inspect song.musicxml --json")
    _add_score(verb)
    _add_verse(verb)
    verb.add_argument(
        "--voice", metavar="NAME", help="pronounce words as this voice does, by its own lexicon"
    )
    _add_language(verb)
    _add_lexicon(verb)
    _add_json(verb)

    verb = _add_verb(verbs, runs["voices"], example="voices")
    _add_json(verb)

    verb = _add_verb(
        verbs, runs["copy"], example="copy sung.wav -o copied.wav", aliases=["analyze"]
    )
    verb.add_argument("input", type=Path, metavar="IN.wav", help="a recording of one voice, mono")
    _add_output(verb, "the sound file to write, .wav")

    verb = _add_verb(
        verbs, runs["train"], example="train recipes/pjs --data PJS_corpus --work runs/pjs"
    )
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

    verb = _add_verb(verbs, runs["evaluate"], example="evaluate pjs --data PJS_corpus --json")
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

    verb = _add_verb(verbs, runs["bench"], example="bench --json")
    _add_voice(verb)
    verb.add_argument(
        "--repeats",
        type=_count,
        default=5,
        metavar="NUMBER",
        help="measure so many times and take the median (default: 5)",
    )
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
        "score",
        type=Path,
        metavar="SCORE",
        help="a score with lyrics: .musicxml, .xml, .mxl, .mid or .json",
    )


def _add_scores(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "scores",
        type=Path,
        nargs="+",
        metavar="SCORE",
        help="a score with lyrics: .musicxml, .xml, .mxl, .mid or .json; or many, or a folder",
    )


def _add_verse(verb: argparse.ArgumentParser) -> None:
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


def _add_lexicon(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--lexicon",
        type=Path,
        metavar="WORDS.tsv",
        help="your own pronunciations: lines of a word, a tab and its phones",
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
