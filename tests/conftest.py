"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder that holds the corpora, one folder each; without it the test is skipped."""
    folder = Path(os.environ.get("SINGSYNTH_CORPORA") or ROOT.parent / "shared" / "corpora")
    if not folder.is_dir():
        pytest.skip(f"no corpora in {folder}; set SINGSYNTH_CORPORA to the folder that holds them")
    return folder
