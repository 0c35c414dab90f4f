"""A worker's folder, wherever the temporary folder is."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from harness.sandbox.outside.folders import WorkerFolder


@pytest.mark.parametrize("place", ["a folder with spaces", "/".join(["long" * 20] * 4), "\u00e9t\u00e9"])
def test_it_is_made_and_removed_in_an_odd_temporary_folder(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / place).mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / place))
    folder = WorkerFolder.create()
    assert folder.path.parent == tmp_path / place
    assert folder.home.is_dir() and folder.scratch.is_dir()
    folder.remove()
    assert list((tmp_path / place).iterdir()) == []


def test_a_temporary_folder_that_is_missing_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    folder = WorkerFolder.create()
    assert folder.path.is_dir()
    assert not (tmp_path / "gone").exists()
    folder.remove()


def test_it_is_its_owners_alone_whatever_the_umask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = os.umask(0o077)
    try:
        folder = WorkerFolder.create()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert os.access(folder.scratch, os.W_OK | os.X_OK)
    folder.remove()
