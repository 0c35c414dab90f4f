"""The run loop: drives the judgements of a comparison, has the takes made that they want, and judges each item once.

It knows workers and their faults, and how many probes have failed. What is wanted and how it is decided is the
business of :mod:`harness.judging.comparisons`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from harness.core.findings import Outcome
from harness.core.types import Probe, Take, Verdict
from harness.judging.comparisons import Comparison
from harness.judging.comparisons.base import FirstTakes, FreshTakes, Role, TakesOf, Wanted, left_open
from harness.judging.faults import fault_finding
from harness.judging.reliability import unreliable
from harness.judging.suite_shift import CHECK as SHIFT
from harness.run.takes import Takes, Tools
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.untrained import ENGINE_FAILED

Decided = TypeVar("Decided")

LOAD = "engine-load"
"""Name of the model-wide check that the candidate loads at all."""
MOST_FAILED = 16
"""Probes that are confirmed to fail before later suspicions are left open: the verdict stands, and each costs time."""


class Campaign:
    """Judges the probes of one run."""

    def __init__(
        self,
        comparison: Comparison,
        tools: Tools,
        *,
        most_failed: int = MOST_FAILED,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Plan; nothing is started yet.

        Args:
            comparison: What the candidate is held against, and the probes that will be asked for.
            tools: Who speaks and listens.
            most_failed: Probes that are confirmed to fail before later suspicions are left open.
            progress: Told on one line what is going on.
        """
        self._comparison = comparison
        self._tools = tools
        self._most_failed = most_failed
        self._progress = progress
        self._failed: set[str] = set()
        self._outstanding: frozenset[str] | None = None
        self._takes = Takes(comparison, tools, progress)

    def check_load(self) -> Outcome:
        """Model-wide: the candidate loads and introduces itself."""
        self._progress("loading the candidate")
        try:
            with self._takes.getting_ready():
                info = self._tools.candidate.load()
        except WorkerFault as fault:
            return Outcome(
                subject=LOAD,
                verdict=Verdict.FAIL,
                findings=(fault_finding(LOAD, fault.rule, fault.what, fault.detail),),
            )
        return Outcome(subject=LOAD, verdict=Verdict.PASS, notes=(f"{info.name}, {info.sample_rate} Hz",))

    def try_load(self) -> WorkerFault | None:
        """Load the candidate unless this process has done so; what was wrong, if it does not."""
        if self._tools.candidate.has_loaded:
            return None
        try:
            self._tools.candidate.load()
        except WorkerFault as fault:
            return fault
        return None

    def check_shift(self) -> Outcome:
        """Model-wide: the suite as a whole."""

        def answer(wanted: Wanted) -> TakesOf:
            spoken = self._spoken(wanted)
            if isinstance(spoken, WorkerFault):
                reason = f"the worker {spoken.what} while it was asked for fresh takes; run the same command again"
                raise _Ended(Outcome(subject=SHIFT, verdict=Verdict.INCONCLUSIVE, reason=reason))
            return spoken

        try:
            return _driven(self._comparison.judge_suite(), answer)
        except _Ended as ended:
            return ended.outcome

    def judge(self, probe: Probe) -> Outcome:
        """Everything about one probe."""
        takes = self._takes.first(probe)
        if isinstance(takes, WorkerFault):
            return self._faulted(probe, takes)

        def answer(wanted: Wanted) -> TakesOf:
            if isinstance(wanted, FreshTakes):
                self._end_if_given_up(probe, takes)
                self._progress(f"taking a second look at {probe.id}")
            spoken = self._spoken(wanted)
            if isinstance(spoken, WorkerFault):
                of_reference = isinstance(wanted, FreshTakes) and wanted.role is Role.REFERENCE
                raise _Ended(self._unheld(probe, takes, spoken) if of_reference else self._faulted(probe, spoken))
            return spoken

        try:
            outcome = self._careful(_driven(self._comparison.judge(probe, takes), answer))
        except _Ended as ended:
            return ended.outcome
        if outcome.verdict is Verdict.FAIL and outcome.golden:
            self._failed.add(probe.id)
        return outcome

    def prepare(self, probe: Probe) -> None:
        """Have this machine's part of a probe spoken and heard, for somebody who judges elsewhere."""
        self._takes.prepare(probe)

    def without_findings(self, outcome: Outcome) -> Outcome:
        """A pass whose findings a policy accepts: what is open once they are set aside is inconclusive."""
        self._failed.discard(outcome.subject)
        if outcome.probe and outcome.golden and (reason := unreliable(outcome.probe, outcome.golden)):
            return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=reason)
        return self._careful(outcome)

    def close(self) -> None:
        """End the workers and release the locks."""
        self._takes.close()
        self._tools.candidate.close()
        if self._tools.reference is not None:
            self._tools.reference.close()

    def _spoken(self, wanted: Wanted) -> TakesOf | WorkerFault:
        """What a judgement wants, or the fault that keeps it from having all of it."""
        if isinstance(wanted, FirstTakes):
            return self._first_takes(wanted)
        return self._takes.fresh(wanted)

    def _first_takes(self, wanted: Wanted) -> TakesOf:
        first = {probe.id: self._takes.first(probe, wanted.role) for probe in wanted.probes}
        return {probe_id: takes for probe_id, takes in first.items() if not isinstance(takes, WorkerFault)}

    def _end_if_given_up(self, probe: Probe, takes: Sequence[Take]) -> None:
        """Leave a suspicion open where enough probes have failed, unless it stands out of the suite.

        A voice that differs everywhere does not hide what it does to one word by that.

        Raises:
            _Ended: They have.
        """
        has_enough = self._comparison.gives_up and len(self._failed) >= self._most_failed
        if has_enough and probe.id not in self._standing_out():
            reason = f"looks odd and was not looked at again: {len(self._failed)} probes of this run failed before it"
            raise _Ended(left_open(probe, takes, reason, self._comparison.basis.recorded.record(probe)))

    def _standing_out(self) -> frozenset[str]:
        """Ids of probes. It is asked for where a run has failed already: their first takes are wanted anyway."""
        if self._outstanding is None:
            out = _driven(self._comparison.standing_out(), self._first_takes)
            self._outstanding = frozenset(one.probe_id for one in out)
        return self._outstanding

    def _unheld(self, probe: Probe, takes: Sequence[Take], fault: WorkerFault) -> Outcome:
        """A suspicion that the reference cannot settle says nothing against the candidate."""
        reason = (
            f"looks odd, and the live reference was lost when it was asked for fresh takes ({fault.what}); "
            "run the same command again"
        )
        return left_open(probe, takes, reason, self._comparison.basis.recorded.record(probe))

    def _faulted(self, probe: Probe, fault: WorkerFault) -> Outcome:
        if fault.rule == ENGINE_FAILED:
            return Outcome(subject=probe.id, verdict=Verdict.ERROR, reason=fault.what, probe=probe)
        if fault.rule == "worker.given-up" or not self._tools.candidate.has_loaded:
            reason = "the candidate could not be asked: its worker was lost too often or never loaded; see the findings"
            return Outcome(subject=probe.id, verdict=Verdict.INCONCLUSIVE, reason=reason, probe=probe)
        return Outcome(
            subject=probe.id,
            verdict=Verdict.FAIL,
            probe=probe,
            findings=(fault_finding(probe.id, fault.rule, fault.what, fault.detail),),
            takes=self._takes.heard(probe),
        )

    def _careful(self, outcome: Outcome) -> Outcome:
        """A phrase that a worker died on and a fresh one spoke is not simply fine."""
        probe = outcome.probe
        if not probe or outcome.verdict is not Verdict.PASS:
            return outcome
        voice = self._tools.candidate.as_speaker(probe.speaker)
        if probe.text in voice.recovered:
            voice.tell_recovered(probe.text)
            reason = "the worker died once while this was spoken, and spoke it on retry; run the same command again"
            return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=reason)
        return outcome


class _Ended(Exception):
    """Ends a judgement that cannot have what it wants."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.subject)
        self.outcome = outcome


def _driven(judging: Generator[Wanted, TakesOf, Decided], answer: Callable[[Wanted], TakesOf]) -> Decided:
    """Give a judgement what it wants until it has decided."""
    answered: TakesOf | None = None
    with contextlib.closing(judging):
        while True:
            try:
                wanted = next(judging) if answered is None else judging.send(answered)
            except StopIteration as end:
                decided: Decided = end.value
                return decided
            answered = answer(wanted)
