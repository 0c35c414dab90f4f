"""A worker's folder, wherever the temporary folder is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from harness.sandbox.outside.folders import WorkerFolder

INTERRUPTED = """\
import sys, threading, time
from pathlib import Path
from harness.sandbox.outside.bait import Bait
from harness.sandbox.outside.decoys import BaitWatch
from harness.sandbox.outside.folders import WorkerFolder

told = Path(sys.argv[1])
folder = WorkerFolder.create()
Bait().lay_out(folder.home)
watch = BaitWatch(folder.home, lambda *what: told.write_text(repr(what)))

def look():
    while True:
        watch.read()
        time.sleep(0.001)

threading.Thread(target=look, daemon=True).start()
print(folder.path)
"""
"""A harness that ends while a worker is still watched, as after Ctrl-C at its very end."""


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


def test_what_an_interrupted_harness_leaves_goes_after_its_end_and_accuses_nobody(tmp_path: Path) -> None:
    """Who still watches the bait would take its removal for the candidate's doing."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    told = tmp_path / "told"
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(told)], env=environment, check=True, capture_output=True, text=True
    )
    until = time.monotonic() + 30
    while (left := Path(done.stdout.strip())).exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert left.parent == tmp_path
    assert not left.exists()
    assert not told.exists(), told.read_text("utf-8")
