"""A candidate held against what a reference was recorded to do: by statistics, a second look before any finding."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from typing import ClassVar

from harness.core.distinct import distinct, is_one_take
from harness.core.findings import Outcome
from harness.core.speakers import is_said_by
from harness.core.types import ComparisonKind, GoldenRecord, Probe, Take, Verdict
from harness.judging.comparisons.base import (
    AtHand,
    Basis,
    Comparison,
    FirstTakes,
    FreshTakes,
    Judging,
    TakesOf,
    Wanted,
    left_open,
)
from harness.judging.judge import FIRST_FRESH_TAKES, Fresh, Judge, plain_judge
from harness.judging.single_takes import SingleTakes, are_single, told_of_the_suite
from harness.judging.standouts import MOST, StandOut, standing_out
from harness.judging.suite_shift import Judged, judge_shift


class GoldenComparison(Comparison):
    """What a reference was recorded to do."""

    kind = ComparisonKind.GOLDEN
    gives_up = True
    is_tuned: ClassVar[bool] = False
    """Whether the candidate is declared to differ as a whole."""

    def __init__(self, basis: Basis) -> None:
        super().__init__(basis)
        self._plain = {"": basis.judge} if basis.judge else {}
        self._judged: list[Judged] | None = None
        self._single: dict[str, SingleTakes] = {}

    @classmethod
    def suits(cls, hand: AtHand) -> bool:
        """Wherever there is a golden."""
        return hand.golden is not None

    @classmethod
    def lacks(cls, hand: AtHand) -> str | None:
        """The golden."""
        return None if hand.golden is not None else "expected a golden beside it, got none; add --tts-golden=NAME"

    def judge(self, probe: Probe, takes: Sequence[Take]) -> Judging:
        """Screen the first takes; where they look odd, ask for fresh ones until it is confirmed or cannot be."""
        record = self.basis.recorded.record(probe)
        reason = self.basis.recorded.refusal(probe)
        if record is None or reason:
            return left_open(probe, takes, reason)
        if is_one_take(record.takes):
            return (yield from self._judge_single(probe, record, takes))
        judge = yield from self._calibrated(probe.speaker)
        suspicions = judge.screen(record, takes)
        fresh = Fresh()
        if suspicions:
            planned = self._planned(judge, record)
            for upto in (min(FIRST_FRESH_TAKES, planned), planned):
                fresh = yield from self._more(probe, fresh, upto, most=planned)
                if not judge.still_open(record, suspicions, fresh, planned):
                    break
        return judge.decide(probe, record, takes, suspicions, fresh)

    def judge_suite(self) -> Judging:
        """Whether all probes together moved, though none is odd by itself."""
        if nothing := self._nothing_comparable():
            return nothing
        judged = yield from self._screened()
        outcome = judge_shift(judged, alpha=self.basis.screening.alpha, is_tuned=self.is_tuned)
        if outcome.notes and (out := (yield from self.standing_out())):  # it moved: what moved otherwise comes first
            told = "beyond what all probes differ by: " + "; ".join(one.words for one in out)
            outcome = dataclasses.replace(outcome, notes=(told, *outcome.notes))
        return (yield from self._told_of_single_takes(outcome, judged))

    def standing_out(self) -> Generator[Wanted, TakesOf, Sequence[StandOut]]:
        """What lies beyond the rest of its speaker's probes, by first takes."""
        judged = yield from self._screened()
        found: list[StandOut] = []
        for speaker in sorted({one.speaker for one in judged}):
            own = [one for one in judged if one.speaker == speaker]
            found += standing_out(self._plain_judge(speaker), own, self.basis.screening)
        return sorted(found, key=lambda one: -one.score)[:MOST]

    def _judge_single(
        self, probe: Probe, record: GoldenRecord, takes: Sequence[Take]
    ) -> Generator[Wanted, TakesOf, Outcome]:
        """A probe without spread, by what the other phrases of the suite differ by. Only what varies is asked again."""
        judge = yield from self._of_single_takes(probe.speaker)
        heard = takes
        if len(distinct(takes)) > 1 and judge.screen(record, takes):
            more = yield FreshTakes(probes=(probe,), start=0, stop=FIRST_FRESH_TAKES)
            heard = more[probe.id]
        return judge.judge(probe, record, heard)

    def _of_single_takes(self, speaker: str) -> Generator[Wanted, TakesOf, SingleTakes]:
        """Wants all first takes, as no phrase by itself says how far another build may be."""
        if speaker not in self._single:
            judged = yield from self._screened()
            own = [one for one in are_single(judged) if one.speaker == speaker]
            self._single[speaker] = SingleTakes(own, self.basis.screening)
        return self._single[speaker]

    def _told_of_single_takes(self, outcome: Outcome, judged: Sequence[Judged]) -> Generator[Wanted, TakesOf, Outcome]:
        """Whether phrases without spread differ audibly: told, and a pass only for a declared fine-tune."""
        for speaker in sorted({one.speaker for one in are_single(judged)}):
            judge = yield from self._of_single_takes(speaker)
            if outcome.verdict is Verdict.PASS and judge.can_tell and (counts := judge.noticed()):
                told = told_of_the_suite(counts, judge.phrases)
                if self.is_tuned:
                    outcome = dataclasses.replace(outcome, notes=(*outcome.notes, told))
                else:
                    outcome = dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=told)
        return outcome

    def _calibrated(self, speaker: str) -> Generator[Wanted, TakesOf, Judge]:
        """The judge of a speaker's probes. Another comparison may want all first takes for it."""
        yield from ()
        return self._plain_judge(speaker)

    def _plain_judge(self, speaker: str) -> Judge:
        """Calibrated on all that the golden has of a speaker; made when a probe is judged, as it takes a while."""
        if speaker not in self._plain:
            self._plain[speaker] = plain_judge(self._records(speaker), self.basis.screening)
        return self._plain[speaker]

    def _records(self, speaker: str) -> list[GoldenRecord]:
        """How far one speaker's takes scatter says nothing of another's."""
        return [one for one in self.basis.recorded.records if not speaker or is_said_by(one.probe_id, speaker)]

    def _planned(self, judge: Judge, record: GoldenRecord) -> int:
        """Fresh takes that a confirmation needs."""
        return judge.fresh_takes(record)

    def _more(self, probe: Probe, fresh: Fresh, upto: int, *, most: int) -> Generator[Wanted, TakesOf, Fresh]:
        """As many fresh takes as `upto`, those that are there among them, of as many as `most` in the end."""
        more = yield FreshTakes(probes=(probe,), start=len(fresh.candidate), stop=upto, most=most)
        return Fresh(candidate=[*fresh.candidate, *more[probe.id]])

    def _screened(self) -> Generator[Wanted, TakesOf, list[Judged]]:
        """First takes of every probe that the golden says something about."""
        if self._judged is None:
            comparable = self._comparable()
            takes = yield FirstTakes(probes=comparable)
            self._judged = [
                Judged(family=probe.family, speaker=probe.speaker, golden=record, takes=takes[probe.id])
                for probe in comparable
                if probe.id in takes and (record := self.basis.recorded.record(probe))
            ]
        return self._judged
