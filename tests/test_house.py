"""The order of the house: who may import whom, what starts fast, and what never gets in.

Data flows one way, score → language → model → acoustics, and nothing lower imports anything
higher. A room is a module or package directly under ``singsynth``. An import counts wherever it
stands: at the top, inside a function, or for the type checker alone.
"""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]

BASE = {"song", "errors"}
BELOW_VOICE = BASE | {"config", "files", "score", "language", "acoustics", "model", "formats"}

MAY_IMPORT: dict[str, set[str]] = {
    "song": set(),
    "errors": set(),
    "config": {"errors"},
    "files": {"errors"},
    "inspect": BASE,
    "score": BASE,
    "language": BASE,
    "formats": BASE | {"config", "files", "score"},
    "acoustics": {"errors", "files"},
    "model": BASE,
    "voice": BELOW_VOICE - {"score"},
    "phrases": BELOW_VOICE | {"voice"},
    "stages": BELOW_VOICE | {"voice", "phrases"},
    "performance": BELOW_VOICE | {"voice", "stages"},
    "choir": BELOW_VOICE | {"voice", "stages", "performance"},
    "batch": BELOW_VOICE | {"voice", "stages", "performance", "choir"},
    "arguments": set(),
    "bench": BELOW_VOICE | {"voice", "phrases", "stages", "performance"},
    "plot": BASE | {"acoustics", "performance"},
    "training": BELOW_VOICE | {"voice", "stages", "performance", "plot"},
    "cli": BELOW_VOICE
    | {"voice", "stages", "performance", "plot", "training", "inspect"}
    | {"bench", "batch", "arguments"},
    "__main__": {"cli"},
}
"""For each room, the other rooms that it may import."""

DOORS = {("performance", "plot")}
"""The only steps up: an object that hands itself to a room above when asked to be shown."""

ALONE_IMPORT: dict[str, tuple[str, ...]] = {
    "music21": ("score/",),
    "pyworld": ("acoustics/",),
    "pysptk": ("acoustics/",),
    "soundfile": ("acoustics/",),
    "matplotlib": ("plot.py", "training/"),
    "torch": ("model/", "voice.py", "training/"),
    "safetensors": ("model/", "voice.py", "training/"),
    "cffi": ("model/engine/",),
    "mido": ("formats/",),
    "triton": ("model/engine/",),
}
"""For each library of weight, the only places under ``singsynth`` that may import it."""

HEAVY = ("torch", "music21", "matplotlib", "numpy", "scipy")
"""Never imported to print help."""


def imported(path: PurePosixPath, source: str) -> Iterator[str]:
    """Full dotted name of everything that the module at ``path`` imports."""
    package = ("singsynth", *path.parent.parts)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = [*above, *(node.module or "").split(".")]
            yield from (".".join(filter(None, [*module, alias.name])) for alias in node.names)


def violations(path: PurePosixPath, source: str) -> list[str]:
    """What the module at ``path``, relative to ``singsynth``, imports against the order."""
    room = path.parts[0].removesuffix(".py")
    if room not in MAY_IMPORT:
        return [f"{path}: '{room}' has no place in MAY_IMPORT"]
    found = []
    for name in imported(path, source):
        top, *rest = name.split(".")
        if top == "singsynth":
            other = rest[0] if rest else "the facade"
            if other not in {room, *MAY_IMPORT[room]} and (room, other) not in DOORS:
                found.append(f"{path}: {room} may not import {other} ({name})")
        elif not str(path).startswith(ALONE_IMPORT.get(top, ("",))):
            found.append(f"{path}: only {', '.join(ALONE_IMPORT[top])} may import {top}")
    return found


def modules() -> Iterator[tuple[PurePosixPath, str]]:
    """All modules with their source; the facade, which may name anything, is left out."""
    for path in sorted((ROOT / "singsynth").rglob("*.py")):
        relative = PurePosixPath(path.relative_to(ROOT / "singsynth").as_posix())
        if relative != PurePosixPath("__init__.py"):
            yield relative, path.read_text("utf-8")


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0") if (path := ROOT / name).is_file()]


def test_no_import_goes_against_the_flow() -> None:
    assert [line for path, source in modules() for line in violations(path, source)] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("acoustics/world.py", "from singsynth.model import network"),
        ("acoustics/world.py", "from ..model.network import GatedNetwork"),
        ("acoustics/world.py", "from .. import model"),
        ("score/reading.py", "import singsynth.language.phones as phones"),
        ("score/reading.py", "from singsynth import performance"),
        ("model/timing.py", "from singsynth import synthesize"),
        ("model/timing.py", "import singsynth"),
        ("model/timing.py", "def lazily():\n    from singsynth.language import phones"),
        ("voice.py", "if TYPE_CHECKING:\n    from singsynth.training import recipe"),
        ("song.py", "from singsynth.errors import SingsynthError"),
        ("performance.py", "import singsynth.cli"),
        ("attic.py", ""),
        ("model/tuning.py", "import pyworld"),
        ("cli.py", "import torch.nn"),
        ("model/network.py", "from cffi import FFI"),
        ("language/words.py", "def lazily():\n    import music21"),
    ],
)
def test_a_planted_violation_is_caught(path: str, source: str) -> None:
    assert len(violations(PurePosixPath(path), source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("acoustics/world.py", "from singsynth.acoustics.coding import SpectralCoder"),
        ("acoustics/world.py", "from . import coding\nfrom .coding import SpectralCoder"),
        ("model/engine/cpu.py", "from ..network import GatedNetwork\nimport cffi, torch, numpy"),
        ("cli.py", "def lazily():\n    from singsynth.training import recipe"),
        ("stages.py", "from singsynth import voice, phrases\nimport numpy"),
    ],
)
def test_what_goes_with_the_flow_is_allowed(path: str, source: str) -> None:
    assert violations(PurePosixPath(path), source) == []


def test_the_order_has_no_circle() -> None:
    left = dict(MAY_IMPORT)
    while free := {room for room, others in left.items() if not others & left.keys()}:
        left = {room: others for room, others in left.items() if room not in free}
    assert not left


def test_help_imports_nothing_heavy() -> None:
    result = run_python(
        "import sys, singsynth.cli; singsynth.cli.build_parser().format_help();"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert result.stdout == "[]\n", result.stderr


def test_importing_prints_nothing() -> None:
    """All but the program itself and the engines, whose compilers are optional."""
    names = [
        ".".join(["singsynth", *path.with_suffix("").parts]).removesuffix(".__init__")
        for path, _ in modules()
        if path.stem != "__main__" and not path.is_relative_to("model/engine")
    ]
    result = run_python(f"import importlib\nfor name in {names}: importlib.import_module(name)")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_dependency_is_pinned() -> None:
    def name(requirement: str) -> str:
        return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")

    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    lists = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    lines = [line for text in lists for line in text.split("\n") if line.strip()]
    wanted = {name(line) for line in lines if not line.startswith("#")}
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert wanted <= {name(line) for line in pins if "==" in line}


def test_no_tracked_file_names_a_path_of_somebodys_machine() -> None:
    machine = re.compile(rb"(?<![\w./])/(?:work|root|home|Users)/")
    named = [
        path.relative_to(ROOT) for path in tracked_files() if machine.search(path.read_bytes())
    ]
    assert named == []
