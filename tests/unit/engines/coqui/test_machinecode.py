"""Machine code that is compiled once and lent to workers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.engine import LENT
from harness.core.errors import BadInput
from harness.engines.coqui import machinecode

WORKER = """
from numba.core import event
seen = event.RecordingListener()
event.register("numba:compile", seen)
from harness.engines.coqui.machinecode import borrow, compile_all
borrow()
compile_all()
print(len(seen.buffer))
"""


@pytest.fixture(autouse=True)
def _own_cache(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if not request.node.get_closest_marker("real"):  # which takes what other tests have had compiled
        monkeypatch.setenv("SOUNDCHECK_CACHE", str(tmp_path / "a cache"))


def compiles(monkeypatch: pytest.MonkeyPatch, code: str) -> list[object]:
    """Have the next process that compiles run that instead; its environments."""
    started: list[object] = []
    start = subprocess.run

    def run(command: list[str], **more: object) -> object:
        started.append(more["env"])
        return start([*command[:-1], code], **more)  # type: ignore[call-overload]

    monkeypatch.setattr(machinecode.subprocess, "run", run)
    return started


def test_is_made_once_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os, pathlib; pathlib.Path(os.environ['NUMBA_CACHE_DIR'], 'f.nbi').write_text('code')"
    started, told = compiles(monkeypatch, code), []
    folder = machinecode.kept(told.append)
    assert folder is not None
    assert (folder / "f.nbi").read_text() == "code"
    assert machinecode.kept(told.append) == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert (len(started), told) == (1, [machinecode.TOLD])


def test_other_versions_have_a_folder_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    compiles(monkeypatch, "")
    first = machinecode.kept(lambda _: None)
    monkeypatch.setattr(machinecode, "_processor", lambda: "another one")
    assert machinecode.kept(lambda _: None) not in (first, None)


def test_what_cannot_be_compiled_is_left_to_the_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiles(monkeypatch, "raise SystemExit('no compiler')")
    told: list[str] = []
    assert machinecode.kept(told.append) is None
    assert told == [machinecode.TOLD, f"{machinecode.FAILED}: CalledProcessError"]
    assert list((tmp_path / "a cache" / machinecode.FOLDER).iterdir()) == []


def test_a_cache_that_cannot_be_written_is_no_trouble(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SOUNDCHECK_CACHE", str(tmp_path / "file" / "below"))
    assert machinecode.kept(lambda _: None) is None


def test_neither_is_a_user_without_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise BadInput("no folder for the cache")

    monkeypatch.setattr(machinecode, "cache_root", nowhere)
    assert machinecode.kept(lambda _: None) is None


@pytest.mark.slow
@pytest.mark.real
def test_a_worker_compiles_nothing_of_it(tmp_path: Path) -> None:
    folder = machinecode.kept(lambda _: None)
    assert folder is not None
    (tmp_path / "scratch").mkdir()
    environment = {LENT: str(folder), machinecode.CACHE: str(tmp_path / "scratch"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", WORKER], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]
