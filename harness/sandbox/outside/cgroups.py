"""A control group for one worker: bounds its memory and tasks, meters them, and names whoever is left to be ended.

Version 1 and 2 hierarchies are both used where they can be written. Where neither can, there is no
group, and /proc has to do.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox.outside.janitor import JANITOR

ROOT = Path("/sys/fs/cgroup")
PREFIX = "soundcheck-"
CONTROLLERS = ("memory", "pids", "cpuacct")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The folders of one group: one for each version 1 hierarchy, or a single one of version 2."""

    folders: dict[str, Path]
    """Controller -> folder. Version 2 has the same folder for all of its controllers."""

    @property
    def name(self) -> str:
        """What holds, for people."""
        return (
            "cgroup v2" if any((folder / "cgroup.kill").exists() for folder in self.folders.values()) else "cgroup v1"
        )

    def add(self, pid: int) -> None:
        """Put a process, and what it will start, into the group."""
        for folder in set(self.folders.values()):
            (folder / "cgroup.procs").write_text(str(pid), "ascii")

    def pids(self) -> list[int]:
        """Processes in the group."""
        found: set[int] = set()
        for folder in set(self.folders.values()):
            with contextlib.suppress(OSError):
                found |= {int(line) for line in (folder / "cgroup.procs").read_text("ascii").split()}
        return sorted(found)

    def kill(self) -> None:
        """End every process in the group."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def cpu_seconds(self) -> float:
        """CPU time of everything that ever was in the group."""
        folder = self.folders.get("cpuacct")
        if folder is None:
            return 0.0
        if (folder / "cpuacct.usage").exists():
            return _number(folder / "cpuacct.usage") / 1e9
        with contextlib.suppress(OSError, ValueError):
            lines = dict(line.split() for line in (folder / "cpu.stat").read_text("ascii").splitlines())
            return int(lines["usage_usec"]) / 1e6
        return 0.0

    def peak_bytes(self) -> int:
        """Most memory that the group ever had, page cache included."""
        folder = self.folders.get("memory")
        if folder is None:
            return 0
        return _number(folder / "memory.max_usage_in_bytes") or _number(folder / "memory.peak")

    def refused_memory(self) -> bool:
        """Whether a process was ended by the kernel because the group's own memory was used up."""
        folder = self.folders.get("memory")
        # Whoever is ended is counted in its own group, whichever limit was reached: a group's own, one above, or none
        # but the machine's. Version 2 counts as ``oom`` how often this one was, version 1 in a file of its own.
        has_reached = folder is not None and (
            _counted(folder / "memory.events", "oom") > 0 or _number(folder / "memory.failcnt") > 0
        )
        return has_reached and self.lost_to_memory()

    def lost_to_memory(self) -> bool:
        """Whether a process of the group was ended by the kernel for want of memory, whosever limit was reached."""
        folder = self.folders.get("memory")
        names = ("memory.oom_control", "memory.events")
        return folder is not None and any(_counted(folder / name, "oom_kill") > 0 for name in names)

    def refused_tasks(self) -> bool:
        """Whether a thread or process could not be made because the group had its fill."""
        folder = self.folders.get("pids")
        with contextlib.suppress(OSError, ValueError, IndexError):
            return folder is not None and int((folder / "pids.events").read_text("ascii").split()[1]) > 0
        return False

    def remove(self) -> None:
        """End what is left and remove the folders."""
        for folder in set(self.folders.values()):
            for _ in range(100):
                try:
                    folder.rmdir()
                except OSError as error:
                    if error.errno != errno.EBUSY:
                        break
                    self.kill()
                    time.sleep(0.01)  # the kernel takes a moment to let go of what was ended
                else:
                    break
        JANITOR.forget(*set(self.folders.values()))


def create(*, memory_bytes: int, tasks: int) -> Group | None:
    """A new group below this process's own, with these bounds (0: none); None where it cannot be had."""
    name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
    folders: dict[str, Path] = {}
    for controller, parent in parents().items():
        with contextlib.suppress(OSError):
            folder = parent / name
            folder.mkdir(exist_ok=True)
            if not (folder / "cgroup.procs").exists():
                folder.rmdir()
                continue
            folders[controller] = folder
            JANITOR.watch(folder)
    if "memory" not in folders or "pids" not in folders:
        Group(folders=folders).remove()
        return None
    try:
        memory, pids = folders["memory"], folders["pids"]
        if memory_bytes:
            _first(memory, "memory.limit_in_bytes", "memory.max").write_text(str(memory_bytes), "ascii")
        (pids / "pids.max").write_text(str(tasks), "ascii")
    except OSError:
        Group(folders=folders).remove()
        return None
    return Group(folders=folders)


@functools.cache
def are_usable() -> bool:
    """Whether groups can be made here; tried once for each process."""
    group = create(memory_bytes=0, tasks=8)
    if group is not None:
        group.remove()
    return group is not None


def sweep() -> None:
    """Remove groups whose harness is gone."""
    for parent in set(parents().values()):
        for folder in parent.glob(f"{PREFIX}*-*"):
            pid = folder.name.removeprefix(PREFIX).partition("-")[0]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                Group(folders={"": folder}).remove()


def parents() -> dict[str, Path]:
    """Controller -> this process's own group, where groups can be made below it."""
    found: dict[str, Path] = {}
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return found
    for line in lines:
        _, names, own = line.split(":", 2)
        for name in names.split(",") if names else ():
            folder = ROOT / name / own.lstrip("/")
            if name in CONTROLLERS and os.access(folder, os.W_OK):
                found[name] = folder
        if not names:
            folder = ROOT / own.lstrip("/")
            with contextlib.suppress(OSError):
                enabled = (folder / "cgroup.subtree_control").read_text("ascii").split()
                if os.access(folder, os.W_OK) and {"memory", "pids"} <= set(enabled):
                    for controller in CONTROLLERS:
                        found.setdefault(controller, folder)
    return found


def _first(folder: Path, *names: str) -> Path:
    return next((folder / name for name in names if (folder / name).exists()), folder / names[0])


def _counted(path: Path, name: str) -> int:
    """A number in a file of lines with a name and a number each; 0 where it is not there."""
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text("ascii").splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0


def _number(path: Path) -> int:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return 0
