"""Features of every recording, extracted in parallel, cached by the content they depend on.

The name of a cache file holds a digest of the audio's bytes and of the feature settings, so that a
changed recording or setting is extracted anew and an unchanged one never is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import scipy.signal
from tqdm import tqdm

from singsynth.acoustics import Features, FeatureSpec, analyze, read_audio
from singsynth.acoustics.features import FloatArray
from singsynth.errors import CorpusError, SingsynthError
from singsynth.files import write_whole

VERSION = 1
"""Part of every digest: raise it when the analysis itself changes."""


def read_recording(path: Path, sample_rate: int) -> FloatArray:
    """Samples of a recording at ``sample_rate``; higher rates are resampled.

    Raises
    ------
    CorpusError
        If the recording's rate is lower: the voice would lack its treble.
    """
    samples, rate = read_audio(path)
    if rate < sample_rate:
        raise CorpusError(
            f"{path}: recorded at {rate} Hz, the recipe wants {sample_rate} Hz; use recordings of "
            f"at least that rate, or set sample_rate = {rate} in recipe.toml"
        )
    if rate == sample_rate:
        return samples
    common = int(np.gcd(rate, sample_rate))
    resampled: FloatArray = scipy.signal.resample_poly(
        samples, sample_rate // common, rate // common
    )
    return resampled


def cache_path(audio: Path, spec: FeatureSpec, folder: Path) -> Path:
    """Where the features of ``audio`` stand or will stand.

    Raises
    ------
    CorpusError
        If the recording cannot be read.
    """
    digest = hashlib.sha256(f"{VERSION} {spec}".encode())
    try:
        digest.update(audio.read_bytes())
    except OSError as error:
        raise CorpusError(
            f"{audio}: {error.strerror}; complete the corpus and run the step prepare"
        ) from error
    return folder / f"{audio.stem}-{digest.hexdigest()[:16]}.npz"


def load_features(path: Path) -> Features:
    """Read one cache file."""
    with np.load(path) as arrays:
        return Features(
            harmonic=arrays["harmonic"].astype(np.float64),
            aperiodic=arrays["aperiodic"].astype(np.float64),
            voicing=arrays["voicing"],
            f0_hz=arrays["f0_hz"],
        )


def _extract_one(audio: Path, spec: FeatureSpec, path: Path) -> None:
    features = analyze(read_recording(audio, spec.sample_rate), spec)
    with write_whole(path, force=True) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            harmonic=features.harmonic.astype(np.float32),
            aperiodic=features.aperiodic.astype(np.float32),
            voicing=features.voicing,
            f0_hz=features.f0_hz,
        )


def extract(
    recordings: Iterable[Path], spec: FeatureSpec, folder: Path, workers: int | None = None
) -> dict[Path, SingsynthError]:
    """Extract what the cache lacks; returns the recordings that cannot be used, and why."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {audio: cache_path(audio, spec, folder) for audio in recordings}
    missing = {audio: path for audio, path in paths.items() if not path.is_file()}
    failed: dict[Path, SingsynthError] = {}
    if missing:
        with ProcessPoolExecutor(workers) as pool:
            jobs = {a: pool.submit(_extract_one, a, spec, path) for a, path in missing.items()}
            for audio, job in tqdm(jobs.items(), desc="features", unit="song"):
                try:
                    job.result()
                except SingsynthError as error:
                    failed[audio] = error
    return failed
