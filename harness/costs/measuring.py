"""The metering pass of one run: each part of it is spoken when it is first asked for, and kept.

What is spoken is chosen in :mod:`harness.costs.sample`, how in :mod:`harness.costs.passes`; nothing is judged here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event
from typing import TypeVar

from harness.core.seeds import seed_for
from harness.core.types import Probe
from harness.costs.arithmetic import pairs_needed
from harness.costs.expected import LEAST as LEAST_LEARNT
from harness.costs.expected import learn
from harness.costs.footprint import slow_loads
from harness.costs.passes import PURPOSE, WARM_UP, Lost, soak, speak_again, speak_each, speak_ladder, speak_rounds
from harness.costs.sample import Plan, Round, Sample, plan
from harness.costs.scaling import LEAST_RUNGS
from harness.costs.terms import Sides, Terms
from harness.sandbox.outside.fault import WorkerFault
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ahead:
    """One text that is said again and again beside everything else."""

    text: str
    lost: Lost
    """Workers that it was lost on."""
    calls: Future[list[Metered]]


class Measuring:
    """What is measured of one candidate, and of the reference beside it."""

    def __init__(
        self,
        probes: Sequence[Probe],
        sides: Sides,
        *,
        terms: Terms,
        progress: Callable[[str], None],
        is_ladder_enough: Callable[[Sequence[Round]], bool] = lambda _: False,
    ) -> None:
        """Remember; nothing is spoken yet.

        Args:
            probes: All probes of the suites, selected or not.
            sides: Who speaks, and is metered meanwhile.
            terms: How it is judged.
            progress: Told on one line what is going on.
            is_ladder_enough: Asked when each text of growing length was spoken once whether that tells enough.
        """
        self._probes = list(probes)
        self._candidate = sides.candidate
        self._reference = sides.reference
        self._terms = terms
        self._progress = progress
        self._is_ladder_enough = is_ladder_enough
        self._begun = time.monotonic()
        self._ahead: _Ahead | None = None
        self._is_warm = False
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
        """Phrases in turn. Beside a reference by fresh workers: both sides then have the same past."""
        return self._rounds(is_fresh=self._reference is not None)

    @cached_property
    def fresh_rounds(self) -> Sample:
        """The same by a fresh worker, which has the past of one that was metered alone."""
        self._progress("metering the candidate once more, by a fresh worker")
        return self._rounds(is_fresh=True)

    def _rounds(self, *, is_fresh: bool) -> Sample:
        chosen = self.plan
        if chosen is None:
            return Sample(rounds=())
        share = SHARE * (time.monotonic() - self._begun)
        least = BESIDE_SECONDS if self._reference is not None else LEAST_SECONDS
        seconds = max(least, min(MOST_SECONDS, share))

        def speak(own: Speak, other: Speak | None) -> Sample:
            self._settle()
            return speak_rounds(
                chosen.phrases, own, other, seed=self._terms.seed, seconds=seconds, lost=self.lost,
                least=pairs_needed(self._terms.level),
            )  # fmt: skip

        return self._together(speak, is_fresh=is_fresh)

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
        return self._ladder(self._is_ladder_enough)

    @cached_property
    def tidy_ladder(self) -> Sample:
        """The same once, by workers that give freed memory back at once: what is resident is then what is needed."""
        self._progress("speaking texts of growing length once more: memory seems to grow too fast")
        return self._ladder(lambda _: True, is_tidy=True)

    def _ladder(self, is_enough: Callable[[Sequence[Round]], bool], *, is_tidy: bool = False) -> Sample:
        chosen = self.plan
        if chosen is None:
            return Sample(rounds=())
        seed, lost = self._terms.seed, self.lost
        # What a worker needs for its first order, it needs for none of the rungs; of memory, the longest tell.
        rungs = (WARM_UP, *chosen.rungs[-LEAST_RUNGS:]) if is_tidy else chosen.rungs

        def speak(own: Speak, other: Speak | None) -> Sample:
            sample = speak_ladder(rungs, own, other, seed=seed, lost=lost, is_enough=is_enough)
            return replace(sample, rounds=tuple(one for one in sample.rounds if one.text in chosen.rungs))

        return self._together(speak, is_tidy=is_tidy)

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

    @cached_property
    def _first_repeated(self) -> str | None:
        """The phrase that is said again and again, as far as nobody is to blame yet."""
        chosen = plan(self._probes)
        return chosen.repeated if chosen else None

    def warm_up(self) -> None:
        """Let the first order of every worker be none of the phrases; asked for once, as a voice may not survive it.

        Whatever it says first tells nothing of that phrase, which would have to be said by another worker, too.
        """
        if self._is_warm:
            return
        self._is_warm = True
        self._candidate.begin_with(WARM_UP, seed_for(PURPOSE, self._terms.seed, WARM_UP, 0))

    def begin(self, times: int, is_enough: Callable[[Sequence[Metered]], bool]) -> None:
        """Have the phrase of :meth:`first_again` said beside everything else, by a worker that is spared; at most once.

        What is resident does not depend on what else keeps the machine busy; clocks do, and are read when it is done.
        It waits until the suite has had the phrase spoken: one that ends or keeps a worker is never said for this.
        """
        voice = self._candidate
        if self._ahead is not None or voice.workers < 2 or not voice.has_loaded:
            return
        text, lost, seed = self._first_repeated, Lost(), self._terms.seed
        if text is None or not any(text in order.texts for order in voice.metered):
            return
        calls = voice.borrow(
            lambda own: speak_again(text, own, times, seed=seed, lost=lost, is_enough=is_enough), is_tidy=True
        )
        self._ahead = _Ahead(text=text, lost=lost, calls=calls)

    def _settle(self) -> None:
        """Wait until nothing of the harness is at work beside what is metered."""
        if self._ahead is not None:
            self._ahead.calls.exception()

    @property
    def lost_ahead(self) -> str | None:
        """A text that lost a worker which was spared for it, and is not to blame for others; None where none did."""
        ahead = self._ahead
        if ahead is None or ahead.calls.exception() is not None or ahead.text in self._candidate.guilty:
            return None
        is_lost = bool(ahead.lost.faults) or len({one.worker for one in ahead.calls.result()}) > 1
        return ahead.text if is_lost else None

    def first_again(self, text: str, times: int, is_enough: Callable[[Sequence[Metered]], bool]) -> list[Metered]:
        """The same as :meth:`again`, of which some may have been spoken already.

        What was begun with another phrase, and what lost a worker, is spoken anew: it belongs to this check.
        """
        ahead = self._ahead
        if ahead is not None and ahead.text == text and ahead.calls.exception() is None and not ahead.lost.faults:
            calls = ahead.calls.result()
            if calls and len({one.worker for one in calls}) == 1:
                return calls
        return self.again(text, times, is_enough)

    def again(
        self, text: str, times: int, is_enough: Callable[[Sequence[Metered]], bool] = lambda _: False
    ) -> list[Metered]:
        """One text, spoken so many times in a row by a worker that gives freed memory back, or until it is enough."""
        seed, lost = self._terms.seed, self.lost
        return self._candidate.borrow(
            lambda own: speak_again(text, own, times, seed=seed, lost=lost, is_enough=is_enough), is_tidy=True
        ).result()

    def reference_again(self, text: str, times: int) -> list[Metered]:
        """The same by the live reference; nothing without one. Its losses are not the candidate's."""
        if self._reference is None:
            return []
        return self._reference.borrow(
            lambda own: speak_again(text, own, times, seed=self._terms.seed, lost=Lost()), is_tidy=True
        ).result()

    def _together(
        self, work: Callable[[Speak, Speak | None], Result], *, is_fresh: bool = False, is_tidy: bool = False
    ) -> Result:
        """Do something with a worker of the candidate, and one of the reference where there is one."""
        reference = self._reference
        if reference is None:
            return self._candidate.borrow(lambda own: work(own, None), is_fresh=is_fresh, is_tidy=is_tidy).result()

        def both(own: Speak) -> Result:
            def beside(other: Speak) -> Result:
                return work(own, _innocent(other))

            return reference.borrow(beside, is_fresh=is_fresh, is_tidy=is_tidy).result()

        return self._candidate.borrow(both, is_fresh=is_fresh, is_tidy=is_tidy).result()


def _innocent(speak: Speak) -> Speak:
    """The reference's fault is not the candidate's."""

    def spoken(text: str, seed: int) -> Metered:
        try:
            return speak(text, seed)
        except WorkerFault as fault:
            raise ReferenceLost(fault.what) from None

    return spoken
