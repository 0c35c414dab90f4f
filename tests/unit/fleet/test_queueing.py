"""The simulated service is the queue that it says it is: theory where there is one, and nobody is lost."""

from __future__ import annotations

import math
import random

import pytest

from benchmarks.queueing import Plant, busy_hours, poisson, simulate


def plant(**about):
    return Plant(**({"slots": 1, "take": [0.0], "settle": [0.0], "gate": [1.0], "pause": 0.0} | about))


def erlang_c(slots: int, load: float) -> float:
    """Mean wait of an M/M/c queue, in mean services (Erlang 1917)."""
    terms = [load**place / math.factorial(place) for place in range(slots)]
    full = load**slots / math.factorial(slots) * slots / (slots - load)
    return full / (sum(terms) + full) / (slots - load)


@pytest.mark.parametrize(("slots", "load"), [(1, 0.5), (2, 1.4), (8, 6.0)])
def test_waits_as_long_as_theory_says_where_gates_take_exponential_times(slots, load):
    rng = random.Random(7)
    gate = [rng.expovariate(1) for _ in range(20_000)]
    found = simulate(poisson(load, 40_000 / load, rng), plant(slots=slots, gate=gate), rng)
    waited = sum(found.waits) / len(found.waits) - sum(gate) / len(gate)
    assert waited == pytest.approx(erlang_c(slots, load), rel=0.15)
    assert found.slots_busy / (slots * found.end) == pytest.approx(load / slots, rel=0.05)


def test_has_an_answer_for_each_whatever_is_lost():
    rng = random.Random(1)
    arrivals = poisson(0.5, 2000, rng)
    found = simulate(arrivals, plant(slots=3, lost=0.3, known=0.2), rng)
    assert len(found.waits) == len(arrivals)
    assert found.errors / (0.8 * len(arrivals)) == pytest.approx(0.09, abs=0.04)


def test_gates_run_beside_each_other_and_the_driver_s_work_does_not():
    rng = random.Random(1)
    assert simulate([0.0] * 4, plant(slots=4), rng).end == 1.0
    assert simulate([0.0] * 4, plant(slots=2), rng).end == 2.0
    assert simulate([0.0] * 4, plant(slots=4, take=[1.0]), rng).end == 5.0
    assert simulate([0.0] * 3, plant(slots=1, settle=[0.5]), rng).end == 4.5
    assert simulate([0.0] * 3, plant(slots=0, gate=(), take=[2.0]), rng).waits == [2.0, 4.0, 6.0]


def test_a_driver_with_nothing_to_do_looks_now_and_then_and_hears_gates_at_once():
    rng = random.Random(1)
    waits = [simulate([10.0], plant(pause=0.5), rng).waits[0] - 1.0 for _ in range(300)]
    assert 0 <= min(waits) < 0.05
    assert 0.45 < max(waits) <= 0.5


def test_people_come_by_day():
    arrivals = busy_hours(0.1, 86_400, random.Random(1))
    noon = sum(36_000 < one < 50_400 for one in arrivals)
    night = sum(one < 7200 or one > 79_200 for one in arrivals)
    assert len(arrivals) == pytest.approx(8640, rel=0.1)
    assert noon > 8 * night


def test_the_same_seed_gives_the_same_day():
    first, again = (
        simulate(poisson(1, 500, rng), plant(slots=2, gate=[0.5, 2.5]), rng)
        for rng in (random.Random(3), random.Random(3))
    )
    assert first == again
