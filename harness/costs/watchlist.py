"""Phrases of one run that cost too much: kept from the first odd order to the finding, each told once.

What is odd is looked at again while the run goes on, by whichever worker is free; nothing is said before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from harness.core.findings import Finding, phrase_of, phrases_of
from harness.core.types import Probe
from harness.costs import phrases, waits
from harness.costs.expected import learn
from harness.costs.passes import Lost
from harness.costs.sample import Sample
from harness.costs.suspects import (
    CONTRAST_TURNS,
    Allowance,
    Turns,
    contrast_again,
    is_hungry,
    look_again,
    look_at_memory,
    named,
)
from harness.costs.terms import MeteredVoice, Terms
from harness.speaking.metered import Metered
from harness.speaking.metering import Speak

Result = TypeVar("Result")
MOST_SUSPECTS = 8
"""Phrases that are looked at again at a time."""
MOST_TRIGGERS = 3
"""Triggers that are looked at again."""
MOST_SPIKES = 4
"""Findings about work that came once."""


class Watchlist:
    """Suspects and culprits of one candidate."""

    def __init__(
        self,
        names: Mapping[str, str],
        candidate: MeteredVoice,
        *,
        terms: Terms,
        lost: Lost,
        progress: Callable[[str], None],
    ) -> None:
        """Begin with nobody on it.

        Args:
            names: Text -> id of its probe.
            candidate: Speaks, and is metered.
            terms: How it is judged.
            lost: Told of workers that are lost.
            progress: Told on one line what is going on.
        """
        self._names = names
        self._candidate = candidate
        self._terms = terms
        self._lost = lost
        self._progress = progress
        self._examined: set[tuple[int, int]] = set()
        self._weighed: set[tuple[int, int]] = set()
        """Orders, by worker and call, that were looked at for their time and for their memory."""
        self._costly: dict[str, tuple[float, Turns]] = {}
        self._waiting: dict[str, tuple[float, Turns]] = {}
        """Text -> how many times as much it costs, or for how many seconds more it is blocked; and the proof."""
        self._hungry: dict[str, tuple[int, int]] = {}
        self._unsettled: dict[str, None] = {}
        """Texts that were odd and could not be looked at again."""
        self._told: set[str] = set()
        self._told_by: dict[tuple[int, int], str] = {}
        """Order, by worker and call -> the check that tells what was odd about it once."""
        self._allowance = Allowance()

    def beside(self, probe: Probe) -> tuple[Finding, ...]:
        """Findings about one phrase, for its own item."""
        self._examine(lambda texts: probe.text in texts)
        if any(text == probe.text for text, _ in self._lost.faults):
            return ()
        found = (*self._slow_findings(probe.id, [probe.text]), *self._hungry_findings(probe.id, [probe.text]))
        self._told |= {probe.text} if found else set()
        return found

    def doubt(self, texts: Collection[str]) -> str | None:
        """Why nothing can be said of some texts that were odd; None where all were looked at again."""
        lost = {text for text, _ in self._lost.faults}
        known = {*self._slow, *self._hungry, *lost, *self._candidate.guilty}
        if not (left := [text for text in self._unsettled if text in texts and text not in known]):
            return None
        return (
            f"{named(left[:3], self._names)}{' ...' if len(left) > 3 else ''} cost too much and could not be looked at "
            "again beside a calm phrase in the time for it; run again, without the phrases that failed"
        )

    def late(self, subject: str, *, is_memory: bool = False) -> tuple[Finding, ...]:
        """Findings about phrases whose own items were judged before anybody knew."""
        self._examine(lambda _: True)
        if is_memory:
            return self._hungry_findings(subject, [text for text in self._hungry if text not in self._told])
        return self._slow_findings(subject, [text for text in self._slow if text not in self._told])

    def spikes(self, subject: str) -> list[Finding]:
        """Work that came once: none of its texts costs too much when it is spoken again.

        The n-th call of a worker may be any: one of the suite, of a look for leaks, of the length ladder.
        """
        orders = self._candidate.metered
        odd = phrases.odd_orders(self._fresh(subject), learn(orders), self._terms.limits, self._terms.floors)
        once = [
            one
            for one in phrases.spikes(odd, self._terms.floors)
            if not any(text in self._costly for text in one.texts)
            and self._is_no_growth(one, orders, lambda order: order.cpu_seconds)
        ]
        return [phrases.spike_finding(subject, phrases_of(one.texts, self._names), one) for one in once[:MOST_SPIKES]]

    def memory_spikes(self, subject: str) -> list[Finding]:
        """Memory that was taken once, in the same way."""
        orders = self._candidate.metered
        fresh = {(one.worker, one.call) for one in self._fresh(subject)}
        once = [
            one
            for one in phrases.memory_spikes(phrases.jumps(orders))
            if (one.order.worker, one.order.call) in fresh
            and not any(text in self._hungry for text in one.texts)
            and self._is_no_growth(one, orders, lambda order: float(order.peak_bytes))
        ]
        return [
            phrases.memory_spike_finding(subject, phrases_of(one.texts, self._names), one) for one in once[:MOST_SPIKES]
        ]

    def _is_no_growth(self, odd: phrases.Odd, orders: Sequence[Metered], cost: Callable[[Metered], float]) -> bool:
        is_of_suite = any(text in self._names for text in odd.texts)
        return is_of_suite or not phrases.is_growth(odd.order, orders, cost)

    def waited_once(self, subject: str) -> str | None:
        """Why the run is open after a long wait of which no phrase is to blame; None where there was none."""
        odd = waits.odd_waits(self._fresh(subject), self._terms.limits, self._terms.floors, self._usual_wait)
        unexplained = [one for one in odd if not any(text in self._waiting for text in one.texts)]
        return waits.once(unexplained, self._terms.floors)

    def _fresh(self, subject: str) -> list[Metered]:
        """Orders spoken since the check before this one: each is told of by one check, however often that is asked."""
        for one in self._candidate.metered:
            self._told_by.setdefault((one.worker, one.call), subject)
        return [one for one in self._candidate.metered if self._told_by[one.worker, one.call] == subject]

    def triggers(self, subject: str, contrasts: Sequence[tuple[Probe, Probe]], sample: Sample) -> list[Finding]:
        """Triggers that cost more than their controls, all phrases of one trigger together."""
        contrasts = [pair for pair in contrasts if pair[0].text not in self._slow]
        odd = phrases.odd_triggers(contrasts, {one.text: one for one in sample.rounds}, self._terms.floors)
        found = []
        for trigger in odd[:MOST_TRIGGERS]:
            pairs = [pair for pair in contrasts if (pair[0].trigger or "").casefold() == trigger]
            turns = self._contrasted(pairs)
            if len(turns) < CONTRAST_TURNS:
                self._unsettled |= dict.fromkeys(one.text for one, _ in pairs)
                continue
            ratio = phrases.contrast_ratio(turns)
            if ratio.ratio >= self._terms.limits.trigger and ratio.p_value <= self._terms.level:
                own = phrases_of([one.text for one, _ in pairs], self._names)
                controls = phrases_of([control.text for _, control in pairs], self._names)
                found.append(phrases.trigger_finding(subject, ratio, own, controls))
        return found

    def _examine(self, wanted: Callable[[tuple[str, ...]], bool]) -> None:
        """Look again at odd orders that nobody has looked at."""
        # Another heap costs more processor time: what leaks are looked for in says nothing of single phrases.
        orders = tuple(one for one in self._candidate.metered if not one.is_tidy)
        fresh = [
            one for one in orders if (one.worker, one.call) not in self._examined and one.texts and wanted(one.texts)
        ]
        if not any(text in self._names for one in fresh for text in one.texts):
            return
        expected, limits, floors = learn(orders), self._terms.limits, self._terms.floors
        odd = [
            *phrases.odd_orders(fresh, expected, limits, floors),
            *(waits.odd_waits(fresh, limits, floors, self._usual_wait) if expected is not None else ()),
        ]
        if (suspects := self._suspects(odd, self._slow)) and expected is not None:
            self._progress(f"metering again: {named(suspects, self._names)}")
            again = self._speak(lambda own: look_again(suspects, orders, own, seed=self._terms.seed, lost=self._lost))
            self._unsettled |= dict.fromkeys(text for text in suspects if text not in again)
            for text, turns in again.items():
                if ratio := phrases.is_costly(turns, expected, limits, floors):
                    self._costly[text] = ratio, turns
                if seconds := waits.blocked_again(turns, limits, floors, self._usual_wait):
                    self._waiting[text] = seconds, turns
        keys = {(one.worker, one.call) for one in fresh}
        unweighed = keys - self._weighed
        self._weighed |= keys
        jumped = [odd for odd in phrases.jumps(orders) if (odd.order.worker, odd.order.call) in unweighed]
        if hungry := self._suspects(jumped, self._hungry):
            self._progress(f"metering memory again: {named(hungry, self._names)}")
            peaks = self._speak(
                lambda own: look_at_memory(hungry, orders, own, seed=self._terms.seed, lost=self._lost), is_fresh=True
            )
            self._unsettled |= dict.fromkeys(text for text in hungry if text not in peaks)
            self._hungry |= {text: one for text, one in peaks.items() if is_hungry(one)}
        if expected is not None:
            self._examined |= keys

    def _suspects(self, odd: Sequence[phrases.Odd], convicted: Collection[str]) -> list[str]:
        """Texts of odd orders that may be to blame and are not yet, the worst order's first."""
        known = {*convicted, *self._candidate.guilty}
        texts = dict.fromkeys(text for one in odd for text in one.texts if text in self._names and text not in known)
        return list(texts)[:MOST_SUSPECTS]

    def _contrasted(self, pairs: Sequence[tuple[Probe, Probe]]) -> list[tuple[Metered, Metered]]:
        return self._speak(lambda own: contrast_again(pairs, own, seed=self._terms.seed, lost=self._lost))

    def _speak(self, work: Callable[[Speak], Result], *, is_fresh: bool = False) -> Result:
        """Have a worker speak as long as second looks may."""
        return self._candidate.borrow(lambda own: work(self._allowance.counted(own)), is_fresh=is_fresh).result()

    @property
    def _usual_wait(self) -> float:
        """Seconds of being blocked for a second of audio that are no wonder."""
        return 0.0 if self._terms.is_on_cpu else waits.usual_rate(self._candidate.metered)

    @property
    def _slow(self) -> dict[str, None]:
        return dict.fromkeys([*self._costly, *self._waiting])

    def _slow_findings(self, subject: str, texts: Sequence[str]) -> tuple[Finding, ...]:
        return tuple(
            finding(subject, phrase_of(text, self._names), *known[text])
            for text in texts
            for known, finding in ((self._costly, phrases.phrase_finding), (self._waiting, waits.wait_finding))
            if text in known
        )

    def _hungry_findings(self, subject: str, texts: Sequence[str]) -> tuple[Finding, ...]:
        known = [(text, peaks) for text in texts if (peaks := self._hungry.get(text)) is not None]
        return tuple(phrases.jump_finding(subject, phrase_of(text, self._names), *peaks) for text, peaks in known)
