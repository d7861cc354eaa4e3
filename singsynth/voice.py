"""A voice package: find, load, validate, save and describe.

A voice is a folder, or one zip file of it:

=========================  ==================================================================
``voice.toml``             what the voice is, the settings of its models, digests of its files
``timing.safetensors``     weights of the timing model
``pitch.safetensors``      weights of the pitch model
``timbre.safetensors``     weights of the timbre model
``lexicons/LANG.tsv``      optional: words and their phones in this voice's pronunciation
``LICENSE``, ``CREDITS``   terms and names of those who made the recordings
=========================  ==================================================================

Weights are half precision, computed with in single. Loading checks every key, shape, digest and
value and never executes anything from the package.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import safetensors
import safetensors.torch
import tomli_w
import torch
from torch import Tensor, nn

from singsynth.acoustics.features import LOWEST_RATE, NUM_HARMONIC, FeatureSpec
from singsynth.config import ConfigError, from_table, to_table
from singsynth.errors import VoiceError
from singsynth.files import write_whole_folder
from singsynth.language.phones import PHONES, is_syllabic
from singsynth.model.pitch import PitchConfig, PitchModel
from singsynth.model.timbre import TimbreConfig, TimbreModel
from singsynth.model.timing import TimingConfig, TimingModel
from singsynth.song import REST

FORMAT_VERSION = 1
"""To be raised when a package of this version could be misread by older code."""

BUNDLED = Path(__file__).parent / "voices"
SEARCH_VARIABLE = "SINGSYNTH_VOICES"
"""Environment variable: further folders of voices, separated as in PATH."""

MODELS = ("timing", "pitch", "timbre")
MAX_FILE_BYTES = 256 * 2**20
"""No file of a package may be larger, packed or not."""

HIGHEST_RATE = 192000
"""Highest sample rate in Hz that a voice can have."""

REMEDY = "install the voice again"


@dataclass(frozen=True)
class VoiceInfo:
    """What a voice tells of itself. Pitches are MIDI numbers, ``credits`` lines of text."""

    name: str
    title: str
    languages: tuple[str, ...]
    phones: tuple[str, ...]
    lowest: float
    highest: float
    sample_rate: int
    hop_s: float
    f0_floor_hz: float
    f0_ceil_hz: float
    licence: str
    credits: tuple[str, ...]
    recipe: str
    seed: int
    gender: str = ""
    format_version: int = FORMAT_VERSION
    carry: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Phones to sing for one that the voice never learnt, where the nearest is not the best."""

    @property
    def spec(self) -> FeatureSpec:
        """Dimensions of the acoustic features."""
        return FeatureSpec(self.sample_rate, self.hop_s, self.f0_floor_hz, self.f0_ceil_hz)


@dataclass(frozen=True)
class VoiceFile:
    """The contents of ``voice.toml``."""

    voice: VoiceInfo
    timing: TimingConfig
    pitch: PitchConfig
    timbre: TimbreConfig
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of every weights file and lexicon."""


@dataclass(frozen=True)
class Voice:
    """A voice ready to sing; see :func:`load_voice`."""

    info: VoiceInfo
    timing: TimingModel
    pitch: PitchModel
    timbre: TimbreModel
    lexicons: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def spec(self) -> FeatureSpec:
        """Dimensions of the acoustic features."""
        return self.info.spec

    @property
    def vowels(self) -> frozenset[str]:
        """Phones of this voice that carry a note."""
        return frozenset(symbol for symbol in self.info.phones if is_syllabic(symbol))

    def to(self, device: str) -> Voice:
        """Move the networks that generate to a device.

        Raises
        ------
        VoiceError
            If the device is not there.
        """
        checked = check_device(device)
        self.pitch.to(checked)
        self.timbre.to(checked)
        return self


def check_device(name: str) -> torch.device:
    """A device that works, by its name.

    Raises
    ------
    VoiceError
        If the device is not there.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise VoiceError(f"device '{name}' cannot be used ({reason}); try cpu") from error
    return device


# -- finding --------------------------------------------------------------------------------------


def voice_folders() -> list[Path]:
    """Folders that hold voices: those of SINGSYNTH_VOICES, then the bundled one."""
    named = [Path(p) for p in os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep) if p]
    return [*named, BUNDLED]


def list_voices() -> list[VoiceInfo]:
    """All installed voices in order of their names; the first found of a name wins.

    Raises
    ------
    VoiceError
        If the description of one is damaged.
    """
    found: dict[str, VoiceInfo] = {}
    for path in _packages():
        info = read_voice_file(_open(path), str(path)).voice
        found.setdefault(info.name, info)
    return sorted(found.values(), key=lambda info: info.name)


def _packages() -> list[Path]:
    """Folders and zip files of all installed voices."""
    return [
        path
        for folder in voice_folders()
        for path in (sorted(folder.glob("*")) if folder.is_dir() else [])
        if (path / "voice.toml").is_file() or (path.suffix == ".zip" and path.is_file())
    ]


def find_voice(name_or_path: str | Path) -> Path:
    """Where a voice is.

    Raises
    ------
    VoiceError
        If there is none, naming those there are.
    """
    path = Path(name_or_path)
    if (path / "voice.toml").is_file() or (path.suffix == ".zip" and path.is_file()):
        return path
    if path.name == str(name_or_path):
        for folder in voice_folders():
            for candidate in (folder / path, folder / f"{path}.zip"):
                if (candidate / "voice.toml").is_file() or candidate.is_file():
                    return candidate
    known = ", ".join(sorted({path.stem for path in _packages()})) or "none"
    raise VoiceError(
        f"no voice '{name_or_path}'; installed: {known}. Give one of these, or the path of a "
        "voice's folder or zip file"
    )


# -- reading --------------------------------------------------------------------------------------


class _Package(Protocol):
    """Files of a voice, wherever they stand."""

    def names(self) -> list[str]: ...

    def read(self, name: str) -> bytes: ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        files = (p for p in self.path.rglob("*") if p.is_file())
        return sorted(p.relative_to(self.path).as_posix() for p in files)

    def read(self, name: str) -> bytes:
        path = self.path / name
        if path.stat().st_size > MAX_FILE_BYTES:
            raise VoiceError(f"{path}: larger than any voice's file may be; {REMEDY}")
        return path.read_bytes()


class _Zip:
    """A zip file, of a voice's files or of the one folder that holds them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self.members = [n for n in archive.namelist() if not n.endswith("/")]
        except (zipfile.BadZipFile, OSError) as error:
            raise VoiceError(f"{path}: not a whole zip file; {REMEDY}") from error
        tops = {name.partition("/")[0] for name in self.members}
        nested = "voice.toml" not in self.members and len(tops) == 1
        self.prefix = f"{tops.pop()}/" if nested else ""

    def names(self) -> list[str]:
        return sorted(n[len(self.prefix) :] for n in self.members if n.startswith(self.prefix))

    def read(self, name: str) -> bytes:
        with zipfile.ZipFile(self.path) as archive:
            info = archive.getinfo(self.prefix + name)
            if info.file_size > MAX_FILE_BYTES:
                raise VoiceError(
                    f"{self.path}/{name}: larger than any voice's file may be; {REMEDY}"
                )
            try:
                return archive.read(info)
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                raise VoiceError(f"{self.path}/{name} is damaged ({error}); {REMEDY}") from error


def _open(path: Path) -> _Package:
    return _Folder(path) if path.is_dir() else _Zip(path)


def read_voice_file(package: _Package, where: str) -> VoiceFile:
    """Read and validate ``voice.toml``.

    Raises
    ------
    VoiceError
        If it is missing, made for another format, or says anything that cannot be.
    """
    try:
        table = tomllib.loads(package.read("voice.toml").decode("utf-8"))
    except (KeyError, OSError) as error:
        raise VoiceError(
            f"{where}: holds no voice.toml, so it is no voice; name another, or {REMEDY}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VoiceError(f"{where}/voice.toml: {error}; {REMEDY}") from error
    card = table.get("voice")
    version = card.get("format_version", FORMAT_VERSION) if isinstance(card, dict) else None
    if version not in (FORMAT_VERSION, None):
        raise VoiceError(
            f"{where}: made for format {version}, this singsynth reads {FORMAT_VERSION}; "
            "update singsynth, or get the voice in that format"
        )
    try:
        file = from_table(VoiceFile, table)
    except ConfigError as error:
        raise VoiceError(f"{where}/voice.toml: {error}; {REMEDY}") from error
    wrong = _nonsense(file.voice)
    if wrong:
        raise VoiceError(f"{where}/voice.toml: {wrong}; {REMEDY}, or update singsynth")
    return file


def _nonsense(info: VoiceInfo) -> str:
    """What no voice can say of itself; empty if there is nothing."""
    unknown = [symbol for symbol in info.phones if symbol not in PHONES]
    if unknown:
        return f"unknown phones {', '.join(unknown)}"
    if REST not in info.phones or len(set(info.phones)) != len(info.phones):
        return f"phones must hold '{REST}', and each once"
    for key, value in (("name", info.name), ("recipe", info.recipe)):
        if Path(value).name != value:
            return f"'{key}' must be a plain name, not {value!r}"
    if not LOWEST_RATE <= info.sample_rate <= HIGHEST_RATE:
        return f"'sample_rate' cannot be {info.sample_rate}"
    if not 0.001 <= info.hop_s <= 0.05:
        return f"'hop_s' must be from 0.001 to 0.05, not {info.hop_s}"
    if not 20 <= info.f0_floor_hz < info.f0_ceil_hz < info.sample_rate / 2:
        return f"F0 cannot range from {info.f0_floor_hz} to {info.f0_ceil_hz} Hz"
    if not 0 <= info.lowest <= info.highest <= 127:
        return f"notes cannot range from {info.lowest} to {info.highest}"
    return ""


def load_voice(name_or_path: str | Path = "pjs", device: str = "cpu") -> Voice:
    """Load a voice by name, folder or zip file.

    Raises
    ------
    VoiceError
        If there is no such voice, or anything in it is missing or damaged.
    """
    path = find_voice(name_or_path)
    package = _open(path)
    file = read_voice_file(package, str(path))
    info = file.voice
    try:
        timing = TimingModel(info.phones, file.timing)
        pitch = PitchModel(info.phones, info.hop_s, file.pitch)
        bands = info.spec.num_aperiodic
        timbre = TimbreModel(info.phones, NUM_HARMONIC, bands, info.hop_s, file.timbre)
    except (RuntimeError, ValueError, ArithmeticError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise VoiceError(
            f"{path}/voice.toml: its settings make no network ({reason}); {REMEDY}"
        ) from error
    for name, model in zip(MODELS, (timing, pitch, timbre), strict=True):
        weights = f"{name}.safetensors"
        _load_weights(model, _checked(package, weights, file.digests, path), f"{path}/{weights}")
    names = {*package.names(), *file.digests}
    lexicons = {
        Path(name).stem: _read_lexicon(
            _checked(package, name, file.digests, path), f"{path}/{name}", set(info.phones)
        )
        for name in sorted(names)
        if name.startswith("lexicons/") and name.endswith(".tsv")
    }
    return Voice(info, timing, pitch, timbre, lexicons).to(device)


def _checked(package: _Package, name: str, digests: Mapping[str, str], path: Path) -> bytes:
    """A file of the package, the very bytes that ``voice.toml`` was written for."""
    try:
        data = package.read(name)
    except (KeyError, OSError) as error:
        raise VoiceError(f"{path}/{name} is missing; {REMEDY}") from error
    if digests.get(name) != hashlib.sha256(data).hexdigest():
        raise VoiceError(
            f"{path}/{name} is damaged: its digest differs from voice.toml's; {REMEDY}"
        )
    return data


def _load_weights(model: nn.Module, data: bytes, where: str) -> None:
    try:
        weights: dict[str, Tensor] = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError) as error:
        raise VoiceError(f"{where} is damaged ({error}); {REMEDY}") from error
    expected = model.state_dict()
    misfit = f"{where} does not fit the settings in voice.toml"
    if weights.keys() != expected.keys():
        odd = sorted(weights.keys() ^ expected.keys())[0]
        raise VoiceError(f"{misfit}: '{odd}' is missing or too many; {REMEDY}")
    for key, value in weights.items():
        if value.shape != expected[key].shape:
            shapes = f"{tuple(value.shape)} instead of {tuple(expected[key].shape)}"
            raise VoiceError(f"{misfit}: '{key}' has shape {shapes}; {REMEDY}")
        if not torch.isfinite(value).all():
            raise VoiceError(
                f"{where} is damaged: '{key}' holds values that are not finite; {REMEDY}"
            )
    model.load_state_dict({key: value.float() for key, value in weights.items()})
    model.eval()


def _read_lexicon(data: bytes, where: str, phones: set[str]) -> dict[str, tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = {}
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise VoiceError(f"{where}: is not UTF-8 text ({error.reason}); {REMEDY}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        word, _, spelled = line.partition("\t")
        symbols = tuple(spelled.split())
        odd = [symbol for symbol in symbols if symbol not in phones]
        if not symbols or odd:
            reason = f"unknown phones {' '.join(odd)}" if odd else "expected 'word<TAB>phones'"
            raise VoiceError(f"{where}, line {number}: {reason}; {REMEDY}")
        words[word] = symbols
    return words


# -- writing --------------------------------------------------------------------------------------


def packed_weights(model: nn.Module) -> dict[str, Tensor]:
    """What a package stores of a model: parameters in half precision, scaling as it is."""
    parameters = {key for key, _ in model.named_parameters()}
    return {
        key: (value.half() if key in parameters else value).contiguous().cpu()
        for key, value in model.state_dict().items()
    }


def save_voice(
    voice: Voice, path: str | Path, extra: Mapping[str, bytes] | None = None, *, force: bool = False
) -> None:
    """Write a voice's folder, whole or not at all; ``extra`` files (licence, logs) by name.

    Raises
    ------
    OutputError
        If ``path`` exists and ``force`` is False, or cannot be written.
    VoiceError
        If a weight is not finite in half precision.
    """
    files: dict[str, bytes] = {}
    for name, model in zip(MODELS, (voice.timing, voice.pitch, voice.timbre), strict=True):
        weights = packed_weights(model)
        wrong = [key for key, value in weights.items() if not torch.isfinite(value).all()]
        if wrong:
            raise VoiceError(f"{name}: '{wrong[0]}' is not finite; train it with a lower rate")
        files[f"{name}.safetensors"] = safetensors.torch.save(weights)
    for language, words in voice.lexicons.items():
        lines = [f"{word}\t{' '.join(symbols)}\n" for word, symbols in sorted(words.items())]
        files[f"lexicons/{language}.tsv"] = "".join(lines).encode("utf-8")
    table: dict[str, Any] = to_table(
        VoiceFile(
            voice=voice.info,
            timing=voice.timing.config,
            pitch=voice.pitch.config,
            timbre=voice.timbre.config,
            digests={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        )
    )
    files["voice.toml"] = tomli_w.dumps(table).encode("utf-8")
    with write_whole_folder(Path(path), force=force) as folder:
        for name, data in {**files, **(extra or {})}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
