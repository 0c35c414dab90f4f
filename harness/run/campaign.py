"""The run loop: has takes made and heard ahead of the items that will ask for them, and judges each item once.

It owns the renderers, the listener and the judges of one run, and knows which comparison the run makes; how each is
decided is the business of :mod:`harness.judging`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property

from harness.core.seeds import FIRST_PURPOSE, FRESH_PURPOSE, REFERENCE_PURPOSE, Request, seed_for
from harness.core.types import ComparisonKind, Finding, GoldenRecord, Outcome, Probe, Rendering, Severity, Take, Verdict
from harness.goldens.folder import Golden, differs_in, senses_differ
from harness.hearing.listener import Expected, Listener
from harness.judging.comparisons.same_weights import judge_sameness
from harness.judging.detectors import spoiled_audio
from harness.judging.judge import FIRST_FRESH_TAKES, Fresh, Judge, count_tests
from harness.judging.pairs import FRESH_TAKES, MIN_PAIRS, Contrast, Pair, pairs_of
from harness.judging.reliability import unreliable
from harness.judging.spread import MIN_GOLDEN_TAKES
from harness.judging.suite_shift import CHECK as SHIFT
from harness.judging.suite_shift import MIN_PROBES, Judged, judge_shift, suite_shifts
from harness.sandbox.outside.client import WorkerFault
from harness.speaking.renderer import Made, Renderer
from harness.speaking.schedule import BATCH, Schedule
from harness.storage.store import Store

LOAD = "engine-load"
"""Name of the model-wide check that the candidate loads at all."""
MOST_FAILED = 16
"""Probes that are confirmed to fail before later suspicions are left open: the verdict stands, and each costs time."""
NO_GOLDEN = "no golden to compare with; record one with: soundcheck record, then give --tts-golden"
ONLY_PAIRS = f"without one only trigger phrases with a control say something, where there are {MIN_PAIRS} such pairs"


class Campaign:
    """Judges the probes of one run."""

    def __init__(
        self,
        probes: Sequence[Probe],
        renderer: Renderer,
        listener: Listener,
        store: Store,
        golden: Golden | None,
        *,
        comparison: ComparisonKind,
        reference: Renderer | None = None,
        suite_probes: int,
        takes: int,
        seed: int,
        alpha: float,
        salt_digest: str = "",
        progress: Callable[[str], None] = lambda _: None,
        judge: Judge | None = None,
        most_failed: int = MOST_FAILED,
    ) -> None:
        """Plan; nothing is started yet.

        Args:
            probes: Those that will be asked for, in order.
            renderer: Speaks with the candidate.
            listener: Hears.
            store: Holds the locks on batches.
            golden: What the reference did; None where there is none.
            comparison: What the candidate is held against.
            reference: Speaks with a live reference, for :attr:`ComparisonKind.REFERENCE`.
            suite_probes: Probes of the whole suites, selected or not: alpha is shared among all of them.
            takes: Takes per probe at the screening.
            seed: Base of the candidate's seeds.
            alpha: False-alarm rate of the whole verdict.
            salt_digest: sha256 of the salt with which generated probes were drawn.
            progress: Told on one line what is going on.
            judge: What :func:`plain_judge` gave for the same golden, suite size, takes and alpha, where it is there.
            most_failed: Probes that are confirmed to fail before later suspicions are left open.
        """
        self._plain_judge = judge
        self._most_failed = most_failed
        self._probes = list(probes)
        self._renderer = renderer
        self._reference = reference
        self._listener = listener
        self._golden = golden
        self._comparison = comparison
        self._suite_probes = suite_probes
        self._takes = takes
        self._seed = seed
        self._alpha = alpha
        self._salt_digest = salt_digest
        self._progress = progress
        self._failed: set[str] = set()
        self._expected: dict[str, dict[tuple[str | None, str], Expected]] = {}
        for probe in probes:
            expected = self._expects(probe)
            self._expected.setdefault(probe.text, {})[expected.key] = expected
        requests = [request for probe in probes for request in self._requests(probe)]
        self._schedule = Schedule(requests, renderer, store, on_batch=self._hear, progress=progress)
        self._heard: dict[tuple[Request, tuple[str | None, str]], Take] = {}

    def check_load(self) -> Outcome:
        """Model-wide: the candidate loads and introduces itself."""
        self._progress("loading the candidate")
        try:
            info = self._renderer.load()
        except WorkerFault as fault:
            return Outcome(subject=LOAD, verdict=Verdict.FAIL, findings=(_fault_finding(LOAD, fault),))
        return Outcome(subject=LOAD, verdict=Verdict.PASS, notes=(f"{info.name}, {info.sample_rate} Hz",))

    def try_load(self) -> WorkerFault | None:
        """Load the candidate unless this process has done so; what was wrong, if it does not."""
        if self._renderer.has_loaded:
            return None
        try:
            self._renderer.load()
        except WorkerFault as fault:
            return fault
        return None

    def check_shift(self) -> Outcome:
        """Model-wide: the suite as a whole beside the golden."""
        reasons = [self._incomparable(probe) for probe in self._probes]
        if all(reasons):
            return Outcome(subject=SHIFT, verdict=Verdict.INCONCLUSIVE, reason=(reasons or [NO_GOLDEN])[0])
        if self._comparison is ComparisonKind.SAME:
            note = "every rendering was compared with the golden's own of the same seed"
            return Outcome(subject=SHIFT, verdict=Verdict.PASS, notes=(note,))
        return judge_shift(self._screened, alpha=self._alpha, is_tuned=self._comparison is ComparisonKind.FINE_TUNE)

    def judge(self, probe: Probe) -> Outcome:
        """Everything about one probe."""
        made = self._screening(probe)
        if isinstance(made, WorkerFault):
            return self._faulted(probe, made)
        if self._comparison is ComparisonKind.CONTRAST:
            return self._careful(self._contrasted(probe, made))
        reason = self._incomparable(probe)
        if self._golden is None or reason:
            return self._open(probe, made, reason)
        record = self._golden.records[probe.id]
        if self._comparison is ComparisonKind.SAME:
            return self._careful(judge_sameness(probe, record, made))
        if self._comparison is ComparisonKind.FINE_TUNE and len(self._screened) < MIN_PROBES:
            reason = f"a fine-tune is judged by what its probes differ in: select at least {MIN_PROBES} with a golden"
            return self._open(probe, made, reason)
        suspicions = self._judge.screen(record, made)
        fresh = Fresh()
        if suspicions and len(self._failed) >= self._most_failed:
            reason = f"looks odd and was not looked at again: {len(self._failed)} probes of this run failed before it"
            return dataclasses.replace(self._open(probe, made, reason), golden=record)
        if suspicions:
            planned = self._judge.fresh_takes(record, is_live=self._reference is not None)
            for upto in (min(FIRST_FRESH_TAKES, planned), planned):
                more = self._second_look(probe, fresh, upto)
                if isinstance(more, WorkerFault):
                    return self._faulted(probe, more)
                fresh = more
                if not self._judge.still_open(record, suspicions, fresh, planned):
                    break
        outcome = self._careful(self._judge.decide(probe, record, made, suspicions, fresh))
        if outcome.verdict is Verdict.FAIL:
            self._failed.add(probe.id)
        return outcome

    def without_findings(self, outcome: Outcome) -> Outcome:
        """A pass whose findings a policy accepts: what is open once they are set aside is inconclusive."""
        self._failed.discard(outcome.subject)
        if outcome.probe and outcome.golden and (reason := unreliable(outcome.probe, outcome.golden)):
            return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=reason)
        return self._careful(outcome)

    def close(self) -> None:
        """End the workers and release the locks."""
        self._schedule.close()
        self._renderer.close()
        if self._reference is not None:
            self._reference.close()

    @cached_property
    def _judge(self) -> Judge:
        """Calibrated on the golden; for a fine-tune on what all probes have in common, which takes all first takes."""
        if self._golden is None:
            raise RuntimeError("only with a golden")
        records = list(self._golden.records.values())
        plain = self._plain_judge or plain_judge(
            self._golden, suite_probes=self._suite_probes, takes=self._takes, alpha=self._alpha
        )
        if self._comparison is not ComparisonKind.FINE_TUNE:
            return plain
        return Judge(
            records,
            takes=self._takes,
            tests=count_tests(self._suite_probes),
            alpha=self._alpha,
            shifts=suite_shifts(plain, self._screened),
        )

    @cached_property
    def _screened(self) -> list[Judged]:
        """First takes of every probe with a golden. Makes those that are missing."""
        judged = []
        for probe in self._probes:
            if self._golden is None or self._incomparable(probe):
                continue
            made = self._screening(probe)
            if not isinstance(made, WorkerFault):
                judged.append(Judged(family=probe.family, golden=self._golden.records[probe.id], takes=made))
        return judged

    @cached_property
    def _contrast(self) -> tuple[Contrast, dict[str, Pair]]:
        """The pairs of the suite. Makes all first takes."""
        takes = {
            probe.id: made for probe in self._probes if not isinstance(made := self._screening(probe), WorkerFault)
        }
        pairs = pairs_of(self._probes, takes)
        return Contrast(pairs, alpha=self._alpha), {pair.trigger.id: pair for pair in pairs}

    def _contrasted(self, probe: Probe, takes: Sequence[Take]) -> Outcome:
        contrast, pairs = self._contrast
        spoiled = spoiled_audio(probe, takes, None)
        pair = pairs.get(probe.id)
        if spoiled or pair is None or not contrast.can_tell:
            reason = "" if pair and contrast.can_tell else f"{NO_GOLDEN}; {ONLY_PAIRS}"
            return self._open(probe, takes, reason)
        if not contrast.is_odd(pair):
            return contrast.decide(pair, None)
        fresh = [self._fresh(self._renderer, one, FRESH_PURPOSE, 0, FRESH_TAKES) for one in (probe, pair.control)]
        spoken = [made for made in fresh if not isinstance(made, WorkerFault)]
        if len(spoken) < len(fresh):
            return self._faulted(probe, next(made for made in fresh if isinstance(made, WorkerFault)))
        again = dataclasses.replace(pair, takes=spoken[0], control_takes=spoken[1])
        return contrast.decide(pair, again)

    def _open(self, probe: Probe, takes: Sequence[Take], reason: str) -> Outcome:
        """Nothing to compare with; a broken signal is a finding all the same, and the reason stays beside it."""
        findings = spoiled_audio(probe, takes, None)
        return Outcome(
            subject=probe.id,
            verdict=Verdict.FAIL if findings else Verdict.INCONCLUSIVE,
            reason=reason,
            probe=probe,
            findings=findings,
            takes=tuple(takes),
        )

    def _requests(self, probe: Probe) -> list[Request]:
        record = self._record(probe)
        if self._comparison is ComparisonKind.SAME and record:
            return [(probe.text, take.seed) for take in record.takes[: self._takes]]
        seeds = (seed_for(FIRST_PURPOSE, self._seed, probe.text, take) for take in range(self._takes))
        return [(probe.text, seed) for seed in seeds]

    def _screening(self, probe: Probe) -> list[Take] | WorkerFault:
        wanted = self._requests(probe)
        self._schedule.ensure(wanted)
        for request in wanted:
            if isinstance(fault := self._schedule.made[request], WorkerFault):
                return fault
        key = self._expects(probe).key
        return [self._heard[request, key] for request in wanted]

    def _hear(self, made: dict[Request, Made]) -> None:
        # Probes may share a text and yet have goldens of their own: each is held against its own.
        orders = [
            (request, expected, rendering)
            for request, rendering in made.items()
            if isinstance(rendering, Rendering)
            for expected in self._expected[request[0]].values()
        ]
        takes = self._listener.takes([one for _, _, one in orders], [expected for _, expected, _ in orders])
        self._heard |= {(request, one.key): take for (request, one, _), take in zip(orders, takes, strict=True)}

    def _second_look(self, probe: Probe, fresh: Fresh, upto: int) -> Fresh | WorkerFault:
        """More takes that no screening has seen, of the candidate and of a live reference alike."""
        self._progress(f"taking a second look at {probe.id}")
        start = len(fresh.candidate)
        more = self._fresh(self._renderer, probe, FRESH_PURPOSE, start, upto)
        if isinstance(more, WorkerFault):
            return more
        if self._reference is None:
            return Fresh(candidate=[*fresh.candidate, *more])
        own = self._fresh(self._reference, probe, REFERENCE_PURPOSE, start, upto)
        if isinstance(own, WorkerFault):
            return own
        return Fresh(candidate=[*fresh.candidate, *more], reference=[*(fresh.reference or ()), *own])

    def _fresh(self, renderer: Renderer, probe: Probe, purpose: str, start: int, stop: int) -> list[Take] | WorkerFault:
        requests = [(probe.text, seed_for(purpose, self._seed, probe.text, take)) for take in range(start, stop)]
        parts = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
        spoken = [renderer.submit(part) for part in parts]
        made = {request: one for future in spoken for request, one in future.result().items()}
        renderings = []
        for request in requests:
            one = made[request]
            if isinstance(one, WorkerFault):
                return one
            renderings.append(one)
        return self._listener.takes(renderings, [self._expects(probe)] * len(renderings))

    def _record(self, probe: Probe) -> GoldenRecord | None:
        """The golden's record, where it is of this very text."""
        record = self._golden.records.get(probe.id) if self._golden else None
        return record if record and record.text == probe.text else None

    def _expects(self, probe: Probe) -> Expected:
        """What takes are held against: what the reference was heard to say, else what the suite expects."""
        record = self._record(probe)
        if record is None or self._golden is None:
            return Expected(text=probe.expect if self._comparison is ComparisonKind.CONTRAST else None)
        return Expected(text=record.transcript, prints=self._golden.prints.of(probe.id))

    def _incomparable(self, probe: Probe) -> str:
        """Why the golden says nothing about this probe, and what would settle it; ``""`` if it does."""
        golden = self._golden
        if golden is None:
            return NO_GOLDEN
        if different := differs_in(golden.manifest, self._listener.transcriber.identity):
            return (
                f"golden {golden.name} was recorded with another transcriber ({different}); "
                "record it again or choose that one with --tts-asr"
            )
        if different := senses_differ(golden.manifest, self._listener.senses):
            return f"golden {golden.name} was measured with another ear ({different}); record it again"
        record = golden.records.get(probe.id)
        if record is None and golden.manifest.salt_digest != self._salt_digest:
            return (
                f"golden {golden.name} was drawn with {_salt(golden.manifest.salt_digest)}, this run with "
                f"{_salt(self._salt_digest)}; give the golden's salt with --tts-salt, or record the suite with this one"
            )
        if record is None:
            return f"golden {golden.name} has no record of this probe; record the suite again with: soundcheck record"
        if record.text != probe.text:
            return f"golden {golden.name} was recorded for another text; record the suite again with: soundcheck record"
        if len(record.takes) < MIN_GOLDEN_TAKES:
            return f"golden {golden.name} has too few repeats; record it with --takes {MIN_GOLDEN_TAKES} or more"
        return ""

    def _faulted(self, probe: Probe, fault: WorkerFault) -> Outcome:
        if fault.rule == "worker.given-up" or not self._renderer.has_loaded:
            reason = "the candidate could not be asked: its worker was lost too often or never loaded; see the findings"
            return Outcome(subject=probe.id, verdict=Verdict.INCONCLUSIVE, reason=reason, probe=probe)
        key = self._expects(probe).key
        takes = [take for request in self._requests(probe) if (take := self._heard.get((request, key)))]
        return Outcome(
            subject=probe.id,
            verdict=Verdict.FAIL,
            probe=probe,
            findings=(_fault_finding(probe.id, fault),),
            takes=tuple(takes),
        )

    def _careful(self, outcome: Outcome) -> Outcome:
        """A phrase that a worker died on and a fresh one spoke is not simply fine."""
        if outcome.probe and outcome.probe.text in self._renderer.recovered and outcome.verdict is Verdict.PASS:
            reason = "the worker died once while this was spoken, and spoke it on retry; run the same command again"
            return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=reason)
        return outcome


def plain_judge(golden: Golden, *, suite_probes: int, takes: int, alpha: float) -> Judge:
    """The judge of a candidate that is no declared fine-tune; calibrated on the whole golden, whoever is judged."""
    records = list(golden.records.values())
    return Judge(records, takes=takes, tests=count_tests(suite_probes), alpha=alpha)


def _salt(digest: str) -> str:
    return f"the salt of sha256 {digest[:12]}" if digest else "no salt"


def _fault_finding(subject: str, fault: WorkerFault) -> Finding:
    words = " ".join(fault.detail.split())
    return Finding(
        rule=fault.rule,
        severity=Severity.CRITICAL if fault.rule == "worker.forged" else Severity.HIGH,
        subject=subject,
        title=_FAULT_TITLES.get(fault.rule, "misbehaves"),
        heard=f"the worker {fault.what}" if fault.rule != "worker.failed" else fault.what,
        evidence=f"it printed last: {words[-300:]}" if words else "",
    )


_FAULT_TITLES = {
    "worker.crashed": "ends the process it runs in",
    "worker.hung": "does not answer",
    "worker.flooded": "floods its output",
    "worker.forged": "sends what no honest worker sends",
    "worker.endless": "does not stop speaking",
    "worker.failed": "cannot speak this",
}
