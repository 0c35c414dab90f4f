"""Several nodes of a cluster on this machine, which end with whoever began them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.gate import descendants
from harness.core.errors import BadInput, SoundcheckError
from harness.placing import nodes
from harness.placing.nodes import cluster_of


@pytest.mark.parametrize("count", [0, 17, 999])
def test_are_no_more_than_a_machine_bears(count: int) -> None:
    with pytest.raises(BadInput, match=f"--on ray:{count}: expected 1 to 16 nodes"), cluster_of(count):
        pass


def test_that_do_not_start_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes.sys, "executable", "/bin/false")
    with pytest.raises(SoundcheckError, match="Ray's nodes did not start"), cluster_of(2):
        pass


@pytest.mark.slow
def test_end_with_a_driver_that_is_killed() -> None:
    pytest.importorskip("ray", reason="pip install '.[ray]'")
    code = "from harness.placing.nodes import cluster_of\nwith cluster_of(2) as at: print(at, flush=True); input()"
    driver = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert driver.stdout is not None
    host, _, port = driver.stdout.readline().strip().rpartition(":")
    assert host
    assert port.isdigit()
    everything = descendants(driver.pid)
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    until = time.monotonic() + 90
    while left := [pid for pid in everything if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < until, left
        time.sleep(0.1)
