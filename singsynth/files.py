"""Output appears whole or not at all: write beside, then rename.

Conventions
-----------
- The work is written to a hidden neighbour of the output, ``.<name>.<random>.part``: a rename
  within one folder is atomic, so nobody ever sees half a file. On any failure, Ctrl-C included,
  the neighbour is removed and what was there before stays.
- What exists is never replaced unasked; ``force=True`` (``--force`` on the command line) replaces
  a file by a file and a folder by a folder, never anything else. Symbolic links are followed.
- Long work calls :func:`check_writable` first, so that a bad path fails in the first second and
  not after the last.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from singsynth.errors import OutputError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Error numbers that say that the disk, a quota or a file is full."""


def check_writable(path: str | Path, force: bool = False, *, folder: bool = False) -> Path:
    """Make sure that a file (or with ``folder`` a folder) could be written to ``path``.

    Returns
    -------
    The place to write to: ``path``, or what it points to if it is a symbolic link.

    Raises
    ------
    OutputError
        If it exists already and ``force`` is false, if it exists and is of another kind, or if
        the folder around it is missing or not writable.
    """
    path = Path(path)
    if path.is_symlink():
        path = path.resolve()
    if not path.name:
        raise OutputError(f"'{path}' is no name for an output; name a file to write")
    if folder and path.exists() and not path.is_dir():
        raise OutputError(f"{path} is not a folder; choose another name for the output")
    if not folder and path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it, like {path / 'out'}")
    if not folder and path.exists() and not path.is_file():
        raise OutputError(f"{path} is not an ordinary file; choose another name for the output")
    if path.exists() and not force:
        raise OutputError(f"{path} exists already; use --force to replace it")
    around = path.parent
    if not around.exists():
        raise OutputError(f"{path}: the folder {around} does not exist; create it first")
    if not around.is_dir():
        raise OutputError(f"{path}: {around} is not a folder; choose another one")
    if not os.access(around, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: no permission to write into {around}; choose another folder")
    return path


def check_folder(path: str | Path) -> Path:
    """Make sure that ``path`` is a folder to write files into, or can become one.

    Raises
    ------
    OutputError
        If it is a file, or the folder around it is missing or not writable.
    """
    path = Path(path)
    if not path.is_dir():
        return check_writable(path, folder=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: no permission to write into it; choose another folder")
    return path


@contextmanager
def write_whole(path: str | Path, force: bool = False) -> Iterator[Path]:
    """Yield a temporary path to write a file to; it becomes ``path`` when the block ends well.

    The temporary path has the suffix of ``path``, by which some writers choose their format.

    Examples
    --------
    >>> with write_whole("song.wav") as beside:  # doctest: +SKIP
    ...     soundfile.write(beside, samples, 32000)

    Raises
    ------
    OutputError
        As :func:`check_writable`, before the block is entered, or when the disk is full.
    """
    path = check_writable(path, force)
    with _naming(path):
        handle, name = tempfile.mkstemp(f".part{path.suffix}", f".{path.stem}.", path.parent)
        os.close(handle)
    beside = Path(name)
    try:
        with _naming(path, FULL):
            yield beside
        with _naming(path):
            beside.chmod(0o666 & ~_umask())
            _flush(beside)
            beside.replace(check_writable(path, force))
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def write_whole_folder(path: str | Path, force: bool = False) -> Iterator[Path]:
    """Yield a temporary empty folder to fill; it becomes ``path`` when the block ends well.

    With ``force`` a folder that is there is replaced whole: its files do not survive.

    Raises
    ------
    OutputError
        As :func:`write_whole`.
    """
    path = check_writable(path, force, folder=True)
    with _naming(path):
        room = Path(tempfile.mkdtemp(".part", f".{path.name}.", path.parent))
    new, old = room / "new", room / "old"
    try:
        new.mkdir()
        with _naming(path, FULL):
            yield new
        with _naming(path):
            for file in new.rglob("*"):
                if file.is_file():
                    _flush(file)
            if check_writable(path, force, folder=True).exists():
                path.rename(old)
            try:
                new.rename(path)
            except BaseException:
                if old.exists():
                    old.rename(path)
                raise
    finally:
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _naming(path: Path, numbers: tuple[int, ...] = ()) -> Iterator[None]:
    """Turn an error of the system, one of ``numbers`` or any, into one that names ``path``."""
    try:
        yield
    except OSError as error:
        if numbers and error.errno not in numbers:
            raise
        reason = error.strerror or str(error)
        raise OutputError(f"{path} cannot be written: {reason}; choose another place") from error


def _umask() -> int:
    """The permissions that new files lack; it cannot be read without being set."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _flush(path: Path) -> None:
    """Have a file's bytes on the disk before its name is there."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
