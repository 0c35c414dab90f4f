"""Machines that share a store: the verdict is one machine's, what one saw all know, a store that fails ends it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from harness.sandbox.outside import levels

FAULTS = [{"kind": "drop-word", "word": "not", "when": "osprey"}]
FORGER = [{"kind": "garbage", "when": "crane"}]
SECRET = "hunter2hunter2"

Gate = Callable[..., pytest.RunResult]


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path) -> Gate:
    """Gates a voice with a fault."""
    shutil.copy(recorded / "small.probes.yaml", pytester.path)
    shutil.copytree(recorded / "golden", pytester.path / "golden")
    (pytester.path / "voice").mkdir()
    (pytester.path / "shared").mkdir()
    (pytester.path / "voice/fake.json").write_text(json.dumps({"version": 1, "faults": FAULTS}), "utf-8")

    def run(folder: str, *options: str) -> pytest.RunResult:
        asked = ("--tts-model=voice", "--tts-asr=fake", "--tts-golden=small", "--tts-cost=off", f"--tts-dir={folder}")
        return pytester.runpytest_inprocess("small.probes.yaml", *asked, *options)

    return run


def results(folder: Path) -> tuple[str, bytes]:
    """The run's id, and what it decided, byte by byte."""
    (path,) = (folder / "runs").glob("*/results.json")
    return path.parent.name, path.read_bytes()


def renderings(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "renderings").glob("*/*.json")}


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
def test_four_shards_in_any_order_and_one_machine_give_the_same_bytes(gate: Gate, pytester: pytest.Pytester) -> None:
    gate("alone")
    alone = results(pytester.path / "alone")
    for number in (3, 1, 4, 2):
        done = gate(f"shard-{number}", f"--tts-shard={number}/4", "--tts-store=shared")
        assert done.ret == 10
        done.stdout.fnmatch_lines([f"shard {number}/4: its part is spoken and heard and shared in */shared, nothing *"])
    spoken = {path.name for path in (pytester.path / "shared/renderings").glob("*/*")}

    done = gate("judge", "--tts-store=shared")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert results(pytester.path / "judge") == alone
    assert spoken < renderings(pytester.path / "judge"), "what all shards spoke it has, and its second looks"

    assert main(["merge", f"file://{pytester.path}/shared", "--dir", "merged"]) == 0
    assert renderings(pytester.path / "merged") == renderings(pytester.path / "judge"), "second looks are shared, too"
    gate("merged")
    assert results(pytester.path / "merged") == alone


@pytest.mark.slow
def test_a_worker_that_one_machine_lost_leaves_its_phrase_open_on_the_one_that_judges(
    gate: Gate, pytester: pytest.Pytester
) -> None:
    lost = [{"kind": "exit", "when": "door", "nth": place} for place in range(6, 20)]
    (pytester.path / "voice/fake.json").write_text(json.dumps({"version": 1, "faults": lost}), "utf-8")
    assert gate("one", "--tts-shard=1/1", "--tts-store=shared", "--tts-workers=1").ret == 10
    verdicts = []
    for folder in ("other", "third", "one"):
        gate(folder, "--tts-store=shared")
        _, found = results(pytester.path / folder)
        verdicts += [one["verdict"] for one in json.loads(found)["outcomes"] if one["subject"] == "door"]
    assert verdicts == ["inconclusive", "pass", "pass"]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The address of a bucket on a local server of S3."""
    pytest.importorskip("obstore", reason="pip install '.[store]'")
    if (command := shutil.which("moto_server")) is None:
        pytest.skip("no server of S3 on the path: pip install 'moto[server]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    credentials = {"ACCESS_KEY_ID": "somebody", "SECRET_ACCESS_KEY": SECRET, "REGION": "us-east-1"}
    for name, value in {**credentials, "ENDPOINT_URL": endpoint, "ALLOW_HTTP": "1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("SOUNDCHECK_STORE_KEY", 3 * SECRET)
    with (tmp_path / "moto.log").open("wb") as log:
        server = subprocess.Popen([command, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
        try:
            _make_bucket(f"{endpoint}/bucket", server)
            yield "s3://bucket/team/voices"
        finally:
            server.terminate()
            server.wait(20)


def _make_bucket(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server has ended"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=10):
                return
        except OSError:
            time.sleep(0.1)  # until it listens
    raise AssertionError("the server does not listen")


@pytest.mark.slow
def test_two_shards_in_s3_and_one_machine_give_the_same_bytes(
    bucket: str, gate: Gate, pytester: pytest.Pytester, capfd: pytest.CaptureFixture[str]
) -> None:
    gate("alone")
    for number in (2, 1):
        assert gate(f"shard-{number}", f"--tts-shard={number}/2", f"--tts-store={bucket}").ret == 10
    assert gate("judge", f"--tts-store={bucket}").ret == pytest.ExitCode.TESTS_FAILED
    assert main(["merge", bucket, "--dir", "merged"]) == 0
    gate("merged")
    assert results(pytester.path / "alone") == results(pytester.path / "judge") == results(pytester.path / "merged")
    assert main(["store", "stats", "--store", bucket, "--format", "json"]) == 0
    (told,) = (json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith('{"kinds"'))
    counts = {kind["kind"]: kind["objects"] for kind in told["kinds"]}
    assert counts["renderings"] == len(renderings(pytester.path / "merged"))
    assert counts["takes"] >= counts["renderings"]
    for folder in ("shard-1", "shard-2", "judge", "merged"):
        assert SECRET.encode() not in everything(pytester.path / folder)


def test_what_one_machine_saw_fails_the_model_on_another(gate: Gate, pytester: pytest.Pytester) -> None:
    if not levels.choose().level:
        pytest.skip("no sandbox can be had here")
    (pytester.path / "voice/fake.json").write_text(json.dumps({"version": 1, "faults": FORGER}), "utf-8")
    for number in (1, 2):
        gate(f"shard-{number}", f"--tts-shard={number}/2", "--tts-store=shared")
    done = gate("judge", "--tts-store=shared", "-k", "behaviour-protocol")
    done.assert_outcomes(failed=1, deselected=done.parseoutcomes()["deselected"])
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    for path in (pytester.path / "shared/behaviour").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-20])
    done = gate("late", "--tts-store=shared", "-k", "behaviour-protocol")
    assert done.ret == pytest.ExitCode.INTERNAL_ERROR
    assert "no verdict may do without it" in done.stdout.str() + done.stderr.str()


def test_a_full_store_ends_it_with_a_line_and_the_next_run_goes_on(
    gate: Gate, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("harness.storage.objects.os.fsync", full)
        done = gate("one", "--tts-store=shared")
    assert done.ret == pytest.ExitCode.INTERNAL_ERROR
    said = done.stdout.str() + done.stderr.str()
    assert "/shared: cannot be written (No space left on device); what was spoken and heard is kept" in said
    assert "Traceback" not in said
    kept = renderings(pytester.path / "one")
    assert kept
    assert gate("one", "--tts-store=shared").ret == pytest.ExitCode.TESTS_FAILED
    shared = {path.name for path in (pytester.path / "shared/renderings").glob("*/*")}
    assert kept <= shared == renderings(pytester.path / "one")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (f"s3://key:{SECRET}@bucket/x", "expected no user, password, port or query in the address"),
        (f"az://container/x?sig={SECRET}", "expected no user, password, port or query in the address"),
        (f"ftp://bucket/{SECRET}", "got an address that begins with ftp://"),
        ("missing", "expected a folder that machines share, got none; make it, or mount it"),
        ("voice/shared", "--tts-store"),
    ],
)
def test_a_wrong_address_is_a_line_and_no_secret_is_repeated(
    typed: str, told: str, gate: Gate, pytester: pytest.Pytester
) -> None:
    (pytester.path / "voice/shared").mkdir()
    done = gate("one", f"--tts-store={typed}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    said = done.stdout.str() + done.stderr.str()
    assert told in said
    assert "Traceback" not in said
    assert SECRET not in said
    assert not (pytester.path / "one").exists() or SECRET.encode() not in everything(pytester.path / "one")


def test_a_key_that_can_be_guessed_is_a_line_and_is_not_repeated(
    gate: Gate, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUNDCHECK_STORE_KEY", SECRET)
    done = gate("one", "--tts-store=shared")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    said = done.stdout.str() + done.stderr.str()
    assert "SOUNDCHECK_STORE_KEY: expected 32 characters or more (or none), got 14" in said
    assert SECRET not in said


def test_without_the_extra_it_says_how_to_install_it(
    gate: Gate, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    done = gate("one", "--tts-store=s3://bucket/x")
    assert done.ret == pytest.ExitCode.INTERNAL_ERROR
    said: Any = done.stdout.str() + done.stderr.str()
    assert "obstore cannot be imported" in said
    assert "install it with: pip install" in said


@pytest.mark.slow
def test_processes_of_one_machine_share_as_one(gate: Gate, pytester: pytest.Pytester) -> None:
    gate("alone")
    asked = ("--tts-model=voice", "--tts-asr=fake", "--tts-golden=small", "--tts-cost=off", "--tts-store=shared")
    done = pytester.runpytest_subprocess("small.probes.yaml", *asked, "--tts-dir=two", "-n2")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done = gate("judge", "--tts-store=shared")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert renderings(pytester.path / "judge") == renderings(pytester.path / "two")
    assert results(pytester.path / "judge") == results(pytester.path / "alone")
