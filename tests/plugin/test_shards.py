"""Several machines speak a suite, one judges: the verdict is that of one machine that does both."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from tests.conftest import WITHOUT_OTHERS

FAULTS = [{"kind": "drop-word", "word": "not", "when": "osprey"}]


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path) -> Callable[..., tuple[pytest.RunResult, dict[str, Any]]]:
    """Gates a voice with a fault; the session, and what it recorded."""
    shutil.copy(recorded / "small.probes.yaml", pytester.path)
    shutil.copytree(recorded / "golden", pytester.path / "golden")
    (pytester.path / "voice").mkdir()
    (pytester.path / "voice/fake.json").write_text(json.dumps({"version": 1, "faults": FAULTS}), "utf-8")

    def run(folder: str, *options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
        asked = ("--tts-model=voice", "--tts-asr=fake", "--tts-golden=small", "--tts-cost=off", f"--tts-dir={folder}")
        done = pytester.runpytest_inprocess("small.probes.yaml", *asked, *options)
        (results,) = (pytester.path / folder).rglob("runs/*/results.json")
        return done, json.loads(results.read_text("utf-8"))

    return run


def renderings(folder: Path) -> set[str]:
    return {path.name for path in (folder / "renderings").glob("*/*.json")}


def speak(gate: Callable[..., object], order: Iterable[int], of: int) -> list[str]:
    folders = []
    for number in order:
        gate(f"shard-{number}", f"--tts-shard={number}/{of}")
        folders.append(f"shard-{number}")
    return folders


@pytest.mark.parametrize(
    ("order", "of"),
    [([3, 1, 2], 3), pytest.param([1], 1, marks=pytest.mark.slow)],
    ids=["three in another order", "one"],
)
def test_what_is_judged_from_them_is_what_one_machine_judges(
    order: list[int], of: int, gate: Callable[..., Any], pytester: pytest.Pytester
) -> None:
    _, alone = gate("alone")
    folders = speak(gate, order, of)
    parts = [renderings(pytester.path / folder) for folder in folders]
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert main(["merge", *folders, "--dir", "together"]) == 0
    before = renderings(pytester.path / "together")
    done, together = gate("together")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert together == alone
    # Second looks are the judge's; what all machines spoke it asks for no more.
    assert before == set().union(*parts)
    assert renderings(pytester.path / "together") == renderings(pytester.path / "alone")


def test_a_shard_judges_nothing_and_says_so(gate: Callable[..., Any]) -> None:
    done, content = gate("one", "--tts-shard=1/2")
    assert done.ret == 10
    assert not [one for one in content["outcomes"] if one["probe"]]
    done.stdout.fnmatch_lines(["shard 1/2: its part is spoken and heard and kept in one, nothing is judged; *"])


def test_one_that_is_missing_is_spoken_by_who_judges(gate: Callable[..., Any], pytester: pytest.Pytester) -> None:
    _, alone = gate("alone")
    assert main(["merge", *speak(gate, [2], 3), "--dir", "together"]) == 0
    assert gate("together")[1] == alone


def test_a_refused_model_is_refused_on_every_machine(gate: Callable[..., Any], pytester: pytest.Pytester) -> None:
    (pytester.path / "voice/run.py").write_text("print()\n", "utf-8")
    done, _ = gate("one", "--tts-shard=1/2")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert renderings(pytester.path / "one") == set()


@pytest.mark.parametrize("typed", ["0/2", "3/2", "1", "1/", "a/b", "1/99999"])
def test_no_part_of_a_whole_is_refused(typed: str, pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess(f"--tts-shard={typed}", "--tts-model=x")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: --tts-shard: expected I/N, *, got '{typed}'"])


@pytest.mark.slow
def test_what_shards_of_one_folder_record_is_no_part_of_the_verdict(
    gate: Callable[..., Any], pytester: pytest.Pytester
) -> None:
    _, alone = gate("alone")
    pair = [
        pytester.popen(
            [sys.executable, "-m", "pytest", *WITHOUT_OTHERS, "small.probes.yaml", "--tts-model=voice",
             "--tts-asr=fake", "--tts-golden=small", "--tts-cost=off", "--tts-dir=shared", f"--tts-shard={number}/2"],
        )
        for number in (1, 2, 2)
    ]  # fmt: skip
    assert [one.wait() for one in pair] == [10, 10, 10]
    assert not (pytester.path / "shared/runs").exists()
    shutil.rmtree(pytester.path / "shared/shards")
    done, found = gate("shared")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert found == alone
