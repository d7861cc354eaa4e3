"""A voice trained on the babble corpus, once for all tests of training."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from singsynth.training.pipeline import run


@pytest.fixture(scope="session")
def trained(tiny_recipe: Path, tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of a whole training, prepare to pack."""
    work = tmp_path_factory.mktemp("runs") / "babble"
    run(tiny_recipe, tiny_corpus, work, say=lambda message: None)
    return work


@pytest.fixture
def work(trained: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to go on in."""
    return Path(shutil.copytree(trained, tmp_path / "work"))


@pytest.fixture
def corpus(tiny_corpus: Path, tmp_path: Path) -> Path:
    """A copy of the babble corpus, to spoil."""
    return Path(shutil.copytree(tiny_corpus, tmp_path / "corpus"))
