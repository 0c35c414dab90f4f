"""What a worker uses, seen from outside: from its control group where it has one, else from /proc. Never its word."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.sandbox.outside.quota import throttled_seconds

_TICKS = os.sysconf("SC_CLK_TCK")
MAX_COUNTED = 20_000
"""Files that are counted before one stops counting."""
MAX_PROCESSES = 512
_UNITS = {"VmRSS": 1024, "VmHWM": 1024, "VmPeak": 1024, "Threads": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one worker has used since it was started."""

    cpu_seconds: float = 0.0
    """User and system time of all its threads."""
    peak_bytes: int = 0
    """Largest resident set."""
    resident_bytes: int = 0
    """Resident set when it was last looked at."""
    address_bytes: int = 0
    """Largest address space."""
    tasks: int = 0
    """Threads when it was last looked at."""
    gpu_bytes: int | None = None
    """Memory on GPUs when it was last looked at; None where that is not known."""


def usage_of(pid: int, before: Usage | None = None) -> Usage:
    """Look at one process; `before` is returned where it is gone."""
    known = before or Usage()
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - of a process
            lines = [line.partition(":") for line in file]
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - as above
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return known
    facts = dict.fromkeys(_UNITS, 0)
    for name, _, value in lines:
        if name in facts:
            with contextlib.suppress(ValueError, IndexError):
                facts[name] = int(value.split()[0]) * _UNITS[name]
    if not facts["VmRSS"]:  # a process that has ended and was not yet waited for
        return known
    seconds = (int(fields[11]) + int(fields[12])) / _TICKS
    return Usage(
        cpu_seconds=max(seconds, known.cpu_seconds),
        peak_bytes=max(facts["VmHWM"], facts["VmRSS"], known.peak_bytes),
        resident_bytes=facts["VmRSS"],
        address_bytes=facts["VmPeak"],
        tasks=facts["Threads"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one thread has had and wanted of processors since it was made."""

    ran: float = 0.0
    """Seconds on a processor."""
    waited: float = 0.0
    """Seconds in which it could run and had none."""


def turns_of(pid: int) -> Mapping[int, Turn]:
    """Every living thread of a process, by its id; none where the kernel does not tell.

    ``schedstat`` counts nanoseconds, ``stat`` hundredths of a second.
    """
    found: dict[int, Turn] = {}
    for task in Path(f"/proc/{pid}/task").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (task / "schedstat").read_text("ascii").split()
            found[int(task.name)] = Turn(ran=int(fields[0]) / 1e9, waited=int(fields[1]) / 1e9)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where a worker's meters stand at one moment. What it used meanwhile is the difference of two of them."""

    pid: int = 0
    """As this machine counts."""
    cpu_seconds: float = 0.0
    """User and system time of all its threads and processes since it was started, ended ones included."""
    queued_seconds: Mapping[int, float] = field(default_factory=dict)
    """Time for which each living thread, by its id, could run and had no processor: what others cost it. Empty where
    the kernel does not tell."""
    throttled_seconds: float = 0.0
    """Time for which a quota kept everything in the container from running, harness included."""
    peak_bytes: int = 0
    """Largest resident set since :func:`reset_peak`, or ever where that is refused."""
    resident_bytes: int = 0
    tasks: int = 0
    """Threads."""
    files: int = 0
    """Open file descriptors."""
    scratch_bytes: int = 0
    """What lies in the folders that it may write to."""
    gpu_bytes: int | None = None
    """Memory on GPUs; None where that is not known."""


def reading_of(pid: int, *, group_seconds: float = 0.0, scratch_bytes: int = 0, gpu: int | None = None) -> Reading:
    """Read the meters of a process and its descendants from /proc; zeros where it is gone.

    Args:
        pid: As this machine counts.
        group_seconds: CPU time by the control group's own meter, 0 where there is none.
        scratch_bytes: What lies in its folders.
        gpu: Its memory on GPUs.
    """
    cpu = 0.0
    queued: dict[int, float] = {}
    peak = resident = tasks = files = 0
    for one in _family(pid):
        usage = usage_of(one)
        turns = turns_of(one)
        queued |= {thread: turn.waited for thread, turn in turns.items()}
        cpu += max(usage.cpu_seconds, sum(turn.ran for turn in turns.values()))
        peak, resident, tasks = peak + usage.peak_bytes, resident + usage.resident_bytes, tasks + usage.tasks
        with contextlib.suppress(OSError):
            files += len(os.listdir(f"/proc/{one}/fd"))  # noqa: PTH208 - a count, many times a second
    return Reading(
        pid=pid,
        cpu_seconds=group_seconds or cpu,
        queued_seconds=queued,
        throttled_seconds=throttled_seconds(),
        peak_bytes=peak,
        resident_bytes=resident,
        tasks=tasks,
        files=files,
        scratch_bytes=scratch_bytes,
        gpu_bytes=gpu,
    )


def reset_peak(pid: int) -> bool:
    """Let the high-water mark of a process's memory begin anew (proc(5), clear_refs); False where that is refused."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")
    except OSError:
        return False
    return True


def scratch_of(pid: int, folders: Iterable[str], *, is_own: bool) -> tuple[int, int]:
    """Bytes and number of files below a worker's folders.

    Args:
        pid: The worker.
        folders: As the worker sees them.
        is_own: Whether each is a file system of the worker's own, which keeps count itself.
    """
    total = files = 0
    for folder in folders:
        if is_own:
            with contextlib.suppress(OSError):
                found = os.statvfs(f"/proc/{pid}/root{folder}")
                total += (found.f_blocks - found.f_bfree) * found.f_frsize
                files += found.f_files - found.f_ffree
            continue
        for place, inner, names in os.walk(folder):
            files += len(names) + len(inner)
            for name in names:
                with contextlib.suppress(OSError):
                    total += os.lstat(f"{place}/{name}").st_blocks * 512
            if files > MAX_COUNTED:
                return total, files
    return total, files


def _family(pid: int) -> list[int]:
    """A process and its living descendants."""
    found = [pid]
    for one in found:
        for path in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError, ValueError):
                found += [int(word) for word in path.read_text("ascii").split()]
        if len(found) > MAX_PROCESSES:
            break
    return found
