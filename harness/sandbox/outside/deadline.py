"""Until when a worker has to answer: its own time counts, not that for which the machine gave it no processor.

A voice that would answer in 40 seconds needs four minutes on a machine that other jobs keep busy. Only what it did with
the time that it had is said of it. Knows meters and clocks, not what was asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from harness.core.errors import MachineShort
from harness.sandbox.outside.meter import Reading

STARVED_TIMES: Final = 5.0
"""So many times its seconds are waited for, by the clock: a machine that leaves a worker less than a fifth of the time
judges nobody."""
LOOK_SECONDS: Final = 1.0
"""Once the plain deadline has passed: how often the meters are read, at most."""


class Deadline:
    """When waiting for one worker ends."""

    def __init__(
        self,
        seconds: float,
        *,
        doing: str,
        threads: int,
        reading: Callable[[], Reading],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to wait.

        Args:
            seconds: How long it may take of its own time.
            doing: What it does, for the line where the machine is to blame.
            threads: So many processors it may compute with: their time together counts as so much of its own.
            reading: Reads the worker's meters.
            clock: Seconds.
        """
        self._seconds, self._doing, self._threads = seconds, doing, max(1, threads)
        self._reading, self._clock = reading, clock
        self._begun, self._before = clock(), reading()
        self._end = self._begun + seconds
        """When the meters are read next: by a worker that drips, too, this is asked far more often."""

    def __call__(self) -> float:
        """When to look again, by the clock; a time that has passed where the worker had all of its seconds.

        Raises:
            MachineShort: It had not, and was waited for long enough.
        """
        now = self._clock()
        if now < self._end:
            return self._end
        waited = now - self._begun
        left = self._seconds - self._own(waited)
        if left <= 0:
            return self._end
        if waited >= STARVED_TIMES * self._seconds:
            raise MachineShort.of_processors(self._doing, waited)
        self._end = now + min(max(left, LOOK_SECONDS), STARVED_TIMES * self._seconds - waited)
        return self._end

    def _own(self, waited: float) -> float:
        """Seconds that were the worker's own: not queued for a processor, or worked by as many as it may use.

        Its threads may queue for each other; then they have worked.
        """
        now, before = self._reading(), self._before
        queued = [seconds - before.queued_seconds.get(thread, 0.0) for thread, seconds in now.queued_seconds.items()]
        starved = max(0.0, now.throttled_seconds - before.throttled_seconds, *queued)
        worked = (now.cpu_seconds - before.cpu_seconds) / self._threads
        return max(waited - starved, worked)
