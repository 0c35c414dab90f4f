"""What tests of real voices share: a gate within a test, and folders of random weights that are written once."""

from __future__ import annotations

import gc
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import harness.pytest_plugin.gate  # noqa: F401 - imported once, not by each session within this process
from harness.core.paths import cache_root
from tests.conftest import WITHOUT_OTHERS
from tests.coqui_layouts import write_layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A session that is over."""

    done: pytest.RunResult
    """What it printed, and its exit code."""
    folder: Path
    """Its run's."""
    results: dict[str, Any]
    """Its ``results.json``."""

    @property
    def verdicts(self) -> dict[str, str]:
        """By item."""
        return {one["subject"]: one["verdict"] for one in self.results["outcomes"]}


Gate = Callable[..., Gated]


@pytest.fixture(scope="session")
def usual_cache() -> Path:
    """Where the demo voice, Whisper and proofs of the walls lie: pytester's own sessions have another home."""
    return cache_root()


@pytest.fixture
def gate(usual_cache: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Gate a voice by a suite, as ``gate(suite, *options)``.

    The session is one within this process, which has loaded what it needs, and with no plugin but ours; with
    ``is_apart`` it has a process of its own, as a user's. Voice and Whisper have one thread: other processors have
    tests of their own.
    """
    monkeypatch.setenv("SOUNDCHECK_CACHE", str(usual_cache))

    def run(suite: Path, *options: str, is_apart: bool = False) -> Gated:
        words = (
            *(str(suite), "-p", "no:cacheprovider", "-c/dev/null", f"--rootdir={pytester.path}"),
            *("--tts-threads=1", "--tts-workers=1", *options),
        )
        before = runs_below(pytester.path)
        if is_apart:
            done = pytester.runpytest_subprocess(*WITHOUT_OTHERS, *words)
        else:
            with monkeypatch.context() as patch:
                patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
                done = pytester.runpytest_inprocess("-p", "soundcheck", *words)
            gc.collect()  # a session leaves its Whisper in a circle, and tests look for those seldom
        folders = runs_below(pytester.path) - before
        assert len(folders) == 1, done.stdout.str() + done.stderr.str()
        (folder,) = folders
        return Gated(done=done, folder=folder, results=json.loads((folder / "results.json").read_text("utf-8")))

    return run


def runs_below(root: Path) -> set[Path]:
    """Folders of the runs that ended."""
    return {path.parent for path in root.glob(".soundcheck/runs/*/results.json")}


LayOut = Callable[[str], Path]


@pytest.fixture(scope="session")
def written_layouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where layouts lie that tests are given copies of; one place for all processes of xdist."""
    root = tmp_path_factory.getbasetemp()
    return (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "layouts"


@pytest.fixture
def lay_out(written_layouts: Path, tmp_path: Path) -> Iterator[LayOut]:
    """Lay a folder of :mod:`tests.coqui_layouts` below ``tmp_path``, and its vocoder's beside it, while the test lasts.

    Several tests ask for the same one, and to write it takes longer than all that they do with it.
    """
    from filelock import FileLock  # comes with torch, without which none can be written

    laid: list[Path] = []

    def copy(name: str) -> Path:
        written_layouts.mkdir(exist_ok=True)
        kept = written_layouts / name
        with FileLock(f"{kept}.lock"):
            if not kept.is_dir():
                own = Path(tempfile.mkdtemp(dir=written_layouts))
                write_layout(own, name)
                own.rename(kept)
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
        laid.extend(tmp_path / one.name for one in kept.iterdir())
        return tmp_path / name

    yield copy
    for folder in laid:
        shutil.rmtree(folder, ignore_errors=True)  # a test may have moved it
