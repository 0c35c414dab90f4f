"""A cluster that is there already, of one, two and three nodes of Ray's on this machine: the bytes of one process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin.test_fleet import cache, command, fleet, processes  # noqa: F401 - fixtures among them

pytestmark = pytest.mark.slow
pytest.importorskip("ray", reason="pip install '.[ray]'")

CLUSTER = """\
import sys
from ray.cluster_utils import Cluster

least = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
cluster = Cluster(initialize_head=True, head_node_args=dict(least))
others = [cluster.add_node(num_cpus=1, object_store_memory=80 << 20) for _ in range(int(sys.argv[1]) - 1)]
print(cluster.address, flush=True)
for line in sys.stdin:
    cluster.remove_node(others.pop(), allow_graceful=False)
    print("gone", flush=True)
cluster.shutdown()
"""
"""A process that has a cluster: says its address, takes a node away for each line, and ends it with its own input."""


STARTS = 4


class Nodes:
    """Such a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        self.address = process.stdout.readline().strip()

    def lose_one(self) -> None:
        """End a node that is not the head, as a machine that is switched off does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline().strip() == "gone"

    def close(self) -> None:
        """End it, and wait for its end."""
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate(timeout=120)


@contextlib.contextmanager
def nodes(count: int) -> Iterator[Nodes]:
    """A cluster of so many. A node of Ray's gives up where its own agent is not there after 15 s: then once more."""
    for _ in range(STARTS):
        process = subprocess.Popen(
            [sys.executable, "-c", CLUSTER, str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
        )  # fmt: skip
        found = Nodes(process)
        try:
            if found.address:
                yield found
                return
        finally:
            found.close()
    pytest.skip("this machine is too busy for Ray's own processes to start")


@pytest.fixture(scope="module")
def whole(fleet: Path, tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> bytes:  # noqa: F811
    """What one process says."""
    folder = tmp_path_factory.mktemp("whole")
    environment = {**os.environ, "SOUNDCHECK_CACHE": str(shared_cache)}
    assert subprocess.run(command(fleet, folder), check=False, env=environment, capture_output=True).returncode == 1
    return (folder / "fleets/fleet/fleet.json").read_bytes()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_say_what_one_process_says(count: int, fleet: Path, tmp_path: Path, whole: bytes) -> None:  # noqa: F811
    with nodes(count) as cluster:
        asked = command(fleet, tmp_path, "--on", cluster.address, "--jobs", str(count))
        done = subprocess.run(asked, check=False, capture_output=True, timeout=400)
    assert done.returncode == 1, done.stderr.decode()
    assert (tmp_path / "fleets/fleet/fleet.json").read_bytes() == whole
    assert processes(tmp_path) == set()


def test_one_that_is_lost_is_done_without(fleet: Path, tmp_path: Path, whole: bytes) -> None:  # noqa: F811
    with nodes(3) as cluster:
        asked = command(fleet, tmp_path, "--on", cluster.address, "--jobs", "3")
        driver = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until = time.monotonic() + 200
        while len(processes(tmp_path)) < 3 and driver.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        cluster.lose_one()
        _, told = driver.communicate(timeout=400)
    assert driver.returncode == 1, told.decode()
    assert (tmp_path / "fleets/fleet/fleet.json").read_bytes() == whole
    assert processes(tmp_path) == set()
