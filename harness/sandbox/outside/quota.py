"""How long a quota of processor time kept this container from running: what its control groups tell (``cpu.stat``).

Who is throttled neither works nor sleeps. Knows no worker: harness and workers share the groups that are looked at.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
NANOSECONDS, MICROSECONDS = 1e9, 1e6


def throttled_seconds() -> float:
    """Seconds for which this process's groups were throttled since they were made; 0.0 where nobody tells.

    A group counts each of its processors that was stopped, so that several may count one second more than once.
    """
    return sum(_throttled(path) for path in stat_files())


@functools.cache
def stat_files() -> tuple[Path, ...]:
    """The ``cpu.stat`` of this process's group and of each above it, as far as the container shows them."""
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return ()
    return tuple(dict.fromkeys(path for path in _candidates(lines, ROOT) if _throttled(path, missing=-1.0) >= 0))


def _candidates(lines: Iterable[str], root: Path) -> list[Path]:
    """Where the files may be, by ``/proc/self/cgroup``: version 1 has one for ``cpu``, version 2 one for all."""
    found: list[Path] = []
    for line in lines:
        _, names, own = line.split(":", 2)
        mounts = [root / names, root / "cpu"] if "cpu" in names.split(",") else [] if names else [root]
        for mount in mounts:
            folder = mount / own.lstrip("/")
            # A container without a name space of its own is told its name on the machine and shown its own files.
            while folder != mount and mount in folder.parents:
                found.append(folder / "cpu.stat")
                folder = folder.parent
            found.append(mount / "cpu.stat")
    return found


def _throttled(path: Path, *, missing: float = 0.0) -> float:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text("ascii").splitlines():
            name, _, value = line.partition(" ")
            if name in ("throttled_time", "throttled_usec"):
                return int(value) / (NANOSECONDS if name == "throttled_time" else MICROSECONDS)
    return missing
