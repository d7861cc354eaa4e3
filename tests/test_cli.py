"""The command line as a user meets it: help, exit codes, and never a traceback."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from singsynth import cli
from singsynth.errors import ScoreError

VERBS = ("render", "inspect", "voices", "copy", "train", "evaluate")


SCORE = """\
<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0">
  <part-list><score-part id="P1"><part-name>Soprano</part-name></score-part></part-list>
  <part id="P1"><measure number="1">
    <attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>
    <direction><sound tempo="60"/></direction>
    <note><pitch><step>A</step><octave>4</octave></pitch><duration>1</duration><type>quarter</type>
      <lyric><syllabic>single</syllabic><text>さ</text></lyric></note>
    <note><pitch><step>B</step><octave>4</octave></pitch><duration>3</duration><type>half</type><dot/>
      <lyric><syllabic>single</syllabic><text>き</text></lyric></note>
  </measure></part>
</score-partwise>
"""


def run(*arguments: str | Path) -> int:
    """Exit code of the program, whether the parser leaves or a verb returns."""
    try:
        return cli.main([str(argument) for argument in arguments])
    except SystemExit as leaving:
        return int(leaving.code or 0)


def let_voices(monkeypatch: pytest.MonkeyPatch, outcome: BaseException) -> None:
    """Let the verb ``voices`` end in ``outcome``."""

    def voices(arguments: argparse.Namespace) -> None:
        """Fail."""
        raise outcome

    monkeypatch.setattr(cli, "voices", voices)


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert all(f"\n    {verb} " in text for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_ends_with_an_example_that_parses(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(verb, "--help") == 0
    example = capsys.readouterr().out.split("For example: singsynth ")[1]
    assert cli.build_parser().parse_args(example.split()).verb is getattr(cli, verb)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("singsynth 0.")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: VERB"),
        (["sing"], "invalid choice: 'sing'"),
        (["render", "song.xml"], "required: -o"),
        (["render", "song.xml", "-o", "x.wav", "--tempo", "0"], "--tempo: 0 must be above 0"),
        (["render", "song.xml", "-o", "x.wav", "--tempo", "nan"], "'nan' is not a number"),
        (["render", "song.xml", "-o", "x.wav", "--transpose", "up"], "'up' is not a number"),
        (["render", "song.xml", "-o", "x.wav", "--temperature", "-1"], "-1 must be 0 or more"),
        (["render", "song.xml", "-o", "x.wav", "--device", "tpu"], "'tpu' is none of cpu, cuda"),
        (["train", "pjs", "--data", "x", "--step", "cook"], "invalid choice: 'cook'"),
    ],
)
def test_a_bad_option_is_told(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert complaint in capsys.readouterr().err


def test_a_bad_output_is_told_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.wav").touch()
    for output, complaint in [
        (tmp_path / "old.wav", "exists already; use --force"),
        (tmp_path / "missing" / "song.wav", "does not exist; create it"),
        (tmp_path / "song.mp3", "let its name end in .wav"),
    ]:
        assert run("render", tmp_path / "no score.xml", "-o", output) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"singsynth: {output}")
        assert complaint in error
        assert error.count("\n") == 1


def test_inspect_as_a_program_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "song.musicxml").write_text(SCORE, "utf-8")
    assert run("inspect", tmp_path / "song.musicxml", "--json") == 0
    song = json.loads(capsys.readouterr().out)
    assert song["duration_s"] == 4.0
    notes = song["parts"][0]["notes"]
    assert [(note["start_s"], note["pitch"], note["phones"][-1]) for note in notes] == [
        (0.0, 69, "a"),
        (1.0, 71, "i"),
    ]


def test_inspect_as_a_musician_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "song.musicxml").write_text(SCORE, "utf-8")
    assert run("inspect", tmp_path / "song.musicxml") == 0
    text = capsys.readouterr().out
    assert "Soprano" in text
    assert "2 notes, A4 to B4" in text


@pytest.mark.parametrize("verb", [["inspect"], ["render", "-o", "song.wav"]])
def test_a_missing_score_is_one_line(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*verb, tmp_path / "none.musicxml") == 2
    error = capsys.readouterr().err
    assert error.startswith("singsynth: ")
    assert error.count("\n") == 1


def test_an_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    let_voices(monkeypatch, ScoreError("song.xml, bar 3: too high; transpose it"))
    assert run("voices") == 2
    assert capsys.readouterr().err == "singsynth: song.xml, bar 3: too high; transpose it\n"


def test_an_interrupt_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    let_voices(monkeypatch, KeyboardInterrupt())
    assert run("voices") == 130
    assert capsys.readouterr().err == "singsynth: interrupted\n"


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    let_voices(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        run("voices")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "from singsynth import cli\n"
        "def voices(arguments):\n"
        "    'Talk on and on.'\n"
        "    while True: print('la')\n"
        "cli.voices = voices\n"
        "raise SystemExit(cli.main(['voices']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == "la\n"
        program.stdout.close()
        assert program.wait(timeout=60) == 141
        assert program.stderr.read() == ""
