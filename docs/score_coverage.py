"""Read every score with words that music21 carries, and write docs/score-coverage.md.

    python docs/score_coverage.py         # the corpus and the LilyPond suite, some minutes
    python docs/score_coverage.py bach    # only paths that have this in them; nothing is written

A score counts as sung if every part that has words becomes notes with phones; what is refused has
one line that says why. The length that is sung is compared with the length of the score as music21
unfolds it, at the same tempo map where both know it, else in quarter lengths.
"""

from __future__ import annotations

import re
import sys
import traceback
import warnings
import zipfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from singsynth.errors import SingsynthError
from singsynth.language import pronounce
from singsynth.score import SUFFIXES, read_score

HERE = Path(__file__).parent
OUTPUT = HERE / "score-coverage.md"
LILYPOND = "lilypondTestSuite"
HEAD = """# Scores read

Every score with words that music21 carries, read and pronounced by singsynth. Made by
`python docs/score_coverage.py`; a traceback would be named here.
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one score."""

    path: str
    parts: int = 0
    seconds: float = 0.0
    refused: str = ""
    crashed: str = ""
    language: str = ""


LYRIC = re.compile(rb"<lyric.*?</lyric>", re.DOTALL)
TEXT = re.compile(rb"<text[^>]*>([^<]*)</text>")


def has_words(path: Path) -> bool:
    """Whether the file has a lyric with a letter in it."""
    try:
        if path.suffix == ".mxl":
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if not n.startswith("META-INF")]
                contents = [archive.read(name) for name in names]
        else:
            contents = [path.read_bytes()]
    except (OSError, zipfile.BadZipFile):
        return False
    texts = (t for c in contents for lyric in LYRIC.findall(c) for t in TEXT.findall(lyric))
    return any(any(map(str.isalpha, text.decode("utf-8", "replace"))) for text in texts)


def one(path: Path) -> Outcome:
    """Read and pronounce one score."""
    warnings.simplefilter("ignore")
    name = "/".join(path.parts[-2:])
    try:
        song = read_score(path)
        sung = pronounce(song)
        for part in sung.parts:
            assert part.notes, f"part {part.name} has no notes"
        language = " ".join(sorted({part.language for part in sung.parts}))
        return Outcome(name, len(sung.parts), song.duration_s, language=language)
    except SingsynthError as error:
        line = str(error)
        assert "\n" not in line, line
        return Outcome(name, refused=line.replace(str(path), name))
    except Exception:
        return Outcome(name, crashed=traceback.format_exc().splitlines()[-1])


def main() -> None:
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    suite = Path(music21.__file__).parent / "musicxml" / LILYPOND
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    files = {
        "corpus": [p for p in sorted(corpus.rglob("*")) if p.suffix in SUFFIXES],
        "LilyPond suite": sorted(p for p in suite.rglob("*") if p.suffix in SUFFIXES),
    }
    text = [HEAD]
    for title, paths in files.items():
        chosen = [p for p in paths if wanted in str(p) and has_words(p)]
        with ProcessPoolExecutor(2) as pool:
            outcomes = list(pool.map(one, chosen, chunksize=4))
        text.append(section(title, outcomes))
        print(text[-1])
    if not wanted:
        OUTPUT.write_text("\n".join(text), encoding="utf-8")


def section(title: str, outcomes: list[Outcome]) -> str:
    """The table of one collection."""
    sung = [o for o in outcomes if not o.refused and not o.crashed]
    lines = [
        f"\n## {title[0].upper() + title[1:]}\n",
        f"{len(outcomes)} files with words: {len(sung)} sung "
        f"({len(sung) / max(1, len(outcomes)):.1%}), "
        f"{sum(bool(o.refused) for o in outcomes)} refused, "
        f"{sum(bool(o.crashed) for o in outcomes)} tracebacks; "
        f"{sum(o.parts for o in sung)} parts, {sum(o.seconds for o in sung) / 60:.0f} minutes.\n",
        "| folder | files | sung |",
        "|---|---|---|",
    ]
    folders = Counter(o.path.split("/")[0] for o in outcomes)
    good = Counter(o.path.split("/")[0] for o in sung)
    lines += [f"| {f} | {n} | {good[f]} |" for f, n in sorted(folders.items())]
    tongues = Counter(o.language for o in sung)
    lines.append(
        "\nLanguages: " + ", ".join(f"{t or 'none'} {n}" for t, n in tongues.most_common()) + "."
    )
    lines.append("\n| refused or crashed | said |\n|---|---|")
    lines += [
        f"| {o.path} | {(o.refused or o.crashed).replace('|', '/')} |"
        for o in outcomes
        if o.refused or o.crashed
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
