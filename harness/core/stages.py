"""When each stage of a run began and ended, and whose it was: what shows where a run stands still. Pure.

Whoever does something long is given :class:`Stages` and says so; nothing is decided by what it holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stretch of work."""

    lane: str
    """Whose: ``harness``, ``whisper``, ``worker 2``."""
    what: str
    """What was done, for people."""
    start: float
    """Seconds on the clock of all stages of one process."""
    end: float
    cpu_seconds: float | None = None
    """Processor time that it took, where that was metered."""


class Stages:
    """Stages of one process, as they end. Any thread may add one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with none.

        Args:
            clock: Gives seconds.
        """
        self._clock = clock
        self._stages: list[Stage] = []

    @property
    def known(self) -> tuple[Stage, ...]:
        """Those that ended so far, in the order in which they began."""
        return tuple(sorted(self._stages, key=lambda stage: (stage.start, stage.end)))

    def add(self, lane: str, what: str, *, start: float, end: float) -> None:
        """Add one that was timed elsewhere, by the same clock."""
        self._stages.append(Stage(lane=lane, what=what, start=start, end=end))

    @contextlib.contextmanager
    def at(self, lane: str, what: str) -> Iterator[None]:
        """A stage that lasts as long as its block, whatever ends that."""
        start = self._clock()
        try:
            yield
        finally:
            self.add(lane, what, start=start, end=self._clock())
