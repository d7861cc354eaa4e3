"""From a corpus to a voice: prepare, check, train timing, pitch and timbre, evaluate, pack.

Every step leaves files in the work folder and is skipped when they are there. Names of trained
models hold a digest of all that made them, so that a changed recipe trains anew and an unchanged
one never does; a step killed at any moment is taken up where its last checkpoint was.

::

    WORK/examples/SONG.json            labels tied to notes
    WORK/features/SONG-DIGEST.npz      acoustic features
    WORK/check.csv                     what is wrong with the data
    WORK/models/MODEL-DIGEST/          checkpoint, log (CSV, TensorBoard), weights
    WORK/results.json, results.md      figures on the held-out songs
    WORK/voice/                        the voice package
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import torch.distributed as dist
from torch import Tensor, nn
from tqdm import tqdm

from singsynth.acoustics import read_audio
from singsynth.acoustics.features import NUM_HARMONIC
from singsynth.errors import CorpusError
from singsynth.files import write_whole
from singsynth.language.phones import PHONES, is_syllabic
from singsynth.model.pitch import PitchModel
from singsynth.model.timbre import STREAMS, TimbreModel
from singsynth.model.timing import TimingModel
from singsynth.song import REST
from singsynth.training import check as checking
from singsynth.training.baseline import fit_baseline
from singsynth.training.corpus import Example, from_json, match_notes, to_json
from singsynth.training.dataset import (
    PitchData,
    Song,
    TimbreData,
    TimingData,
    fit_scaling,
    load_songs,
)
from singsynth.training.evaluate import as_table, evaluate
from singsynth.training.extraction import cache_path, extract, load_features
from singsynth.training.loop import processes, train
from singsynth.training.recipe import Recipe, load_prepare, load_recipe
from singsynth.voice import Voice, VoiceInfo, packed_weights, save_voice

STEPS = ("prepare", "check", "timing", "pitch", "timbre", "evaluate", "pack")
VALIDATION_WINDOWS = 48


def run(
    recipe_dir: Path,
    data_dir: Path,
    work: Path,
    *,
    steps: Sequence[str] = STEPS,
    device: str = "cpu",
    output: Path | None = None,
    overrides: dict[str, Any] | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Take ``steps`` of making a voice; returns where the voice is, or will be.

    Parameters
    ----------
    output
        Folder of the voice package; by default ``work/voice``. Replaced if it is a voice.
    overrides
        A table laid over the recipe's ``recipe.toml``.

    Raises
    ------
    CorpusError, LabelError
        Naming file, place and remedy.
    """
    if not data_dir.is_dir():
        raise CorpusError(f"{data_dir}: no such folder; give the corpus with --data")
    rank, count = processes()
    quiet: Callable[[str], None] = lambda message: None  # noqa: E731
    workshop = Workshop(
        load_recipe(recipe_dir, overrides),
        recipe_dir,
        data_dir,
        work,
        torch.device(device),
        say if rank == 0 else quiet,
        output or work / "voice",
    )
    for step in STEPS:
        if step not in steps:
            continue
        shared = step in ("timing", "pitch", "timbre")
        if rank == 0 or shared:
            getattr(workshop, step)()
        if count > 1:
            dist.barrier()
    return workshop.output


@dataclass
class Workshop:
    """One training: the recipe, the folders, and the steps as methods."""

    recipe: Recipe
    recipe_dir: Path
    data_dir: Path
    work: Path
    device: torch.device
    say: Callable[[str], None]
    output: Path

    # -- prepare and check -----------------------------------------------------------------------

    def prepare(self) -> None:
        """Labels tied to notes, features extracted."""
        folder = self.work / "examples"
        folder.mkdir(parents=True, exist_ok=True)
        examples = []
        for recording in load_prepare(self.recipe_dir)(self.data_dir):
            if recording.name in self.recipe.corpus.left_out:
                continue
            nuclei = frozenset(p.symbol for p in recording.phones if is_syllabic(p.symbol))
            part, phones = match_notes(
                recording.name, recording.phones, recording.notes, nuclei
            )
            example = Example(recording.name, recording.audio.resolve(), part, phones)
            with write_whole(folder / f"{example.name}.json", force=True) as temporary:
                temporary.write_text(to_json(example), encoding="utf-8")
            examples.append(example)
        if not examples:
            raise CorpusError(f"{self.data_dir}: the recipe found no songs in it")
        extract([e.audio for e in examples], self.recipe.spec, self.work / "features")
        self.say(f"prepare: {len(examples)} songs")

    def check(self) -> None:
        """Refuse bad data before anything is trained on it."""
        problems = []
        for song in tqdm(self._songs(list(self._examples)), desc="check", unit="song"):
            samples, rate = read_audio(song.example.audio)
            problems += checking.check_example(
                song.example, song.features, self.recipe.hop_s, samples, rate, PHONES.keys()
            )
        known = self._phones
        for name in (*self.recipe.corpus.held_out, *self.recipe.corpus.validation):
            if name not in self._examples:
                raise CorpusError(
                    f"{self.data_dir}: song '{name}', which the recipe keeps apart, is not there; "
                    "complete the corpus or edit recipe.toml"
                )
            for phone in self._examples[name].phones:
                if phone.symbol not in known:
                    problems.append(
                        checking.Problem(
                            name,
                            phone.start_s,
                            phone.symbol,
                            "no training song has this phone",
                            "keep another song apart",
                            True,
                        )
                    )
        with write_whole(self.work / "check.csv", force=True) as temporary:
            with temporary.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["song", "time_s", "phone", "problem", "remedy", "fatal"])
                for p in problems:
                    writer.writerow([p.name, p.time_s, p.phone, p.message, p.remedy, p.fatal])
        for problem in problems:
            self.say(f"check: {problem}")
        fatal = [p for p in problems if p.fatal]
        if fatal:
            raise CorpusError(
                f"{fatal[0]}" + (f" ({len(fatal) - 1} more in {self.work / 'check.csv'})" * (len(fatal) > 1))
            )
        self.say(f"check: {len(self._examples)} songs, {len(problems)} doubts")

    # -- training --------------------------------------------------------------------------------

    def timing(self) -> None:
        """Train the timing model."""
        model = self._timing_model
        training, validation = (TimingData(model, songs) for songs in self._split)

        def loss(rng: np.random.Generator, batch: int) -> Tensor:
            return training.loss(rng, batch)

        self._train("timing", model, loss, lambda: float(validation.loss(None, 0)))

    def pitch(self) -> None:
        """Train the pitch model."""
        model, schedule = self._pitch_model, self.recipe.schedule("pitch")
        training, validation = (PitchData(model, songs) for songs in self._split)
        windows = training.windows(schedule.frames)
        held = validation.windows(schedule.frames)
        cover = held.at(held.cover(VALIDATION_WINDOWS))
        config = self.recipe.pitch

        def loss(rng: np.random.Generator, batch: int) -> Tensor:
            shift = torch.from_numpy(rng.uniform(-1, 1, (batch, 1)).astype(np.float32))
            drawn = windows.draw(batch, rng)
            return training.loss(drawn, config.input_noise, shift * config.shift_semitones)

        def validate() -> float:
            torch.manual_seed(0)
            return float(validation.loss(cover, config.input_noise, 0.0))

        self._train("pitch", model, loss, validate)

    def timbre(self) -> None:
        """Train the three streams of the timbre model."""
        model = self._timbre_model
        training, validation = (TimbreData(model, songs) for songs in self._split)
        noise = self.recipe.timbre.input_noise
        for stream in STREAMS:
            frames = self.recipe.schedule(stream).frames
            windows, held = training.windows(stream, frames), validation.windows(stream, frames)
            cover = held.at(held.cover(VALIDATION_WINDOWS))

            def loss(
                rng: np.random.Generator, batch: int, stream: str = stream, windows: Any = windows
            ) -> Tensor:
                return training.loss(stream, windows.draw(batch, rng), noise)

            def validate(stream: str = stream, cover: Any = cover) -> float:
                torch.manual_seed(0)
                return float(validation.loss(stream, cover, noise))

            self._train(stream, model.network(stream), loss, validate)

    def _train(
        self,
        name: str,
        model: nn.Module,
        loss: Callable[[np.random.Generator, int], Tensor],
        validate: Callable[[], float],
    ) -> None:
        folder = self._model_folder(name)
        weights = folder / "weights.safetensors"
        if weights.is_file():
            self.say(f"{name}: done before, {weights}")
            return
        schedule = self.recipe.schedule(name)
        train(model, loss, validate, schedule, folder, name, self.recipe.seed, self.device)
        if processes()[0] == 0:
            with write_whole(weights, force=True) as temporary:
                safetensors.torch.save_file(packed_weights(model), temporary)
            self.say(f"{name}: {weights}")

    # -- evaluate and pack -----------------------------------------------------------------------

    def evaluate(self) -> None:
        """Figures on the held-out songs, or where there are none on the validation songs."""
        training, validation = self._split
        names = self.recipe.corpus.held_out
        songs = self._songs(list(names)) if names else validation
        baseline = fit_baseline(training, self.recipe.hop_s)
        result = evaluate(self._voice(), baseline, songs, seed=self.recipe.seed)
        table = as_table(result)
        for path, text in (
            (self.work / "results.json", json.dumps(result, indent=1)),
            (self.work / "results.md", table + "\n"),
        ):
            with write_whole(path, force=True) as temporary:
                temporary.write_text(text, encoding="utf-8")
        self.say(table)

    def pack(self) -> None:
        """The voice package, with its licence, credits, recipe, results and training logs."""
        extra = {
            "recipe.toml": (self.recipe_dir / "recipe.toml").read_bytes(),
            "CREDITS": ("\n".join(self.recipe.voice.credits) + "\n").encode("utf-8"),
        }
        for source, name in (
            (self.recipe_dir / "LICENSE", "LICENSE"),
            (self.work / "results.md", "results.md"),
        ):
            if source.is_file():
                extra[name] = source.read_bytes()
        for model in ("timing", "pitch", *STREAMS):
            log = self._model_folder(model) / f"{model}.csv"
            extra[f"log-{model}.csv"] = log.read_bytes()
        replaces = (self.output / "voice.toml").is_file()
        save_voice(self._voice(), self.output, extra, force=replaces)
        self.say(f"pack: {self.output}")

    def _voice(self) -> Voice:
        """The voice made of the trained weights."""
        card, recipe = self.recipe.voice, self.recipe
        timing, pitch, timbre = self._timing_model, self._pitch_model, self._timbre_model
        parts = {"timing": timing, "pitch": pitch} | {s: timbre.network(s) for s in STREAMS}
        for name, model in parts.items():
            path = self._model_folder(name) / "weights.safetensors"
            if not path.is_file():
                raise CorpusError(
                    f"{self.work}: {name} is not trained yet; run the steps timing, pitch, timbre"
                )
            weights = safetensors.torch.load_file(path)
            model.load_state_dict({key: value.float() for key, value in weights.items()})
            model.eval()
        pitches = [n.pitch for song in self._split[0] for n in song.example.part.notes]
        info = VoiceInfo(
            name=card.name,
            title=card.title,
            languages=card.languages,
            phones=self._phones,
            lowest=min(pitches),
            highest=max(pitches),
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

    # -- what the steps share --------------------------------------------------------------------

    @cached_property
    def _examples(self) -> dict[str, Example]:
        files = sorted((self.work / "examples").glob("*.json"))
        if not files:
            raise CorpusError(f"{self.work}: nothing is prepared yet; run the step prepare")
        examples = [from_json(path.read_text(encoding="utf-8")) for path in files]
        left_out = self.recipe.corpus.left_out
        return {e.name: e for e in examples if e.name not in left_out}

    def _songs(self, names: Sequence[str]) -> list[Song]:
        examples = [self._examples[name] for name in names]
        folder = self.work / "features"
        caches = {e.audio: cache_path(e.audio, self.recipe.spec, folder) for e in examples}
        missing = [audio for audio, path in caches.items() if not path.is_file()]
        if missing:
            raise CorpusError(f"{missing[0]}: changed since it was prepared; run the step prepare")
        return load_songs(examples, caches)

    @cached_property
    def _split(self) -> tuple[list[Song], list[Song]]:
        """Training and validation songs."""
        corpus = self.recipe.corpus
        apart = {*corpus.held_out, *corpus.validation}
        training = self._songs([name for name in self._examples if name not in apart])
        if not training:
            raise CorpusError(f"{self.data_dir}: no song is left to train on; edit recipe.toml")
        return training, self._songs(list(corpus.validation)) or training[:1]

    @cached_property
    def _phones(self) -> tuple[str, ...]:
        apart = {*self.recipe.corpus.held_out, *self.recipe.corpus.validation}
        symbols = {
            phone.symbol
            for name, example in self._examples.items()
            if name not in apart
            for phone in example.phones
        }
        return (REST, *sorted(symbols - {REST}))

    @cached_property
    def _timing_model(self) -> TimingModel:
        torch.manual_seed(self.recipe.seed)
        return TimingModel(self._phones, self.recipe.timing)

    @cached_property
    def _pitch_model(self) -> PitchModel:
        torch.manual_seed(self.recipe.seed)
        model = PitchModel(self._phones, self.recipe.hop_s, self.recipe.pitch)
        pitches = [n.pitch for song in self._split[0] for n in song.example.part.notes]
        model.register.copy_(torch.tensor(np.quantile(pitches, [0.01, 0.99])))
        return model

    @cached_property
    def _timbre_model(self) -> TimbreModel:
        recipe = self.recipe
        torch.manual_seed(recipe.seed)
        model = TimbreModel(
            self._phones, NUM_HARMONIC, recipe.spec.num_aperiodic, recipe.hop_s, recipe.timbre
        )
        fit_scaling(model, self._split[0])
        return model

    @cached_property
    def _corpus_digest(self) -> str:
        """Of everything learnt from: labels, notes and sound of training and validation songs."""
        digest = hashlib.sha256()
        for song in (song for songs in self._split for song in songs):
            name = cache_path(song.example.audio, self.recipe.spec, Path()).name
            digest.update(to_json(replace(song.example, audio=Path(name))).encode())
        return digest.hexdigest()

    def _model_folder(self, name: str) -> Path:
        recipe = self.recipe
        config: Any = getattr(recipe, "timbre" if name in STREAMS else name)
        settings = (config, recipe.schedule(name), recipe.seed, self._corpus_digest)
        digest = hashlib.sha256(repr(settings).encode()).hexdigest()
        return self.work / "models" / f"{name}-{digest[:12]}"
