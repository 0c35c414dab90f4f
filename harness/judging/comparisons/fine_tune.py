"""A candidate that is declared to be a fine-tune of the golden's reference.

Every phrase may differ a little, and the suite as a whole may have moved. What all probes have in common is found
first, from the first takes of all of them; only what one phrase differs by beyond that counts.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from harness.core.types import ComparisonKind, Probe, Take
from harness.judging.comparisons.base import AtHand, Basis, Judging, TakesOf, Wanted, left_open
from harness.judging.comparisons.golden import GoldenComparison
from harness.judging.judge import Judge, count_tests
from harness.judging.suite_shift import MIN_PROBES, Judged, suite_shifts

TOO_FEW = f"a fine-tune is judged by what its probes differ in: select at least {MIN_PROBES} with a golden"


class FineTuneComparison(GoldenComparison):
    """A golden, of which every phrase may differ a little: only what one differs by beyond the others counts."""

    kind = ComparisonKind.FINE_TUNE
    is_tuned = True

    def __init__(self, basis: Basis) -> None:
        super().__init__(basis)
        self._tuned: dict[str, Judge] = {}

    @classmethod
    def suits(cls, hand: AtHand) -> bool:
        """Never: a fine-tune has to be declared."""
        del hand
        return False

    def judge(self, probe: Probe, takes: Sequence[Take]) -> Judging:
        """As beside a golden, where there are probes enough to tell what all have in common."""
        is_known = self.basis.recorded.refusal(probe) is None
        if is_known and len((yield from self._screened_of(probe.speaker))) < MIN_PROBES:
            return left_open(probe, takes, TOO_FEW)
        return (yield from super().judge(probe, takes))

    def _calibrated(self, speaker: str) -> Generator[Wanted, TakesOf, Judge]:
        if speaker not in self._tuned:
            judged = yield from self._screened_of(speaker)
            screening = self.basis.screening
            self._tuned[speaker] = Judge(
                self._records(speaker),
                takes=screening.takes,
                tests=count_tests(screening.suite_probes),
                alpha=screening.alpha,
                shifts=suite_shifts(self._plain_judge(speaker), judged),
            )
        return self._tuned[speaker]

    def _screened_of(self, speaker: str) -> Generator[Wanted, TakesOf, list[Judged]]:
        """First takes of one speaker: a fine-tune moves each of them otherwise."""
        judged = yield from self._screened()
        return [one for one in judged if one.speaker == speaker]
