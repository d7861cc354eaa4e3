"""What the steps of a training share, read or made once: examples, songs, models, folders.

Names of trained models hold a digest of all that makes them: the recordings, labels and notes, the
settings, the schedule and the seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from singsynth.acoustics.features import NUM_HARMONIC
from singsynth.errors import CorpusError
from singsynth.model.pitch import PitchModel
from singsynth.model.timbre import STREAMS, TimbreModel
from singsynth.model.timing import TimingModel
from singsynth.song import REST
from singsynth.training.corpus import Example, from_json, to_json
from singsynth.training.dataset import Sung, fit_scaling, load_songs
from singsynth.training.extraction import cache_path
from singsynth.training.recipe import Recipe
from singsynth.voice import Voice, VoiceInfo


@dataclass(frozen=True)
class Material:
    """One recipe, its corpus, and what was made of it in the work folder."""

    recipe: Recipe
    recipe_dir: Path
    data_dir: Path
    work: Path

    # -- songs -----------------------------------------------------------------------------------

    @cached_property
    def examples(self) -> dict[str, Example]:
        """All songs that the recipe uses, by name."""
        files = sorted((self.work / "examples").glob("*.json"))
        if not files:
            raise CorpusError(f"{self.work}: nothing is prepared yet; run the step prepare")
        examples = [from_json(path.read_text(encoding="utf-8")) for path in files]
        left_out = self.recipe.corpus.left_out
        return {e.name: e for e in examples if e.name not in left_out}

    @property
    def apart(self) -> tuple[str, ...]:
        """Names of the songs that are not trained on."""
        return (*self.recipe.corpus.held_out, *self.recipe.corpus.validation)

    def songs(self, names: Sequence[str]) -> list[Sung]:
        """Songs with their features."""
        unknown = [name for name in names if name not in self.examples]
        if unknown:
            raise CorpusError(
                f"{self.data_dir}: no song '{unknown[0]}'; there are {', '.join(self.examples)}"
            )
        examples = [self.examples[name] for name in names]
        folder = self.work / "features"
        caches = {e.audio: cache_path(e.audio, self.recipe.spec, folder) for e in examples}
        missing = [audio for audio, path in caches.items() if not path.is_file()]
        if missing:
            raise CorpusError(f"{missing[0]}: changed since it was prepared; run the step prepare")
        return load_songs(examples, caches)

    @cached_property
    def split(self) -> tuple[list[Sung], list[Sung]]:
        """Training and validation songs."""
        training = self.songs([name for name in self.examples if name not in self.apart])
        if not training:
            raise CorpusError(f"{self.data_dir}: no song is left to train on; edit recipe.toml")
        return training, self.songs(self.recipe.corpus.validation) or training[:1]

    @cached_property
    def phones(self) -> tuple[str, ...]:
        """Symbols that the training songs have, silence first."""
        symbols = {
            phone.symbol
            for name, example in self.examples.items()
            if name not in self.apart
            for phone in example.phones
        }
        return (REST, *sorted(symbols - {REST}))

    @property
    def pitches(self) -> list[float]:
        """Every note of the training songs, as MIDI numbers."""
        return [note.pitch for song in self.split[0] for note in song.example.part.notes]

    # -- models ----------------------------------------------------------------------------------

    @cached_property
    def timing_model(self) -> TimingModel:
        """Before training."""
        torch.manual_seed(self.recipe.seed)
        return TimingModel(self.phones, self.recipe.timing)

    @cached_property
    def pitch_model(self) -> PitchModel:
        """Before training, with its register set."""
        torch.manual_seed(self.recipe.seed)
        model = PitchModel(self.phones, self.recipe.hop_s, self.recipe.pitch)
        model.register.copy_(torch.tensor(np.quantile(self.pitches, [0.01, 0.99])))
        return model

    @cached_property
    def timbre_model(self) -> TimbreModel:
        """Before training, with its scaling set."""
        recipe = self.recipe
        torch.manual_seed(recipe.seed)
        model = TimbreModel(
            self.phones, NUM_HARMONIC, recipe.spec.num_aperiodic, recipe.hop_s, recipe.timbre
        )
        fit_scaling(model, self.split[0])
        return model

    @cached_property
    def corpus_digest(self) -> str:
        """Of everything learnt from: labels, notes and sound of training and validation songs."""
        digest = hashlib.sha256()
        for song in (song for songs in self.split for song in songs):
            name = cache_path(song.example.audio, self.recipe.spec, Path()).name
            digest.update(to_json(replace(song.example, audio=Path(name))).encode())
        return digest.hexdigest()

    def model_folder(self, name: str) -> Path:
        """Where the checkpoint, log and weights of one model stand."""
        recipe = self.recipe
        config: Any = getattr(recipe, "timbre" if name in STREAMS else name)
        settings = (config, recipe.schedule(name), recipe.seed, self.corpus_digest)
        digest = hashlib.sha256(repr(settings).encode()).hexdigest()
        return self.work / "models" / f"{name}-{digest[:12]}"

    def weights(self, name: str) -> Path:
        """The weights of one trained model."""
        return self.model_folder(name) / "weights.safetensors"

    def voice(self) -> Voice:
        """The voice made of the trained weights."""
        card, recipe = self.recipe.voice, self.recipe
        timing, pitch, timbre = self.timing_model, self.pitch_model, self.timbre_model
        parts = {"timing": timing, "pitch": pitch} | {s: timbre.network(s) for s in STREAMS}
        for name, model in parts.items():
            path = self.weights(name)
            if not path.is_file():
                raise CorpusError(
                    f"{self.work}: {name} is not trained yet; run the steps timing, pitch, timbre"
                )
            weights = safetensors.torch.load_file(path)
            model.load_state_dict({key: value.float() for key, value in weights.items()})
            model.eval()
        info = VoiceInfo(
            name=card.name,
            title=card.title,
            languages=card.languages,
            phones=self.phones,
            lowest=min(self.pitches),
            highest=max(self.pitches),
            sample_rate=recipe.sample_rate,
            hop_s=recipe.hop_s,
            f0_floor_hz=recipe.f0_floor_hz,
            f0_ceil_hz=recipe.f0_ceil_hz,
            licence=card.licence,
            credits=card.credits,
            recipe=self.recipe_dir.resolve().name,
            seed=recipe.seed,
            gender=card.gender,
        )
        return Voice(info, timing, pitch, timbre)
