"""Audio files in and out. Samples are float64 in [-1, 1], one channel, any rate."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from singsynth.errors import CorpusError
from singsynth.files import write_whole

FloatArray = npt.NDArray[np.float64]

PIECE_BYTES = 2**20
"""Bytes of float32 samples that are read back at once."""


def read_audio(path: str | Path) -> tuple[FloatArray, int]:
    """Read one mono recording.

    Returns
    -------
    samples, sample_rate
        ``samples`` has shape (num_samples,) and lies in [-1, 1].

    Raises
    ------
    CorpusError
        If the file is missing, not audio, empty or damaged, or has more than one channel.
    """
    path = Path(path)
    if not path.is_file():
        raise CorpusError(f"{path}: no such recording; check the path")
    try:
        samples, sample_rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = str(error).rstrip(".").splitlines()[0]
        raise CorpusError(
            f"{path}: not readable as audio ({reason}); convert it to WAV or FLAC"
        ) from error
    if samples.shape[1] != 1:
        raise CorpusError(
            f"{path}: has {samples.shape[1]} channels, one is needed; mix it down to mono"
        )
    if not len(samples):
        raise CorpusError(f"{path}: holds no sound at all; export it again")
    if not np.isfinite(samples).all():
        raise CorpusError(f"{path}: holds samples that are not numbers; export it again")
    return np.ascontiguousarray(samples[:, 0]), int(sample_rate)


def encode_wav(samples: npt.NDArray[Any], sample_rate: int) -> bytes:
    """A 16-bit WAV file of mono samples (num_samples,) in [-1, 1].

    Raises
    ------
    ValueError
        If the samples are not finite or exceed full scale: they would be clipped.
    """
    if not np.isfinite(samples).all():
        raise ValueError("samples hold NaN or infinity")
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak > 1.0:
        raise ValueError(f"samples peak at {peak:.3f}, above full scale; scale them down first")
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, sample_rate, subtype="PCM_16", format="WAV")
    return encoded.getvalue()


def write_audio(
    path: str | Path, samples: npt.NDArray[Any], sample_rate: int, *, force: bool = False
) -> None:
    """Write 16-bit WAV, whole or not at all; ``samples`` as for :func:`encode_wav`.

    Raises
    ------
    OutputError
        If ``path`` exists and ``force`` is False, or its folder cannot be written.
    """
    encoded = encode_wav(samples, sample_rate)
    with write_whole(path, force) as temporary:
        temporary.write_bytes(encoded)


def write_pieces(
    path: str | Path,
    pieces: Iterable[npt.NDArray[np.float32]],
    level: Callable[[float], np.float32],
    sample_rate: int,
    *,
    force: bool = False,
) -> None:
    """Write 16-bit WAV, whole or not at all, of pieces that come one by one.

    They wait in a nameless file on the disk until the last has come, and with it the peak.

    Parameters
    ----------
    level
        Given the peak of all pieces, the gain to write them with.

    Raises
    ------
    OutputError
        As :func:`write_audio`.
    """
    with write_whole(path, force) as temporary, tempfile.TemporaryFile(dir=temporary.parent) as raw:
        peak = 0.0
        for piece in pieces:
            peak = max(peak, float(np.max(np.abs(piece), initial=0.0)))
            raw.write(np.ascontiguousarray(piece, dtype=np.float32).tobytes())
        gain = level(peak)
        raw.seek(0)
        with soundfile.SoundFile(
            temporary, "w", sample_rate, channels=1, subtype="PCM_16", format="WAV"
        ) as file:
            while block := raw.read(PIECE_BYTES):
                file.write(np.frombuffer(block, dtype=np.float32) * gain)
