"""Bad input through the command line: exit code 2, one line that names place and remedy, no more.

Every case runs in a folder of its own, and whatever was there before must be all that is there
after: no half-written file, no traceback.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from singsynth import cli

NOTE = """\
    <note><pitch><step>{step}</step><octave>{octave}</octave></pitch><duration>2</duration>
      {lyric}</note>
"""
SCORE = """\
<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0">
  <part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>
  <part id="P1"><measure number="1">
    <attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>
    <direction><sound tempo="240"/></direction>
{notes}  </measure></part>
</score-partwise>
"""


def score(*words: str, octave: int = 4) -> str:
    """A bar with a note for each word; an empty word is a note without lyric."""
    notes = []
    for step, word in zip("ACDE", words, strict=False):
        lyric = f"<lyric><syllabic>single</syllabic><text>{word}</text></lyric>" if word else ""
        notes.append(NOTE.format(step=step, octave=octave, lyric=lyric))
    return SCORE.format(notes="".join(notes))


@pytest.fixture
def room(tmp_path: Path, tiny_voice: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good score, in which the tiny voice is installed."""
    monkeypatch.setenv("SINGSYNTH_VOICES", str(tiny_voice.parent))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.musicxml").write_text(score("さ", "く"), "utf-8")
    return tmp_path


Told = Callable[..., str]


@pytest.fixture
def told(room: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Run the program with these words; return its one line of complaint."""

    def run(*words: str | Path, may_add: tuple[str, ...] = ()) -> str:
        before = {path: path.read_bytes() for path in room.rglob("*") if path.is_file()}
        assert cli.main([str(word) for word in words]) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith("singsynth: ")
        assert output.err.count("\n") == 1
        after = {path: path.read_bytes() for path in room.rglob("*") if path.is_file()}
        added = [path for path in after if path.relative_to(room).parts[0] not in may_add]
        assert {path: after[path] for path in added} == before
        return output.err

    return run


RENDER = ("-o", "out.wav", "--voice", "tiny")


def test_the_room_is_in_order(room: Path) -> None:
    assert cli.main(["render", "good.musicxml", *RENDER, "--quiet"]) == 0
    assert (room / "out.wav").stat().st_size > 1000


# -- scores ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said", "remedy"),
    [
        ("la la la", "is not XML", "export the score again"),
        (score("さ", "く")[:500], "damaged or cut off XML", "export the score again"),
        ("", "is empty", "export the score again"),
        (score(), "holds no notes", "export"),
        (score("", ""), "has no words", "add lyrics"),
    ],
    ids=["not XML", "truncated", "empty file", "empty score", "no lyrics"],
)
def test_scores(told: Told, room: Path, content: str, said: str, remedy: str) -> None:
    (room / "bad.musicxml").write_text(content, "utf-8")
    error = told("render", "bad.musicxml", *RENDER)
    assert "bad.musicxml: " in error
    assert said in error
    assert remedy in error


def test_a_missing_score(told: Told) -> None:
    assert "none.musicxml: no such file; check the name" in told("render", "none.musicxml", *RENDER)


def test_an_unknown_syllable(told: Told, room: Path) -> None:
    (room / "bad.musicxml").write_text(score("さ", "xq"), "utf-8")
    error = told("render", "bad.musicxml", *RENDER, "--language", "ja")
    assert "Voice, bar 1, beat 3" in error
    assert '"xq"' in error
    assert "spell it in kana or romaji" in error


def test_a_note_out_of_range(told: Told, room: Path) -> None:
    (room / "bad.musicxml").write_text(score("さ", "く", octave=7), "utf-8")
    error = told("render", "bad.musicxml", *RENDER)
    assert "Voice, bar 1, beat 1: A7 is outside the range of voice 'tiny', E2 to G#5" in error
    assert "--transpose -" in error
    assert cli.main(["render", "bad.musicxml", *RENDER, "--quiet", "--transpose", "-36"]) == 0


def test_an_unknown_part(told: Told) -> None:
    error = told("render", "good.musicxml", *RENDER, "--part", "Bass")
    assert "no part 'Bass' with words; there are: 1 Voice" in error


# -- voices ---------------------------------------------------------------------------------------


def test_an_unknown_voice(told: Told) -> None:
    error = told("render", "good.musicxml", "-o", "out.wav", "--voice", "nightingale")
    assert "no voice 'nightingale'; installed: " in error
    assert "tiny" in error


def test_damaged_weights(told: Told, room: Path, tiny_voice: Path) -> None:
    shutil.copytree(tiny_voice, room / "hurt")
    data = bytearray((room / "hurt" / "timbre.safetensors").read_bytes())
    data[-1] ^= 1
    (room / "hurt" / "timbre.safetensors").write_bytes(data)
    error = told("render", "good.musicxml", "-o", "out.wav", "--voice", "hurt")
    assert "hurt/timbre.safetensors is damaged" in error
    assert "install the voice again" in error


def test_a_device_that_is_not_there(told: Told, tiny_corpus: Path, tiny_recipe: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    for words in (
        ("render", "good.musicxml", *RENDER),
        ("train", tiny_recipe, "--data", tiny_corpus, "--work", "work"),
        ("evaluate", "tiny", "--data", tiny_corpus, "--recipe", tiny_recipe, "--work", "work"),
    ):
        error = told(*words, "--device", "cuda")
        assert "device 'cuda' cannot be used" in error
        assert "try cpu" in error


# -- outputs --------------------------------------------------------------------------------------


def test_an_output_that_exists(told: Told, room: Path) -> None:
    (room / "out.wav").write_bytes(b"mine")
    assert "out.wav exists already; use --force" in told("render", "good.musicxml", *RENDER)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("nowhere/out.wav", "the folder nowhere does not exist; create it first"),
        ("good.musicxml/out.wav", "is not a folder"),
        (".", "let its name end in .wav"),
        ("folder.wav", "is a folder; name a file in it"),
    ],
)
def test_an_output_that_cannot_be_written(told: Told, room: Path, output: str, said: str) -> None:
    (room / "folder.wav").mkdir()
    assert said in told("render", "good.musicxml", "-o", output, "--voice", "tiny")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_is_no_file(told: Told, room: Path) -> None:
    (room / "full.wav").symlink_to("/dev/full")
    error = told("render", "good.musicxml", "-o", "full.wav", "--voice", "tiny")
    assert "is not an ordinary file" in error


# -- copying --------------------------------------------------------------------------------------


def test_copying_what_is_no_recording(told: Told, room: Path) -> None:
    assert "none.wav: no such recording" in told("copy", "none.wav", "-o", "out.wav")
    error = told("copy", "good.musicxml", "-o", "out.wav")
    assert "good.musicxml: not readable as audio" in error
    assert "convert it to WAV or FLAC" in error


def test_copying_too_low_a_rate(told: Told, room: Path) -> None:
    import numpy as np

    from singsynth.acoustics import write_audio

    write_audio(room / "phone.wav", 0.1 * np.sin(np.arange(8000) / 5), 8000)
    assert "8000 Hz is too low a sample rate" in told("copy", "phone.wav", "-o", "out.wav")


# -- training -------------------------------------------------------------------------------------


def test_a_missing_corpus(told: Told, tiny_recipe: Path) -> None:
    error = told("train", tiny_recipe, "--data", "nowhere", "--work", "work")
    assert "nowhere: no such folder; give the corpus with --data" in error


def test_a_corpus_of_something_else(told: Told, tiny_recipe: Path, room: Path) -> None:
    (room / "corpus").mkdir()
    words = ("train", tiny_recipe, "--data", "corpus", "--work", "work")
    assert "corpus: the recipe found no songs in it" in told(*words, may_add=("work",))


def test_a_folder_that_is_no_recipe(told: Told, tiny_corpus: Path, room: Path) -> None:
    (room / "recipe").mkdir()
    error = told("train", "recipe", "--data", tiny_corpus, "--work", "work")
    assert "recipe: not a recipe, it holds no recipe.toml; try one of recipes/" in error


def test_a_slip_in_a_recipe(told: Told, tiny_corpus: Path, tiny_recipe: Path, room: Path) -> None:
    shutil.copytree(tiny_recipe, room / "recipe")
    text = (room / "recipe" / "recipe.toml").read_text("utf-8")
    (room / "recipe" / "recipe.toml").write_text("sede = 2\n" + text, "utf-8")
    error = told("train", "recipe", "--data", tiny_corpus, "--work", "work")
    assert "recipe/recipe.toml: unknown key 'sede'; known are corpus" in error


def test_labels_and_audio_that_disagree(room: Path, tiny_corpus: Path, tiny_recipe: Path) -> None:
    """As a user sees it, progress bars and all: in a process of its own."""
    shutil.copytree(tiny_corpus, room / "corpus")
    labels = (room / "corpus" / "song1.lab").read_text("utf-8")
    doubled = [line.split() for line in labels.splitlines()]
    (room / "corpus" / "song1.lab").write_text(
        "".join(f"{2 * int(a)} {2 * int(b)} {symbol}\n" for a, b, symbol in doubled), "utf-8"
    )
    words = ["train", str(tiny_recipe), "--data", "corpus", "--work", "work", "--step", "prepare"]
    result = subprocess.run(
        [sys.executable, "-m", "singsynth", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=room,
    )
    assert result.returncode == 2
    complaint = result.stderr.rpartition("singsynth: ")[2]
    assert complaint.startswith("song1: only 2 of 4 notes have a vowel within 0.35 s; labels and")
    assert complaint.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert [
        path.name for path in (room / "work" / "features").iterdir() if "song1" in path.name
    ] == []


def test_a_voice_that_is_not_trained_yet(told: Told, tiny_corpus: Path, tiny_recipe: Path) -> None:
    words = ("train", tiny_recipe, "--data", tiny_corpus, "--work", "work", "--step", "pack")
    error = told(*words, may_add=("work",))
    assert "work: nothing is prepared yet; run the step prepare" in error


def test_evaluating_without_its_recipe(told: Told, tiny_corpus: Path) -> None:
    error = told("evaluate", "tiny", "--data", tiny_corpus, "--work", "work")
    assert "recipes/tiny: not a recipe" in error
