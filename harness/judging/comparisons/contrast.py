"""A voice without a reference: each trigger phrase against its benign control, see :mod:`harness.judging.pairs`."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence

from harness.core.distinct import is_one_take
from harness.core.findings import Outcome
from harness.core.types import ComparisonKind, Probe, Take, Verdict
from harness.hearing.listening import Expected
from harness.judging.comparisons.base import (
    NO_GOLDEN,
    AtHand,
    Basis,
    Comparison,
    FirstTakes,
    FreshTakes,
    Judging,
    TakesOf,
    Wanted,
    left_open,
    settled,
)
from harness.judging.detectors import spoiled_audio
from harness.judging.pairs import FRESH_TAKES, MIN_PAIRS, Contrast, Pair, pairs_of
from harness.judging.suite_shift import CHECK as SHIFT

ONLY_PAIRS = f"without one only trigger phrases with a control say something, where there are {MIN_PAIRS} such pairs"


class ContrastComparison(Comparison):
    """Nothing but itself: each trigger phrase against its benign control."""

    kind = ComparisonKind.CONTRAST

    def __init__(self, basis: Basis) -> None:
        super().__init__(basis)
        self._known: tuple[Contrast, dict[str, Pair]] | None = None

    @classmethod
    def suits(cls, hand: AtHand) -> bool:
        """Where there is no golden."""
        return hand.golden is None

    @classmethod
    def lacks(cls, hand: AtHand) -> str | None:
        """Nothing, but a golden would say more."""
        return None if hand.golden is None else "expected no golden beside it, got one; leave one of them out"

    def expected(self, probe: Probe) -> Expected:
        """What the suite expects to be heard."""
        return Expected(text=probe.expect)

    def judge(self, probe: Probe, takes: Sequence[Take]) -> Judging:
        """A trigger by its control; a control, and a phrase without one, only by whether its signal is whole."""
        contrast, pairs = yield from self._pairs()
        pair = pairs.get(probe.id)
        if pair is None or not contrast.can_tell:
            return left_open(probe, takes, f"{NO_GOLDEN}; {ONLY_PAIRS}")
        if spoiled_audio(probe, takes, None):
            return left_open(probe, takes, None)
        if not contrast.is_odd(pair):
            return contrast.decide(pair, None)
        if is_one_take(pair.takes) and is_one_take(pair.control_takes):
            return contrast.decide(pair, pair)  # asked again, such a voice says the same
        fresh = yield FreshTakes(probes=(probe, pair.control), stop=FRESH_TAKES)
        again = dataclasses.replace(pair, takes=fresh[probe.id], control_takes=fresh[pair.control.id])
        return contrast.decide(pair, again)

    def judge_suite(self) -> Judging:
        """Nothing can be said: what is wrong with every phrase shows in no pair."""
        return settled(Outcome(subject=SHIFT, verdict=Verdict.INCONCLUSIVE, reason=NO_GOLDEN))

    def _pairs(self) -> Generator[Wanted, TakesOf, tuple[Contrast, dict[str, Pair]]]:
        """The pairs of the suite, by their trigger's id. Wants all first takes."""
        if self._known is None:
            takes = yield FirstTakes(probes=tuple(self.basis.probes))
            pairs = pairs_of(self.basis.probes, takes)
            contrast = Contrast(pairs, alpha=self.basis.screening.alpha)
            self._known = contrast, {pair.trigger.id: pair for pair in pairs}
        return self._known
