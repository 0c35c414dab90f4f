"""What a sandboxed worker leaves on the machine: processes, mounts, cgroups and files, however its harness ended.

``python benchmarks/leftovers.py LEVEL`` is the harness that is ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # it is started by its file


def snapshot(harness: int) -> dict[str, set[str]]:
    """What a harness with this process id could leave behind on this machine. Others work here too."""
    from tests.attacks.watch import descendants

    mine = re.compile(rf"soundcheck-(worker-)?{harness}-")
    groups = {str(place) for place in Path("/sys/fs/cgroup").glob("**/soundcheck-*") if mine.search(place.name)}
    processes = set()
    for pid in descendants():
        with contextlib.suppress(OSError):
            entry = Path(f"/proc/{pid}")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if state not in "ZX" and command:
                processes.add(f"{pid} {command[:120]}")
    places = [Path(place) for place in ("/tmp", "/dev/shm", "/var/tmp")]
    return {
        "processes": processes,
        "mounts": set(Path("/proc/self/mounts").read_text().splitlines()),
        "cgroups": groups,
        "files": {str(path) for place in places for path in place.iterdir() if mine.search(path.name)},
        "segments": set(Path("/proc/sysvipc/shm").read_text().splitlines()),
        "abstract sockets": {word for word in Path("/proc/net/unix").read_text().split() if mine.search(word)},
    }


def leftovers(level: str, ending: str) -> dict[str, list[str]]:
    """What is left after a run that ends in this way. The judge's own world is no leftover."""
    before = snapshot(0)
    process = subprocess.Popen(
        [sys.executable, __file__, level],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("{"):
        return {"broken": [line]}
    about = json.loads(line)
    if ending == "normal":
        process.stdin.close()
    else:
        os.kill(process.pid, signal.SIGINT if ending == "Ctrl-C" else signal.SIGKILL)
    process.wait(30)
    process.stdout.close()
    end = time.monotonic() + 5
    while True:
        with contextlib.suppress(OSError):
            os.kill(about["victim"], signal.SIGKILL)
        after = snapshot(process.pid)
        left = {key: sorted(after[key] - before[key]) for key in after}
        scratch = Path(about["ready"], "scratch")
        left["files"] += [str(path) for path in scratch.iterdir()] if scratch.exists() else []
        left = {key: value for key, value in left.items() if value}
        if not left or time.monotonic() > end:
            break
        time.sleep(0.1)
    subprocess.run(["rm", "-rf", "--", about["ready"]], check=False)
    return left


def swept(left: dict[str, list[str]], level: str) -> dict[str, list[str]]:
    """What of it the next worker's start leaves as well."""
    leftovers(level, "normal")
    return {
        key: found
        for key, values in left.items()
        if (found := [one for one in values if key not in ("files", "cgroups") or Path(one).exists()])
    }


def linger(level: str) -> None:
    """Start a sandboxed worker, say so, and wait to be ended. Runs in a process of its own."""
    from harness.sandbox.outside.bounds import Bounds
    from harness.sandbox.outside.client import Worker
    from harness.sandbox.outside.events import EventLog
    from tests.attacks.catalogue import CALM
    from tests.attacks.launchers import sandboxed
    from tests.attacks.trial import ENGINE, arm
    from tests.attacks.world import World

    # A shell that starts this in the background has its children ignore Ctrl-C, and Python then leaves it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    world = World()
    bounds = Bounds(load_seconds=300, batch_seconds=300)
    worker = Worker(
        sandboxed(level, EventLog()), engine=ENGINE, model=arm(CALM, world), device="cpu", threads=1, bounds=bounds
    )
    try:
        worker.start()
        print(json.dumps({"ready": str(world.folder), "victim": world.victim}), flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
    finally:
        worker.stop()
        world.close()


if __name__ == "__main__":
    linger(sys.argv[1])
