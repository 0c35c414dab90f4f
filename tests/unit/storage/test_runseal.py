"""The digests of a run's files: what is edited, gone or added after its end is named, in one line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.core.errors import IntegrityError
from harness.run.seen import keep_seen
from harness.storage.rundirectory import RunDirectory, read_run
from harness.storage.runseal import NAME, head_of
from tests.report_samples import passing_run


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run that has ended."""
    result = passing_run()
    directory = RunDirectory(tmp_path, result.info.run_id)
    directory.begin(result.info, result.planned)
    for outcome in result.outcomes[:3]:
        directory.record("main", outcome)
    (directory.path / "behaviour").mkdir()
    (directory.path / "behaviour/main.jsonl").write_text("")
    (directory.path / "policy.toml").write_text("version = 1\n")
    keep_seen(directory.path, [])
    directory.end()
    return directory


def test_hold_for_a_run_as_it_ended_and_for_a_copy_of_it(run: RunDirectory, tmp_path: Path) -> None:
    assert len(head_of(run.path) or "") == 64
    shutil.copytree(run.path, tmp_path / "copy")
    assert read_run(tmp_path / "copy") == run.result()


def test_are_read_by_sha256sum(run: RunDirectory) -> None:
    done = subprocess.run(["sha256sum", "-c", NAME], cwd=run.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "records/main.jsonl: OK" in done.stdout


@pytest.mark.parametrize(
    "name", ["run.json", "policy.toml", "records/main.jsonl", "behaviour/main.jsonl", "seen.jsonl"]
)
@pytest.mark.parametrize(
    ("way", "what"), [("edit", "expected sha256 [0-9a-f]{12}, got [0-9a-f]{12}"), ("remove", "it is gone")]
)
def test_name_the_file_that_is_another(run: RunDirectory, name: str, way: str, what: str) -> None:
    path = run.path / name
    path.unlink() if way == "remove" else path.write_bytes(path.read_bytes() + b" ")
    line = (
        rf"{re.escape(str(path))}: was edited after the run had ended \({what}\); "
        "find out by whom, remove the run, run again"
    )
    for ask in (run.result, lambda: head_of(run.path), lambda: run.begin(passing_run().info, 3)):
        with pytest.raises(IntegrityError, match=f"^{line}$"):
            ask()


def test_name_a_file_that_was_added(run: RunDirectory) -> None:
    (run.path / "records/zz.jsonl").write_bytes(
        (run.path / "records/main.jsonl").read_bytes().replace(b"fail", b"pass")
    )
    with pytest.raises(IntegrityError, match=r"records/zz\.jsonl: .*\(it was added\)"):
        run.result()


@pytest.mark.parametrize("line", [0, 1, -1], ids=["before", "digest", "head"])
def test_notice_a_list_that_was_edited_itself(run: RunDirectory, line: int) -> None:
    lines = (run.path / NAME).read_text().splitlines()
    lines[line] = re.sub("[0-9a-f]{64}", "a" * 64, lines[line])
    (run.path / NAME).write_text("\n".join(lines) + "\n")
    with pytest.raises(IntegrityError, match="was edited after the run had ended"):
        run.result()


@pytest.mark.parametrize("data", [b"", b"rubbish\n", b"\xff", b"x" * (2 << 20)], ids=["empty", "text", "bytes", "long"])
def test_are_no_other_file(run: RunDirectory, data: bytes) -> None:
    (run.path / NAME).write_bytes(data)
    with pytest.raises(IntegrityError, match="it is no list of digests"):
        run.result()


def test_of_a_run_that_goes_on_follow_those_before(run: RunDirectory) -> None:
    before = head_of(run.path)
    result = passing_run()
    run.begin(result.info, result.planned)
    assert head_of(run.path) is None
    run.record("main", result.outcomes[3])
    run.end()
    assert (run.path / NAME).read_text().splitlines()[0] == f"# after {before}"
    assert head_of(run.path) not in (None, before)
    assert len(run.result().outcomes) == 4
    assert json.loads((run.path / "run.json").read_text())["planned"] == result.planned
