"""Processes run beside each other, and none of them outlives whoever began it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.placing import local as module
from harness.placing.local import LocalPlaces
from harness.placing.tasks import Task
from harness.storage.leases import lock_alone
from tests.fake_gates import hears_ctrl_c

DRIVER = """\
import os, sys, time
from pathlib import Path
from harness.placing.local import LocalPlaces
from harness.placing.tasks import Task
from harness.storage.leases import lock_alone
folder = Path(sys.argv[1])
lock = lock_alone(folder / "lock")
command = [sys.executable, "-c", "import os, time\\nprint(os.getpid(), flush=True)\\ntime.sleep(600)"]
with LocalPlaces([lock]) as gates:
    gates.begin(Task(name="a", command=command, environment=dict(os.environ), log=folder / "a.log"))
    print("begun", flush=True)
    gates.wait()
"""


def task(tmp_path, name, script):
    return Task(
        name=name, command=["/bin/sh", "-c", script], environment=dict(os.environ), log=tmp_path / f"{name}.log"
    )


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def soon(holds) -> bool:
    until = time.monotonic() + 30
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return bool(holds())


def pid_in(log: Path) -> int:
    assert soon(lambda: log.is_file() and log.read_text("ascii").strip())
    return int(log.read_text("ascii").split()[0])


def test_each_is_told_with_how_it_ended(tmp_path):
    with LocalPlaces() as gates:
        for name, script in (("a", "echo said; exit 7"), ("b", "kill -9 $$")):
            gates.begin(task(tmp_path, name, script))
        found = {one.name: status for one, status in (gates.wait(), gates.wait())}
        assert found == {"a": 7, "b": -signal.SIGKILL}
        assert len(gates) == 0
    assert (tmp_path / "a.log").read_text("utf-8") == "said\n"


def test_what_one_leaves_behind_is_ended(tmp_path):
    with LocalPlaces() as gates:
        gates.begin(task(tmp_path, "a", "sleep 600 & echo $!; exit 0"))
        gates.wait()
    left = int((tmp_path / "a.log").read_text("ascii"))
    assert soon(lambda: not is_alive(left))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
def test_whatever_ends_the_driver_ends_them(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LAST_SECONDS", 0.5)
    told = []
    with contextlib.suppress(kind), LocalPlaces(tell=told.append) as gates:
        gates.begin(task(tmp_path, "polite", "trap 'echo ended; exit 2' INT; echo $$; while :; do sleep 0.05; done"))
        gates.begin(task(tmp_path, "rude", "trap '' INT; echo $$; while :; do sleep 0.05; done"))
        pids = [pid_in(tmp_path / "polite.log"), pid_in(tmp_path / "rude.log")]
        raise kind
    assert not any(map(is_alive, pids))
    assert "ended" in (tmp_path / "polite.log").read_text("ascii")
    assert told == ["ending 2 of the gates; what they rendered and heard is kept"]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_a_driver_that_is_ended_takes_them_with_it_and_they_hold_its_lock_until_then(sent, tmp_path):
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=hears_ctrl_c,
    )
    assert driver.stdout is not None
    assert driver.stdout.readline() == b"begun\n"
    pid = pid_in(tmp_path / "a.log")
    assert lock_alone(tmp_path / "lock") is None
    driver.send_signal(sent)
    driver.wait(30)
    driver.stdout.close()
    assert soon(lambda: not is_alive(pid))

    def is_free():
        lock = lock_alone(tmp_path / "lock")
        if lock is not None:
            os.close(lock)
        return lock is not None

    assert soon(is_free)
