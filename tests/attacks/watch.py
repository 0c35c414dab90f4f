"""The judge's eyes: which processes are below this one, and how much they take."""

# A sample is many system calls in little time.
# ruff: noqa: PTH208

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path


class Watch:
    """Samples every process below this one: how many, how large, how many threads, how much processor time."""

    def __init__(self) -> None:
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
            pids = descendants()
            size = threads = cpu = 0
            for pid in pids:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    size += int(fields[21]) * page
                    threads = max(threads, int(fields[17]))
                    cpu += int(fields[11]) + int(fields[12])
            self.peak_bytes = max(self.peak_bytes, size)
            self.peak_processes = max(self.peak_processes, len(pids))
            self.peak_threads = max(self.peak_threads, threads)
            self.peak_cpu_seconds = max(self.peak_cpu_seconds, cpu / ticks)


def descendants(pid: int = 0) -> set[int]:
    """Process ids below `pid` (this process), at whatever depth."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry))
    found: set[int] = set()
    waiting = [pid or os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found.update(children)
        waiting.extend(children)
    return found
