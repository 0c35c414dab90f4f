"""A service with real gates: handed in by file or by HTTP, a model is judged once, whatever ends the service."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli.main import main
from tests.fake_gates import hears_ctrl_c
from tests.served import UNKNOWN, project, upload

MORE = 'golden = "two"\n'
KILLS = 4
"""One in each quarter of the time in which it judges both models and waits for more."""
SECONDS = 6.0


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a golden and three uploads."""
    folder = tmp_path_factory.mktemp("hub")
    project(folder, MORE)
    digests = {
        "clean": upload(folder, "clean"),
        "planted": upload(folder, "planted", faults=[{"kind": "drop-word", "word": "door", "when": "door"}]),
    }
    (folder / "digests.json").write_text(json.dumps(digests), "utf-8")
    suite = ("--suite", str(folder / "two.probes.yaml"), "--out", str(folder / "golden/two"), "--asr", "fake")
    place = ("--dir", str(folder / "recording"), "--reason", "made for tests", "--no-cost")
    assert main(["record", "--model", str(folder / "uploads" / digests["clean"]), *suite, *place]) == 0
    return folder


@pytest.fixture(autouse=True)
def cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDCHECK_CACHE", str(shared_cache))


@pytest.fixture
def digests(hub: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((hub / "digests.json").read_text("utf-8"))
    return found


def hand_in(runs: Path, digest: str) -> None:
    path = runs / "serve/fleet/queue" / f"{digest}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".tmp").write_text('{"version": 1}\n', "utf-8")
    path.with_suffix(".tmp").rename(path)


def judged(runs: Path) -> dict[str, int]:
    """Whatever was spoken, heard or judged, with when it was last written."""
    found = (path for name in ("renderings", "takes", "runs") for path in (runs / name).rglob("*"))
    return {str(path): path.stat().st_mtime_ns for path in found if path.is_file()}


def test_once_judges_what_waits_and_a_second_time_nothing(
    hub: Path, digests: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["fleet", "serve", str(hub / "fleet.toml"), "--once", "--dir", str(tmp_path), "--format", "json"]
    for digest in (digests["planted"], UNKNOWN):
        hand_in(tmp_path, digest)
    assert main(command) == 1
    found = {one["digest"]: one for one in json.loads(capsys.readouterr().out)["answers"]}
    assert {digest: one["state"] for digest, one in found.items()} == {digests["planted"]: "fail", UNKNOWN: "none"}
    planted = found[digests["planted"]]
    assert planted["rules"][0] == "speech.word-dropped"
    assert 'drops "door"' in planted["reason"]
    before = judged(tmp_path)
    hand_in(tmp_path, digests["planted"])
    assert main([*command, "--reasons", "none"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["answers"]
    assert (told["state"], told["rules"], told["reason"]) == ("fail", [], "")
    assert told["judged"] == planted["judged"]
    assert judged(tmp_path) == before


class Service:
    """A service in a process of its own."""

    def __init__(self, hub: Path, runs: Path) -> None:
        words = ["fleet", "serve", str(hub / "fleet.toml"), "--dir", str(runs), "--http", "0"]
        code = f"import sys; from harness.cli.main import main; sys.exit(main({words!r}))"
        self._log = runs.with_name(f"{runs.name}.log")
        with self._log.open("ab") as log:
            self._begun = log.tell()
            self.process = subprocess.Popen([sys.executable, "-c", code], stderr=log, preexec_fn=hears_ctrl_c)
        self.url = ""

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def wait_for_port(self) -> None:
        for _ in soon(120):
            told = self._log.read_bytes()[self._begun :].decode()
            if found := re.search(r"listening at (http://\S+)", told):
                self.url = found[1]
                return
            assert self.process.poll() is None, told
        raise AssertionError("it does not listen")

    def asked(self, path: str, body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, {"Content-Type": "application/json"})
        with contextlib.closing(urllib.request.urlopen(request, timeout=60)) as reply:
            found: dict[str, Any] = json.load(reply)
            return found


def soon(seconds: float) -> Iterator[float]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield until
        time.sleep(0.1)


def nobody_works_with(folder: Path) -> bool:
    """Whether every process has ended whose command names a folder."""

    def is_left() -> bool:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if os.fsencode(folder) in path.read_bytes() and int(path.parent.name) != os.getpid():
                    return True
        return False

    return any(not is_left() for _ in soon(60))


@pytest.mark.slow
def test_by_http_a_model_is_handed_in_and_answered_and_the_service_ends_when_asked(
    hub: Path, digests: dict[str, str], tmp_path: Path
) -> None:
    with Service(hub, tmp_path / "runs") as service:
        service.wait_for_port()
        assert service.asked("/v1/models", {"digest": digests["planted"], "name": "mine"})["state"] == "queued"
        for _ in soon(120):
            found = service.asked(f"/v1/models/{digests['planted']}")
            if found["state"] not in ("queued", "running"):
                break
        assert (found["state"], found["name"], found["ending"]) == ("fail", "mine", 1)
        assert_ends(service, signal.SIGTERM, 0, tmp_path / "runs", digests["clean"])


@pytest.mark.slow
def test_ends_by_ctrl_c_too(hub: Path, digests: dict[str, str], tmp_path: Path) -> None:
    with Service(hub, tmp_path / "runs") as service:
        service.wait_for_port()
        assert_ends(service, signal.SIGINT, 130, tmp_path / "runs", digests["clean"])


def assert_ends(service: Service, number: int, code: int, runs: Path, waiting: str) -> None:
    """By that signal and with that code, leaving no process, but what was handed in at the last moment."""
    service.asked("/v1/models", {"digest": waiting})
    service.process.send_signal(number)
    assert service.process.wait(60) == code
    assert nobody_works_with(runs)
    with pytest.raises(OSError, match="refused"):
        service.asked("/v1/health")
    assert (runs / f"serve/fleet/queue/{waiting}.json").is_file()


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_and_gives_the_same_answers(
    hub: Path, digests: dict[str, str], tmp_path: Path
) -> None:
    """Nothing is lost, nothing is judged twice: there is one run for each model, however often it was cut."""
    rng = random.Random(29)
    runs = tmp_path / "runs"
    for digest in digests.values():
        hand_in(runs, digest)
    for kill in range(KILLS):
        with Service(hub, runs) as service, contextlib.suppress(subprocess.TimeoutExpired):
            service.process.wait(max(0.2, SECONDS * (kill + rng.random()) / KILLS))
    assert nobody_works_with(runs)
    assert main(["fleet", "serve", str(hub / "fleet.toml"), "--once", "--dir", str(runs)]) in (0, 1)
    answers = {path.stem: json.loads(path.read_text("utf-8")) for path in (runs / "serve/fleet/answers").glob("*.json")}
    assert {digest: one["state"] for digest, one in answers.items()} == {
        digests["clean"]: "pass", digests["planted"]: "fail",
    }  # fmt: skip
    assert sorted(path.name for path in (runs / "runs").iterdir()) == sorted(one["run_id"] for one in answers.values())
    assert not list((runs / "serve/fleet/queue").iterdir())
