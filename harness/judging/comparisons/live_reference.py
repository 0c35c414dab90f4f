"""A candidate beside a reference that speaks now: the golden says where to look, fresh takes of both decide."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator

from harness.core.types import ComparisonKind, GoldenRecord, Probe
from harness.judging.comparisons.base import AtHand, FreshTakes, Role, TakesOf, Wanted
from harness.judging.comparisons.golden import GoldenComparison
from harness.judging.judge import Fresh, Judge


class LiveReferenceComparison(GoldenComparison):
    """A reference that speaks beside the candidate wherever something looks odd."""

    kind = ComparisonKind.REFERENCE

    @classmethod
    def suits(cls, hand: AtHand) -> bool:
        """Wherever a reference speaks beside a golden."""
        return hand.golden is not None and hand.has_reference

    @classmethod
    def lacks(cls, hand: AtHand) -> str | None:
        """The golden or the reference."""
        if hand.golden is not None and not hand.has_reference:
            return "expected a reference that speaks beside it, got none; add --tts-reference=MODEL"
        return super().lacks(hand)

    def _planned(self, judge: Judge, record: GoldenRecord) -> int:
        return judge.fresh_takes(record, is_live=True)

    def _more(self, probe: Probe, fresh: Fresh, upto: int, *, most: int) -> Generator[Wanted, TakesOf, Fresh]:
        """As many of the reference as of the candidate."""
        wider = yield from super()._more(probe, fresh, upto, most=most)
        own = yield FreshTakes(probes=(probe,), start=len(fresh.candidate), stop=upto, most=most, role=Role.REFERENCE)
        return dataclasses.replace(wider, reference=[*(fresh.reference or ()), *own[probe.id]])
