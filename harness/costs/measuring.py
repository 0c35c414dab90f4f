"""The metering pass of one run: each part of it is spoken when it is first asked for, and kept.

What is spoken is chosen in :mod:`harness.costs.sample`, how in :mod:`harness.costs.passes`; nothing is judged here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from threading import Event
from typing import TypeVar

from harness.core.types import Probe
from harness.costs.arithmetic import pairs_needed
from harness.costs.expected import LEAST as LEAST_LEARNT
from harness.costs.expected import learn
from harness.costs.footprint import slow_loads
from harness.costs.passes import Lost, soak, speak_again, speak_each, speak_ladder, speak_rounds
from harness.costs.sample import Plan, Sample, plan
from harness.costs.terms import Sides, Terms
from harness.sandbox.outside.client import WorkerFault
from harness.speaking.metered import Metered
from harness.speaking.metering import Speak

SHARE = 0.05
"""Of the time that the run has taken so far, for the rounds of the metering pass."""
LEAST_SECONDS, MOST_SECONDS = 6.0, 60.0
BESIDE_SECONDS = 40.0
"""At least so many with a live reference, which four renderings of each phrase are spoken for."""

Result = TypeVar("Result")


class ReferenceLost(Exception):
    """The live reference lost its worker: nothing that is the candidate's fault."""


class Measuring:
    """What is measured of one candidate, and of the reference beside it."""

    def __init__(
        self,
        probes: Sequence[Probe],
        sides: Sides,
        *,
        terms: Terms,
        has_past: bool,
        progress: Callable[[str], None],
    ) -> None:
        """Remember; nothing is spoken yet.

        Args:
            probes: All probes of the suites, selected or not.
            sides: Who speaks, and is metered meanwhile.
            terms: How it is judged.
            has_past: What the rounds are compared with was spoken by fresh workers, so that these must be fresh, too.
            progress: Told on one line what is going on.
        """
        self._probes = list(probes)
        self._candidate = sides.candidate
        self._reference = sides.reference
        self._terms = terms
        self._has_past = has_past
        self._progress = progress
        self._begun = time.monotonic()
        self.names = {probe.text: probe.id for probe in self._probes}
        """Text -> id of its probe."""
        self.lost = Lost()
        """Workers of the candidate that were lost while it was metered."""

    @property
    def orders(self) -> tuple[Metered, ...]:
        """All that the candidate's workers were ordered to do so far."""
        return self._candidate.metered

    @cached_property
    def plan(self) -> Plan | None:
        """Phrases to meter; None where none is left."""
        return plan(self._probes, {*self._candidate.guilty, *self._candidate.refused})

    @cached_property
    def rounds(self) -> Sample:
        """Phrases in turn. Where something is compared with, by fresh workers: both sides then have the same past."""
        chosen = self.plan
        if chosen is None:
            return Sample(rounds=())
        share = SHARE * (time.monotonic() - self._begun)
        least = BESIDE_SECONDS if self._reference is not None else LEAST_SECONDS
        seconds = max(least, min(MOST_SECONDS, share))

        def speak(own: Speak, other: Speak | None) -> Sample:
            return speak_rounds(
                chosen.phrases, own, other, seed=self._terms.seed, seconds=seconds, lost=self.lost,
                least=pairs_needed(self._terms.level),
            )  # fmt: skip

        return self._together(speak, is_fresh=self._has_past)

    @cached_property
    def caught_up(self) -> tuple[list[str], list[str]]:
        """Phrases that had to be spoken once more to be metered, and those that could not be.

        What an earlier run spoke comes from the store and costs nothing here: a run that was interrupted, or is simply
        repeated, would otherwise pass what the first one had found. A worker's first order tells nothing either.
        """
        missing = left = self._missing()
        for is_fresh in (False, True):
            if left:
                self._progress(f"metering {len(left)} phrases that were not metered yet")
                self._speak_each(left, is_fresh=is_fresh)
                left = self._missing()
        return missing, left

    def _speak_each(self, texts: list[str], *, is_fresh: bool) -> None:
        # Of so few orders that nothing can be learnt, each is given again.
        turns = 1 if learn(self.orders) else -(-LEAST_LEARNT // len(texts))
        self._candidate.borrow(
            lambda own: speak_each(texts * turns, own, seed=self._terms.seed, lost=self.lost), is_fresh=is_fresh
        ).result()

    def _missing(self) -> list[str]:
        """Phrases that no worker spoke with another phrase before them.

        What a worker takes for its first order is not told from what it needs anyway, and what it then keeps hides that
        the same phrase takes it again.
        """
        out = {*self._candidate.guilty, *self._candidate.refused, *(text for text, _ in self.lost.faults)}
        first = {(order.worker, text) for order in self.orders if order.call <= 1 for text in order.texts}
        known = {
            text
            for order in self.orders
            for text in order.texts
            if order.call > 1 and (order.worker, text) not in first
        }
        return [text for text in self.names if text.strip() and text not in known and text not in out]

    @cached_property
    def loads(self) -> tuple[Metered, ...]:
        """All loads; a second one where the only one was blocked for long, which a cold disk may excuse once."""
        if len(slow_loads(self.orders, self._terms.floors)) == 1:
            self._progress("loading the candidate once more: the first time it was blocked for long")
            self._candidate.borrow(
                lambda own: speak_each([], own, seed=self._terms.seed, lost=self.lost), is_fresh=True
            ).result()
        return tuple(one for one in self.orders if not one.texts)

    @cached_property
    def ladder(self) -> Sample:
        """Texts of growing length."""
        chosen = self.plan
        if chosen is None:
            return Sample(rounds=())
        return self._together(
            lambda own, other: speak_ladder(chosen.rungs, own, other, seed=self._terms.seed, lost=self.lost)
        )

    @cached_property
    def soaked(self) -> tuple[list[Metered], bool]:
        """What a soak saw, and whether somebody ended it."""
        texts = [text for text in self.names if text not in self._candidate.guilty]
        stop = Event()
        running = self._candidate.borrow(
            lambda own: soak(
                texts,
                own,
                seed=self._terms.seed,
                seconds=self._terms.soak_seconds,
                lost=self.lost,
                stop=stop,
                tell=self._progress,
            ),
            is_tidy=True,
        )
        try:
            return running.result(), False
        except KeyboardInterrupt:
            stop.set()
            return running.result(), True

    def again(self, text: str, times: int) -> list[Metered]:
        """One text, spoken so many times in a row by a worker that gives freed memory back."""
        return self._candidate.borrow(
            lambda own: speak_again(text, own, times, seed=self._terms.seed, lost=self.lost), is_tidy=True
        ).result()

    def reference_again(self, text: str, times: int) -> list[Metered]:
        """The same by the live reference; nothing without one. Its losses are not the candidate's."""
        if self._reference is None:
            return []
        return self._reference.borrow(
            lambda own: speak_again(text, own, times, seed=self._terms.seed, lost=Lost()), is_tidy=True
        ).result()

    def _together(self, work: Callable[[Speak, Speak | None], Result], *, is_fresh: bool = False) -> Result:
        """Do something with a worker of the candidate, and one of the reference where there is one."""
        reference = self._reference
        if reference is None:
            return self._candidate.borrow(lambda own: work(own, None), is_fresh=is_fresh).result()

        def both(own: Speak) -> Result:
            return reference.borrow(lambda other: work(own, _innocent(other)), is_fresh=is_fresh).result()

        return self._candidate.borrow(both, is_fresh=is_fresh).result()


def _innocent(speak: Speak) -> Speak:
    """The reference's fault is not the candidate's."""

    def spoken(text: str, seed: int) -> Metered:
        try:
            return speak(text, seed)
        except WorkerFault as fault:
            raise ReferenceLost(fault.what) from None

    return spoken
