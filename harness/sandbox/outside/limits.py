"""What a worker may use, looked at from outside several times a second: too much is told, and ends it.

It knows no system call but their number; those are the business of :mod:`harness.sandbox.outside.observer`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox.outside.bait import Bait
from harness.sandbox.outside.cgroups import Group
from harness.sandbox.outside.layout import Layout
from harness.sandbox.outside.meter import Turn, Usage, scratch_of, turns_of, usage_of

TICK_SECONDS = 0.1
"""From one look to the next."""
WINDOW_SECONDS = 2.0
"""Over which processor time is looked at."""
SPARE = 0.25
"""Processors that may be busy beyond what was ordered, which is none while nothing is asked."""

LOOKS = 4
"""At its threads, in that time."""
HUNGRY = 0.9
"""Share of that time in which a thread runs, or waits for a processor, from which on it is one that never rests."""
LEAST_RUN = 0.05
"""Share of that time for which it has run at least: what wakes for a moment waits long on a crowded machine."""
LEAST_SHARE = 0.5
"""Of what the busiest thread of the worker has run: threads that never rest get equal parts of whatever there is."""

Note = Callable[[str, str, str], None]
"""Told kind, what and detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A worker, as it is seen from outside."""

    pid: int
    """As this machine counts."""
    layout: Layout
    """What it may touch."""
    bait: Bait
    """Its fake secrets."""
    bait_home: Path
    """Folder on this machine that they lie below."""
    scratch: Path | None
    """Folder on this machine that it writes to, None where it has file systems of its own."""
    group: Group | None
    """Its control group, where it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a worker may use before it is ended."""

    memory_bytes: int = 0
    """Memory, 0 for no bound; a worker with more than nine tenths of it resident is ended."""
    address_bytes: int = 0
    """Address space that the kernel grants, 0 for no bound."""
    threads: int = 1
    """Threads that were ordered: more processors than these are not to be kept busy."""
    tasks: int = 256
    """Threads of the worker."""
    scratch_bytes: int = 256 << 20
    """Files below its scratch folder and HOME."""
    files: int = 5_000
    """Number of these files."""
    notifications: int = 50_000
    """System calls put before the observer within any two seconds."""
    refusals: int = 20_000
    """Refused calls in a worker's life."""


class LimitWatch:
    """Holds one worker to its limits. Used by the observer's thread alone, but for :meth:`ask`."""

    def __init__(self, watched: Watched, limits: Limits, note: Note, end: Callable[[], None]) -> None:
        """Begin.

        Args:
            watched: The worker.
            limits: What it may use.
            note: Told every event.
            end: Ends the worker.
        """
        self._watched = watched
        self._limits = limits
        self._note = note
        self._end = end
        self._bursts: list[tuple[float, int]] = [(time.monotonic(), 0)]
        self._calls = self._refused = 0
        self._is_full = False
        self._asked = self._most_asked = limits.threads
        """Threads that are asked of the worker, and the most that were since the last look."""
        self._asking = threading.Lock()
        self._work: list[tuple[float, float, float, int]] = []
        """When the meter was read, on both sides, what it showed, and the threads asked for since the reading before,
        over one window."""
        self._turns: list[tuple[float, Mapping[int, Turn], int]] = []
        """When threads were looked at, what they had had of processors, and how many were asked for since the look
        before, over one window."""
        self._turns_asked = 0
        self.usage = Usage()
        """What the worker was last seen to use."""

    def ask(self, *, is_nothing: bool) -> None:
        """The harness asks something of the worker, or nothing, from now on. Any thread may say so."""
        with self._asking:
            self._asked = 0 if is_nothing else self._limits.threads
            self._most_asked = max(self._most_asked, self._asked)

    def count_call(self) -> None:
        """A system call was put before the observer."""
        self._calls += 1

    def count_refusal(self) -> None:
        """A system call was refused and told."""
        self._refused += 1
        if self._refused == self._limits.refusals:
            self.exceed("refusals", f"{self._refused} refused system calls")

    def measure(self, *, is_sealed: bool) -> None:
        """Look at what the worker uses, tell what is too much, and end it where that goes too far.

        Args:
            is_sealed: Whether the worker's last wall is closed: before that its processor time is ours.
        """
        begun = time.monotonic()
        self.usage = usage = usage_of(self._watched.pid, self.usage)
        read = begun, time.monotonic()
        limits = self._limits
        allowed = f"allowed {limits.memory_bytes >> 20} MiB"
        if limits.memory_bytes and usage.resident_bytes > limits.memory_bytes * 0.9:
            self.exceed("memory", f"nine tenths of what is allowed were in memory; {allowed}")
        elif limits.address_bytes and usage.address_bytes > limits.address_bytes * 0.97 and not self._is_full:
            self._is_full = True
            self._note("limits", "memory", f"asked for memory until there was no more; {allowed}")
        if usage.tasks > limits.tasks or (self._watched.group and self._watched.group.refused_tasks()):
            self.exceed("tasks", f"more than {limits.tasks} threads")
        self._measure_processor(usage, read, is_sealed=is_sealed)
        now = time.monotonic()
        self._bursts = [one for one in self._bursts if now - one[0] <= 2] + [(now, self._calls)]
        if (rate := self._calls - self._bursts[0][1]) > limits.notifications:
            self.exceed("notifications", f"{rate} observed system calls within two seconds")
        layout = self._watched.layout
        used, files = scratch_of(self._watched.pid, (layout.scratch, layout.home), is_own=self._watched.scratch is None)
        if used > limits.scratch_bytes:
            self.exceed("scratch", f"more than {limits.scratch_bytes >> 20} MiB of files")
        if files > limits.files:
            self.exceed("files", f"more than {limits.files} files")

    def _measure_processor(self, usage: Usage, read: tuple[float, float], *, is_sealed: bool) -> None:
        """More processors than were ordered, or any while nothing was ordered: somebody works for himself.

        The clock is read on both sides of the meter, so that a harness that is held up meanwhile sees less, not more.
        An order may begin or end meanwhile, or do both between two looks: the most that was asked for since counts.
        """
        begun, now = read
        with self._asking:
            asked, self._most_asked = self._most_asked, self._asked
        if not is_sealed:
            self._work, self._turns = [], []
        self._measure_threads(asked, is_sealed=is_sealed)
        self._work = [*self._work, (begun, now, usage.cpu_seconds, asked)][-1 - int(WINDOW_SECONDS / TICK_SECONDS) :]
        since, _, before, _ = self._work[0]
        if now - since < WINDOW_SECONDS * 0.9:
            return
        busy = (usage.cpu_seconds - before) / (now - since)
        most = max((one[-1] for one in self._work[1:]), default=asked)
        if busy <= most + SPARE:
            return
        if not most:
            self._note("limits", "cpu", "kept a processor busy while nothing was asked of it")
        else:
            self._note("limits", "cpu", f"kept more processors busy than the {most} that it may use")

    def _measure_threads(self, asked: int, *, is_sealed: bool) -> None:
        """More threads that never rest than were ordered: where others keep the machine busy, they get little of it.

        The clock is read on both sides of the threads, as of the meter.
        """
        begun = time.monotonic()
        self._turns_asked = max(self._turns_asked, asked)
        if not is_sealed or (self._turns and begun - self._turns[-1][0] < WINDOW_SECONDS / LOOKS):
            return
        turns = turns_of(self._watched.pid)
        self._turns = [*self._turns, (begun, turns, self._turns_asked)][-1 - LOOKS :]
        self._turns_asked = self._asked
        since, before, _ = self._turns[0]
        if begun - since < WINDOW_SECONDS:
            return
        most = max(one[-1] for one in self._turns[1:])
        if hungry_threads(before, turns, time.monotonic() - since) <= most:
            return
        if not most:
            self._note("limits", "cpu", "kept a thread working while nothing was asked of it")
        else:
            self._note("limits", "cpu", f"kept more threads working than the {most} that it may use")

    def exceed(self, what: str, detail: str) -> None:
        """Tell of a bound that was passed, and end the worker."""
        self._note("limits", what, detail)
        self._end()


def hungry_threads(before: Mapping[int, Turn], now: Mapping[int, Turn], seconds: float) -> int:
    """How many threads never rested, and worked as much as the busiest of them.

    Args:
        before: What each had had and wanted.
        now: The same, so many seconds later.
        seconds: How many, at most.
    """
    ran = {thread: turn.ran - before[thread].ran for thread, turn in now.items() if thread in before}
    least = max(LEAST_RUN * seconds, LEAST_SHARE * max(ran.values(), default=0.0))
    return sum(
        worked >= least and worked + now[thread].waited - before[thread].waited >= HUNGRY * seconds
        for thread, worked in ran.items()
    )
