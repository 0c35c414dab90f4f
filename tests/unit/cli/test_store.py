"""``soundcheck store``: says what would go before it goes, and how it ended."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from harness.cli.main import main
from harness.cli.store import readable
from harness.core.types import RenderingKey
from harness.storage.objects import FolderObjects
from harness.storage.rundirectory import RunDirectory
from harness.storage.store import Store
from tests.campaign_samples import FACTS
from tests.report_samples import INFO


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs with one rendering, forty days old."""
    monkeypatch.chdir(tmp_path)
    key = RenderingKey(model_digest=INFO.model_digest, text="one", seed=1, engine="fake")
    Store(tmp_path / ".soundcheck").keep(key, np.zeros(800, np.float32), 16_000, FACTS, (1, 1))
    for path in (tmp_path / ".soundcheck").rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 40 * 86_400,) * 2)
    return tmp_path / ".soundcheck"


def files(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.rglob("*") if path.suffix in (".flac", ".json"))


def test_gc_says_what_would_go_and_removes_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "gc", "--older", "30d"]) == 4
    out, err = capsys.readouterr()
    assert [line.split()[:2] for line in out.splitlines()] == [["kind", "objects"], ["audio", "1"], ["renderings", "1"]]
    assert "would go, 30d or longer unused; --yes removes them" in err
    assert files(runs) == [".flac", ".json"]


def test_gc_removes_when_it_is_told_to_and_has_nothing_left_to_say(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["store", "gc", "--older", "30d", "--yes", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["removed"] is True
    assert [(kind["kind"], kind["objects"]) for kind in found["kinds"]] == [("audio", 1), ("renderings", 1)]
    assert files(runs) == []
    assert main(["store", "gc", "--older", "30d"]) == 0
    assert "nothing has been unused for 30d" in capsys.readouterr().err


def test_gc_names_the_run_that_keeps_it(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunDirectory(runs, INFO.run_id).begin(INFO, 2)
    assert main(["store", "gc", "--older", "30d", "--yes"]) == 0
    assert f"run {INFO.run_id} has not ended: what its models have spoken stays" in capsys.readouterr().err
    assert ".flac" in files(runs)


@pytest.mark.parametrize("typed", ["soon", "30m", "-1d"])
def test_a_bad_age_is_usage(typed: str, runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "gc", f"--older={typed}"]) == 2
    assert capsys.readouterr().err.startswith("soundcheck: --older: expected an age such as 30d or 12h")


def test_stats_count_a_folder_and_what_is_shared(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "stats", "--format", "json"]) == 0
    here = {kind["kind"]: kind for kind in json.loads(capsys.readouterr().out)["kinds"]}
    assert (here["renderings"]["objects"], here["takes"]["objects"], here["takes"]["oldest"]) == (1, 0, None)
    (runs / "shared").mkdir()
    FolderObjects(runs / "shared").put(f"takes/ab/{'ab' * 32}", b"12345")
    assert main(["store", "stats", "--store", str(runs / "shared")]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[2][:4] == ["takes", "1", "5", "B"]
    for missing in (["--dir", "missing"], ["--store", "missing"]):
        assert main(["store", "stats", *missing]) == 2
        assert "missing: expected a folder" in capsys.readouterr().err


def test_sizes_are_for_people() -> None:
    assert [readable(size) for size in (0, 999, 1500, 2_500_000, 3e9, 4e15)] == [
        *("0 B", "999 B", "1.5 kB", "2.5 MB", "3.0 GB", "4000.0 TB")
    ]
