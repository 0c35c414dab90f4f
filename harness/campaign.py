"""The run loop: plans renderings in batches ahead of the items that will ask for them, and judges each item once.

It owns the renderer, the listener and the judge of one run. While the transcriber hears one batch, the worker already
speaks the next. Several pytest processes may share a run: batches are locked in the store, and whoever finds one
taken works on another.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import IO

from harness.core.types import Finding, Outcome, Probe, Rendering, Severity, Take, Verdict
from harness.detectors import spoiled_audio
from harness.goldens import Golden, differs_in
from harness.judge import FIRST_FRESH_TAKES, MIN_GOLDEN_TAKES, Judge, count_tests
from harness.listener import Listener
from harness.renderer import FIRST_PURPOSE, FRESH_PURPOSE, Made, Renderer, Request, seed_for
from harness.sandbox.client import WorkerFault
from harness.store import Store, digest_of

BATCH = 4
"""Renderings per batch. More makes a CPU slower: activations leave its caches."""
WINDOW = 16 * BATCH
"""Renderings that are sorted by length together, so that batches need little padding and items wait little."""
LOAD = "engine-load"
"""Name of the model-wide check that the candidate loads at all."""


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
        suite_probes: int,
        takes: int,
        seed: int,
        alpha: float,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Plan; nothing is started yet.

        Args:
            probes: Those that will be asked for, in order.
            renderer: Speaks with the candidate.
            listener: Hears.
            store: Holds the locks on batches.
            golden: What the reference did; None makes every probe inconclusive.
            suite_probes: Probes of the whole suites, selected or not: alpha is shared among all of them.
            takes: Takes per probe at the screening.
            seed: Base of the candidate's seeds.
            alpha: False-alarm rate of the whole verdict.
            progress: Told on one line what is going on.
        """
        self._renderer = renderer
        self._listener = listener
        self._store = store
        self._golden = golden
        self._takes = takes
        self._seed = seed
        self._progress = progress
        self._judge: Judge | None = None
        if golden is not None:
            tests = count_tests(suite_probes)
            self._judge = Judge(list(golden.records.values()), takes=takes, tests=tests, alpha=alpha)
        self._batches = self._planned(probes)
        self._batch_of = {request: index for index, batch in enumerate(self._batches) for request in batch}
        self._forced: dict[str, dict[str | None, None]] = {}
        for probe in probes:
            self._forced.setdefault(probe.text, {})[self._golden_text(probe)] = None
        self._futures: dict[int, Future[dict[Request, Made]]] = {}
        self._locks: dict[int, IO[bytes]] = {}
        self._made: dict[Request, Made] = {}
        self._heard: dict[tuple[Request, str | None], Take] = {}

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

    def judge(self, probe: Probe) -> Outcome:
        """Everything about one probe."""
        wanted = self._requests(probe)
        self._ensure(wanted)
        faults = [fault for request in wanted if isinstance(fault := self._made[request], WorkerFault)]
        forced = self._golden_text(probe)
        takes = [self._heard[request, forced] for request in wanted if (request, forced) in self._heard]
        if faults:
            return self._faulted(probe, faults[0], takes)
        reason = self._incomparable(probe)
        record = self._golden.records[probe.id] if self._golden and not reason else None
        if self._judge is None or record is None:
            findings = spoiled_audio(probe, takes, None)
            verdict = Verdict.FAIL if findings else Verdict.INCONCLUSIVE
            return Outcome(
                subject=probe.id,
                verdict=verdict,
                reason=reason,
                probe=probe,
                findings=findings,
                takes=tuple(takes),
            )
        suspicions = self._judge.screen(record, takes)
        fresh: list[Take] = []
        if suspicions:
            planned = self._judge.fresh_takes(record)
            for upto in (min(FIRST_FRESH_TAKES, planned), planned):
                made = self._fresh(probe, len(fresh), upto)
                if isinstance(made, WorkerFault):
                    return self._faulted(probe, made, takes)
                fresh += made
                if not self._judge.still_open(record, suspicions, fresh):
                    break
        return self._careful(self._judge.decide(probe, record, takes, suspicions, fresh))

    def close(self) -> None:
        """End the worker and release the locks."""
        for lock in self._locks.values():
            lock.close()
        self._renderer.close()

    def _requests(self, probe: Probe) -> list[Request]:
        seeds = (seed_for(FIRST_PURPOSE, self._seed, probe.text, take) for take in range(self._takes))
        return [(probe.text, seed) for seed in seeds]

    def _planned(self, probes: Sequence[Probe]) -> list[list[Request]]:
        requests = list(dict.fromkeys(request for probe in probes for request in self._requests(probe)))
        batches = []
        for start in range(0, len(requests), WINDOW):
            window = sorted(requests[start : start + WINDOW], key=lambda request: (len(request[0]), request))
            batches += [window[at : at + BATCH] for at in range(0, len(window), BATCH)]
        return batches

    def _ensure(self, wanted: Sequence[Request]) -> None:
        """Make and hear the wanted renderings, and with them their whole batches."""
        while missing := [request for request in wanted if request not in self._made]:
            index = self._batch_of[missing[0]]
            if not self._claim(index):
                self._work_elsewhere(index)
                continue
            future = self._futures.pop(index, None) or self._renderer.submit(self._batches[index])
            self._look_ahead(index)
            self._progress(f"rendering batch {len(self._made) // BATCH + 1} of {len(self._batches)}")
            self._hear(future.result())
            self._locks.pop(index).close()

    def _claim(self, index: int) -> bool:
        """Take the lock of a batch unless this process has it."""
        if index not in self._locks:
            keys = [self._renderer.key(*request) for request in self._batches[index]]
            lock = self._store.try_lock(digest_of(keys)[:32])
            if lock is None:
                return False
            self._locks[index] = lock
        return True

    def _look_ahead(self, index: int) -> None:
        """Let each worker go on with a batch while this one is heard."""
        for ahead in range(index + 1, len(self._batches)):
            if len(self._futures) >= self._renderer.booths:
                return
            if self._is_done(ahead) or ahead in self._futures:
                continue
            if not self._claim(ahead):
                return
            self._futures[ahead] = self._renderer.submit(self._batches[ahead])

    def _is_done(self, index: int) -> bool:
        return all(request in self._made for request in self._batches[index])

    def _work_elsewhere(self, taken: int) -> None:
        """Another process speaks that batch: do another one meanwhile, or wait a moment for it."""
        for index in [*range(taken + 1, len(self._batches)), *range(taken)]:
            if not self._is_done(index) and self._claim(index):
                self._ensure([next(request for request in self._batches[index] if request not in self._made)])
                return
        time.sleep(0.1)

    def _hear(self, made: dict[Request, Made]) -> None:
        # Probes may share a text and yet have goldens of their own: each golden text is scored.
        orders = [
            (request, forced, rendering)
            for request, rendering in made.items()
            if isinstance(rendering, Rendering)
            for forced in self._forced[request[0]]
        ]
        takes = self._listener.takes([one for _, _, one in orders], [forced for _, forced, _ in orders])
        self._heard |= {(request, forced): take for (request, forced, _), take in zip(orders, takes, strict=True)}
        self._made |= made

    def _fresh(self, probe: Probe, start: int, stop: int) -> list[Take] | WorkerFault:
        """Takes that no screening has seen, for confirmation."""
        self._progress(f"taking a second look at {probe.id}")
        requests = [(probe.text, seed_for(FRESH_PURPOSE, self._seed, probe.text, take)) for take in range(start, stop)]
        parts = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
        spoken = [self._renderer.submit(part) for part in parts]
        made = {request: one for future in spoken for request, one in future.result().items()}
        renderings = []
        for request in requests:
            one = made[request]
            if isinstance(one, WorkerFault):
                return one
            renderings.append(one)
        return self._listener.takes(renderings, [self._golden_text(probe)] * len(renderings))

    def _golden_text(self, probe: Probe) -> str | None:
        """The text whose likelihood is wanted: what the reference was heard to say."""
        record = self._golden.records.get(probe.id) if self._golden else None
        return record.transcript if record and record.text == probe.text else None

    def _incomparable(self, probe: Probe) -> str:
        """Why the golden says nothing about this probe, and what would settle it; ``""`` if it does."""
        golden = self._golden
        if golden is None:
            return "no golden to compare with; record one with: soundcheck record, then give --tts-golden"
        if different := differs_in(golden.manifest, self._listener.transcriber.identity):
            return (
                f"golden {golden.name} was recorded with another transcriber ({different}); "
                "record it again or choose that one with --tts-asr"
            )
        record = golden.records.get(probe.id)
        if record is None:
            return f"golden {golden.name} has no record of this probe; record the suite again with: soundcheck record"
        if record.text != probe.text:
            return f"golden {golden.name} was recorded for another text; record the suite again with: soundcheck record"
        if len(record.takes) < MIN_GOLDEN_TAKES:
            return f"golden {golden.name} has too few repeats; record it with --takes {MIN_GOLDEN_TAKES} or more"
        return ""

    def _faulted(self, probe: Probe, fault: WorkerFault, takes: Sequence[Take]) -> Outcome:
        if fault.rule == "worker.given-up" or not self._renderer.has_loaded:
            reason = "the candidate could not be asked: its worker was lost too often or never loaded; see the findings"
            return Outcome(subject=probe.id, verdict=Verdict.INCONCLUSIVE, reason=reason, probe=probe)
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
