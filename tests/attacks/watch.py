"""The judge's eyes: which processes are below this one, and how much they take."""

# A sample is many system calls in little time.
# ruff: noqa: PTH208

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass


class Watch:
    """Samples what began below this one: how many processes, how large, with how many threads and processor time."""

    def __init__(self) -> None:
        self._known = descendants()
        self.peak_bytes = 0
        self.peak_processes = 0
        self.peak_threads = 0
        self.peak_cpu_seconds = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="attack-watch")
        self._thread.start()

    def close(self) -> None:
        self._is_over.set()
        self._thread.join(5)

    def _run(self) -> None:
        ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        while not self._is_over.wait(0.03):
            pids = descendants() - self._known
            size = threads = cpu = 0
            for pid in pids:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    fields = _stat(pid).rpartition(b")")[2].split()
                    size += int(fields[21]) * page
                    threads = max(threads, int(fields[17]))
                    cpu += int(fields[11]) + int(fields[12])
            self.peak_bytes = max(self.peak_bytes, size)
            self.peak_processes = max(self.peak_processes, len(pids))
            self.peak_threads = max(self.peak_threads, threads)
            self.peak_cpu_seconds = max(self.peak_cpu_seconds, cpu / ticks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A line of ``/proc``."""

    pid: int
    name: bytes
    """The first 15 bytes of it."""
    state: str
    parent: int


def processes() -> list[Process]:
    """All that this machine shows."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                head, _, rest = _stat(int(entry)).rpartition(b")")
                state, parent, *_ = rest.split(None, 2)
                name = head.partition(b"(")[2]
                found.append(Process(pid=int(entry), name=name, state=state.decode(), parent=int(parent)))
    return found


def _stat(pid: int) -> bytes:
    """Read without a file object: many are read for each trial."""
    number = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    try:
        return os.read(number, 4096)
    finally:
        os.close(number)


def descendants(pid: int = 0) -> set[int]:
    """Process ids below `pid` (this process), at whatever depth."""
    parents: dict[int, list[int]] = {}
    for one in processes():
        parents.setdefault(one.parent, []).append(one.pid)
    found: set[int] = set()
    waiting = [pid or os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found.update(children)
        waiting.extend(children)
    return found
