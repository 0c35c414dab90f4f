"""Every rule of cost on machines of half to four times the speed: a played clock, the same verdict. No worker runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from harness.core.types import Probe, Verdict
from harness.costs import floors, latency, leaks
from harness.costs.costing import Costing
from harness.costs.expected import Expected, learn
from harness.costs.floors import Floors
from harness.costs.phrases import RULES as PHRASE_RULES
from harness.costs.phrases import is_costly
from harness.costs.profile import PhraseCost
from harness.costs.terms import Sides, Terms
from harness.policy.release import COST_CHECKS, CostPolicy
from tests.metered_samples import FLOORS, MIB, clocked, order, suite
from tests.unit.costs.test_cost_checks import ENGINE, HERE, LEVEL, LIMITS, profile, sample
from tests.unit.costs.test_costing import MadeUpVoice

SPEEDS = [0.5, 1.0, 2.0, 4.0]
PROBES = [
    Probe(
        id=f"{word}-{place}", text=f"the {word} is at place {place}{' again' * (place % 5)}", family="rare", expect="x",
        trigger="osprey" if word == "osprey" else None, control=f"sparrow-{place}" if word == "osprey" else None,
    )
    for place in range(10)
    for word in ("osprey", "sparrow")
]  # fmt: skip
PLAIN = [probe for probe in PROBES if probe.trigger is None]
ONE = PLAIN[3].text


@pytest.fixture(autouse=True)
def calm_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.costs.passes.calibrate", lambda: 0.005)


def floors_of(speed: float) -> Floors:
    """Of a machine so many times as fast."""
    return Floors(workload=FLOORS.workload / speed)


def judged(voice: MadeUpVoice, speed: float, *, beside: MadeUpVoice | None = None, once: float = 0.0) -> set[str]:
    """Rules of all findings of a whole run; `once` is work that one order does and that does not come again."""
    voice.speed = speed
    voice.spoke(*(probe.text for probe in PROBES))
    if once:
        voice.orders[9] = replace(voice.orders[9], cpu_seconds=voice.orders[9].cpu_seconds + once / speed)
    if beside is not None:
        beside.speed = speed
    terms = Terms(alpha=0.01, seed=1, engine="made up 1", limits=CostPolicy(), floors=floors_of(speed))
    costing = Costing(PROBES, Sides(candidate=voice, reference=beside), golden=None, terms=terms)
    found = [one for probe in PROBES for one in costing.beside(probe)]
    outcomes = [costing.check(name) for name in COST_CHECKS]
    assert all(one.verdict is not Verdict.INCONCLUSIVE for one in outcomes)
    return {one.rule.id for one in (*found, *(one for outcome in outcomes for one in outcome.findings))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A sponge, by what it does at speed 1."""

    voice: Callable[[], MadeUpVoice]
    rule: str
    is_paired: bool = False
    once: float = 0.0


def on_osprey(**change: object) -> dict[str, dict[str, object]]:
    return {probe.text: dict(change) for probe in PROBES if probe.trigger}


def everywhere(**change: object) -> dict[str, dict[str, object]]:
    return {probe.text: dict(change) for probe in PROBES}


SPONGES = {
    "work x3 on one phrase": Case(voice=lambda: MadeUpVoice(changes={ONE: {"cpu_seconds": 1.05}}), rule="cost.phrase"),
    "sleep on one phrase": Case(voice=lambda: MadeUpVoice(changes={ONE: {"blocked_seconds": 1.0}}), rule="cost.wait"),
    "work x1.4 on a trigger": Case(
        voice=lambda: MadeUpVoice(
            changes={text: {"cpu_seconds": 0.14 * (0.5 + 0.1 * len(text))} for text in on_osprey()}
        ),
        rule="cost.trigger",
    ),
    "sleep on a trigger": Case(voice=lambda: MadeUpVoice(changes=on_osprey(blocked_seconds=0.2)), rule="cost.trigger"),
    "work once": Case(voice=MadeUpVoice, rule="cost.spike", once=4.0),
    "memory on one phrase": Case(
        voice=lambda: MadeUpVoice(changes={ONE: {"peak_bytes": 2000 * MIB}}), rule="cost.memory"
    ),
    "work x1.5 at each phrase": Case(voice=lambda: MadeUpVoice(times=1.5), rule="cost.latency", is_paired=True),
    "sleep at each phrase": Case(voice=lambda: MadeUpVoice(changes=everywhere(blocked_seconds=0.7)), rule="cost.wait"),
    "sleep at each phrase, beside a reference": Case(
        voice=lambda: MadeUpVoice(changes=everywhere(blocked_seconds=0.1)), rule="cost.wait", is_paired=True
    ),
    "work by the square of the length": Case(voice=lambda: MadeUpVoice(power=2.0), rule="cost.scaling"),
    "work while it loads": Case(voice=lambda: MadeUpVoice(load={"cpu_seconds": 6.0}), rule="cost.load", is_paired=True),
    "sleep while it loads": Case(
        voice=lambda: MadeUpVoice(load={"blocked_seconds": 40.0}), rule="cost.wait", is_paired=True
    ),
    "work before it first speaks": Case(voice=lambda: MadeUpVoice(first_seconds=12.0), rule="cost.first-rendering"),
    "work before it first speaks, beside a reference": Case(
        voice=lambda: MadeUpVoice(first_seconds=3.0), rule="cost.first-rendering", is_paired=True
    ),
    "a leak at each call": Case(voice=lambda: MadeUpVoice(growth=4 * MIB), rule="cost.leak"),
}


@pytest.mark.parametrize("speed", SPEEDS)
class TestARun:
    @pytest.mark.parametrize("name", SPONGES)
    def test_finds_each_sponge_by_its_rule(self, name: str, speed: float) -> None:
        case = SPONGES[name]
        beside = MadeUpVoice() if case.is_paired else None
        assert case.rule in judged(case.voice(), speed, beside=beside, once=case.once)

    @pytest.mark.parametrize("is_paired", [False, True])
    def test_passes_an_honest_voice(self, is_paired: bool, speed: float) -> None:
        assert judged(MadeUpVoice(), speed, beside=MadeUpVoice() if is_paired else None) == set()

    @pytest.mark.parametrize(
        "voice",
        [
            {"changes": {ONE: {"cpu_seconds": 0.42}}},
            {"changes": {ONE: {"blocked_seconds": 0.3}}},
            {"first_seconds": 1.0},
            {"load": {"blocked_seconds": 4.0}},
        ],
    )
    def test_passes_what_is_too_little_to_matter(self, voice: dict[str, object], speed: float) -> None:
        assert judged(MadeUpVoice(**voice), speed) == set()  # type: ignore[arg-type]

    def test_passes_work_that_came_once_and_was_short(self, speed: float) -> None:
        assert judged(MadeUpVoice(), speed, once=2.5) == set()


@pytest.mark.parametrize(("rule", "seconds", "size"), [("cost.spike", 4.0, 0), ("cost.memory", 0.0, 2000 * MIB)])
def test_what_is_taken_once_is_found_at_whichever_call_it_comes(rule: str, seconds: float, size: int) -> None:
    """But at the first of a worker, where something may be made once, and where a text takes a fifth of it anyway."""
    honest = MadeUpVoice()
    judged(honest, 1.0)
    spoken = [one for one in honest.orders if one.call]
    assert len(spoken) == len(honest.asked)
    for place, own in enumerate(spoken, start=1):
        if own.call > 1 and own.cpu_seconds < 1.0:
            assert rule in judged(MadeUpVoice(once=(place, seconds, size)), 1.0), own


def test_a_long_wait_that_comes_once_leaves_open_the_check_whose_look_met_it() -> None:
    terms = Terms(alpha=0.01, seed=1, engine="made up 1", limits=CostPolicy(), floors=floors_of(1.0))
    voice = MadeUpVoice().spoke(*(probe.text for probe in PROBES))
    costing = Costing(PROBES, Sides(candidate=voice, reference=None), golden=None, terms=terms)
    assert costing.check("cost-latency").verdict is Verdict.PASS
    voice.changes |= {probe.text: {"blocked_seconds": 5.0} for probe in PROBES}
    outcome = costing.check("cost-leak")
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "was blocked for 5.0 s" in (outcome.reason or "")
    assert costing.check("cost-leak").verdict is Verdict.INCONCLUSIVE, "however often it is asked"


@pytest.mark.parametrize("speed", SPEEDS)
class TestBesideAProfile:
    @pytest.mark.parametrize(("times", "rules"), [(1.0, []), (2.0, ["cost.latency"])])
    def test_finds_more_work_by_the_workload(self, times: float, rules: list[str], speed: float) -> None:
        known = profile(calibration_seconds=FLOORS.workload / speed)
        phrases = {text: replace_seconds(cost, speed) for text, cost in known.phrases.items()}
        own = profile(calibration_seconds=FLOORS.workload / speed, phrases=phrases)
        spoken = sample(times, live=False, scale=1 / speed)
        found = latency.beside_profile("x", spoken, own, LIMITS, LEVEL, here=HERE, engine=ENGINE)
        assert found.is_made
        assert [one.rule.id for one in found.findings] == rules


@pytest.mark.parametrize("speed", SPEEDS)
class TestASoak:
    @pytest.mark.parametrize(("drift", "rules"), [(0.0, []), (0.4, ["cost.drift"])])
    def test_finds_that_a_voice_gets_slower(self, drift: float, rules: list[str], speed: float) -> None:
        rng = np.random.default_rng(5)
        calls = [
            clocked(order(call=n, cpu=0.2 * (1 + drift * n / 400) * float(np.exp(rng.normal(0, 0.03)))), speed)
            for n in range(400)
        ]
        usual = learn([clocked(one, speed) for one in suite()])
        assert [one.rule.id for one in leaks.soak_findings("cost-leak", calls, usual, LEVEL)] == rules


class TestFalseAlarms:
    @pytest.mark.parametrize(("spread", "most"), [(0.05, 0.0), (0.1, 0.0), (0.2, 0.006)])
    def test_of_a_second_look_are_as_rare_as_the_page_says(self, spread: float, most: float) -> None:
        expected = Expected(scale=math.log(0.1), power=1.0, spread=spread, orders=50)
        costs = 0.2 * np.exp(np.random.default_rng(1).normal(0, spread, (1000, 3, 2)))
        looks = [[(order(cpu=float(one)), order(cpu=float(calm))) for one, calm in turns] for turns in costs]
        assert sum(is_costly(turns, expected, LIMITS, FLOORS) > 0 for turns in looks) <= most * len(looks)


class TestTheTable:
    def test_has_every_rule_that_a_clock_decides(self) -> None:
        tried = {case.rule for case in SPONGES.values()} | {"cost.latency", "cost.drift"}
        clocks = {"cost.latency", "cost.wait", "cost.load", "cost.first-rendering", "cost.scaling", "cost.drift"}
        assert tried >= clocks | {rule.id for rule in PHRASE_RULES}

    def test_of_floors_is_in_workloads_and_nothing_else(self) -> None:
        stated = {name.lower(): value for name, value in vars(floors).items() if name.isupper()}
        for name, value in stated.items():
            if name != "recorded":
                assert getattr(Floors(workload=0.01), name) == pytest.approx(0.01 * value)


def replace_seconds(cost: PhraseCost, speed: float) -> PhraseCost:
    return type(cost)(seconds=cost.seconds / speed, audio=cost.audio)
