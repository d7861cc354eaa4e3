"""From files to files: one score, all its parts, or many scores side by side.

:func:`render_file` is a plain function of paths and settings, so that whatever runs functions
elsewhere can render elsewhere; ``docs/performance.md`` shows it with Dask.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from singsynth.choir import save_choir, sing_choir
from singsynth.errors import OutputError, ScoreError, SingsynthError
from singsynth.files import check_writable
from singsynth.formats import SUFFIXES, read_song
from singsynth.language import read_lexicon
from singsynth.performance import perform, prepare
from singsynth.stages import Progress
from singsynth.voice import load_voice


@dataclass(frozen=True)
class Settings:
    """How a score is to be sung; the fields are those of :func:`singsynth.synthesize`.

    ``all_parts`` sings every part into a file of its own, and a mix. ``octave`` "auto" moves parts
    by whole octaves into the voice's range.
    """

    voice: str = "pjs"
    part: str | None = None
    verse: int = 1
    seed: int = 0
    temperature: float = 1.0
    tempo: float = 1.0
    transpose: float = 0.0
    octave: str | None = None
    device: str = "cpu"
    language: str | None = None
    lexicon: Path | None = None
    all_parts: bool = False


def render_file(
    score: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> list[str]:
    """Sing one score into a WAV file, or with ``all_parts`` into several.

    Returns
    -------
    What to tell: a line of what was made, then a line for everything that was repaired or left out.

    Raises
    ------
    SingsynthError
        With the place in the score and the remedy; nothing is written then.
    """
    settings, output = settings or Settings(), Path(output)
    check_writable(output, force)
    voice = load_voice(settings.voice, settings.device)
    song = prepare(
        read_song(score, verse=settings.verse),
        voice,
        language=settings.language,
        tempo=settings.tempo,
        transpose=settings.transpose,
        octave=settings.octave,
        lexicon=read_lexicon(settings.lexicon) if settings.lexicon else None,
    )
    name = Path(score).name
    options: dict[str, Any] = {"seed": settings.seed, "temperature": settings.temperature}
    if settings.all_parts:
        choir = sing_choir(song, voice, progress=progress, **options)
        written = save_choir(choir, output, force=force)
        told = [f"{name}: {len(choir)} parts, sung by {settings.voice}, and their mix in {output}"]
        told += [f"  {one.part.name} in {path}" for one, path in zip(choir, written, strict=True)]
        remarks = song.warnings
    else:
        made = perform(song, voice, part=settings.part, progress=progress, **options)
        made.save(output, force)
        told = [
            f"{name}, {made.part.name}, sung by {settings.voice}: {made.duration_s:.2f} s in "
            f"{output}, the score's first beat at {made.head_s:g} s"
        ]
        remarks = made.warnings
    return told + [f"  {remark}" for remark in dict.fromkeys(map(str, remarks))]


def scores_in(paths: Sequence[Path]) -> list[Path]:
    """The scores that are named: files as they are, of folders the scores that lie in them.

    Raises
    ------
    ScoreError
        If a folder holds no score.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
        if not inside:
            known = ", ".join(sorted(SUFFIXES))
            raise ScoreError(f"{path}: no score in this folder; their names end in {known}")
        found += inside
    return found


def render_files(
    scores: Sequence[Path],
    folder: Path,
    settings: Settings,
    *,
    jobs: int = 1,
    force: bool = False,
    say: Callable[[str], None],
) -> int:
    """Sing many scores into a folder, ``jobs`` at a time; each is done or fails on its own.

    Returns
    -------
    How many failed.

    Raises
    ------
    OutputError
        If two scores would have one output, or the folder cannot be written to.
    """
    outputs = {score: folder / f"{score.stem}.wav" for score in scores}
    if len(set(outputs.values())) < len(outputs):
        twice = next(o for o in outputs.values() if list(outputs.values()).count(o) > 1)
        raise OutputError(f"{twice}: two of the scores have this name; render them one by one")
    folder.mkdir(exist_ok=True)
    for output in outputs.values():
        check_writable(output, force)
    # Fresh processes: a fork of one that has threads may hang.
    context = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // jobs)
    failed = 0
    with ProcessPoolExecutor(jobs, context, _share_cores, (threads,)) as pool:
        running: dict[Future[list[str]], Path] = {
            pool.submit(render_file, score, output, settings, force=force): score
            for score, output in outputs.items()
        }
        try:
            for done, future in enumerate(as_completed(running), start=1):
                told = _outcome(future)
                failed += told is None
                for line in told or []:
                    say(f"[{done}/{len(running)}] {line}" if line[0] != " " else line)
                if told is None:
                    say(f"[{done}/{len(running)}] {_reason(future, running[future])}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failed


def _outcome(future: Future[list[str]]) -> list[str] | None:
    try:
        return future.result()
    except (SingsynthError, MemoryError, BrokenProcessPool):
        return None


def _reason(future: Future[list[str]], score: Path) -> str:
    error = future.exception()
    if isinstance(error, SingsynthError):
        return f"singsynth: {error}"
    return f"singsynth: {score}: memory ran out; render with fewer --jobs"


def _share_cores(threads: int) -> None:
    from singsynth.model.engine import set_threads

    set_threads(threads)
