"""Ray places gates and changes nothing: the bytes of one machine, whatever node or task is lost on the way."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.gate import descendants
from tests.fake_gates import hears_ctrl_c
from tests.plugin.test_fleet import cache, command, fleet, processes  # noqa: F401 - fixtures among them

pytestmark = pytest.mark.slow
pytest.importorskip("ray", reason="pip install '.[ray]'")

ROOT = Path(__file__).parents[2]


def begun(fleet: Path, folder: Path) -> tuple[subprocess.Popen[bytes], int]:  # noqa: F811
    """A driver with a gate on a node, and the process of ours that has it."""
    asked = command(fleet, folder, "--on", "ray")
    driver = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=hears_ctrl_c)
    until = time.monotonic() + 120
    while not (found := [pid for pid in descendants(driver.pid) if is_node(pid)]) and time.monotonic() < until:
        time.sleep(0.02)
    return driver, found[0]


def is_node(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"harness.fleet.node" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def is_there(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture(scope="module")
def whole(fleet: Path, tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> bytes:  # noqa: F811
    """What one machine says."""
    folder = tmp_path_factory.mktemp("whole")
    environment = {**os.environ, "SOUNDCHECK_CACHE": str(shared_cache)}
    assert subprocess.run(command(fleet, folder), check=False, env=environment, capture_output=True).returncode == 1
    return (folder / "fleets/fleet/fleet.json").read_bytes()


def test_gives_the_bytes_of_one_machine(fleet: Path, tmp_path: Path, whole: bytes) -> None:  # noqa: F811
    done = subprocess.run(command(fleet, tmp_path, "--on", "ray", "--jobs", "2"), check=False, capture_output=True)
    assert done.returncode == 1, done.stderr.decode()
    assert (tmp_path / "fleets/fleet/fleet.json").read_bytes() == whole


def test_where_a_task_is_killed_goes_on(fleet: Path, tmp_path: Path, whole: bytes) -> None:  # noqa: F811
    driver, node = begun(fleet, tmp_path)
    worker = int(Path(f"/proc/{node}/stat").read_text("ascii").rpartition(")")[2].split()[1])
    os.kill(worker, signal.SIGKILL)  # Ray's own, in which the task runs
    _, told = driver.communicate(timeout=300)
    assert driver.returncode == 1, told.decode()
    assert b"its gate was ended by SIGKILL; it goes on" in told
    assert (tmp_path / "fleets/fleet/fleet.json").read_bytes() == whole


def test_ctrl_c_leaves_nothing_of_ours_or_of_ray_s(fleet: Path, tmp_path: Path) -> None:  # noqa: F811
    driver, node = begun(fleet, tmp_path)
    time.sleep(1.0)
    everything = descendants(driver.pid)
    assert node in everything
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=120)
    assert driver.returncode == 130
    until = time.monotonic() + 60
    while any(map(is_there, everything)) and time.monotonic() < until:
        time.sleep(0.1)
    assert [pid for pid in everything if is_there(pid)] == []
    assert processes(tmp_path) == set()


def test_a_driver_that_is_killed_leaves_nothing_for_long(fleet: Path, tmp_path: Path, whole: bytes) -> None:  # noqa: F811
    driver, _ = begun(fleet, tmp_path)
    everything = descendants(driver.pid)
    driver.kill()
    driver.communicate(timeout=20)
    until = time.monotonic() + 90
    while any(map(is_there, everything)) and time.monotonic() < until:
        time.sleep(0.1)
    assert [pid for pid in everything if is_there(pid)] == []
    assert processes(tmp_path) == set()
    assert subprocess.run(command(fleet, tmp_path), check=False, capture_output=True).returncode == 1
    assert (tmp_path / "fleets/fleet/fleet.json").read_bytes() == whole


def test_a_cluster_that_is_not_there_is_one_line(fleet: Path, tmp_path: Path) -> None:  # noqa: F811
    done = subprocess.run(
        command(fleet, tmp_path, "--on", "127.0.0.1:1"), check=False, capture_output=True, timeout=300
    )
    assert done.returncode == 3
    assert b"--on 127.0.0.1:1: no cluster there" in done.stderr
    assert report_is_missing(tmp_path)


def report_is_missing(folder: Path) -> bool:
    return not (folder / "fleets/fleet/fleet.json").exists()


TASK = """\
import os, subprocess, sys
import ray
from harness.placing.rays import without

def tried(*words):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tier=quick", *words]
    return subprocess.run(command, env=without(os.environ), capture_output=True, text=True)

ray.init(address="local", num_cpus=1, include_dashboard=False, object_store_memory=80 << 20, log_to_driver=False)
done = ray.get(ray.remote(tried).remote(*sys.argv[1:]))
print(done.stdout, done.stderr)
sys.exit(done.returncode)
"""


def test_the_walls_hold_within_a_task_as_they_do_elsewhere(tmp_path: Path) -> None:
    tests = [str(ROOT / "tests/unit/sandbox/outside" / name) for name in ("test_sandboxed.py", "test_proofs.py")]
    done = subprocess.run(
        [sys.executable, "-c", TASK, f"--basetemp={tmp_path / 'within'}", *tests],
        cwd=ROOT, env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
