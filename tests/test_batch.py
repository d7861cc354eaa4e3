"""Choirs and many scores: files in time with each other, all or none, each score on its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from singsynth import choir
from singsynth.batch import Settings, render_file, scores_in
from singsynth.cli import main
from singsynth.errors import ScoreError, VoiceError

PARTS = {"Soprano": "D4", "Alto": "B3", "Tenor": "G3", "Bass": "G2"}


def chorale(parts: dict[str, str] = PARTS, tempo: int = 120) -> str:
    """Four parts, two bars: two notes, a rest, two notes."""

    def note(pitch: str, text: str) -> str:
        return (
            f"<note><pitch><step>{pitch[0]}</step><octave>{pitch[1]}</octave></pitch>"
            f"<duration>1</duration><lyric><text>{text}</text></lyric></note>"
        )

    rest = "<note><rest/><duration>2</duration></note>"
    attributes = "<attributes><divisions>1</divisions><time><beats>4</beats>"
    attributes += f"<beat-type>4</beat-type></time></attributes><sound tempo='{tempo}'/>"
    names = "".join(
        f"<score-part id='P{i}'><part-name>{name}</part-name></score-part>"
        for i, name in enumerate(parts)
    )
    bodies = "".join(
        f"<part id='P{i}'><measure number='1'>{attributes}{note(p, 'あ')}{note(p, 'め')}{rest}"
        f"</measure><measure number='2'>{rest}{note(p, 'ま')}{note(p, 'り')}</measure></part>"
        for i, p in enumerate(parts.values())
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?><score-partwise version='4.0'>"
        f"<part-list>{names}</part-list>{bodies}</score-partwise>"
    )


@pytest.fixture
def score(tmp_path: Path) -> Path:
    path = tmp_path / "hymn.musicxml"
    path.write_text(chorale(), encoding="utf-8")
    return path


def test_a_choir_is_a_file_a_part_and_their_mix(
    score: Path, tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hymn.wav"
    assert (
        main(["render", str(score), "-o", str(out), "--voice", str(tiny_voice), "--all-parts"]) == 0
    )
    names = [f"hymn-{i}-{name}.wav" for i, name in enumerate(PARTS, start=1)]
    assert sorted(p.name for p in tmp_path.glob("*.wav")) == sorted([*names, "hymn.wav"])
    parts = [soundfile.read(tmp_path / name)[0] for name in names]
    together, rate = soundfile.read(out)
    assert together.shape == (len(parts[0]), 2)
    assert len({len(part) for part in parts}) == 1
    assert np.abs(together).max() == pytest.approx(10 ** (-1 / 20), abs=1e-3)
    # In time with each other: all sing, and all are silent, at the same frames.
    hop = rate // 200
    sounding = [
        np.abs(part[: len(part) // hop * hop].reshape(-1, hop)).max(axis=1) > 1e-3 for part in parts
    ]
    for other in sounding[1:]:
        assert np.mean(sounding[0] != other) < 0.05
    said = capsys.readouterr().err
    assert "4 parts" in said
    assert "Soprano in" in said


def test_the_mix_is_the_balanced_panned_sum(score: Path, tiny_voice: Path) -> None:
    from singsynth.performance import prepare
    from singsynth.score import read_score
    from singsynth.voice import load_voice

    voice = load_voice(tiny_voice)
    made = choir.sing_choir(prepare(read_score(score), voice), voice)
    assert [one.seed for one in made] == [0, 1, 2, 3]
    together = choir.mix(made)
    places = [(p + 1) * np.pi / 4 for p in (-0.6, -0.2, 0.2, 0.6)]
    scaled = [one.samples / choir.loudness(one.samples) for one in made]
    left = sum(x * np.cos(a) for x, a in zip(scaled, places, strict=True))
    right = sum(x * np.sin(a) for x, a in zip(scaled, places, strict=True))
    peak = max(np.abs(left).max(), np.abs(right).max())
    expected = np.stack([left, right], axis=1) * 10 ** (-1 / 20) / peak
    np.testing.assert_allclose(together, expected, atol=1e-6)
    louder = [
        np.sum(x**2) * np.cos(a) ** 2 > np.sum(x**2) * np.sin(a) ** 2
        for x, a in zip(scaled, places, strict=True)
    ]
    assert louder == [True, True, False, False]


def test_nothing_is_written_when_one_part_cannot_be_sung(tmp_path: Path, tiny_voice: Path) -> None:
    score = tmp_path / "high.musicxml"
    score.write_text(chorale(PARTS | {"Tenor": "C8"}), encoding="utf-8")
    settings = Settings(voice=str(tiny_voice), all_parts=True)
    with pytest.raises(VoiceError, match=r"Tenor, bar 1, beat 1: C8 is outside .* --octave auto"):
        render_file(score, tmp_path / "out.wav", settings)
    assert list(tmp_path.glob("*.wav")) == []


def test_a_file_in_the_way_stops_a_choir_before_it_sings(
    score: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_voice: Path
) -> None:
    (tmp_path / "out-2-Alto.wav").write_bytes(b"mine")
    command = ["render", str(score), "-o", str(tmp_path / "out.wav"), "--all-parts"]
    assert main([*command, "--voice", str(tiny_voice)]) == 2
    assert "out-2-Alto.wav exists already; use --force" in capsys.readouterr().err
    assert [p.name for p in tmp_path.glob("*.wav")] == ["out-2-Alto.wav"]


def test_part_and_all_parts_contradict(score: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(score), "-o", "x.wav", "--all-parts", "--part", "1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_many_scores_each_on_its_own(
    tmp_path: Path, tiny_voice: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.musicxml").write_text(chorale(), encoding="utf-8")
    (tmp_path / "bad.musicxml").write_text("<score-partwise", encoding="utf-8")
    out = tmp_path / "out"
    command = ["render", str(tmp_path), "-o", str(out), "--jobs", "2", "--voice", str(tiny_voice)]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "bad.musicxml" in said
    assert "1 of the scores could not be rendered" in said
    assert sorted(p.name for p in out.iterdir()) == ["one.wav", "two.wav"]
    alone = tmp_path / "alone.wav"
    render_file(tmp_path / "one.musicxml", alone, Settings(voice=str(tiny_voice)))
    assert alone.read_bytes() == (out / "one.wav").read_bytes()


def test_a_folder_without_scores_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match="no score in this folder; their names end in"):
        scores_in([tmp_path])


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other things there")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_render_that_is_stopped_leaves_nothing(tmp_path: Path, sign: int) -> None:
    from singsynth.bench import song_xml

    score = tmp_path / "long.musicxml"
    score.write_text(song_xml(400), encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "singsynth", "render", str(score), "-o", str(out / "x.wav")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ}) as process:
        deadline = time.monotonic() + 60
        while not any(out.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert any(out.iterdir())  # singing: its hidden file is there
        process.send_signal(sign)
        assert process.wait(timeout=30) in (130, 143)
    assert list(out.iterdir()) == []


def test_two_workers_of_dask_sing_what_one_process_sings(
    score: Path, tiny_voice: Path, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    settings = Settings(voice=str(tiny_voice))
    outputs = [tmp_path / f"{i}.wav" for i in range(4)]
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as local,
        distributed.Client(local) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        told = client.gather([client.submit(render_file, score, o, settings) for o in outputs])
    assert all(lines[0].startswith("hymn.musicxml, Soprano") for lines in told)
    assert len({o.read_bytes() for o in outputs}) == 1
