"""A recipe: a folder with ``recipe.toml`` (what differs from the defaults) and ``prepare.py``.

``prepare.py`` opens with a docstring that says what the corpus is, its licence and layout, and
defines ``prepare(corpus_dir: Path) -> Iterator[Recording]``. Nothing else is code.
"""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from singsynth.acoustics import FeatureSpec
from singsynth.config import ConfigError, from_table, to_table
from singsynth.errors import CorpusError
from singsynth.model.pitch import PitchConfig
from singsynth.model.timbre import TimbreConfig
from singsynth.model.timing import TimingConfig
from singsynth.training.corpus import Recording


@dataclass(frozen=True)
class VoiceCard:
    """What a voice tells of itself; copied into the voice package."""

    name: str
    title: str
    languages: tuple[str, ...]
    licence: str
    credits: tuple[str, ...]
    gender: str = ""


@dataclass(frozen=True)
class CorpusConfig:
    """Which songs are for what. Songs in no list are trained on."""

    left_out: tuple[str, ...] = ()
    """Not used at all, as their labels or notes are wrong."""
    held_out: tuple[str, ...] = ()
    """Never trained on, never looked at while choosing: for published figures."""
    validation: tuple[str, ...] = ()
    """Not trained on; they choose when to stop and which settings to take."""


@dataclass(frozen=True)
class ScheduleConfig:
    """Length and pace of one training."""

    updates: int = 6000
    batch: int = 32
    frames: int = 210
    learning_rate: float = 1e-3
    warmup: int = 100
    average: float = 0.999
    """Decay of the running mean of the weights, which is what the voice gets."""
    clip: float = 1.0
    validate_every: int = 500
    keep_best: bool = False
    """Take the weights of the best validation instead of the last."""


DEFAULT_SCHEDULES = {
    "timing": ScheduleConfig(
        updates=1500,
        batch=256,
        frames=1,
        warmup=50,
        average=0.99,
        validate_every=50,
        keep_best=True,
    ),
    "pitch": ScheduleConfig(
        updates=2400, batch=32, frames=150, validate_every=100, average=0.995, keep_best=True
    ),
    "harmonic": ScheduleConfig(updates=2600, learning_rate=1.5e-3),
    "voicing": ScheduleConfig(updates=800, learning_rate=2e-3, validate_every=100, keep_best=True),
    "aperiodic": ScheduleConfig(
        updates=800, learning_rate=2e-3, validate_every=100, keep_best=True
    ),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training makes, but for the recordings."""

    voice: VoiceCard
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    sample_rate: int = 32000
    hop_s: float = 0.005
    f0_floor_hz: float = 71.0
    f0_ceil_hz: float = 800.0
    seed: int = 1
    timbre: TimbreConfig = field(default_factory=TimbreConfig)
    pitch: PitchConfig = field(default_factory=PitchConfig)
    timing: TimingConfig = field(default_factory=TimingConfig)
    train: dict[str, ScheduleConfig] = field(default_factory=lambda: dict(DEFAULT_SCHEDULES))
    """Schedules by model: timing, pitch, harmonic, voicing, aperiodic."""

    @property
    def spec(self) -> FeatureSpec:
        """Dimensions of the acoustic features."""
        return FeatureSpec(self.sample_rate, self.hop_s, self.f0_floor_hz, self.f0_ceil_hz)

    def schedule(self, model: str) -> ScheduleConfig:
        """The schedule of one model: the recipe's, or the default."""
        return self.train[model]


def load_recipe(folder: Path, overrides: dict[str, Any] | None = None) -> Recipe:
    """Read ``recipe.toml``, which states what differs; ``overrides`` is a table laid over it.

    Raises
    ------
    CorpusError
        If the folder is no recipe or its configuration does not fit.
    """
    path = folder / "recipe.toml"
    if not path.is_file():
        raise CorpusError(
            f"{folder}: not a recipe, it holds no recipe.toml; "
            "try one of recipes/, like recipes/pjs"
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        usual = {"train": {name: to_table(s) for name, s in DEFAULT_SCHEDULES.items()}}
        recipe = from_table(Recipe, _merged(_merged(usual, table), overrides or {}))
    except (tomllib.TOMLDecodeError, ConfigError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: {error}; mend it there") from error
    unknown = [name for name in recipe.train if name not in DEFAULT_SCHEDULES]
    if unknown:
        raise CorpusError(
            f"{path}: unknown model in [train.{unknown[0]}]; known are "
            f"{', '.join(DEFAULT_SCHEDULES)}"
        )
    return recipe


def _merged(table: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(table)
    for key, value in over.items():
        below = merged.get(key)
        nested = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = _merged(below, value) if nested and isinstance(below, dict) else value
    return merged


def load_prepare(folder: Path) -> Callable[[Path], Iterator[Recording]]:
    """The ``prepare`` function of a recipe's ``prepare.py``."""
    path = folder / "prepare.py"
    spec = importlib.util.spec_from_file_location(f"recipe_{folder.name}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise CorpusError(f"{folder}: holds no prepare.py; copy one from another recipe")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    prepare: Callable[[Path], Iterator[Recording]] | None = getattr(module, "prepare", None)
    if prepare is None:
        raise CorpusError(f"{path}: defines no prepare(corpus_dir); copy one from another recipe")
    return prepare
