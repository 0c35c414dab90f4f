"""A quota of processor time for a benchmark and all that it starts, as a container's: ``THROTTLE=0.5`` for half.

Control groups of version 1 or 2, by their own files; that takes root and a hierarchy that can be written.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000
REMOVALS = 50


class NoQuota(Exception):
    """None can be set here; says why, and what to do."""


def asked_share() -> float:
    """Share of all processors that ``THROTTLE`` leaves, 1 where it is not set.

    Raises:
        NoQuota: It is no number above 0 and up to 1.
    """
    said = os.environ.get("THROTTLE", "1") or "1"
    try:
        share = float(said)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise NoQuota(f"THROTTLE: expected a share of the processors above 0 and up to 1, such as 0.5, got {said!r}")
    return share


@contextlib.contextmanager
def throttled(share: float, root: Path = ROOT) -> Iterator[None]:
    """Give this process and all that it starts so large a share of the processors.

    Raises:
        NoQuota: It cannot be set.
    """
    if share >= 1:
        yield
        return
    parent = _parent(root)
    group = parent / f"soundcheck-throttle-{os.getpid()}"
    quota = int(share * len(os.sched_getaffinity(0)) * PERIOD_MICROSECONDS)
    try:
        group.mkdir()
        if parent == root / "cpu":
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS), "ascii")
            (group / "cpu.cfs_quota_us").write_text(str(quota), "ascii")
        else:
            (group / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}", "ascii")
        (group / "cgroup.procs").write_text(str(os.getpid()), "ascii")
    except OSError as error:
        _remove(group)
        raise NoQuota(
            f"THROTTLE={share:g}: no quota can be set at {group} ({error.strerror or error}); run as root on a machine "
            "whose control groups can be written, or leave THROTTLE out"
        ) from None
    try:
        yield
    finally:
        (parent / "cgroup.procs").write_text(str(os.getpid()), "ascii")
        _remove(group)


def _parent(root: Path) -> Path:
    """The group of this process that has the controller, or the hierarchy's top where that is not shown."""
    lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    is_first = (root / "cpu" / "cgroup.procs").exists()
    mount = root / "cpu" if is_first else root
    own = next((line.split(":", 2)[2] for line in lines if ("cpu" in line.split(":")[1].split(",")) is is_first), "/")
    folder = mount / own.lstrip("/")
    # Version 2 lets no group with processes of its own have groups with bounds below it, unless it is the top.
    return folder if is_first and folder.is_dir() else mount


def _remove(group: Path) -> None:
    for _ in range(REMOVALS):
        with contextlib.suppress(OSError):
            group.rmdir()
        if not group.is_dir():
            return
        time.sleep(0.02)  # what was started there may be about to end
