"""Recipes: a table that states what differs, and a function that reads a corpus."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from singsynth.errors import CorpusError
from singsynth.training.recipe import DEFAULT_SCHEDULES, load_prepare, load_recipe

ROOT = Path(__file__).resolve().parents[2]

MINIMAL = """\
[voice]
name = "me"
title = "Me"
languages = ["ja"]
licence = "CC0"
credits = []
"""


def recipe(folder: Path, text: str) -> Path:
    (folder / "recipe.toml").write_text(text, "utf-8")
    return folder


def test_what_is_not_stated_is_the_default(tmp_path: Path) -> None:
    made = load_recipe(recipe(tmp_path, MINIMAL))
    assert made.train == DEFAULT_SCHEDULES
    assert made.corpus.held_out == ()
    assert made.spec.sample_rate == made.sample_rate == 32000


def test_one_number_of_a_schedule_leaves_the_others(tmp_path: Path) -> None:
    text = MINIMAL + "[train.pitch]\nupdates = 7\n[timbre.harmonic]\ndilations = [1, 2]\n"
    made = load_recipe(recipe(tmp_path, text))
    usual = DEFAULT_SCHEDULES["pitch"]
    assert made.schedule("pitch").updates == 7
    assert made.schedule("pitch").frames == usual.frames
    assert made.schedule("timing") == DEFAULT_SCHEDULES["timing"]
    assert made.timbre.harmonic.dilations == (1, 2)


def test_overrides_lie_over_the_recipe(tmp_path: Path) -> None:
    made = load_recipe(recipe(tmp_path, MINIMAL), {"seed": 9, "train": {"pitch": {"batch": 2}}})
    assert (made.seed, made.schedule("pitch").batch) == (9, 2)
    assert made.voice.name == "me"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds = 1\n" + MINIMAL, "unknown key 'seeds'; known are"),
        ("seed = 1.5\n" + MINIMAL, "'seed' must be int, not 1.5"),
        (MINIMAL + "[train.timber]\nupdates = 3\n", "unknown model in [train.timber]; known are"),
        (MINIMAL + "[train.pitch]\nupdate = 3\n", "unknown key 'train.pitch.update'"),
        (MINIMAL + "[pitch.network]\ndilations = 3\n", "'pitch.network.dilations' must be tuple"),
        (MINIMAL.replace('name = "me"\n', ""), "key 'voice.name' is missing"),
        ("[voice", "Expected"),
    ],
)
def test_slips_are_told_by_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CorpusError) as caught:
        load_recipe(recipe(tmp_path, text))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'recipe.toml'}: ")
    assert said in message
    assert "\n" not in message


def test_a_folder_without_a_recipe(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"holds no recipe\.toml; try one of recipes/"):
        load_recipe(tmp_path)
    with pytest.raises(CorpusError, match=r"holds no prepare\.py; copy one"):
        load_prepare(tmp_path)
    (tmp_path / "prepare.py").write_text("def prepared(): ...\n", "utf-8")
    with pytest.raises(CorpusError, match=r"prepare\.py: defines no prepare\(corpus_dir\)"):
        load_prepare(tmp_path)


@pytest.mark.parametrize("folder", sorted((ROOT / "recipes").iterdir()), ids=lambda p: p.name)
def test_recipes_of_this_repository_load(folder: Path, tmp_path: Path) -> None:
    made = load_recipe(folder)
    assert made.voice.name == folder.name
    assert made.voice.licence
    assert made.voice.credits
    apart = [*made.corpus.held_out, *made.corpus.validation, *made.corpus.left_out]
    assert len(set(apart)) == len(apart)
    prepare = load_prepare(folder)
    shutil.copytree(folder, tmp_path / "elsewhere")
    with pytest.raises(CorpusError):
        list(prepare(tmp_path))
