"""``--tts-on``: parts are done elsewhere first, and the verdict is that of one process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FAULTS = [{"kind": "drop-word", "word": "not", "when": "osprey"}]


class Gated:
    """Gates of one voice, each in a folder of runs of its own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def __call__(self, folder: str, *options: str) -> tuple[pytest.RunResult, bytes]:
        """A session, and the bytes that it recorded; one with parts is a process of its own, as theirs are."""
        asked = ("--tts-model=voice", "--tts-asr=fake", "--tts-golden=small", "--tts-cost=off", f"--tts-dir={folder}")
        has_parts = any(one.startswith("--tts-on=") for one in options)
        start = self.pytester.runpytest_subprocess if has_parts else self.pytester.runpytest_inprocess
        done = start("small.probes.yaml", *asked, *options)
        (results,) = (self.pytester.path / folder / "runs").glob("*/results.json")
        return done, results.read_bytes()


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path) -> Gated:
    shutil.copy(recorded / "small.probes.yaml", pytester.path)
    shutil.copytree(recorded / "golden", pytester.path / "golden")
    (pytester.path / "voice").mkdir()
    (pytester.path / "voice/fake.json").write_text(json.dumps({"version": 1, "faults": FAULTS}), "utf-8")
    return Gated(pytester)


def test_processes_of_this_machine_speak_and_this_session_judges(gate: Gated, pytester: pytest.Pytester) -> None:
    _, alone = gate("alone")
    done, found = gate("parted", "--tts-on=here")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert found == alone
    assert list((pytester.path / "parted/parts").iterdir()) == []
    assert list((pytester.path / "parted/shards").iterdir()) == []


@pytest.mark.slow
def test_what_no_part_did_is_done_here_and_told(gate: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    _, alone = gate("alone")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--tts-takes=none")
    done = gate.pytester.runpytest_subprocess("small.probes.yaml", "--tts-model=voice", "--tts-on=here")
    assert done.ret == pytest.ExitCode.USAGE_ERROR  # so is this session's own
    monkeypatch.delenv("PYTEST_ADDOPTS")
    (gate.pytester.path / "sitecustomize.py").write_text(
        "import os, sys\nif any('--tts-shard' in word for word in getattr(sys, 'orig_argv', ())): os._exit(3)\n",
        "utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(gate.pytester.path))
    done, found = gate("parted", "--tts-on=here")
    done.stdout.fnmatch_lines(["soundcheck: part [12]/2 ended with 3; what it left is done here"] * 2)
    assert found == alone


@pytest.mark.slow
def test_a_worker_that_a_part_lost_leaves_its_phrase_open_until_it_is_spoken_anew(
    gate: Gated, pytester: pytest.Pytester
) -> None:
    """Lost on it when it has spoken a batch before, and so not when a fresh one is asked for that phrase alone."""
    lost = [{"kind": "exit", "when": "door", "nth": place} for place in range(6, 20)]
    (pytester.path / "voice/fake.json").write_text(json.dumps({"version": 1, "faults": lost}), "utf-8")
    verdicts = {}
    for folder, asked in (("alone", ()), ("parted", ("--tts-on=here", "--tts-shards=1"))):
        for time in ("first", "again"):
            _, found = gate(folder, "--tts-workers=1", *asked)
            verdicts[folder, time] = {one["subject"]: one["verdict"] for one in json.loads(found)["outcomes"]}
        assert verdicts[folder, "first"]["door"] == "inconclusive"
    assert verdicts["alone", "first"] == verdicts["parted", "first"]
    assert verdicts["alone", "again"]["door"] == verdicts["parted", "again"]["door"] == "pass"


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked", [("--tts-on=ray", "--tts-shards=2"), ("--tts-on=ray:2",)], ids=["one node", "two nodes"]
)
def test_a_cluster_of_this_machine_speaks_and_this_session_judges(gate: Gated, asked: tuple[str, ...]) -> None:
    pytest.importorskip("ray", reason="pip install '.[ray]'")
    _, alone = gate("alone")
    done, found = gate("parted", *asked)
    assert done.ret == pytest.ExitCode.TESTS_FAILED, done.outlines
    assert "what it left is done here" not in done.stdout.str()
    assert found == alone


@pytest.mark.slow
def test_so_does_a_golden(recorded: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="pip install '.[ray]'")
    about = ("--suite", str(recorded / "small.probes.yaml"), "--asr", "fake", "--no-cost", "--reason", "made for tests")
    out = tmp_path / "golden/small"
    asked = ("record", "--model", str(recorded / "honest"), "--out", str(out), "--dir", str(tmp_path / "runs"), *about)
    command = [sys.executable, "-P", "-m", "harness.cli.main", *asked, "--on", "ray"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"what it left is done here" not in done.stderr
    assert (out / "manifest.json").read_bytes() == (recorded / "golden/small/manifest.json").read_bytes()
