"""The command as a process: how it ends where what it says can, or cannot, be written."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from harness.cli.main import ONLY_READS, VERBS

COMMAND = (sys.executable, "-P", "-m", "harness.cli.main")


def ended(*words: str, stdout: int | IO[bytes] = subprocess.PIPE) -> subprocess.CompletedProcess[Any]:
    return subprocess.run([*COMMAND, *words], stdout=stdout, stderr=subprocess.PIPE, check=False)


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """A checkpoint that names functions."""
    path = tmp_path / "model.pth"
    path.write_bytes(pickle.dumps([print, exec]))
    return str(path)


def test_verbs_that_only_read_are_verbs() -> None:
    assert set(ONLY_READS) < set(VERBS)


def test_everything_is_said_before_it_ends(hostile: str) -> None:
    done = ended("scan", hostile, "--format=json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["scans"][0]["verdict"] == "fail"


def test_on_a_full_disk_it_is_an_error_and_no_finding(hostile: str) -> None:
    with Path("/dev/full").open("wb") as full:
        for words in (("scan", hostile), ("scan", hostile, "--format=json"), ("list", "--rules")):
            done = ended(*words, stdout=full)
            assert done.returncode == 3
            (line,) = done.stderr.decode().splitlines()
            assert line.startswith("soundcheck: what was found cannot be written (No space left on device)")


def test_into_a_closed_pipe_it_says_nothing_more(hostile: str) -> None:
    process = subprocess.Popen(
        [*COMMAND, "scan", hostile, "--format=json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
