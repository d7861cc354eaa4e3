"""From recordings to a voice that sings: every step, alone and again, killed and resumed."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from singsynth.errors import CorpusError, OutputError, VoiceError
from singsynth.performance import synthesize
from singsynth.song import Note, Part, Song
from singsynth.training import loop, pipeline
from singsynth.training.evaluate import FIGURES, as_table
from singsynth.training.pipeline import evaluate_voice, run
from singsynth.voice import load_voice

MODELS = ("timing", "pitch", "harmonic", "voicing", "aperiodic")


def quiet(message: str) -> None:
    """Say nothing."""


def weights(work: Path) -> dict[str, Path]:
    """The weights file of each model."""
    found = sorted((work / "models").glob("*/weights.safetensors"))
    return {path.parent.name.partition("-")[0]: path for path in found}


def contents(work: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in weights(work).items()}


# -- the whole ------------------------------------------------------------------------------------


def test_the_voice_sings(trained: Path) -> None:
    voice = load_voice(trained / "voice")
    assert voice.info.name == "babble"
    assert voice.info.phones == ("pau", "a", "i", "k", "s", "u")
    assert (voice.info.lowest, voice.info.highest) == (55, 62)
    assert voice.info.recipe == "babble"
    notes = (Note(0.3, 0.5, 57, "さ"), Note(0.8, 0.5, 60, "き"), Note(1.3, 0.5, 59, "く"))
    made = synthesize(Song("Test", 2.0, (Part("Voice", notes),)), voice)
    assert len(made.samples) == round(2.5 * 16000)
    assert np.isfinite(made.samples).all()
    assert np.abs(made.samples).max() > 0.1


def test_the_package_holds_terms_results_and_logs(trained: Path, tiny_recipe: Path) -> None:
    voice = trained / "voice"
    assert (voice / "LICENSE").read_text("utf-8") == "CC0 1.0\n"
    assert (voice / "CREDITS").read_text("utf-8") == "numpy\n"
    assert (voice / "recipe.toml").read_bytes() == (tiny_recipe / "recipe.toml").read_bytes()
    assert (voice / "results.md").read_text("utf-8").startswith("| figure | voice | mean | copy")
    for model in MODELS:
        with (voice / f"log-{model}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["update", "loss", "validation", "learning_rate"]
        assert [row[0] for row in rows[1:]] == ["3", "6"]
        assert np.isfinite([float(x) for row in rows[1:] for x in row]).all()


def test_every_model_has_its_log_for_tensorboard(trained: Path) -> None:
    for name, path in weights(trained).items():
        assert list((path.parent / "tensorboard" / name).glob("events.*"))


def test_figures_of_every_system(trained: Path) -> None:
    result = json.loads((trained / "results.json").read_text("utf-8"))
    assert result["songs"] == ["song4"]
    assert list(result["systems"]) == ["voice", "mean", "copy", "baseline"]
    for figures in result["systems"].values():
        assert set(figures) <= set(FIGURES)
        assert all(np.isfinite(list(figure.values())).all() for figure in figures.values())
    copied, voice = result["systems"]["copy"], result["systems"]["voice"]
    assert copied["mcd_db"]["mean"] < voice["mcd_db"]["mean"]
    assert copied["f0_rmse_cents"]["mean"] < 50
    assert set(voice) == set(FIGURES)
    table = as_table(result, ["voice", "copy"])
    assert table.splitlines()[0] == "| figure | voice | copy |"
    assert len(table.splitlines()) == 2 + len(FIGURES)


def test_a_finished_voice_is_measured_on_songs_of_choice(
    work: Path, tiny_recipe: Path, tiny_corpus: Path
) -> None:
    options = {"recipe_dir": tiny_recipe, "work": work, "say": quiet}
    result = evaluate_voice(str(work / "voice"), tiny_corpus, **options)  # type: ignore[arg-type]
    assert result == json.loads((work / "results.json").read_text("utf-8"))
    with pytest.raises(CorpusError, match=r"no song 'song9'; there are song1, song2, song3, song4"):
        evaluate_voice(str(work / "voice"), tiny_corpus, songs=["song9"], **options)  # type: ignore[arg-type]


# -- again ----------------------------------------------------------------------------------------


def test_what_is_done_is_not_done_again(work: Path, tiny_recipe: Path, tiny_corpus: Path) -> None:
    features = sorted((work / "features").iterdir())
    before = {path: path.stat().st_mtime_ns for path in [*weights(work).values(), *features]}
    said: list[str] = []
    run(tiny_recipe, tiny_corpus, work, say=said.append)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert sorted((work / "features").iterdir()) == features
    assert [line.partition(":")[0] for line in said if "done before" in line] == list(MODELS)


def test_each_step_can_be_taken_alone(
    trained: Path, tiny_recipe: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    for steps, said in [
        (["timing"], "nothing is prepared yet; run the step prepare"),
        (["pack"], "nothing is prepared yet"),
    ]:
        with pytest.raises(CorpusError, match=said):
            run(tiny_recipe, tiny_corpus, work, steps=steps, say=quiet)
    run(tiny_recipe, tiny_corpus, work, steps=["prepare"], say=quiet)
    with pytest.raises(CorpusError, match="timing is not trained yet; run the steps timing, pitch"):
        run(tiny_recipe, tiny_corpus, work, steps=["pack"], say=quiet)
    for step in ("check", "timbre", "timing", "pitch", "pack"):
        run(tiny_recipe, tiny_corpus, work, steps=[step], say=quiet)
    assert contents(work) == contents(trained)
    assert not (work / "results.md").exists()
    assert load_voice(work / "voice").info.name == "babble"


def test_another_setting_trains_anew(work: Path, tiny_recipe: Path, tiny_corpus: Path) -> None:
    before = set((work / "models").iterdir())
    overrides = {"train": {"timing": {"learning_rate": 0.01}}}
    run(tiny_recipe, tiny_corpus, work, steps=["timing", "pitch"], overrides=overrides, say=quiet)
    added = set((work / "models").iterdir()) - before
    assert [path.name.partition("-")[0] for path in added] == ["timing"]


def test_the_corpus_follows_its_folder(corpus: Path, work: Path, tiny_recipe: Path) -> None:
    (corpus / "song1.lab").unlink()
    run(tiny_recipe, corpus, work, steps=["prepare"], say=quiet)
    assert sorted(p.stem for p in (work / "examples").iterdir()) == ["song2", "song3", "song4"]
    (corpus / "song2.wav").unlink()
    with pytest.raises(CorpusError, match=r"song2\.wav: No such file .*; complete the corpus"):
        run(tiny_recipe, corpus, work, steps=["check"], say=quiet)
    shutil.copy(corpus / "song3.wav", corpus / "song2.wav")
    with pytest.raises(CorpusError, match=r"song2\.wav: changed since it was prepared"):
        run(tiny_recipe, corpus, work, steps=["check"], say=quiet)


def test_a_voice_is_replaced_but_nothing_else(
    work: Path, tiny_recipe: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    run(tiny_recipe, tiny_corpus, work, steps=["pack"], say=quiet)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary").write_text("dear", "utf-8")
    for output, said in [
        (tmp_path / "mine", "exists already"),
        (tmp_path / "a" / "b", "create it"),
    ]:
        with pytest.raises(OutputError, match=said):
            run(tiny_recipe, tiny_corpus, work, steps=["pack"], output=output, say=quiet)
    assert (tmp_path / "mine" / "diary").exists()


def test_a_bad_output_is_told_before_anything_is_done(
    tiny_recipe: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputError):
        run(tiny_recipe, tiny_corpus, tmp_path / "work", output=tmp_path / "a" / "b", say=quiet)
    assert not (tmp_path / "work" / "examples").exists()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another folder with --work"):
        run(tiny_recipe, tiny_corpus, tmp_path / "file" / "work", say=quiet)


def test_a_device_that_is_not_there(tiny_recipe: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"device 'cuda:7' cannot be used .*; try cpu"):
        run(tiny_recipe, tiny_corpus, tmp_path / "work", device="cuda:7", say=quiet)


# -- killed ---------------------------------------------------------------------------------------


def without_weights(work: Path) -> Path:
    """Keep what is prepared, forget what was trained."""
    shutil.rmtree(work / "models")
    return work


def test_the_same_seed_trains_the_same_weights(
    trained: Path, work: Path, tiny_recipe: Path, tiny_corpus: Path
) -> None:
    without_weights(work)
    steps = ("timing", "pitch", "timbre")
    run(tiny_recipe, tiny_corpus, work, steps=steps, say=quiet)
    assert contents(work) == contents(trained)
    run(tiny_recipe, tiny_corpus, work, steps=["timing"], overrides={"seed": 4}, say=quiet)
    seeds = sorted((work / "models").glob("timing-*/weights.safetensors"))
    assert len({path.read_bytes() for path in seeds}) == 2


@pytest.mark.parametrize(("step", "model"), [("timing", "timing"), ("pitch", "pitch")])
@pytest.mark.parametrize("stop", [1, 4])
def test_what_was_interrupted_is_taken_up(
    trained: Path,
    work: Path,
    tiny_recipe: Path,
    tiny_corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    model: str,
    stop: int,
) -> None:
    without_weights(work)
    whole = loop.step_seed

    def interrupted(seed: int, at: int, rank: int) -> int:
        if at == stop:
            raise KeyboardInterrupt
        return whole(seed, at, rank)

    monkeypatch.setattr(loop, "CHECKPOINT_EVERY_S", -1.0)
    monkeypatch.setattr(loop, "step_seed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tiny_recipe, tiny_corpus, work, steps=[step], say=quiet)
    assert not weights(work)
    taken: list[int] = []

    def counted(seed: int, at: int, rank: int) -> int:
        taken.append(at)
        return whole(seed, at, rank)

    monkeypatch.setattr(loop, "step_seed", counted)
    run(tiny_recipe, tiny_corpus, work, steps=[step], say=quiet)
    assert taken == list(range(stop, 6))
    assert contents(work)[model] == contents(trained)[model]
    log, straight = (w[model].with_name(f"{model}.csv") for w in (weights(work), weights(trained)))
    resumed, wanted = (
        [[row[0], row[2], row[3]] for row in csv.reader(path.read_text("utf-8").splitlines())]
        for path in (log, straight)
    )
    assert resumed == wanted


PROGRAM = """\
import sys, time
import torch
from singsynth import cli
from singsynth.training import loop

torch.set_num_threads(1)
loop.CHECKPOINT_EVERY_S = -1.0
if len(sys.argv) > 6:
    whole = loop.step_seed

    def slowly(seed, step, rank):
        time.sleep(0.3)
        return whole(seed, step, rank)

    loop.step_seed = slowly
sys.exit(cli.main(["train", *sys.argv[1:6], "--step", "timbre"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_training_is_taken_up(
    work: Path, tiny_recipe: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    def start(folder: Path, *slow: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-c", PROGRAM, tiny_recipe, "--data", tiny_corpus, "--work", folder]
        quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([*map(str, line), *slow], **quietly)

    straight = Path(shutil.copytree(without_weights(work), tmp_path / "straight"))
    with start(work, "slowly") as program:
        until = time.monotonic() + 300
        while not list((work / "models").glob("harmonic-*/harmonic.pt")):
            assert program.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        program.send_signal(signal.SIGKILL)
    assert not weights(work)
    for folder in (work, straight):
        with start(folder) as program:
            assert program.wait() == 0
    assert set(contents(work)) == {"harmonic", "voicing", "aperiodic"}
    assert contents(work) == contents(straight)


# -- several processes ----------------------------------------------------------------------------


def test_two_processes_train_together(
    trained: Path, work: Path, tiny_recipe: Path, tiny_corpus: Path
) -> None:
    without_weights(work)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    launch += ["--nproc_per_node", "2", "-m", "singsynth"]
    words = ["train", tiny_recipe, "--data", tiny_corpus, "--work", work, "--step", "timing"]
    result = subprocess.run(
        [*launch, *map(str, words), "pitch", "check"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("check: 4 songs") == 1
    together, alone = contents(work), contents(trained)
    assert set(together) == {"timing", "pitch"}
    assert together["pitch"] != alone["pitch"]


def test_gradients_are_averaged_over_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = torch.nn.Linear(2, 1)
    model(torch.tensor([[1.0, 2.0]])).sum().backward()

    def all_reduce(flat: torch.Tensor) -> None:
        flat += torch.tensor([3.0, 4.0, 5.0])  # what another process found

    monkeypatch.setattr(loop.dist, "all_reduce", all_reduce)
    loop._average_gradients(model, 2)
    assert model.weight.grad is not None
    assert model.bias.grad is not None
    assert model.weight.grad.tolist() == [[2.0, 3.0]]
    assert model.bias.grad.tolist() == [3.0]


def test_steps_are_those_of_the_command_line() -> None:
    from singsynth import cli

    assert pipeline.STEPS == cli.STEPS
