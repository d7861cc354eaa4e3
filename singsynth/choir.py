"""Every part of a score sung, and mixed as a choir stands: spread from left to right.

The mix brings all parts to the same loudness over the time that they sing, so that none drowns,
and pans them by equal power: a part at place p in [-1, 1] goes to the left with
``cos((p + 1) pi / 4)`` and to the right with ``sin``. The first part of the score stands on the
left, the last on the right, none further than :data:`WIDTH`.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from singsynth.acoustics import write_audio
from singsynth.errors import ScoreError
from singsynth.files import check_writable
from singsynth.performance import Performance, perform
from singsynth.song import Song
from singsynth.stages import PEAK, Progress
from singsynth.voice import Voice

WIDTH = 0.6
"""Place of the outer parts: -1 and 1 would be in one ear alone."""

SILENT = 1e-4
"""Samples below this share of the peak do not count when the loudness of a part is measured."""

Samples = npt.NDArray[np.float32]


def sing_choir(
    song: Song,
    voice: Voice,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    progress: Progress | None = None,
) -> list[Performance]:
    """Sing every part of a pronounced song, each with a seed of its own.

    Raises
    ------
    ScoreError, VoiceError
        If there is no part, or one cannot be sung.
    """
    if not song.parts:
        raise ScoreError(f"{song.title or 'score'}: no part has words; there is nothing to sing")

    def told(name: str) -> Progress | None:
        if progress is None:
            return None
        whole = progress
        return lambda stage, share: whole(f"{name}, {stage}", share)

    return [
        perform(
            song,
            voice,
            part=i + 1,
            seed=seed + i,
            temperature=temperature,
            progress=told(part.name),
        )
        for i, part in enumerate(song.parts)
    ]


def mix(performances: list[Performance]) -> Samples:
    """All parts together, (num_samples, 2), the loudest sample 1 dB below full scale."""
    count = len(performances)
    places = np.linspace(-WIDTH, WIDTH, count) if count > 1 else np.zeros(1)
    total = np.zeros((len(performances[0].samples), 2), dtype=np.float64)
    for made, place in zip(performances, places, strict=True):
        angle = (place + 1) * np.pi / 4
        gains = np.array([np.cos(angle), np.sin(angle)]) / loudness(made.samples)
        total += made.samples[:, None] * gains
    peak = float(np.abs(total).max(initial=0.0))
    return (total * (PEAK / peak if peak else 1.0)).astype(np.float32)


def loudness(samples: Samples) -> float:
    """Root mean square of a part while it sings; 1 for a silent one."""
    heard = np.abs(samples) > SILENT * np.abs(samples).max(initial=0.0)
    return (
        float(np.sqrt(np.mean(np.square(samples[heard], dtype=np.float64)))) if heard.any() else 1.0
    )


def part_paths(performances: list[Performance], output: Path) -> list[Path]:
    """Names beside the mix: ``song-1-Soprano.wav``; letters that no system minds."""
    names = [re.sub(r"[^\w-]+", "-", made.part.name).strip("-") for made in performances]
    return [
        output.with_name("-".join(filter(None, [output.stem, str(i), name])) + output.suffix)
        for i, name in enumerate(names, start=1)
    ]


def save_choir(
    performances: list[Performance], output: str | Path, *, force: bool = False
) -> list[Path]:
    """Write the mix to ``output`` and every part to a file beside it, all or none.

    Returns
    -------
    The parts' files.

    Raises
    ------
    OutputError
        If a file exists and ``force`` is False, or cannot be written.
    """
    output = Path(output)
    paths = part_paths(performances, output)
    for path in [output, *paths]:
        check_writable(path, force)
    together = mix(performances)  # everything is sung before anything is written
    with ExitStack() as undo:
        for path, samples in [
            *((p, made.samples) for p, made in zip(paths, performances, strict=True)),
            (output, together),
        ]:
            new = not path.exists()
            write_audio(path, samples, performances[0].sample_rate, force=force)
            if new:
                undo.callback(path.unlink, missing_ok=True)
        undo.pop_all()
    return paths
