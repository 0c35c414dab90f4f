"""The checks of cost within a run: what is spoken for each, and what comes of it. No worker runs here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from harness.core.types import Probe, Verdict
from harness.costs import leaks, scaling
from harness.costs.costing import NEVER_LOADED, Costing
from harness.costs.machine import machine_class
from harness.costs.measuring import ReferenceLost
from harness.costs.profile import FORMAT_VERSION, CostProfile, PhraseCost
from harness.costs.terms import Sides, Terms
from harness.policy.release import COST_CHECKS, CostPolicy
from harness.sandbox.outside.fault import WorkerFault
from tests.metered_samples import FLOORS, MIB, clocked, order

if TYPE_CHECKING:
    from harness.speaking.metered import Metered
    from harness.speaking.metering import Speak

Result = TypeVar("Result")
WORDS = "one two three four five six seven eight"
PROBES = [Probe(id=f"p{place}", text=f"{WORDS[: 8 + place]} {place}", family="rare", expect="x") for place in range(24)]
TEXTS = [probe.text for probe in PROBES]
ODD = PROBES[5].text
GONE = WorkerFault("worker.crashed", "was killed by SIGSEGV")


@dataclass
class MadeUpVoice:
    """Implements ``MeteredVoice``: what every order costs is made up, a tenth of its audio where nothing is said."""

    times: float = 1.0
    """Times as much as an honest voice."""
    changes: dict[str, dict[str, object]] = field(default_factory=dict)
    """Text -> what its orders cost instead."""
    faults: dict[str, WorkerFault] = field(default_factory=dict)
    growth: int = 0
    """Bytes that every order leaves behind."""
    recovered: set[str] = field(default_factory=set)
    guilty: dict[str, WorkerFault] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    has_loaded: bool = True
    workers: int = 1
    load: dict[str, object] = field(default_factory=dict)
    """What loading costs instead."""
    first_seconds: float = 0.0
    """Processor time that the first order of each worker takes beyond its audio."""
    power: float = 1.0
    """Of the length, with which processor time grows."""
    once: tuple[int, float, int] = (0, 0.0, 0)
    """Which order of all takes more, and how much: processor time and bytes, which it gives back."""
    speed: float = 1.0
    """Times as fast as the machine that all other numbers are of."""
    needs: Callable[[int], int] | None = None
    """Bytes that a text of so many characters takes and lets go, which a worker keeps for the next one if it may."""
    first_order: str = ""
    """What every worker is to say before any rendering."""
    orders: list[Metered] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    is_tidy: bool = False
    """Whether the worker gives freed memory back at once."""
    _worker: int = 0
    _call: int = 0
    _kept: int = 0

    @property
    def metered(self) -> tuple[Metered, ...]:
        return tuple(self.orders)

    def spoke(self, *texts: str) -> MadeUpVoice:
        """As if these had been spoken while they were judged."""
        for text in texts:
            self._speak(text)
        return self

    def begin_with(self, text: str, seed: int) -> None:
        self.first_order = text

    def borrow(
        self, work: Callable[[Speak], Result], *, is_fresh: bool = False, is_tidy: bool = False
    ) -> Future[Result]:
        if is_fresh or is_tidy or self.is_tidy:
            self._call = self._kept = 0
        self.is_tidy = is_tidy
        done: Future[Result] = Future()
        try:
            done.set_result(work(lambda text, seed: self._speak(text)))
        except (ReferenceLost, WorkerFault) as error:
            done.set_exception(error)
        return done

    def _speak(self, text: str) -> Metered:
        self.asked.append(text)
        if fault := self.faults.get(text) if self.has_loaded else GONE:
            raise fault
        if self._call == 0:
            self._worker += 1
            load = order("", call=0, worker=self._worker, cpu=2.0, audio=0.0, resident_bytes=290 * MIB)
            self.orders.append(clocked(replace(load, **{"peak_bytes": 310 * MIB, **self.load}), self.speed))
        self._call += 1
        audio = 0.5 + 0.1 * len(text)
        grown = 300 * MIB + self.growth * self._call
        cpu = 0.1 * audio**self.power * self.times + self.first_seconds * (self._call == 1)
        _, more_cpu, more_bytes = self.once if len(self.asked) == self.once[0] else (0, 0.0, 0)
        cpu += more_cpu
        made = order(text, call=self._call, worker=self._worker, cpu=cpu, audio=audio)
        made = replace(
            made, base_bytes=grown - self.growth, resident_bytes=grown, peak_bytes=grown + 20 * MIB + more_bytes
        )
        if self.needs is not None:
            before, taken = grown + self._kept, grown + self.needs(len(text))
            self._kept = 0 if self.is_tidy else max(before, taken) - grown
            made = replace(
                made, base_bytes=before, peak_bytes=max(before, taken), resident_bytes=grown + self._kept,
                is_own_peak=True,
            )  # fmt: skip
        self.orders.append(clocked(replace(made, **self.changes.get(text, {})), self.speed))
        return self.orders[-1]


@pytest.fixture(autouse=True)
def calm_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on how fast this machine is, nor on who else works on it."""
    monkeypatch.setattr("harness.costs.passes.calibrate", lambda: 0.005)


def costing(candidate: MadeUpVoice, reference: MadeUpVoice | None = None, **limits: object) -> Costing:
    terms = Terms(alpha=0.01, seed=1, engine="made up 1", limits=CostPolicy(**limits), floors=FLOORS)  # type: ignore[arg-type]
    return Costing(PROBES, Sides(candidate=candidate, reference=reference), golden=None, terms=terms)


def spoken() -> MadeUpVoice:
    return MadeUpVoice().spoke(*(probe.text for probe in PROBES))


def warm() -> MadeUpVoice:
    """The same by a worker whose first order was none of them."""
    return MadeUpVoice().spoke("a", *(probe.text for probe in PROBES))


class TestEveryCheck:
    @pytest.mark.parametrize("name", COST_CHECKS)
    def test_passes_an_honest_voice(self, name: str) -> None:
        outcome = costing(spoken()).check(name)
        assert (outcome.subject, outcome.verdict, outcome.findings) == (name, Verdict.PASS, ())

    @pytest.mark.parametrize("name", COST_CHECKS)
    def test_passes_an_honest_voice_beside_a_reference(self, name: str) -> None:
        outcome = costing(spoken(), MadeUpVoice()).check(name)
        assert (outcome.verdict, outcome.findings) == (Verdict.PASS, ())

    @pytest.mark.parametrize("name", COST_CHECKS)
    def test_is_open_where_the_voice_never_loaded(self, name: str) -> None:
        outcome = costing(MadeUpVoice(has_loaded=False)).check(name)
        assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, NEVER_LOADED)

    @pytest.mark.parametrize("name", COST_CHECKS)
    def test_is_open_where_every_phrase_is_to_blame_for_a_lost_worker(self, name: str) -> None:
        gone = MadeUpVoice(guilty={probe.text: GONE for probe in PROBES})
        outcome = costing(gone).check(name)
        assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, "no phrase is left to be metered")


class TestLatency:
    def test_fails_a_voice_that_works_longer_than_its_reference(self) -> None:
        slow = MadeUpVoice(times=2.0).spoke(*(probe.text for probe in PROBES))
        outcome = costing(slow, MadeUpVoice()).check("cost-latency")
        assert [finding.rule.id for finding in outcome.findings] == ["cost.latency"]

    def test_tells_that_clocks_were_not_compared_and_is_open_where_they_must_be(self) -> None:
        told = costing(spoken()).check("cost-latency")
        assert told.notes[0].startswith("clocks were not compared")
        required = costing(spoken(), required=True).check("cost-latency")
        assert (required.verdict, required.reason[:24]) == (Verdict.INCONCLUSIVE, "clocks were not compared")

    def test_has_phrases_from_the_store_spoken_once_more(self) -> None:
        candidate = MadeUpVoice()
        outcome = costing(candidate).check("cost-latency")
        assert {probe.text for probe in PROBES} <= set(candidate.asked)
        assert f"{len(PROBES)} of {len(PROBES)} phrases were metered" in " ".join(outcome.notes)

    def test_is_open_where_the_reference_loses_its_worker_for_that_is_not_the_candidates_fault(self) -> None:
        reference = MadeUpVoice(faults={probe.text: GONE for probe in PROBES})
        outcome = costing(spoken(), reference).check("cost-latency")
        assert (outcome.verdict, outcome.findings) == (Verdict.INCONCLUSIVE, ())
        assert outcome.reason == "the live reference could not be metered: was killed by SIGSEGV"


class TestOnePhrase:
    def test_that_costs_too_much_each_time_is_a_finding_of_its_own_item(self) -> None:
        hungry = MadeUpVoice(changes={ODD: {"cpu_seconds": 20.0}}).spoke(*(probe.text for probe in PROBES))
        found = costing(hungry).beside(PROBES[5])
        assert [(one.rule.id, one.subject) for one in found] == [("cost.phrase", "p5")]

    def test_is_told_once(self) -> None:
        hungry = MadeUpVoice(changes={ODD: {"cpu_seconds": 20.0}}).spoke(*(probe.text for probe in PROBES))
        meter = costing(hungry)
        assert meter.beside(PROBES[5])
        assert "cost.phrase" not in [one.rule.id for one in meter.check("cost-latency").findings]

    def test_that_cost_too_much_once_is_none(self) -> None:
        once = spoken()
        place = next(at for at, one in enumerate(once.orders) if one.texts == (ODD,))
        once.orders[place] = replace(once.orders[place], cpu_seconds=20.0)
        meter = costing(once)
        assert meter.beside(PROBES[5]) == ()
        assert meter.doubt(PROBES[5]) is None

    def test_that_costs_what_others_do_is_not_spoken_again(self) -> None:
        candidate = spoken()
        asked = len(candidate.asked)
        meter = costing(candidate)
        assert (meter.beside(PROBES[5]), meter.doubt(PROBES[5])) == ((), None)
        assert len(candidate.asked) == asked


class TestLostWorkers:
    def test_are_findings_on_the_phrase_that_was_metered(self) -> None:
        fragile = spoken()
        fragile.faults = {ODD: GONE}
        outcome = costing(fragile).check("cost-latency")
        assert outcome.verdict is Verdict.FAIL
        assert ("worker.crashed", True) in {(one.rule.id, "p5" in one.heard) for one in outcome.findings}

    def test_that_were_replaced_leave_the_check_open(self) -> None:
        class Recovering(MadeUpVoice):
            def borrow(self, work, **how):
                self.recovered = {ODD}
                return super().borrow(work, **how)

        meter = costing(Recovering().spoke(*(probe.text for probe in PROBES)))
        outcome = meter.check("cost-latency")
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason == "a worker was lost once while p5 was metered; run again"


class TestLeak:
    def test_fails_a_voice_that_keeps_memory_with_every_call(self) -> None:
        leaking = MadeUpVoice(growth=4 * MIB).spoke(*(probe.text for probe in PROBES))
        outcome = costing(leaking).check("cost-leak")
        assert outcome.verdict is Verdict.FAIL
        assert {finding.rule.id for finding in outcome.findings} == {"cost.leak"}


class TestGrowthOfMemory:
    """A worker keeps what the suite needed: of the ladder, only long texts then add to its peak."""

    @pytest.mark.parametrize("is_paired", [False, True])
    def test_with_the_length_is_no_finding_whatever_a_worker_keeps(self, is_paired: bool) -> None:
        voice, other = (MadeUpVoice(needs=lambda size: 2 * MIB * size).spoke(*TEXTS) for _ in range(2))
        outcome = costing(voice, other if is_paired else None).check("cost-scaling")
        assert outcome.verdict is Verdict.PASS
        memory = next(note for note in outcome.notes if note.startswith("memory"))
        assert ("power of 1.00" in memory) is not is_paired  # beside a reference, both workers keep what they needed

    def test_with_the_square_of_the_length_fails(self) -> None:
        outcome = costing(MadeUpVoice(needs=lambda size: 10_000 * size**2).spoke(*TEXTS)).check("cost-scaling")
        assert [one.title for one in outcome.findings] == [
            "memory grows faster with the length of the text than it should"
        ]

    def test_is_no_worse_than_a_reference_s(self) -> None:
        voice, other = (MadeUpVoice(needs=lambda size: 10_000 * size**2).spoke(*TEXTS) for _ in range(2))
        assert costing(voice, other).check("cost-scaling").verdict is Verdict.PASS

    def test_is_not_excused_where_the_second_peaks_are_not_the_orders_own(self) -> None:
        voice = MadeUpVoice(needs=lambda size: 10_000 * size**2).spoke(*TEXTS)
        rounds = costing(voice)._measuring.ladder.rounds
        own = scaling.scaling_of(rounds, FLOORS)
        unset = [
            replace(one, candidate=tuple(replace(order, is_own_peak=False) for order in one.candidate))
            for one in rounds
        ]
        assert scaling.weighed(own, scaling.scaling_of(unset, FLOORS)) == own

    def test_is_not_excused_where_the_ladder_is_refused_the_second_time(self) -> None:
        voice = MadeUpVoice()

        def needs(size: int) -> int:
            if voice.is_tidy:
                raise WorkerFault("worker.failed", "says that it cannot speak this")
            return 2 * MIB * size

        voice.needs = needs
        voice.spoke(*TEXTS)
        assert costing(voice).check("cost-scaling").verdict is Verdict.FAIL


class TestAhead:
    """The phrase that is said again and again, beside everything else."""

    def ahead(self, candidate: MadeUpVoice) -> Costing:
        meter = costing(candidate.spoke(*(probe.text for probe in PROBES)))
        meter.begin(COST_CHECKS)
        meter.begin(COST_CHECKS)
        return meter

    def test_is_spoken_once_by_a_worker_that_is_spared(self) -> None:
        candidate = MadeUpVoice(workers=2)
        meter = self.ahead(candidate)
        asked = len(candidate.asked)
        assert candidate.first_order == "a"  # no phrase is the first that a worker says
        assert asked == len(PROBES) + leaks.SETTLING + leaks.EARLY_CALLS
        outcome = meter.check("cost-leak")
        assert (outcome.verdict, len(candidate.asked)) == (Verdict.PASS, asked)
        assert outcome.notes == ("8 calls of one phrase left nothing behind",)

    def test_fails_a_voice_that_keeps_memory_with_every_call(self) -> None:
        outcome = self.ahead(MadeUpVoice(workers=2, growth=4 * MIB)).check("cost-leak")
        assert {finding.rule.id for finding in outcome.findings} == {"cost.leak"}

    @pytest.mark.parametrize("voice", [MadeUpVoice(workers=1), MadeUpVoice(workers=2, has_loaded=False)])
    def test_is_not_begun_where_no_worker_can_be_spared(self, voice: MadeUpVoice) -> None:
        meter = costing(voice)
        meter.begin(COST_CHECKS)
        assert not voice.asked

    def test_waits_until_the_suite_has_had_its_phrase_spoken(self) -> None:
        candidate = MadeUpVoice(workers=2)
        meter = costing(candidate)
        meter.begin(COST_CHECKS)
        assert (candidate.asked, candidate.first_order) == ([], "a")
        candidate.spoke(*(probe.text for probe in PROBES))
        asked = len(candidate.asked)
        meter.begin(COST_CHECKS)
        assert len(candidate.asked) == asked + leaks.SETTLING + leaks.EARLY_CALLS

    def test_comes_after_a_first_order_that_is_asked_for_once(self) -> None:
        candidate = MadeUpVoice(workers=2)
        meter = self.ahead(candidate)
        candidate.first_order = ""  # as one that a worker was lost on
        meter.begin(COST_CHECKS)
        assert not candidate.first_order

    def test_is_spoken_anew_where_its_phrase_turned_out_to_be_to_blame(self) -> None:
        candidate = MadeUpVoice(workers=2)
        meter = self.ahead(candidate)
        phrase = candidate.asked[-1]
        candidate.guilty = {phrase: GONE}
        asked = len(candidate.asked)
        assert meter.check("cost-leak").verdict is Verdict.PASS
        assert candidate.asked[asked:]
        assert phrase not in candidate.asked[asked:]

    def test_leaves_the_check_open_where_it_lost_a_worker_that_is_not_lost_again(self) -> None:
        phrase = min((probe.text for probe in PROBES), key=lambda text: (abs(len(text) - 24), text))
        candidate = MadeUpVoice(workers=2).spoke(*(probe.text for probe in PROBES))
        candidate.faults = {phrase: GONE}
        meter = costing(candidate)
        meter.begin(COST_CHECKS)
        candidate.faults = {}
        outcome = meter.check("cost-leak")
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason.startswith("a worker was lost once while p")

    def test_fails_where_it_loses_workers_again_and_again(self) -> None:
        phrase = min((probe.text for probe in PROBES), key=lambda text: (abs(len(text) - 24), text))
        candidate = MadeUpVoice(workers=2).spoke(*(probe.text for probe in PROBES))
        candidate.faults = {phrase: GONE}
        meter = costing(candidate)
        meter.begin(COST_CHECKS)
        outcome = meter.check("cost-leak")
        assert outcome.verdict is Verdict.FAIL

    def test_is_over_before_clocks_are_read(self) -> None:
        candidate = MadeUpVoice(workers=2)
        meter = self.ahead(candidate)
        waited: list[bool] = []
        ahead = meter._measuring._ahead
        assert ahead is not None
        own, ahead.calls.exception = ahead.calls.exception, lambda: waited.append(True)  # type: ignore[method-assign]
        meter.check("cost-latency")
        ahead.calls.exception = own  # type: ignore[method-assign]
        assert waited == [True]


class TestBesideAProfile:
    """Clocks beside the golden's: by the worker that has spoken the suite, and by a fresh one where that looks odd."""

    @pytest.fixture(autouse=True)
    def profile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        audio = {probe.text: 0.5 + 0.1 * len(probe.text) for probe in PROBES}
        profile = CostProfile(
            version=FORMAT_VERSION,
            golden_digest="golden",
            machine=machine_class("cpu"),
            engine="made up 1",
            calibration_seconds=0.005,
            phrases={text: PhraseCost(seconds=0.1 * seconds, audio=seconds) for text, seconds in audio.items()},
            exponent=1.0,
            exponent_low=0.9,
            exponent_high=1.1,
            peak_bytes=320 * MIB,
            load_seconds=2.0,
            load_peak_bytes=310 * MIB,
            first_seconds=0.0,
        )
        monkeypatch.setattr("harness.costs.costing.known_profile", lambda _: profile)

    def test_an_honest_voice_needs_no_other_worker(self) -> None:
        candidate = warm()
        meter = costing(candidate)
        for name in COST_CHECKS:
            if name != "cost-leak":
                assert meter.check(name).verdict is Verdict.PASS
        assert len({one.worker for one in candidate.metered}) == 1

    def test_what_a_worker_needed_for_the_suite_is_not_held_against_the_voice(self) -> None:
        candidate = warm()
        candidate.orders[3] = replace(candidate.orders[3], peak_bytes=450 * MIB)  # a batch, say
        assert costing(candidate).check("cost-memory").verdict is Verdict.PASS
        assert len({one.worker for one in candidate.metered}) == 2

    @pytest.mark.parametrize(
        ("voice", "name", "rule"),
        [
            (MadeUpVoice(times=2.0), "cost-latency", "cost.latency"),
            (MadeUpVoice(load={"cpu_seconds": 9.0}), "cost-load", "cost.load"),
            (MadeUpVoice(first_seconds=30.0), "cost-first-rendering", "cost.first-rendering"),
        ],
        ids=["slow", "slow to load", "slow at first"],
    )
    def test_a_finding_is_of_a_fresh_worker(self, voice: MadeUpVoice, name: str, rule: str) -> None:
        outcome = costing(voice.spoke("a", *(probe.text for probe in PROBES))).check(name)
        assert [one.rule.id for one in outcome.findings] == [rule]
        assert {one.worker for one in voice.metered} == {1, 2}
