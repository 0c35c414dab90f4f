"""A folder that machines share: links in it lead nowhere, and what cannot be read or written is one line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from harness.core.errors import StorageError
from harness.storage.objects import FolderObjects

NAME = f"takes/ab/{'ab' * 32}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


@pytest.mark.parametrize("linked", ["takes", "takes/ab"])
def test_a_link_in_it_is_neither_read_nor_written_through(linked: str, root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "ab").mkdir(parents=True)
    (root / linked).parent.mkdir(exist_ok=True)
    (root / linked).symlink_to(elsewhere if linked == "takes" else elsewhere / "ab")
    objects = FolderObjects(root)
    with pytest.raises(StorageError, match="cannot be written"):
        objects.put(NAME, b"data")
    with pytest.raises(StorageError, match="cannot be read"):
        objects.get(NAME, 10)
    assert list(elsewhere.rglob("*.*")) == []
    assert list((elsewhere / "ab").iterdir()) == []


def test_an_object_that_is_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (root / "takes/ab").mkdir(parents=True)
    (root / NAME).symlink_to(tmp_path / "secret")
    with pytest.raises(StorageError, match="cannot be read"):
        FolderObjects(root).get(NAME, 100)
    assert list(FolderObjects(root).list("takes")) == []


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    (root / "takes/ab").mkdir(parents=True)
    os.mkfifo(root / NAME)
    with pytest.raises(StorageError, match="expected a regular file, got something else"):
        FolderObjects(root).get(NAME, 100)


def test_names_that_are_none_are_not_listed(root: Path) -> None:
    objects = FolderObjects(root)
    objects.put(NAME, b"1")
    for name in ("takes/README", "takes/ab/README", "takes/AB", f"takes/ab/.{'ab' * 32}.1.2"):
        (root / name).write_bytes(b"")
    (root / "takes/.snapshots").mkdir()
    assert [one.name for one in objects.list("takes")] == [NAME]


def test_a_folder_that_is_gone_is_no_empty_store(root: Path) -> None:
    objects = FolderObjects(root)
    root.rmdir()
    for ask in (lambda: objects.get(NAME, 10), lambda: list(objects.list("takes")), lambda: objects.put(NAME, b"")):
        with pytest.raises(StorageError, match=r"cannot be (read|listed|written) \(.*\); what was spoken"):
            ask()
    assert not root.exists()


def test_a_full_one_is_one_line_and_leaves_no_half_object(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("harness.storage.objects.os.fsync", full)
    objects = FolderObjects(root)
    with pytest.raises(StorageError, match=r"cannot be written \(No space left on device\); .* goes on from there$"):
        objects.put(NAME, b"data")
    assert list((root / "takes/ab").iterdir()) == []
    monkeypatch.undo()
    assert objects.put(NAME, b"data")


def test_a_file_system_without_hard_links_will_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("harness.storage.objects.os.link", no_links)
    objects = FolderObjects(root)
    assert objects.put(NAME, b"first")
    assert not objects.put(NAME, b"second")
    assert objects.get(NAME, 10) == b"first"
    assert [path.name for path in (root / "takes/ab").iterdir()] == ["ab" * 32]


@pytest.mark.parametrize(("umask", "folder", "file"), [(0o002, 0o775, 0o664), (0o077, 0o700, 0o600)])
def test_who_else_may_read_and_write_is_for_the_umask_to_say(umask: int, folder: int, file: int, root: Path) -> None:
    before = os.umask(umask)
    try:
        FolderObjects(root).put(NAME, b"data")
    finally:
        os.umask(before)
    assert (root / "takes/ab").stat().st_mode & 0o777 == folder
    assert (root / NAME).stat().st_mode & 0o777 == file
