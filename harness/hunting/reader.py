"""Has texts read by the candidate, and by a reference beside it where there is one: the figures that both give.

Orders are sent ahead, one for each worker and one more, so that none waits while scores are worked out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Final, Protocol

from harness.core.errors import SoundcheckError
from harness.core.latents import Latents, Unspoken
from harness.core.text import printable
from harness.hunting.gauge import difference
from harness.sandbox.outside.fault import WorkerFault

ORDER: Final = 128
"""Texts of one order: some seconds of work at most, for a deadline's sake."""


class ReferenceLost(SoundcheckError):
    """The reference cannot say what it makes of a text: nothing is known of the candidate by that (exit code 3)."""


class Reads(Protocol):
    """Implementation: :class:`harness.speaking.renderer.Renderer`."""

    @property
    def workers(self) -> int:
        """Orders that are read at a time."""
        ...

    def read(self, items: Sequence[Unspoken], *, is_still: bool = False) -> Future[list[Latents]]:
        """As there."""
        ...


class Reader:
    """Of one hunt."""

    def __init__(self, candidate: Reads, reference: Reads | None = None) -> None:
        """Take who reads; nothing is started."""
        self._candidate, self._reference = candidate, reference

    @property
    def reference(self) -> Reader | None:
        """The reference alone, where there is one."""
        return Reader(self._reference) if self._reference else None

    def read(self, items: Iterable[Unspoken]) -> Iterator[Latents | None]:
        """What is made of each text without noise, in order: figures less the reference's, where there is one.

        None where candidate and reference read other ids.

        Raises:
            WorkerFault: The candidate's worker was lost, or said what no honest one does.
            ReferenceLost: The reference's was.
        """
        waiting: deque[tuple[Future[list[Latents]], Future[list[Latents]] | None]] = deque()
        for order in _orders(items):
            own = self._candidate.read(order, is_still=True)
            waiting.append((own, self._reference.read(order, is_still=True) if self._reference else None))
            if len(waiting) > self._candidate.workers:
                yield from self._answered(*waiting.popleft())
        while waiting:
            yield from self._answered(*waiting.popleft())

    def _answered(self, own: Future[list[Latents]], other: Future[list[Latents]] | None) -> Iterator[Latents | None]:
        found = own.result()
        if other is None:
            yield from found
            return
        try:
            beside = other.result()
        except WorkerFault as fault:
            raise ReferenceLost(printable(f"the reference could not be read: its worker {fault.what}")) from None
        yield from (difference(one, two) for one, two in zip(found, beside, strict=True))


def _orders(items: Iterable[Unspoken]) -> Iterator[Sequence[Unspoken]]:
    waiting = iter(items)
    while order := list(islice(waiting, ORDER)):
        yield order
