"""Bad data is found before anything is trained on it, named, and told in one line."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from singsynth import cli
from singsynth.acoustics import FeatureSpec, analyze
from singsynth.errors import CorpusError, SingsynthError
from singsynth.song import Note, Part, Phone, Syllable
from singsynth.training.check import Problem, as_csv, check_example, check_sound
from singsynth.training.corpus import Example
from singsynth.training.pipeline import run

RATE = 16000


def read(path: Path) -> np.ndarray:
    return soundfile.read(path)[0]


# -- what can be wrong with a corpus --------------------------------------------------------------


def lower_rate(corpus: Path) -> None:
    soundfile.write(corpus / "song2.wav", read(corpus / "song2.wav")[::2], RATE // 2)


def stereo(corpus: Path) -> None:
    samples = read(corpus / "song2.wav")
    soundfile.write(corpus / "song2.wav", np.stack([samples, samples], axis=1), RATE)


def not_audio(corpus: Path) -> None:
    (corpus / "song2.wav").write_bytes(b"RIFF no more")


def missing_audio(corpus: Path) -> None:
    (corpus / "song2.wav").unlink()


def clipped(corpus: Path) -> None:
    samples = np.clip(3 * read(corpus / "song2.wav"), -1, 1)
    soundfile.write(corpus / "song2.wav", samples, RATE)


def silent(corpus: Path) -> None:
    soundfile.write(corpus / "song2.wav", 1e-4 * read(corpus / "song2.wav"), RATE)


def cut_off(corpus: Path) -> None:
    soundfile.write(corpus / "song2.wav", read(corpus / "song2.wav")[: 2 * RATE], RATE)


def unknown_phone(corpus: Path) -> None:
    text = (corpus / "song2.lab").read_text("utf-8")
    (corpus / "song2.lab").write_text(text.replace(" s\n", " sss\n", 1), "utf-8")


def an_octave_off(corpus: Path) -> None:
    rows = [line.split(",") for line in (corpus / "song2.csv").read_text("utf-8").splitlines()]
    lines = [f"{start},{length},{int(pitch) + 12}\n" for start, length, pitch in rows]
    (corpus / "song2.csv").write_text("".join(lines), "utf-8")


def another_score(corpus: Path) -> None:
    pitches = (55, 70, 50, 64)
    lines = [f"{0.3 + 0.6 * i:.3f},0.6,{p}\n" for i, p in enumerate(pitches)]
    (corpus / "song2.csv").write_text("".join(lines), "utf-8")


def another_rhythm(corpus: Path) -> None:
    lines = [f"{10 + 0.6 * i:.3f},0.6,60\n" for i in range(4)]
    (corpus / "song2.csv").write_text("".join(lines), "utf-8")


def labels_of_another_song(corpus: Path) -> None:
    """Vowels where the singer rests and hisses: the times are shifted, score and labels agree."""
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * RATE)
    soundfile.write(corpus / "song2.wav", noise, RATE)


def malformed_label(corpus: Path) -> None:
    (corpus / "song2.lab").write_text("0 3000000 pau\n3000000 soon a\n", "utf-8")


PROBLEMS: dict[Callable[[Path], None], tuple[str, ...]] = {
    lower_rate: ("song2.wav: recorded at 8000 Hz, the recipe wants 16000 Hz", "use recordings of"),
    stereo: ("song2.wav: has 2 channels", "mix it down to mono"),
    not_audio: ("song2.wav: not readable as audio", "convert it to WAV or FLAC"),
    missing_audio: ("song2.wav: No such file", "complete the corpus"),
    clipped: ("song2, 0.", "of the samples are clipped", "record again at a lower level"),
    silent: ("song2, 0.00 s: the recording is silent", "replace the file or leave it out"),
    cut_off: (
        "song2, 2.01 s, 's': labels go on to 3.00 s but the sound ends at 2.00 s",
        "pair them anew",
    ),
    unknown_phone: ("song2, 0.81 s, 'sss': unknown phone", "map it to a known one"),
    an_octave_off: ("song2, 0.30 s: sung -12.0 semitones from the notes", "transpose the notes"),
    another_score: ("song2, 0.30 s: only", "within 2 semitones", "is it the right score?"),
    another_rhythm: ("song2: only 0 of 4 notes have a vowel", "of different takes, or shifted"),
    labels_of_another_song: (
        "song2, 0.30 s, 'u': only 0% of the labelled vowels are voiced",
        "labels and audio do not belong together",
    ),
}
"""How to spoil song2, and what is said of it."""


@pytest.mark.parametrize("spoil", PROBLEMS, ids=lambda spoil: spoil.__name__)
def test_it_is_found_named_and_stops_the_training(
    corpus: Path,
    trained: Path,
    tiny_recipe: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
) -> None:
    work = tmp_path / "work"
    shutil.copytree(trained / "features", work / "features")  # of what is not spoilt
    spoil(corpus)
    words = ["train", tiny_recipe, "--data", corpus, "--work", work]
    assert cli.main([str(word) for word in words]) == 2
    error = next(
        line for line in capsys.readouterr().err.splitlines() if line.startswith("singsynth: ")
    )
    for said in PROBLEMS[spoil]:
        assert said in error
    assert not (work / "models").exists()
    assert not (work / "voice").exists()
    if spoil is missing_audio:  # found before a song is looked at
        return
    with (work / "check.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["fatal"] == "True"]
    assert {row["song"] for row in rows} == {"song2"}
    assert rows[0]["problem"] in error


def test_a_malformed_label_names_its_line(
    corpus: Path, tiny_recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    malformed_label(corpus)
    words = ["train", tiny_recipe, "--data", corpus, "--work", tmp_path / "work"]
    assert cli.main([str(word) for word in words]) == 2
    assert (
        capsys.readouterr().err
        == f"singsynth: {corpus / 'song2.lab'}, line 2: '3000000 soon' are not times\n"
    )


def test_all_bad_recordings_are_told_at_once(
    corpus: Path, tiny_recipe: Path, tmp_path: Path
) -> None:
    stereo(corpus)
    rhythm = (corpus / "song3.csv").read_text("utf-8").replace(",0.6,", "5,0.6,")
    (corpus / "song3.csv").write_text("\n".join(f"9{line}" for line in rhythm.split()), "utf-8")
    work = tmp_path / "work"
    with pytest.raises(SingsynthError, match=r"\(1 more, see .*check\.csv\)") as caught:
        run(tiny_recipe, corpus, work, steps=["prepare"], say=lambda message: None)
    assert "\n" not in str(caught.value)
    text = (work / "check.csv").read_text("utf-8")
    assert "has 2 channels" in text
    assert "song3: only 0 of 4 notes" in text


def test_a_good_corpus_passes(trained: Path) -> None:
    header = "song,time_s,phone,problem,remedy,fatal\n"
    assert (trained / "check.csv").read_text("utf-8") == header


def test_songs_kept_apart_must_be_there_and_sing_known_phones(
    work: Path, corpus: Path, tiny_recipe: Path
) -> None:
    def check(held_out: list[str]) -> None:
        overrides = {"corpus": {"held_out": held_out}}
        steps = ["prepare", "check"]
        run(tiny_recipe, corpus, work, steps=steps, overrides=overrides, say=lambda message: None)

    with pytest.raises(CorpusError, match="song 'song7', which the recipe keeps apart, is not"):
        check(["song7"])
    text = (corpus / "song4.lab").read_text("utf-8")
    (corpus / "song4.lab").write_text(text.replace(" k\n", " ky\n", 1), "utf-8")
    with pytest.raises(CorpusError, match=r"song4, 0.21 s, 'ky': no training song has this phone"):
        check(["song4"])


# -- one recording --------------------------------------------------------------------------------


def test_sound_alone() -> None:
    tone = 0.5 * np.sin(np.arange(RATE) / 5)
    assert list(check_sound("song", tone, RATE)) == []
    (problem,) = check_sound("song", np.clip(tone * 4, -1, 1), RATE)
    assert "clipped" in problem.message
    (problem,) = check_sound("song", tone * 1e-3, RATE)
    assert "silent" in problem.message


def test_many_notes_without_a_vowel_are_a_doubt_not_an_error() -> None:
    time = np.arange(2 * RATE) / RATE
    tone = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 20)) / 4
    samples = np.where((time > 0.3) & (time < 1.7), tone, 0.0)
    phones = (Phone("pau", 0, 0.3), Phone("a", 0.3, 1.4, 0), Phone("pau", 1.7, 0.3))
    notes = (Note(0.3, 0.7, 57, syllable=Syllable("a", (), ("a",))), Note(1.0, 0.7, 57))
    example = Example("song", Path("song.wav"), Part("song", notes), phones)
    features = analyze(samples, FeatureSpec(RATE))
    (doubt,) = check_example(example, features, 0.005, samples, RATE, {"a", "pau"})
    assert str(doubt) == (
        "song, 1.00 s: 1 of 2 notes have no vowel of their own; compare notes and labels there"
    )
    assert not doubt.fatal


def test_problems_as_csv() -> None:
    problem = Problem("song", 1.25, "k", 'so, "so"', "mend it", fatal=False)
    assert as_csv([problem]).splitlines()[1] == 'song,1.250,k,"so, ""so""",mend it,False'
    assert str(problem) == "song, 1.25 s, 'k': so, \"so\"; mend it"
