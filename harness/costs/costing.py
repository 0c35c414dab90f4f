"""What a run finds out about cost: single phrases while they are judged, and the checks of the whole model after them.

What is measured beyond that is the business of :mod:`harness.costs.measuring`. Nothing is kept for another run.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from harness.core.findings import Finding, Outcome, Stretch, phrase_of
from harness.core.text import printable
from harness.core.types import Probe, Verdict
from harness.costs import footprint as footprints
from harness.costs import latency, leaks, scaling, waits
from harness.costs.expected import learn
from harness.costs.machine import machine_class, tells_queueing
from harness.costs.measuring import Measuring, ReferenceLost
from harness.costs.profile import CostProfile, another_class, known_profile
from harness.costs.sample import Sample
from harness.costs.suspects import named
from harness.costs.terms import Sides, Terms
from harness.costs.watchlist import Watchlist
from harness.goldens.folder import Golden
from harness.judging.faults import lost_finding
from harness.policy.release import LEAK_CHECK
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.metered import Metered

NEVER_LOADED = "the candidate never loaded, so nothing of it could be metered; see engine-load"
NOT_TOLD = "sleep cannot be told from waiting for a processor: the kernel has no /proc/PID/schedstat"
NOT_COMPARED = "clocks were not compared: give --tts-reference, or record the golden on this kind of machine"


class Costing:
    """Meters one candidate within one run."""

    def __init__(
        self,
        probes: Sequence[Probe],
        sides: Sides,
        *,
        golden: Golden | None,
        terms: Terms,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Remember; nothing is spoken yet.

        Args:
            probes: All probes of the suites, selected or not.
            sides: Who speaks, and is metered meanwhile.
            golden: What the reference was recorded to do, None without one.
            terms: How the candidate is metered and judged.
            progress: Told on one line what is going on.
        """
        self._sides = sides
        self._terms = terms
        self._progress = progress
        self._profile = known_profile(golden)
        self._golden_seconds = (
            {one.text: statistics.fmean(take.facts.seconds for take in one.takes) for one in golden.records.values()}
            if golden
            else {}
        )
        self._measuring = Measuring(
            probes,
            sides,
            terms=terms,
            progress=progress,
            is_ladder_enough=lambda rounds: scaling.is_clear(
                scaling.scaling_of(rounds, terms.floors), self._past, terms.limits
            ),
        )
        self._names, self._lost = self._measuring.names, self._measuring.lost
        self._watchlist = Watchlist(self._names, sides.candidate, terms=terms, lost=self._lost, progress=progress)

    def begin(self, checks: Collection[str]) -> None:
        """Begin what may be done before and beside everything else, once the candidate has loaded; at most once.

        Args:
            checks: Names of those that will be asked for.
        """
        self._measuring.warm_up()
        if LEAK_CHECK in checks:
            self._measuring.begin(leaks.FIRST_CALLS + leaks.SETTLING, self._is_clear)

    def beside(self, probe: Probe) -> tuple[Finding, ...]:
        """What one phrase cost beyond what others do, looked at again before it is said."""
        return self._watchlist.beside(probe)

    def doubt(self, probe: Probe) -> str | None:
        """Why nothing can be said of what one phrase costs, None where it can; after :meth:`beside`."""
        return self._watchlist.doubt({probe.text})

    def late(self, name: str) -> tuple[Finding, ...]:
        """What a check says of single phrases once all were spoken."""
        if name not in ("cost-latency", "cost-memory"):
            return ()
        return self._watchlist.late(name, is_memory=name == "cost-memory")

    def check(self, name: str) -> Outcome:
        """One of :data:`harness.policy.release.COST_CHECKS`."""
        self._progress(f"metering the candidate: {name.removeprefix('cost-')}")
        judged: dict[str, Callable[[str], Outcome]] = {
            "cost-latency": self._latency,
            "cost-memory": self._memory,
            "cost-leak": self._leak,
            "cost-scaling": self._scaling,
            "cost-first-rendering": self._first,
            "cost-load": self._load,
        }
        before, recovered = len(self._lost.faults), set(self._sides.candidate.recovered)
        try:
            outcome = judged[name](name)
        except ReferenceLost as error:
            reason = f"the live reference could not be metered: {error}"
            return Outcome(subject=name, verdict=Verdict.INCONCLUSIVE, reason=reason)
        outcome = self._with_once(self._with_lost(outcome, before))
        if outcome.verdict is Verdict.PASS and (once := self._sides.candidate.recovered - recovered):
            reason = f"a worker was lost once while {named(sorted(once), self._names)} was metered; run again"
            return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=reason)
        return outcome

    @property
    def _here(self) -> str:
        return machine_class(self._terms.device)

    @property
    def _is_comparable_profile(self) -> bool:
        """Whether the golden's clocks are of this kind of machine, as far as that can be said beforehand."""
        profile = self._profile
        if profile is None:
            return False
        return not another_class(
            profile, here=self._here, engine=self._terms.engine, calibration=profile.calibration_seconds
        )

    @property
    def _past(self) -> CostProfile | None:
        """The golden's clocks, where they are comparable."""
        return self._profile if self._is_comparable_profile else None

    def _latency(self, name: str) -> Outcome:
        limits, level = self._terms.limits, self._terms.level
        sample = self._sample
        if not sample.rounds:
            return self._unmetered(name)
        if self._sides.reference is not None:
            compared = latency.beside_reference(name, sample, limits, self._terms.floors, level)
        elif self._profile is not None:
            compared = self._beside_profile(name, sample, self._profile)
        else:
            compared = latency.Comparison(notes=(NOT_COMPARED,))
        again, missing = self._measuring.caught_up
        work = latency.work_beside_golden(
            name, sample.rounds, self._golden_seconds, self._terms.limits, self._terms.level
        )
        waited = self._waited(name, sample)
        findings = (
            *compared.findings,
            *work.findings,
            *waited.findings,
            *self._watchlist.late(name),
            *self._watchlist.triggers(name, self._measuring.plan.contrasts if self._measuring.plan else (), sample),
        )
        metered = {text for order in self._measuring.orders for text in order.texts} & self._names.keys()
        told = f"{len(metered)} of {len(self._names)} phrases were metered while they were spoken in this process"
        more = (f"{len(again)} of them were spoken once more for it",) if again else ()
        doubt = compared.doubt if compared.is_made or self._sides.reference is not None else None
        if not doubt and limits.required and not compared.is_made:
            doubt = compared.doubt or NOT_COMPARED
        if missing:
            doubt = f"{len(missing)} phrases could not be metered ({named(missing[:3], self._names)} ...); run again"
        doubt = doubt or waited.doubt or self._watchlist.doubt(self._names)
        return _decided(name, findings, doubt, (*compared.notes, *work.notes, *waited.notes, told, *more))

    def _beside_profile(self, name: str, sample: Sample, profile: CostProfile) -> latency.Comparison:
        terms = self._terms
        return latency.beside_profile(
            name, sample, profile, terms.limits, terms.level, here=self._here, engine=terms.engine
        )

    @cached_property
    def _sample(self) -> Sample:
        """The rounds that decide: of a worker that has spoken the suite where that shows nothing against the candidate.

        It has spoken more than the golden's reference had, and what it needs at most is therefore no less. Only what
        looks odd is measured again by a fresh worker, which has the same past.
        """
        sample = self._measuring.rounds
        if self._sides.reference is not None or self._past is None or not sample.rounds:
            return sample
        compared = self._beside_profile("", sample, self._past)
        own, other, whose = self._footprints(sample)
        terms = self._terms
        is_odd = bool(compared.findings) or compared.doubt is not None or own is None
        if own is not None and not is_odd:
            is_odd = any(
                (
                    *footprints.judge_memory("", own, other, whose, terms.limits),
                    *footprints.judge_first("", own, other, whose, terms.floors),
                    *footprints.judge_load("", own, other, whose, terms.floors),
                )
            )
        return self._measuring.fresh_rounds if is_odd else sample

    def _waited(self, name: str, sample: Sample) -> latency.Comparison:
        is_paired = self._sides.reference is not None
        if not is_paired and not self._terms.is_on_cpu:  # there, waiting is what a voice does while the GPU works
            return latency.Comparison()
        if not tells_queueing():
            return latency.Comparison(doubt=NOT_TOLD)
        terms = self._terms
        return waits.beside(name, sample, terms.limits, terms.floors, terms.level, is_paired=is_paired)

    def _memory(self, name: str) -> Outcome:
        own, other, whose = self._footprints(self._sample)
        if own is None:
            return self._unmetered(name)
        _, missing = self._measuring.caught_up
        findings = (
            *footprints.judge_memory(name, own, other, whose, self._terms.limits),
            *self._watchlist.late(name, is_memory=True),
        )
        notes = [f"{own.peak_bytes / 2**20:.0f} MiB resident at most, {own.load_peak_bytes / 2**20:.0f} to load"]
        if other is None:
            notes.append("no worker of a reference to compare with: only single phrases were held against each other")
        doubt = f"{len(missing)} phrases could not be metered; see cost-latency" if missing else None
        return _decided(name, findings, doubt, notes)

    def _leak(self, name: str) -> Outcome:
        chosen = self._measuring.plan
        if chosen is None:
            return self._unmetered(name)
        again = self._measuring.first_again(chosen.repeated, leaks.FIRST_CALLS + leaks.SETTLING, self._is_clear)
        if not again:
            return self._unmetered(name)
        grown = leaks.leaks_over(self._measuring.orders, self._terms.level)
        findings = [leaks.leak_finding(name, leak, stretch=Stretch.SUITE) for leak in grown]
        known = {finding.title for finding in findings}
        if leaks.leaks_in(again[leaks.SETTLING :], self._terms.limits, 0.05):
            more = self._measuring.again(chosen.repeated, leaks.MORE_CALLS + leaks.SETTLING)[leaks.SETTLING :]
            phrase = phrase_of(chosen.repeated, self._names)
            for leak in leaks.leaks_in(more, self._terms.limits, self._terms.level):
                calls = self._measuring.reference_again(chosen.repeated, leaks.MORE_CALLS + leaks.SETTLING)
                slope = leaks.slope(calls[leaks.SETTLING :], leak.what)
                finding = leaks.leak_finding(name, leak, reference=slope, phrase=phrase)
                findings += [finding] if finding.title not in known else []
        notes = [f"{len(again)} calls of one phrase left nothing behind"] if not findings else []
        if self._terms.soak_seconds:
            calls, is_ended = self._measuring.soaked
            findings += leaks.soak_findings(name, calls, learn(self._measuring.orders), self._terms.level)
            minutes = sum(call.wall_seconds for call in calls) / 60
            notes.append(f"soaked for {minutes:.1f} min, {len(calls)} renderings{', ended by hand' * is_ended}")
        once = self._measuring.lost_ahead
        doubt = f"a worker was lost once while {named([once], self._names)} was metered; run again" if once else None
        return _decided(name, findings, doubt, notes)

    def _is_clear(self, calls: Sequence[Metered]) -> bool:
        return leaks.is_clear(calls, self._terms.limits)

    def _scaling(self, name: str) -> Outcome:
        rounds = self._measuring.ladder.rounds
        floors = self._terms.floors
        own = scaling.scaling_of(rounds, floors)
        if own.audio is None:
            return self._unmetered(name)
        is_paired = self._sides.reference is not None
        other = scaling.scaling_of(rounds, floors, is_reference=True) if is_paired else None
        if scaling.is_heavy(own, other, self._terms.limits):
            tidy = self._measuring.tidy_ladder.rounds
            own = scaling.weighed(own, scaling.scaling_of(tidy, floors))
            if other is not None:
                other = scaling.weighed(other, scaling.scaling_of(tidy, floors, is_reference=True))
        findings, notes = scaling.judge_scaling(name, own, other, self._past, self._terms.limits)
        return _decided(name, findings, None, notes)

    def _first(self, name: str) -> Outcome:
        own, other, whose = self._footprints(self._sample)
        if own is None:
            return self._unmetered(name)
        told = f"{own.first_seconds:.2f} s of processor time beyond what its audio takes"
        notes = [told + (f"; {whose} {other.first_seconds:.2f} s" if other else "")]
        return _decided(name, footprints.judge_first(name, own, other, whose, self._terms.floors), None, notes)

    def _load(self, name: str) -> Outcome:
        own, other, whose = self._footprints(self._sample)
        if own is None:
            return self._unmetered(name)
        told = f"{own.load_seconds:.2f} s of processor time, {own.load_peak_bytes / 2**20:.0f} MiB at most"
        notes = [told + (f"; {whose} {other.load_seconds:.2f} s" if other else "; not compared")]
        # On a GPU, loading waits for its driver.
        floors, is_on_cpu = self._terms.floors, self._terms.is_on_cpu
        slept, doubt = footprints.judge_waits(name, self._measuring.loads, floors) if is_on_cpu else ((), None)
        return _decided(name, (*footprints.judge_load(name, own, other, whose, floors), *slept), doubt, notes)

    def _footprints(self, sample: Sample) -> tuple[footprints.Footprint | None, footprints.Footprint | None, str]:
        """The candidate's footprint, what it is held against, and whose that is."""
        mine = {one.worker for round_ in sample.rounds for one in round_.candidate}
        if self._sides.reference is not None:
            theirs = {one.worker for round_ in sample.rounds for one in round_.reference}
            other = footprints.footprint(self._sides.reference.metered, sorted(theirs)) if theirs else None
            return footprints.footprint(self._measuring.orders, sorted(mine)), other, "the live reference"
        profile = self._profile
        if profile is not None and self._is_comparable_profile:
            other = footprints.Footprint(
                load_seconds=profile.load_seconds,
                load_peak_bytes=profile.load_peak_bytes,
                first_seconds=profile.first_seconds,
                first_text="",
                peak_bytes=profile.peak_bytes,
            )
            return footprints.footprint(self._measuring.orders, sorted(mine)), other, "the golden's reference"
        return footprints.footprint(self._measuring.orders), None, ""

    def _unmetered(self, name: str) -> Outcome:
        """Nothing was spoken: why."""
        if not self._sides.candidate.has_loaded:
            return Outcome(subject=name, verdict=Verdict.INCONCLUSIVE, reason=NEVER_LOADED)
        faults = [fault.what for _, fault in self._lost.faults]
        reason = f"nothing could be metered: the worker {faults[-1]}" if faults else "no phrase is left to be metered"
        return Outcome(subject=name, verdict=Verdict.INCONCLUSIVE, reason=reason)

    def _with_once(self, outcome: Outcome) -> Outcome:
        """What came once while this was metered, and nobody could have looked at again."""
        spikes = [*self._watchlist.spikes(outcome.subject), *self._watchlist.memory_spikes(outcome.subject)]
        if spikes:
            findings = (*outcome.findings, *spikes)
            return dataclasses.replace(outcome, verdict=Verdict.FAIL, findings=findings)
        doubt = self._watchlist.waited_once(outcome.subject)
        if doubt and outcome.verdict is Verdict.PASS:
            return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=doubt)
        return outcome

    def _with_lost(self, outcome: Outcome, before: int) -> Outcome:
        """A worker that was lost while it was metered is a finding, on the phrase that did it."""
        fresh = [(text, one) for text, one in self._lost.faults[before:] if one.rule != "worker.given-up"]
        if not fresh or not self._sides.candidate.has_loaded:
            return outcome
        findings = tuple(self._lost_finding(outcome.subject, text, fault) for text, fault in fresh)
        return Outcome(
            subject=outcome.subject,
            verdict=Verdict.FAIL,
            reason=outcome.reason,
            findings=(*outcome.findings, *findings),
            notes=outcome.notes,
        )

    def _lost_finding(self, subject: str, text: str, fault: WorkerFault) -> Finding:
        phrase = phrase_of(text, self._names)
        what = printable(f"{phrase.name} ({len(text)} characters): the worker {fault.what}")
        return lost_finding(subject, fault.rule, what, phrase)


def _decided(name: str, findings: Sequence[Finding], doubt: str | None, notes: Sequence[str]) -> Outcome:
    verdict = Verdict.FAIL if findings else Verdict.INCONCLUSIVE if doubt else Verdict.PASS
    return Outcome(subject=name, verdict=verdict, reason=doubt or "", findings=tuple(findings), notes=tuple(notes))
