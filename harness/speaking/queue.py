"""Batches that wait for whichever worker of a model is free first, and whether one more worker would pay.

A worker that is starting holds none of them: those that speak already go on with what waits. It takes seconds to start
one, which few phrases are not worth.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from harness.speaking.pool import Slot, WorkerPool

PAUSE = 0.25
"""Seconds after which it is looked again whether another worker pays, while nobody has spoken yet."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What is to be done with some worker, and who waits for it."""

    work: Callable[[Slot], Any]
    future: Future[Any]
    size: int
    """Renderings."""

    def be_done(self, slot: Slot) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.work(slot)
        except BaseException as error:  # noqa: BLE001 - who waits for it has it raised
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class BatchQueue:
    """First come, first served, by as many workers as pay."""

    def __init__(self, pool: WorkerPool) -> None:
        """Wait for batches, to be done in the threads and slots of a pool."""
        self._pool = pool
        self._waiting: deque[_Batch] = deque()
        self._later = 0
        """Renderings that will be wanted after those, as the last who asked for some said."""
        self._serving = 0
        """Slots whose worker takes batches until none waits."""
        self._running: _Batch | None = None
        self._begun = 0.0
        """The batch that was taken last, and when."""
        self._is_closed = False
        self._changed = threading.Condition()

    def submit(
        self, work: Callable[[Slot], Result], start: Callable[[Slot], None], *, size: int, later: int
    ) -> Future[Result]:
        """Have something done with a worker in the background.

        Args:
            work: What. Its slot may still be empty.
            start: Makes a worker ready in an empty slot, where one more pays; raises nothing.
            size: Renderings that it makes.
            later: Renderings that will be wanted after these.
        """
        batch = _Batch(work=work, future=Future(), size=size)
        with self._changed:
            self._waiting.append(batch)
            self._later = later
        self._pool.submit(lambda: self._serve(start))
        return batch.future

    def close(self) -> None:
        """Give up what nobody has begun."""
        with self._changed:
            self._is_closed = True
            while self._waiting:
                self._waiting.popleft().future.cancel()
            self._changed.notify_all()

    def _serve(self, start: Callable[[Slot], None]) -> None:
        """Take batches until none waits, unless those who do are enough."""
        with contextlib.ExitStack() as holding:
            with self._changed:
                slot = holding.enter_context(self._pool.slot())
                if not self._is_wanted(slot):
                    return
                is_one_more = slot.worker is None and self._serving > 0
                self._serving += 1
            if is_one_more:
                start(slot)
            while (batch := self._next(holding)) is not None:
                batch.be_done(slot)
                with self._changed:
                    has_more = bool(self._waiting) and self._serving < self._pool.workers
                    self._changed.notify_all()
                if has_more and not self._is_closed:
                    # What the last one took is known now: look again whether it is worth another worker.
                    self._pool.submit(lambda: self._serve(start))

    def _next(self, holding: contextlib.ExitStack) -> _Batch | None:
        """The batch that has waited longest. Where none does, the slot is given back before anybody can miss it."""
        with self._changed:
            if not self._waiting:
                self._serving -= 1
                holding.close()
                return None
            self._running, self._begun = self._waiting.popleft(), time.monotonic()
            return self._running

    def _is_wanted(self, slot: Slot) -> bool:
        """Whether a slot is to take batches: known when somebody has spoken one, until then the lock is let go."""
        while self._waiting and not self._is_closed:
            if slot.worker is not None or not self._serving:
                return True
            seconds, is_certain = self._seconds_each()
            if self._pays(seconds):
                return True
            if is_certain:
                return False
            self._changed.wait(PAUSE)
        return False

    def _seconds_each(self) -> tuple[float, bool]:
        """What a rendering takes; and whether that was seen, or is the least that the running one must take."""
        orders = self._pool.metered
        spoken = [order for order in orders if order.call > 1] or [order for order in orders if order.texts]
        if spoken:
            return sum(one.wall_seconds for one in spoken) / sum(len(one.texts) for one in spoken), True
        ready = max((order.begun + order.wall_seconds for order in orders), default=time.monotonic())
        size = self._running.size if self._running else 1
        return max(0.0, time.monotonic() - max(self._begun, ready)) / size, False

    def _pays(self, seconds_each: float) -> bool:
        """Whether all are done sooner with one worker more than those who serve, its start included."""
        starts = [order.wall_seconds for order in self._pool.metered if not order.call]
        if not starts:
            return False
        left = sum(batch.size for batch in self._waiting) + self._later
        saved = seconds_each * left / (self._serving * (self._serving + 1))
        return saved > sum(starts) / len(starts)
