"""A voice package: saved, found, loaded whole, and refused when anything in it is wrong."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch

from singsynth import voice as voices
from singsynth.errors import OutputError, VoiceError
from singsynth.voice import MODELS, find_voice, list_voices, load_voice, save_voice


@pytest.fixture
def copy(tiny_voice: Path, tmp_path: Path) -> Path:
    """A copy of the tiny voice to spoil."""
    return Path(shutil.copytree(tiny_voice, tmp_path / "voices" / "tiny"))


def zipped(folder: Path, path: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, inside + file.relative_to(folder).as_posix())
    return path


def fails(path: Path | str, *said: str) -> str:
    """Loading fails in one line that says all this, and what to do."""
    with pytest.raises(VoiceError) as caught:
        load_voice(path)
    message = str(caught.value)
    assert "\n" not in message
    for words in said:
        assert words in message
    return message


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    file.write_text(text.replace(old, new), "utf-8")


def redigest(folder: Path, name: str, data: bytes) -> None:
    """Replace a file and its digest, as somebody who means it would."""
    old = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / name).write_bytes(data)
    change(folder / "voice.toml", old, hashlib.sha256(data).hexdigest())


# -- saving and loading ---------------------------------------------------------------------------


def test_a_round_trip_keeps_everything(tiny_voice: Path, tmp_path: Path) -> None:
    voice = load_voice(tiny_voice)
    assert voice.info.name == "tiny"
    assert voice.info.credits == ("nobody",)
    assert voice.spec.num_aperiodic == 1
    assert "a" in voice.vowels
    assert "k" not in voice.vowels
    save_voice(voice, tmp_path / "again")
    for name in MODELS:
        file = f"{name}.safetensors"
        assert (tmp_path / "again" / file).read_bytes() == (tiny_voice / file).read_bytes()
    again = load_voice(tmp_path / "again")
    assert again.info == voice.info
    assert again.timbre.config == voice.timbre.config
    for one, other in zip(
        voice.timbre.state_dict().items(), again.timbre.state_dict().items(), strict=True
    ):
        assert one[0] == other[0]
        assert torch.equal(one[1], other[1])
    assert not voice.timbre.training


def test_weights_are_half_precision_and_scaling_is_not(tiny_voice: Path) -> None:
    weights = safetensors.torch.load_file(tiny_voice / "timbre.safetensors")
    assert weights["streams.harmonic.output.weight"].dtype == torch.float16
    assert weights["low"].dtype == torch.float32


def test_half_precision_is_all_that_is_lost(tiny_voice: Path, tmp_path: Path) -> None:
    voice = load_voice(tiny_voice)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in voice.pitch.parameters():
            parameter.add_(torch.randn_like(parameter) * 1e-3)
    save_voice(voice, tmp_path / "again")
    again = load_voice(tmp_path / "again")
    for one, other in zip(voice.pitch.parameters(), again.pitch.parameters(), strict=True):
        assert torch.equal(one.half().float(), other)


def test_lexicons_travel_with_the_voice(tiny_voice: Path, tmp_path: Path) -> None:
    voice = load_voice(tiny_voice)
    lexicons = {"ja": {"今日": ("ky", "o", "u"), "あ": ("a",)}}
    with_words = voices.Voice(voice.info, voice.timing, voice.pitch, voice.timbre, lexicons)
    save_voice(with_words, tmp_path / "wordy")
    assert load_voice(tmp_path / "wordy").lexicons == lexicons
    change(tmp_path / "wordy" / "lexicons" / "ja.tsv", "ky o u", "k o u")
    fails(tmp_path / "wordy", "lexicons/ja.tsv is damaged")


def test_weights_that_are_not_finite_are_not_saved(tiny_voice: Path, tmp_path: Path) -> None:
    voice = load_voice(tiny_voice)
    with torch.no_grad():
        voice.pitch.network.output.weight.fill_(1e6)
    with pytest.raises(VoiceError, match=r"pitch: 'network\.output\.weight' is not finite"):
        save_voice(voice, tmp_path / "burst")
    assert list(tmp_path.iterdir()) == []


def test_a_voice_that_is_there_stays(copy: Path) -> None:
    before = (copy / "voice.toml").read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        save_voice(load_voice(copy), copy)
    assert (copy / "voice.toml").read_bytes() == before
    save_voice(load_voice(copy), copy, force=True)
    assert not (copy / "CREDITS").exists()


# -- finding --------------------------------------------------------------------------------------


def test_voices_are_found_by_name(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINGSYNTH_VOICES", os.pathsep.join([str(copy.parent), "nowhere"]))
    assert "tiny" in [info.name for info in list_voices()]
    assert find_voice("tiny") == copy
    assert load_voice("tiny").info.title == "Tiny, untrained"


@pytest.mark.parametrize("inside", ["", "tiny-1.0/"])
def test_a_zip_file_is_the_same_voice(
    tiny_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    path = zipped(tiny_voice, tmp_path / "small.zip", inside)
    for name in (path, "small"):
        monkeypatch.setenv("SINGSYNTH_VOICES", str(tmp_path))
        assert load_voice(name).info == load_voice(tiny_voice).info
    assert "tiny" in [info.name for info in list_voices()]


def test_the_first_voice_of_a_name_wins(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path(shutil.copytree(copy, copy.parent.parent / "more" / "tiny"))
    change(other / "voice.toml", "Tiny, untrained", "Another")
    monkeypatch.setenv("SINGSYNTH_VOICES", os.pathsep.join([str(other.parent), str(copy.parent)]))
    assert [info.title for info in list_voices() if info.name == "tiny"] == ["Another"]
    assert load_voice("tiny").info.title == "Another"


def test_an_unknown_voice_is_told_with_those_there_are(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SINGSYNTH_VOICES", str(copy.parent))
    message = fails("nightingale", "no voice 'nightingale'", "Give one of these, or the path")
    assert "tiny" in message.partition("installed: ")[2]
    (copy / "voice.toml").write_text("damaged", "utf-8")
    fails("nightingale", "no voice 'nightingale'")


# -- damage ---------------------------------------------------------------------------------------


def flip_a_byte(folder: Path) -> None:
    data = bytearray((folder / "timbre.safetensors").read_bytes())
    data[-100] ^= 1
    (folder / "timbre.safetensors").write_bytes(data)


def truncate(folder: Path) -> None:
    data = (folder / "pitch.safetensors").read_bytes()
    (folder / "pitch.safetensors").write_bytes(data[: len(data) // 2])


def truncate_knowingly(folder: Path) -> None:
    redigest(folder, "pitch.safetensors", (folder / "pitch.safetensors").read_bytes()[:-100])


def with_weights(folder: Path, name: str, edit: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = safetensors.torch.load_file(folder / name)
    edit(weights)
    redigest(folder, name, safetensors.torch.save(weights))


def shape(folder: Path) -> None:
    def edit(weights: dict[str, torch.Tensor]) -> None:
        weights["network.output.bias"] = torch.zeros(5)

    with_weights(folder, "pitch.safetensors", edit)


def infinite(folder: Path) -> None:
    def edit(weights: dict[str, torch.Tensor]) -> None:
        weights["onset_net.0.bias"][0] = float("nan")

    with_weights(folder, "timing.safetensors", edit)


def lacking(folder: Path) -> None:
    with_weights(folder, "timing.safetensors", lambda weights: weights.pop("onset_net.0.bias"))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "flipped byte": (flip_a_byte, "timbre.safetensors is damaged: its digest differs"),
    "truncated": (truncate, "pitch.safetensors is damaged"),
    "truncated, with its digest": (truncate_knowingly, "pitch.safetensors is damaged ("),
    "missing": (lambda f: (f / "timing.safetensors").unlink(), "timing.safetensors is missing"),
    "shape": (shape, "'network.output.bias' has shape (5,) instead of (4,)"),
    "not finite": (infinite, "'onset_net.0.bias' holds values that are not finite"),
    "lacking": (lacking, "'onset_net.0.bias' is missing or too many"),
    "not TOML": (
        lambda f: (f / "voice.toml").write_text("[voice\nname", "utf-8"),
        "voice.toml: Expected",
    ),
    "not text": (lambda f: (f / "voice.toml").write_bytes(b"\xff\xfe\xfa"), "voice.toml: "),
    "not a table": (
        lambda f: (f / "voice.toml").write_text("voice = 3", "utf-8"),
        "must be a table",
    ),
}
"""How to spoil a voice, and what is said about it. All are mended by installing it again."""


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_by_file_and_remedy(copy: Path, name: str) -> None:
    spoil, said = DAMAGES[name]
    spoil(copy)
    message = fails(copy, said, "install the voice again")
    assert message.startswith(str(copy))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Tiny', 'colour = "blue"\ntitle = "Tiny', "unknown key 'voice.colour'"),
        ('title = "Tiny, untrained"\n', "", "key 'voice.title' is missing"),
        ("sample_rate = 16000", 'sample_rate = "high"', "'voice.sample_rate' must be int"),
        ("sample_rate = 16000", "sample_rate = 0", "'sample_rate' cannot be 0"),
        ("hop_s = 0.005", "hop_s = 0.0", "'hop_s' must be from"),
        ("f0_floor_hz = 71.0", "f0_floor_hz = nan", "F0 cannot range from nan"),
        ("lowest = 40.0", "lowest = 90.0", "notes cannot range from 90.0 to 80.0"),
        ('"ky",', '"kyuu",', "unknown phones kyuu"),
        ('"ky",', '"k",', "phones must hold 'pau', and each once"),
        ('"pau",', "", "phones must hold 'pau'"),
        ('recipe = "tiny"', 'recipe = "../../evil"', "'recipe' must be a plain name"),
        ("channels = 8\ndropout", "channels = -8\ndropout", "its settings make no network"),
    ],
)
def test_a_description_that_cannot_be_is_refused(copy: Path, old: str, new: str, said: str) -> None:
    change(copy / "voice.toml", old, new)
    message = fails(copy, said, "install the voice again")
    assert message.startswith(f"{copy}/voice.toml: ")


def test_another_format_asks_for_an_update(copy: Path) -> None:
    change(copy / "voice.toml", "format_version = 1", "format_version = 2")
    fails(copy, "made for format 2, this singsynth reads 1", "update singsynth")


def test_damaged_zip_files(tiny_voice: Path, tmp_path: Path) -> None:
    path = zipped(tiny_voice, tmp_path / "tiny.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    fails(path, f"{path}: not a whole zip file", "install the voice again")
    spoiled = bytearray(whole)
    at = whole.index(b"timbre.safetensors") + 2000
    spoiled[at : at + 200] = b"\xff" * 200
    path.write_bytes(spoiled)
    fails(path, f"{path}/timbre.safetensors is damaged", "install the voice again")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no voice")
    fails(path, f"{path}: holds no voice.toml", "install the voice again")


def test_a_file_beyond_bounds_is_not_read(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "MAX_FILE_BYTES", 20_000)
    packed = zipped(copy, copy.parent / "packed.zip")
    for path in (copy, packed):
        fails(path, "larger than any voice's file may be")


def test_a_device_that_is_not_there(tiny_voice: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(VoiceError, match=r"^device 'cuda' cannot be used \(.*\); try cpu$"):
        load_voice(tiny_voice, "cuda")


# -- trust ----------------------------------------------------------------------------------------


class Bomb:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_nothing_in_a_package_is_executed(copy: Path, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    code = f"from pathlib import Path\nPath({str(mark)!r}).touch()\n"
    for name in ("voice.py", "__init__.py", "prepare.py", "conftest.py", "sitecustomize.py"):
        (copy / name).write_text(code, "utf-8")
    pickled = pickle.dumps(Bomb(mark))
    for name in ("timbre.pt", "timbre.pkl", "lexicons.pickle"):
        (copy / name).write_bytes(pickled)
    program = f"from singsynth.voice import load_voice; load_voice({str(copy)!r})"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert not mark.exists()
    redigest(copy, "timbre.safetensors", pickled)
    fails(copy, "timbre.safetensors is damaged")
    assert not mark.exists()
    pickle.loads(pickled)
    assert mark.exists()
