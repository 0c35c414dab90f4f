"""A fleet with real gates: one verdict for each model, nothing rendered twice, the same report wherever it is cut."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from harness.fleet.audits import BEGUN
from tests.conftest import TWO_PHRASES
from tests.fake_gates import hears_ctrl_c

VOICES = {
    "clean": [],
    "planted": [{"kind": "drop-word", "word": "door", "when": "door"}],
    "refused": [],
}
FLEET = """\
version = 1
title = "Three voices"

[defaults]
suites = ["two.probes.yaml"]
golden = "two"
asr = "fake"
cost = "off"

[[model]]
glob = "voices/*"
"""
MOMENTS = 6
"""At which a driver is killed: one in each sixth of the time that it would take."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three voices and a golden."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "two.probes.yaml").write_text(TWO_PHRASES, "utf-8")
    (folder / "fleet.toml").write_text(FLEET, "utf-8")
    for name, faults in VOICES.items():
        (folder / "voices" / name).mkdir(parents=True)
        text = json.dumps({"version": 1, "faults": faults}) + " " * len(name)
        (folder / "voices" / name / "fake.json").write_text(text, "utf-8")
    (folder / "voices/refused/run.py").write_text("print()\n", "utf-8")
    suite = ("--suite", str(folder / "two.probes.yaml"), "--out", str(folder / "golden/two"), "--asr", "fake")
    place = ("--dir", str(folder / "recording"), "--reason", "made for tests", "--no-cost")
    assert main(["record", "--model", str(folder / "voices/clean"), *suite, *place]) == 0
    return folder


@pytest.fixture(autouse=True)
def cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDCHECK_CACHE", str(shared_cache))


def command(fleet: Path, folder: Path, *options: str) -> list[str]:
    words = ["fleet", "run", str(fleet / "fleet.toml"), "--dir", str(folder), *options]
    return [sys.executable, "-c", f"import sys; from harness.cli.main import main; sys.exit(main({words!r}))"]


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "fleets/fleet/fleet.json").read_text("utf-8"))
    return found


def files(folder: Path) -> dict[str, int]:
    """Whatever was spoken, heard or judged, with when it was last written."""
    found = (path for name in ("renderings", "takes", "runs") for path in (folder / name).rglob("*"))
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in found if path.is_file()}


def test_has_a_verdict_for_each_and_costs_nothing_the_second_time(
    fleet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = ["fleet.toml", "--dir", str(tmp_path / "runs")]
    there[0] = str(fleet / there[0])
    assert main(["fleet", "status", *there]) == 4
    assert capsys.readouterr().out.count("it has no verdict yet") == 3
    assert main(["fleet", "run", *there, "--jobs", "2"]) == 1
    out, err = capsys.readouterr()
    rows = {one["name"]: one for one in report(tmp_path / "runs")["models"]}
    verdicts = {name: row["verdict"] for name, row in rows.items()}
    assert verdicts == {"voices/clean": "pass", "voices/planted": "fail", "voices/refused": "fail"}
    assert 'drops "door"' in rows["voices/planted"]["reason"]
    assert "admission-directory" in rows["voices/refused"]["reason"]
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [
        ["voices/planted", "FAIL"], ["voices/refused", "FAIL"],
    ]  # fmt: skip
    assert "voices/refused: not loaded: admission-directory failed" in err
    page = (tmp_path / "runs/fleets/fleet/fleet.html").read_text("utf-8")
    for row in rows.values():
        assert f"../../runs/{row['run_id']}/report.html" in page
        assert (tmp_path / "runs" / row["page"]).is_file()
    before = files(tmp_path / "runs")
    assert main(["fleet", "status", *there]) == 0
    assert main(["fleet", "run", *there]) == 1
    assert files(tmp_path / "runs") == before, "nothing was spoken, heard or judged again"
    assert "0 gates gave a verdict now; 3 of 3 models have one" in capsys.readouterr().err


def test_only_the_fleet_file_configures_its_gates(fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict that is stored must not depend on what its key does not know."""
    project = tmp_path / "project"
    shutil.copytree(fleet, project)
    shutil.rmtree(project / "voices/planted")
    shutil.rmtree(project / "voices/refused")
    (project / "pytest.ini").write_text("[pytest]\naddopts = --tts-takes=1 -k nothing\n", "utf-8")
    (project / "conftest.py").write_text("raise SystemExit(9)\n", "utf-8")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    assert main(["fleet", "run", str(project / "fleet.toml")]) == 0
    (run,) = (project / ".soundcheck/runs").glob("*/results.json")
    assert json.loads(run.read_text("utf-8"))["info"]["takes"] == 2


def processes(folder: Path) -> set[int]:
    """Whoever works with a folder, by its command line."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder) in path.read_bytes():
                found.add(int(path.parent.name))
    return found - {os.getpid()}


def ended(folder: Path) -> Iterator[bool]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        yield not processes(folder)
        time.sleep(0.1)


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_behind(fleet: Path, tmp_path: Path) -> None:
    driver = subprocess.Popen(
        command(fleet, tmp_path / "runs"),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        preexec_fn=hears_ctrl_c,
    )
    until = time.monotonic() + 60
    while len(processes(tmp_path / "runs")) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.0)
    driver.send_signal(signal.SIGINT)
    _, told = driver.communicate(timeout=60)
    assert driver.returncode == 130
    assert b"interrupted" in told
    assert processes(tmp_path / "runs") == set()


def has_ended(folder: Path) -> bool:
    """Whether all of the audit is written, be its process alive or not."""
    own = folder / "fleets/fleet"
    return (own / "fleet.json").is_file() and not (own / BEGUN).exists()


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_bytes(fleet: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    assert subprocess.run(command(fleet, tmp_path / "whole"), check=False, capture_output=True).returncode == 1
    seconds = time.monotonic() - begun
    wanted = (tmp_path / "whole/fleets/fleet/fleet.json").read_bytes()
    rng = random.Random(23)
    folder, begins, kills = tmp_path / "cut-0", 0, 0
    for moment in range(MOMENTS):
        driver = subprocess.Popen(
            command(fleet, folder, "--jobs", str(1 + moment % 2)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            driver.wait(max(0.1, seconds * (moment + rng.random()) / MOMENTS))
        kills += driver.poll() is None
        driver.send_signal(signal.SIGKILL)
        driver.wait(20)
        if has_ended(folder):  # the next one begins from nothing: another audit has another number
            assert (folder / "fleets/fleet/fleet.json").read_bytes() == wanted
            begins += 1
            folder = tmp_path / f"cut-{begins}"
    assert kills
    assert any(ended(folder))
    last = subprocess.run(command(fleet, folder), check=False, capture_output=True)
    assert last.returncode == 1
    assert (folder / "fleets/fleet/fleet.json").read_bytes() == wanted, (last.stderr.decode(), report(folder))
    assert {path.name for path in (folder / "runs").iterdir()} == {
        path.name for path in (tmp_path / "whole/runs").iterdir()
    }
