"""The checks of the whole model, on numbers that were made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.core.findings import Method, NamedPhrase, Place, Unit
from harness.costs import footprint as footprints
from harness.costs import latency, leaks, scaling
from harness.costs.expected import learn
from harness.costs.machine import Contention
from harness.costs.profile import CostProfile, PhraseCost
from harness.costs.sample import Round, Sample
from harness.policy.release import CostPolicy
from harness.report.evidence import evidence_of, heard_of
from tests.metered_samples import FLOORS, MIB, order, suite

LIMITS = CostPolicy()
LEVEL = 1e-4
CALM = Contention(seconds=10.0, others=0.02, stolen=0.0, processors=2)
SHARED = Contention(seconds=10.0, others=1.2, stolen=0.0, processors=2)
HERE, ENGINE = "a processor", "an engine"


def sample(
    times: float = 1.0, *, count: int = 24, noise: float = 0.02, scale: float = 1.0, live: bool = True
) -> Sample:
    rng = np.random.default_rng(3)

    def spoken(text: str, seconds: float) -> tuple:
        return tuple(order(text, cpu=scale * seconds * float(np.exp(rng.normal(0, noise)))) for _ in range(2))

    rounds = []
    for place in range(count):
        text, seconds = f"phrase {place}", float(rng.uniform(0.1, 0.4))
        theirs = spoken(text, seconds) if live else ()
        rounds.append(Round(text=text, candidate=spoken(text, times * seconds), reference=theirs))
    return Sample(rounds=tuple(rounds), calibration=0.005 * scale, contention=CALM)


def profile(times: float = 1.0, **changes) -> CostProfile:
    phrases = {
        one.text: PhraseCost(seconds=one.seconds / times, audio=one.audio) for one in sample(live=False, noise=0).rounds
    }
    known = CostProfile(
        version=1, golden_digest="d", machine=HERE, engine=ENGINE, calibration_seconds=0.005, phrases=phrases,
        exponent=0.9, exponent_low=0.85, exponent_high=0.95, peak_bytes=400 * MIB, load_seconds=3.0,
        load_peak_bytes=300 * MIB, first_seconds=0.5,
    )  # fmt: skip
    return CostProfile(**{**{name: getattr(known, name) for name in known.__struct_fields__}, **changes})


class TestLatencyBesideAReference:
    @pytest.mark.parametrize(("times", "fails"), [(1.0, False), (1.1, True), (1.25, True), (2.0, True)])
    def test_fails_what_is_slower_and_nothing_else(self, times: float, fails: bool) -> None:
        found = latency.beside_reference("cost-latency", sample(times), LIMITS, FLOORS, LEVEL)
        assert [one.rule.id for one in found.findings] == ["cost.latency"] * fails
        assert found.doubt is None
        for estimate in [one.evidence.estimate for one in found.findings]:
            assert estimate is not None
            assert (estimate.method, estimate.unit, estimate.points) == (Method.PAIRS, Unit.TIMES, 24)
            assert estimate.low < times * 1.02
            assert estimate.high > times * 0.98
            assert estimate.p_value <= LEVEL
        assert "others kept 0.02 of 2 processors busy" in found.notes[0]

    def test_needs_size_as_well_as_significance(self) -> None:
        found = latency.beside_reference("cost-latency", sample(1.03, noise=0.001), LIMITS, FLOORS, LEVEL)
        assert found.findings == ()
        assert found.is_made

    def test_is_in_doubt_where_clocks_are_wild_or_phrases_few(self) -> None:
        assert "too noisy" in latency.beside_reference("x", sample(noise=0.8), LIMITS, FLOORS, LEVEL).doubt
        few = latency.beside_reference("x", sample(count=5), LIMITS, FLOORS, LEVEL)
        assert few.doubt == "5 pairs were spoken by both sides, 15 are needed"

    def test_says_so_where_phrases_take_no_time(self) -> None:
        found = latency.beside_reference("x", sample(3.0, scale=0.001), LIMITS, FLOORS, LEVEL)
        assert (found.findings, found.doubt) == ((), None)
        assert "too quickly" in found.notes[0]


class TestLatencyBesideAProfile:
    def beside(self, times: float, own: CostProfile, contention: Contention = CALM, scale: float = 1.0):
        spoken = replace(sample(times, live=False, scale=scale), contention=contention)
        return latency.beside_profile("x", spoken, own, LIMITS, LEVEL, here=HERE, engine=ENGINE)

    def test_fails_what_is_slower_by_the_calibration_workload(self) -> None:
        assert self.beside(1.0, profile()).findings == ()
        assert [one.rule.id for one in self.beside(2.0, profile()).findings] == ["cost.latency"]
        # Half as fast a day, the same voice.
        assert self.beside(1.0, profile(), scale=1.8).findings == ()

    def test_is_in_doubt_on_a_shared_machine_that_looks_slow_and_no_other(self) -> None:
        assert "the machine is shared" in self.beside(2.0, profile(), SHARED).doubt
        assert self.beside(1.0, profile(), SHARED).doubt is None

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"machine": "another"}, "another there"),
            ({"engine": "another"}, "another there"),
            ({"calibration_seconds": 0.02}, "the calibration workload takes 0.25 times as long here"),
        ],
    )
    def test_of_another_kind_of_machine_says_nothing(self, change: dict, told: str) -> None:
        found = self.beside(5.0, profile(**change))
        assert (found.findings, found.doubt, found.is_made) == ((), None, False)
        assert told in found.notes[0]

    def test_of_phrases_that_cost_nothing_is_no_comparison(self) -> None:
        nothing = {text: PhraseCost(seconds=0.0, audio=1.0) for text in profile().phrases}
        assert "0 of these phrases only" in self.beside(1.0, profile(phrases=nothing)).notes[0]


class TestWork:
    def test_is_audio_which_the_harness_counts_itself(self) -> None:
        rounds = sample(live=False).rounds
        golden = {one.text: 2.0 for one in rounds}
        assert latency.work_beside_golden("x", rounds, golden, LIMITS, LEVEL).findings == ()
        shorter = dict.fromkeys(golden, 1.0)
        (found,) = latency.work_beside_golden("x", rounds, shorter, LIMITS, LEVEL).findings
        assert found.rule.id == "cost.work"
        assert latency.work_beside_golden("x", rounds, {}, LIMITS, LEVEL).notes == ()


class TestLeaks:
    def calls(self, per_call: int, count: int = 16, what: str = "resident_bytes") -> list:
        return [order(call=9 + n, **{what: 100 * MIB + n * per_call}) for n in range(count)]

    def test_are_what_each_call_leaves_behind(self) -> None:
        (leak,) = leaks.leaks_in(self.calls(MIB), LIMITS, LEVEL)
        assert leak.what == "resident_bytes"
        door = NamedPhrase(text="The door.", probe="door")
        found = leaks.leak_finding("cost-leak", leak, reference=0.0, phrase=door)
        assert heard_of(found) == "1.00 MiB a call, 15.00 MiB in 16 calls of door"
        assert found.place == Place(phrases=(door,))
        estimate = found.evidence.estimate
        assert estimate is not None
        assert (estimate.value, estimate.unit, estimate.other, estimate.points) == (MIB, Unit.BYTES, 0.0, 16)
        assert evidence_of(found).startswith("Theil and Sen's slope, 95 % interval 1.00 MiB to 1.00 MiB; Mann and")

    @pytest.mark.parametrize("what", ["files", "tasks"])
    def test_are_files_and_threads_too(self, what: str) -> None:
        assert [leak.what for leak in leaks.leaks_in(self.calls(1, what=what), LIMITS, LEVEL)] == [what]

    def test_are_none_where_a_heap_grew_once(self) -> None:
        once = [order(call=n, resident_bytes=(300 + 30 * (n > 7)) * MIB) for n in range(16)]
        assert leaks.leaks_in(once, LIMITS, LEVEL) == []
        assert leaks.leaks_in(self.calls(4096), LIMITS, LEVEL) == []
        assert leaks.leaks_in([], LIMITS, LEVEL) == []

    def test_over_a_suite_are_files_that_pile_up_whatever_was_said(self) -> None:
        piled = [replace(one, scratch_bytes=one.call * MIB) for one in suite()]
        (leak,) = leaks.leaks_over(piled, LEVEL)
        assert leak.what == "scratch_bytes"
        assert leaks.leaks_over(suite(), LEVEL) == []


class TestSoak:
    def calls(self, growth: float = 0.0, drift: float = 0.0, doze: float = 0.0) -> list:
        rng = np.random.default_rng(5)
        return [
            order(
                call=n,
                cpu=0.2 * (1 + drift * n / 2000) * float(np.exp(rng.normal(0, 0.03))),
                blocked_seconds=doze * n / 2000,
                resident_bytes=int((300 + growth * n + 5 * rng.uniform()) * MIB),
            )
            for n in range(2000)
        ]

    def test_sees_a_drip_that_no_short_look_would(self) -> None:
        (found,) = leaks.soak_findings("cost-leak", self.calls(growth=0.05), learn(suite()), LEVEL)
        assert found.rule.id == "cost.leak"
        assert "51 KiB a call" in heard_of(found) or "50 KiB a call" in heard_of(found)

    def test_sees_that_it_gets_slower(self) -> None:
        assert leaks.soak_findings("cost-leak", self.calls(doze=0.1), learn(suite()), LEVEL)[0].rule.id == "cost.drift"
        (found,) = leaks.soak_findings("cost-leak", self.calls(drift=0.4), learn(suite()), LEVEL)
        assert found.rule.id == "cost.drift"

    def test_of_a_voice_that_stays_as_it_is_says_nothing(self) -> None:
        assert leaks.soak_findings("cost-leak", self.calls(), learn(suite()), LEVEL) == []

    def test_of_memory_that_has_stopped_to_grow_says_nothing(self) -> None:
        filled = [replace(one, resident_bytes=(300 + min(n, 400) // 4) * MIB) for n, one in enumerate(self.calls())]
        assert leaks.soak_findings("cost-leak", filled, None, LEVEL) == []

    def test_that_was_ended_at_once_says_nothing(self) -> None:
        assert leaks.soak_findings("cost-leak", [], None, LEVEL) == []


def ladder(power: float, *, scale: float = 1.0, audio_power: float = 1.0) -> tuple[Round, ...]:
    def spoken(size: int) -> Round:
        one = order("x" * size, cpu=scale * 0.002 * size**power, audio=0.05 * size**audio_power)
        return Round(text="x" * size, candidate=(one, one), reference=(replace(one, cpu_seconds=scale * 0.002 * size),))

    return tuple(spoken(size) for size in (40, 82, 166, 334))


class TestScaling:
    def judged(self, rounds: tuple[Round, ...], own: CostProfile | None = None, *, live: bool = False):
        other = scaling.scaling_of(rounds, FLOORS, is_reference=True) if live else None
        return scaling.judge_scaling("cost-scaling", scaling.scaling_of(rounds, FLOORS), other, own, LIMITS)

    @pytest.mark.parametrize("live", [True, False])
    def test_fails_the_square_and_passes_the_line(self, live: bool) -> None:
        (found,), _ = self.judged(ladder(2.0), live=live)
        assert found.rule.id == "cost.scaling"
        assert "334 characters" in heard_of(found)
        findings, notes = self.judged(ladder(1.0), live=live)
        assert findings == ()
        assert "power of 1.00" in notes[0]

    def test_is_held_against_the_golden_s(self) -> None:
        assert self.judged(ladder(1.4))[0] == ()
        (found,), _ = self.judged(ladder(1.4), profile())
        assert found.expected == "at most 0.95, as the golden's reference"

    def test_fails_audio_that_grows_too_fast(self) -> None:
        (found,), _ = self.judged(ladder(1.0, audio_power=2.0))
        assert found.title.startswith("audio grows faster")

    @pytest.mark.parametrize(("power", "fails"), [(1.0, False), (2.0, True)])
    def test_fails_memory_that_grows_too_fast(self, power: float, fails: bool) -> None:
        def spoken(one: Round) -> Round:
            size = len(one.text)
            peak = 300 * MIB + int(600 * MIB * (size / 334) ** power)
            return replace(one, candidate=tuple(replace(order, peak_bytes=peak) for order in one.candidate))

        findings, notes = self.judged(tuple(map(spoken, ladder(1.0))))
        assert [one.title[:17] for one in findings] == ["memory grows fast"] * fails
        assert f"memory grows with the length to the power of {power:.2f}" in notes[-1]

    def test_of_little_memory_or_of_a_peak_that_is_not_the_order_s_own_says_nothing(self) -> None:
        assert scaling.scaling_of(ladder(1.0), FLOORS).memory is None
        unset = tuple(
            replace(
                one, candidate=tuple(replace(order, peak_bytes=999 * MIB, is_own_peak=False) for order in one.candidate)
            )
            for one in ladder(1.0)
        )
        assert scaling.scaling_of(unset, FLOORS).memory is None

    def test_of_what_takes_no_time_or_was_not_spoken_says_nothing(self) -> None:
        findings, notes = self.judged(ladder(2.0, scale=1e-5))
        assert findings == ()
        assert "too quickly" in notes[0]
        assert scaling.scaling_of((), FLOORS).audio is None


class TestFootprint:
    @pytest.fixture
    def own(self) -> footprints.Footprint:
        found = footprints.footprint(suite())
        assert found is not None
        return found

    def test_is_what_one_worker_needs(self, own: footprints.Footprint) -> None:
        assert own.load_seconds == 3.0
        assert own.load_peak_bytes == 310 * MIB
        assert own.first_seconds == pytest.approx(1.5, abs=0.1)
        assert own.peak_bytes == 320 * MIB
        assert footprints.footprint([]) is None
        assert footprints.footprint(suite(), [7]) is None

    def test_passes_beside_its_like(self, own: footprints.Footprint) -> None:
        assert footprints.judge_load("cost-load", own, own, "x", FLOORS) == ()
        assert footprints.judge_first("cost-first-rendering", own, own, "x", FLOORS) == ()
        assert footprints.judge_memory("cost-memory", own, own, "x", LIMITS) == ()

    def test_fails_what_loads_longer_or_larger(self, own: footprints.Footprint) -> None:
        greedy = replace(own, load_seconds=9.0, load_peak_bytes=900 * MIB)
        assert [one.rule.id for one in footprints.judge_load("cost-load", greedy, own, "x", FLOORS)] == [
            "cost.load"
        ] * 2
        assert footprints.judge_load("cost-load", greedy, None, "", FLOORS) == ()

    @pytest.mark.parametrize(
        ("blocked", "rules", "is_open"),
        [((1.0, 0.2), [], False), ((30.0, 0.2), [], False), ((30.0, 20.0), ["cost.wait"], False), ((30.0,), [], True)],
    )
    def test_fails_loads_that_sleep_each_time(
        self, blocked: tuple[float, ...], rules: list[str], is_open: bool
    ) -> None:
        loads = [order("", call=0, blocked_seconds=seconds) for seconds in blocked]
        findings, doubt = footprints.judge_waits("cost-load", loads, FLOORS)
        assert ([one.rule.id for one in findings], bool(doubt)) == (rules, is_open)

    def test_fails_a_first_rendering_that_takes_long(self, own: footprints.Footprint) -> None:
        slow = replace(own, first_seconds=12.0)
        for other in (own, None):
            (found,) = footprints.judge_first("cost-first-rendering", slow, other, "x", FLOORS)
            assert found.evidence.estimate is not None
            assert (found.evidence.estimate.value, found.evidence.estimate.unit) == (slow.first_seconds, Unit.SECONDS)
            assert found.place == Place(phrases=(NamedPhrase(text=slow.first_text),))
            assert "phrase 1" in heard_of(found)

    def test_fails_a_peak_that_is_larger(self, own: footprints.Footprint) -> None:
        (found,) = footprints.judge_memory("cost-memory", replace(own, peak_bytes=500 * MIB), own, "x", LIMITS)
        assert heard_of(found) == "500 MiB of resident memory at most"
        gpus = replace(own, gpu_bytes=3000 * MIB), replace(own, gpu_bytes=2000 * MIB)
        assert [heard_of(one) for one in footprints.judge_memory("x", *gpus, "x", LIMITS)] == [
            "3000 MiB of memory of the GPU at most"
        ]
        assert footprints.judge_memory("x", gpus[0], own, "x", LIMITS) == ()
