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

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import torch.distributed as dist
from torch import Tensor, nn
from tqdm import tqdm

from singsynth.acoustics import read_audio
from singsynth.errors import CorpusError, LabelError, OutputError, SingsynthError
from singsynth.files import check_writable, write_whole
from singsynth.language.phones import PHONES, is_syllabic
from singsynth.model.timbre import STREAMS
from singsynth.training.baseline import fit_baseline
from singsynth.training.check import Problem, as_csv, check_apart, check_example
from singsynth.training.corpus import Example, Recording, match_notes, to_json
from singsynth.training.dataset import PitchData, TimbreData, TimingData
from singsynth.training.evaluate import as_table, evaluate
from singsynth.training.extraction import extract
from singsynth.training.loop import choose_device, processes, train
from singsynth.training.material import Material
from singsynth.training.recipe import load_prepare, load_recipe
from singsynth.training.styles import Styles
from singsynth.voice import Voice, load_voice, packed_weights, save_voice

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
    recipe = load_recipe(recipe_dir, overrides)
    _require_folder(data_dir)
    chosen = choose_device(device)
    _make_folder(work)
    output = output or work / "voice"
    if "pack" in steps:
        check_writable(output, _is_voice(output), folder=True)
    rank, count = processes()
    material = Material(recipe, recipe_dir, data_dir, work)
    workshop = Workshop(material, chosen, output, say if rank == 0 else _say_nothing)
    for step in STEPS:
        if step not in steps:
            continue
        shared = step in ("timing", "pitch", "timbre")
        if rank == 0 or shared:
            getattr(workshop, step)()
        if count > 1:
            dist.barrier()
    return output


def evaluate_voice(
    name_or_path: str,
    data_dir: Path,
    *,
    recipe_dir: Path | None = None,
    songs: Sequence[str] | None = None,
    work: Path | None = None,
    device: str = "cpu",
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Figures of a finished voice on songs of a corpus; see :func:`evaluate`.

    Parameters
    ----------
    recipe_dir
        Reads the corpus; by default ``recipes/`` and the name that the voice gives.
    songs
        Any songs of the corpus; by default those that the recipe holds out.
    work
        Keeps the features; by default ``runs/`` and the recipe's name.
    """
    voice = load_voice(name_or_path, device)
    recipe_dir = recipe_dir or Path("recipes") / voice.info.recipe
    recipe = load_recipe(recipe_dir)
    _require_folder(data_dir)
    work = work or Path("runs") / recipe_dir.resolve().name
    _make_folder(work)
    material = Material(recipe, recipe_dir, data_dir, work)
    workshop = Workshop(material, torch.device(device), work, say)
    workshop.prepare()
    return workshop.measure(voice, songs)


def _require_folder(data_dir: Path) -> None:
    if not data_dir.is_dir():
        raise CorpusError(f"{data_dir}: no such folder; give the corpus with --data")


def _make_folder(work: Path) -> None:
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{work}: {error.strerror}; choose another folder with --work") from error


def _is_voice(folder: Path) -> bool:
    return (folder / "voice.toml").is_file()


def _say_nothing(message: str) -> None:
    pass


@dataclass(frozen=True)
class Workshop:
    """The steps of one training as methods; ``say`` tells a person what was done."""

    material: Material
    device: torch.device
    output: Path
    say: Callable[[str], None]

    # -- prepare and check -----------------------------------------------------------------------

    def prepare(self) -> None:
        """Labels tied to notes, features extracted. What cannot be used is told all at once."""
        recipe = self.material.recipe
        folder = self.material.work / "examples"
        folder.mkdir(parents=True, exist_ok=True)
        examples: list[Example] = []
        refused: list[tuple[str, SingsynthError]] = []
        for recording in load_prepare(self.material.recipe_dir)(self.material.data_dir):
            if recording.name in recipe.corpus.left_out:
                continue
            try:
                examples.append(_tie(recording))
            except LabelError as error:
                refused.append((recording.name, error))
        if not examples and not refused:
            raise CorpusError(f"{self.material.data_dir}: the recipe found no songs in it")
        for example in examples:
            with write_whole(folder / f"{example.name}.json", force=True) as temporary:
                temporary.write_text(to_json(example), encoding="utf-8")
        for path in folder.glob("*.json"):  # of songs that are no longer there, or not used
            if path.stem not in {e.name for e in examples}:
                path.unlink()
        failed = extract([e.audio for e in examples], recipe.spec, self.material.work / "features")
        refused += [(e.name, failed[e.audio]) for e in examples if e.audio in failed]
        if refused:
            self._write_check([Problem(name, 0.0, "", str(e), "", True) for name, e in refused])
            first = refused[0][1]
            raise type(first)(f"{first}{self._and_more(len(refused))}") from first
        self.say(f"prepare: {len(examples)} songs")

    def check(self) -> None:
        """Refuse bad data before anything is trained on it."""
        material, recipe = self.material, self.material.recipe
        for name in material.apart:
            if name not in material.examples:
                raise CorpusError(
                    f"{material.data_dir}: song '{name}', which the recipe keeps apart, is not "
                    "there; complete the corpus or edit recipe.toml"
                )
        problems: list[Problem] = []
        songs = material.songs(list(material.examples))
        for song in tqdm(songs, desc="check", unit="song"):
            samples, rate = read_audio(song.example.audio)
            problems += check_example(
                song.example, song.features, recipe.hop_s, samples, rate, PHONES.keys()
            )
        for name in material.apart:
            problems += check_apart(material.examples[name], material.phones)
        self._write_check(problems)
        for problem in problems:
            self.say(f"check: {problem}")
        fatal = [p for p in problems if p.fatal]
        if fatal:
            raise CorpusError(f"{fatal[0]}{self._and_more(len(fatal))}")
        self.say(f"check: {len(songs)} songs, {len(problems)} doubts")

    def _write_check(self, problems: Sequence[Problem]) -> None:
        with write_whole(self.material.work / "check.csv", force=True) as temporary:
            temporary.write_text(as_csv(problems), encoding="utf-8", newline="")

    def _and_more(self, count: int) -> str:
        return f" ({count - 1} more, see {self.material.work / 'check.csv'})" if count > 1 else ""

    # -- training --------------------------------------------------------------------------------

    def timing(self) -> None:
        """Train the timing model, on the CPU: it is tiny."""
        model = self.material.timing_model
        training, validation = (TimingData(model, songs) for songs in self.material.split)

        def loss(rng: np.random.Generator, batch: int) -> Tensor:
            return training.loss(rng, batch)

        def validate() -> float:
            return float(validation.loss(None, 0))

        self._train("timing", model, loss, validate, torch.device("cpu"))

    def pitch(self) -> None:
        """Train the pitch model."""
        recipe, model = self.material.recipe, self.material.pitch_model
        frames, config = recipe.schedule("pitch").frames, recipe.pitch
        training, validation = (
            PitchData(model, songs).to(self.device) for songs in self.material.split
        )
        windows, held = training.windows(frames), validation.windows(frames)
        cover = held.at(held.cover(VALIDATION_WINDOWS))

        def loss(rng: np.random.Generator, batch: int) -> Tensor:
            shift = torch.from_numpy(rng.uniform(-1, 1, (batch, 1)).astype(np.float32))
            drawn = windows.draw(batch, rng)
            return training.loss(drawn, config.input_noise, shift * config.shift_semitones)

        def validate() -> float:
            torch.manual_seed(0)
            return float(validation.loss(cover, config.input_noise, 0.0))

        self._train("pitch", model, loss, validate, self.device)

    def timbre(self) -> None:
        """Train the three streams of the timbre model."""
        model = self.material.timbre_model
        training, validation = (
            TimbreData(model, songs).to(self.device) for songs in self.material.split
        )
        for stream in STREAMS:
            self._train_stream(stream, training, validation)

    def _train_stream(self, stream: str, training: TimbreData, validation: TimbreData) -> None:
        frames = self.material.recipe.schedule(stream).frames
        config = self.material.recipe.timbre
        windows, held = training.windows(stream, frames), validation.windows(stream, frames)
        cover = held.at(held.cover(VALIDATION_WINDOWS))

        network, styles = training.model.network(stream), None
        if stream == "harmonic" and config.style:
            torch.manual_seed(self.material.recipe.seed)
            sizes = (training.num_phrases, config.style)
            styles = Styles(*sizes, config.style_noise, config.style_penalty).to(self.device)

        def loss(rng: np.random.Generator, batch: int) -> Tensor:
            drawn = windows.draw(batch, rng)
            return training.loss(stream, drawn, config.input_noise, config.control_noise, styles)

        def validate() -> float:
            torch.manual_seed(0)
            return float(validation.loss(stream, cover, config.input_noise))

        self._train(stream, network, loss, validate, self.device, beside=styles)

    def _train(
        self,
        name: str,
        model: nn.Module,
        loss: Callable[[np.random.Generator, int], Tensor],
        validate: Callable[[], float],
        device: torch.device,
        beside: nn.Module | None = None,
    ) -> None:
        """Train one model and keep its weights; ``beside`` learns with it and is not kept."""
        weights = self.material.weights(name)
        if weights.is_file():
            self.say(f"{name}: done before, {weights}")
            return
        recipe = self.material.recipe
        schedule, folder = recipe.schedule(name), weights.parent
        learners = nn.ModuleList([model.to(device), *([beside] if beside else [])])
        train(learners, loss, validate, schedule, folder, name, recipe.seed, device)
        if processes()[0] == 0:
            with write_whole(weights, force=True) as temporary:
                safetensors.torch.save_file(packed_weights(model), temporary)
            self.say(f"{name}: {weights}")

    # -- evaluate and pack -----------------------------------------------------------------------

    def evaluate(self) -> None:
        """Figures on the held-out songs, or where there are none on the validation songs."""
        result = self.measure(self.material.voice())
        table = as_table(result)
        for name, text in (
            ("results.json", json.dumps(result, indent=1)),
            ("results.md", table + "\n"),
        ):
            with write_whole(self.material.work / name, force=True) as temporary:
                temporary.write_text(text, encoding="utf-8")
        self.say(table)

    def measure(self, voice: Voice, names: Sequence[str] | None = None) -> dict[str, Any]:
        """Figures of any voice on songs of this corpus."""
        training, validation = self.material.split
        names = names or self.material.recipe.corpus.held_out
        songs = self.material.songs(names) if names else validation
        baseline = fit_baseline(training, self.material.recipe.hop_s)
        return evaluate(
            voice, baseline, tqdm(songs, desc="evaluate", unit="song"), self.material.recipe.seed
        )

    def pack(self) -> None:
        """The voice package, with its licence, credits, recipe, results and training logs."""
        material = self.material
        voice = material.voice()
        credits = "\n".join(material.recipe.voice.credits) + "\n"
        extra = {"CREDITS": credits.encode("utf-8")}
        sources = {
            "recipe.toml": material.recipe_dir / "recipe.toml",
            "LICENSE": material.recipe_dir / "LICENSE",
            "results.md": material.work / "results.md",
        }
        for model in ("timing", "pitch", *STREAMS):
            sources[f"log-{model}.csv"] = material.model_folder(model) / f"{model}.csv"
        extra |= {name: path.read_bytes() for name, path in sources.items() if path.is_file()}
        save_voice(voice, self.output, extra, force=_is_voice(self.output))
        self.say(f"pack: {self.output}")


def _tie(recording: Recording) -> Example:
    """A recording with its labels tied to its notes."""
    nuclei = frozenset(p.symbol for p in recording.phones if is_syllabic(p.symbol))
    part, phones = match_notes(recording.name, recording.phones, recording.notes, nuclei)
    return Example(recording.name, recording.audio.resolve(), part, phones)
