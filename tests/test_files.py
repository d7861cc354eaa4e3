"""Output appears whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from singsynth import files
from singsynth.errors import OutputError
from singsynth.files import check_writable, write_whole, write_whole_folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "song.wav"
    with write_whole(target) as beside:
        beside.write_bytes(b"whole")
        assert not target.exists()
        assert beside.parent == tmp_path
        assert beside.suffix == ".wav"
    assert target.read_bytes() == b"whole"
    assert names(tmp_path) == {"song.wav"}


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing(tmp_path: Path, failure: type[BaseException]) -> None:
    with pytest.raises(failure), write_whole(tmp_path / "song.wav") as beside:
        beside.write_bytes(b"half")
        raise failure
    with pytest.raises(failure), write_whole_folder(tmp_path / "voice") as beside:
        (beside / "weights").write_bytes(b"half")
        raise failure
    assert names(tmp_path) == set()


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    file, folder = tmp_path / "song.wav", tmp_path / "voice"
    file.write_bytes(b"old")
    folder.mkdir()
    (folder / "weights").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), write_whole(file, force=True) as beside:
        beside.write_bytes(b"half")
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), write_whole_folder(folder, force=True) as beside:
        (beside / "weights").write_bytes(b"half")
        raise KeyboardInterrupt
    assert file.read_bytes() == b"old"
    assert (folder / "weights").read_bytes() == b"old"
    assert names(tmp_path) == {"song.wav", "voice"}


def test_a_failing_rename_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "weights").write_bytes(b"old")
    rename = Path.rename

    def fail_on_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_on_new)
    with pytest.raises(OutputError, match="Input/output"), write_whole_folder(folder, force=True):
        pass
    assert (folder / "weights").read_bytes() == b"old"
    assert names(tmp_path) == {"voice"}


def test_force_replaces(tmp_path: Path) -> None:
    file, folder = tmp_path / "song.wav", tmp_path / "voice"
    file.write_bytes(b"old")
    folder.mkdir()
    (folder / "stale").write_bytes(b"old")
    with write_whole(file, force=True) as beside:
        beside.write_bytes(b"new")
    with write_whole_folder(folder, force=True) as beside:
        (beside / "weights").write_bytes(b"new")
    assert file.read_bytes() == b"new"
    assert names(folder) == {"weights"}
    assert names(tmp_path) == {"song.wav", "voice"}


def test_an_existing_output_is_refused_before_and_after_the_work(tmp_path: Path) -> None:
    target = tmp_path / "song.wav"
    with pytest.raises(OutputError, match="exists already; use --force"), write_whole(target):
        target.write_bytes(b"someone else's")
    with pytest.raises(OutputError, match="exists already; use --force"), write_whole(target):
        pytest.fail("the work was begun")
    assert target.read_bytes() == b"someone else's"
    assert names(tmp_path) == {"song.wav"}


@pytest.mark.parametrize("force", [False, True])
def test_a_file_is_never_replaced_by_a_folder_nor_a_folder_by_a_file(
    tmp_path: Path, force: bool
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a folder; name a file"):
        check_writable(tmp_path, force)
    with pytest.raises(OutputError, match="is not a folder"):
        check_writable(tmp_path / "file", force, folder=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="not an ordinary file"):
        check_writable(tmp_path / "pipe", force=True)


def test_a_bad_place_names_itself_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputError, match=r"missing does not exist; create it"):
        check_writable(tmp_path / "missing" / "song.wav")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file is not a folder"):
        check_writable(tmp_path / "file" / "song.wav")
    with pytest.raises(OutputError, match="no name for an output"):
        check_writable("")
    monkeypatch.setattr(files.os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match=r"no permission to write into .*; choose another"):
        check_writable(tmp_path / "song.wav")


def test_a_full_disk_is_told_and_other_errors_pass(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"song\.wav cannot be written: No space left"),
        write_whole(tmp_path / "song.wav"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), write_whole(tmp_path / "song.wav"):
        (tmp_path / "input").read_bytes()
    assert names(tmp_path) == set()


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with write_whole(tmp_path / "link") as beside:
        beside.write_bytes(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_permissions_are_those_of_an_ordinary_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    (tmp_path / "plain folder").mkdir()
    with write_whole(tmp_path / "whole"):
        pass
    with write_whole_folder(tmp_path / "whole folder"):
        pass
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert (tmp_path / "whole folder").stat().st_mode == (tmp_path / "plain folder").stat().st_mode
