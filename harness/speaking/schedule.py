"""Renderings in batches, ahead of the items that will ask for them.

While one batch is heard, workers already speak the next. Several pytest processes may share a run: batches are locked
in the store, and whoever finds one taken works on another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import IO, Protocol

from harness.core.seeds import Request
from harness.core.shard import Shard
from harness.speaking.voice import Made, Voice
from harness.storage.store import digest_of

BATCH = 4
"""Renderings per batch. More makes a CPU slower: activations leave its caches."""
WINDOW = 16 * BATCH
"""Renderings that are sorted by length together, so that batches need little padding and items wait little."""
AHEAD = 2
"""Batches for each worker that may be spoken before they are wanted, one of which may be done: who hears keeps no
worker waiting, and other processes that want one of them wait little."""


class Locks(Protocol):
    """Holds locks that processes share. Implementation: :class:`harness.storage.store.Store`."""

    def try_lock(self, name: str) -> IO[bytes] | None:
        """Take a lock, which lasts until what is returned is closed; None where another process has it."""
        ...


class Schedule:
    """Makes planned renderings, each batch when its first one is wanted."""

    def __init__(
        self,
        requests: Sequence[Request],
        voice: Voice,
        store: Locks,
        *,
        on_batch: Callable[[dict[Request, Made]], None],
        progress: Callable[[str], None],
        shard: Shard | None = None,
    ) -> None:
        """Plan; nothing is started yet.

        Args:
            requests: All that will be wanted, in the order in which they will be.
            voice: Speaks them.
            store: Holds the locks on batches.
            on_batch: Given each batch when it was made, once.
            progress: Told on one line what is going on.
            shard: Whose batches only are made; None for all of them.
        """
        self._voice = voice
        self._store = store
        self._on_batch = on_batch
        self._progress = progress
        self._shard = shard
        self._batches = _planned(requests)
        self._batch_of = {request: index for index, batch in enumerate(self._batches) for request in batch}
        self._own = sum(len(batch) for index, batch in enumerate(self._batches) if self._is_own(index))
        self._futures: dict[int, Future[dict[Request, Made]]] = {}
        self._locks: dict[int, IO[bytes]] = {}
        self._latest = -1
        """The batch that was asked for last."""
        self.made: dict[Request, Made] = {}
        """What was made so far."""

    def ensure(self, wanted: Sequence[Request]) -> None:
        """Make the wanted renderings, and with them their whole batches; of a shard, those that are its own."""
        while missing := [request for request in wanted if not self._is_settled(request)]:
            index = self._batch_of[missing[0]]
            if not self._claim(index):
                self._work_elsewhere(index)
                continue
            future = self._futures.pop(index, None) or self._submit(index)
            self._latest = index
            self._look_ahead(index, most=AHEAD * self._voice.workers)
            self._progress(f"rendering batch {len(self.made) // BATCH + 1} of {len(self._batches)}")
            made = future.result()
            self._on_batch(made)
            self.made |= made
            self._locks.pop(index).close()

    def go_on(self) -> bool:
        """Have workers go on with what will be wanted next, while nobody waits for it; whether any is at work."""
        self._look_ahead(self._latest, most=2 * AHEAD * self._voice.workers)
        return any(not future.done() for future in self._futures.values())

    def close(self) -> None:
        """Release the locks."""
        for lock in self._locks.values():
            lock.close()

    def _claim(self, index: int) -> bool:
        """Take the lock of a batch unless this process has it."""
        if index not in self._locks:
            keys = [self._voice.key(*request) for request in self._batches[index]]
            lock = self._store.try_lock(digest_of(keys)[:32])
            if lock is None:
                return False
            self._locks[index] = lock
        return True

    def _submit(self, index: int) -> Future[dict[Request, Made]]:
        """Have a batch spoken, and say how many renderings are to come; another process may speak some of them."""
        batch = self._batches[index]
        asked = sum(len(self._batches[one]) for one in self._futures)
        return self._voice.submit(batch, later=max(0, self._own - len(self.made) - asked - len(batch)))

    def _is_settled(self, request: Request) -> bool:
        return request in self.made or not self._is_own(self._batch_of[request])

    def _is_own(self, index: int) -> bool:
        return self._shard is None or self._shard.has(index)

    def _look_ahead(self, index: int, *, most: int) -> None:
        """Let each worker go on with a batch while something is heard, unless so many are spoken and not wanted yet."""
        workers = self._voice.workers
        for ahead in range(index + 1, len(self._batches)):
            at_work = sum(not future.done() for future in self._futures.values())
            if at_work >= workers or len(self._futures) >= most:
                return
            if self._is_done(ahead) or ahead in self._futures:
                continue
            if not self._claim(ahead):
                return
            self._futures[ahead] = self._submit(ahead)

    def _is_done(self, index: int) -> bool:
        return all(map(self._is_settled, self._batches[index]))

    def _work_elsewhere(self, taken: int) -> None:
        """Another process speaks that batch: do another one meanwhile, or wait a moment for it."""
        for index in [*range(taken + 1, len(self._batches)), *range(taken)]:
            if not self._is_done(index) and self._claim(index):
                self.ensure([next(request for request in self._batches[index] if request not in self.made)])
                return
        time.sleep(0.1)


def _planned(requests: Sequence[Request]) -> list[list[Request]]:
    """Batches of one length, in the order in which they will be wanted: so the next one is what is spoken ahead."""
    distinct = list(dict.fromkeys(requests))
    wanted = {request: place for place, request in enumerate(distinct)}
    batches = []
    for start in range(0, len(distinct), WINDOW):
        window = sorted(distinct[start : start + WINDOW], key=lambda request: (len(request[0]), request))
        parts = [window[at : at + BATCH] for at in range(0, len(window), BATCH)]
        batches += sorted(parts, key=lambda part: min(wanted[request] for request in part))
    return batches
