"""Single phrases: which orders are odd, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.findings import Estimate, Method, NamedPhrase, Place, Quantity, Unit
from harness.core.types import Probe
from harness.costs import phrases
from harness.costs.expected import learn
from harness.costs.phrases import (
    contrast_ratio,
    is_costly,
    jump_finding,
    jumps,
    odd_orders,
    odd_triggers,
    phrase_finding,
    spike_finding,
    spikes,
)
from harness.costs.sample import Round
from harness.policy.release import CostPolicy
from harness.report.evidence import evidence_of, heard_of
from tests.metered_samples import FLOORS, MIB, order, suite

OSPREY = NamedPhrase(text="An osprey.", probe="osprey-1")
LIMITS = CostPolicy()


def odd_texts(orders) -> list[str]:
    return [odd.order.texts[0] for odd in odd_orders(orders, learn(orders), LIMITS, FLOORS)]


class TestExpected:
    def test_is_learnt_from_the_other_orders(self) -> None:
        expected = learn(suite())
        assert expected is not None
        assert abs(expected.seconds(order(audio=2.0)) - 0.2) < 0.02
        assert expected.orders == 29  # the first of a worker pays for what is made once

    def test_is_not_moved_by_a_third_that_cost_ten_times_as_much(self) -> None:
        orders = [
            replace(one, cpu_seconds=10 * one.cpu_seconds) if place % 3 == 0 else one
            for place, one in enumerate(suite(60))
        ]
        expected = learn(orders)
        assert expected is not None
        assert abs(expected.seconds(order(audio=2.0)) - 0.2) < 0.05

    def test_is_not_moved_by_one_phrase_that_is_metered_again_and_again(self) -> None:
        expected = learn([*suite(), *(order("crane", call=call, cpu=2.0) for call in range(40, 140))])
        assert expected is not None
        assert abs(expected.seconds(order(audio=2.0)) - 0.2) < 0.05

    def test_of_few_orders_is_nothing(self) -> None:
        assert learn(suite(8)) is None
        assert learn([]) is None

    def test_takes_silence_for_a_little_audio(self) -> None:
        expected = learn(suite())
        assert expected is not None
        assert expected.seconds(order(audio=0.0)) > 0


class TestOddOrders:
    def test_are_none_where_all_cost_by_their_audio(self) -> None:
        for seed in range(20):
            assert odd_texts(suite(seed=seed)) == []

    def test_are_found_with_the_worst_first(self) -> None:
        orders = [*suite(), order("osprey", call=40, cpu=0.8), order("heron", call=41, cpu=1.6)]
        assert odd_texts(orders) == ["heron", "osprey"]

    def test_are_found_in_batches_of_which_one_phrase_is_to_blame(self) -> None:
        batch = order(call=40, cpu=1.6, audio=8.0)
        assert odd_texts([*suite(), replace(batch, texts=("a", "b", "c", "osprey"))]) == ["a"]

    def test_are_not_the_first_of_a_worker_nor_what_takes_next_to_nothing(self) -> None:
        assert odd_texts([*suite(), order("first", call=1, cpu=9.0), order("tiny", call=9, cpu=0.03, audio=0.1)]) == []

    def test_are_not_judged_by_nothing(self) -> None:
        assert odd_orders(suite(3), None, LIMITS, FLOORS) == []


class TestSpikes:
    def test_are_long_and_many_times_what_was_expected(self) -> None:
        orders = [*suite(), order("long", call=40, cpu=4.0), order("short", call=41, cpu=1.2)]
        (spike,) = spikes(odd_orders(orders, learn(orders), LIMITS, FLOORS), FLOORS)
        assert spike.order.texts == ("long",)
        found = spike_finding("cost-latency", [NamedPhrase(text="Long.", probe="long")], spike)
        assert heard_of(found) == "order 40 of worker 1 (long): 4.0 s of processor time"


class TestIsGrowth:
    @pytest.mark.parametrize(
        ("text", "cpu", "is_growth"),
        [("a" * 20, 1.0, False), ("a" * 40, 1.0, False), ("a" * 41, 1.0, True), ("a" * 20, 0.8, True)],
    )
    def test_where_nothing_as_long_took_half_as_much(self, text: str, cpu: float, is_growth: bool) -> None:
        others = [order("b" * 40, call=3, cpu=0.4), order("c" * 90, call=1, cpu=0.1)]
        assert phrases.is_growth(order(text, call=5, cpu=cpu), others, lambda one: one.cpu_seconds) is is_growth


class TestIsCostly:
    def test_where_it_costs_too_much_each_time(self) -> None:
        expected = learn(suite())
        assert expected is not None
        calm = order(cpu=0.2)
        assert is_costly([(order(cpu=0.4), calm)] * 3, expected, LIMITS, FLOORS) > 1.9
        assert is_costly([(order(cpu=0.4), calm)] * 2, expected, LIMITS, FLOORS) == 0.0
        assert (
            is_costly([(order(cpu=0.4), calm), (order(cpu=0.4), calm), (calm, calm)], expected, LIMITS, FLOORS) == 0.0
        )

    def test_not_where_the_calm_phrase_was_slow_as_well(self) -> None:
        expected = learn(suite())
        assert expected is not None
        assert is_costly([(order(cpu=0.4), order(cpu=0.4))] * 3, expected, LIMITS, FLOORS) == 0.0

    def test_is_told_with_the_phrase_and_its_numbers(self) -> None:
        found = phrase_finding("osprey-1", OSPREY, 2.0, [(order(cpu=0.4), order(cpu=0.2))] * 3)
        assert found.rule.id == "cost.phrase"
        assert heard_of(found) == "osprey-1: 0.40 s of processor time for 2.00 s of audio"
        assert found.expected == "0.20 s, as other phrases take"
        assert found.place == Place(phrases=(OSPREY,))
        assert evidence_of(found) == "2.00 times as much, in each of 3 turns with a phrase that is not odd"


class TestJumps:
    def test_are_rises_that_no_longer_audio_explains(self) -> None:
        orders = [*suite(), order("osprey", call=40, peak_bytes=2300 * MIB), order("after", call=41)]
        (jump,) = jumps(orders)
        assert jump.order.texts == ("osprey",)
        assert "osprey-1: 2300 MiB" in heard_of(found := jump_finding("x", OSPREY, 2300 * MIB, 320 * MIB))
        assert found.evidence.estimate == Estimate(
            method=Method.FRESH_WORKER,
            quantity=Quantity.RESIDENT,
            value=2300.0 * MIB,
            unit=Unit.BYTES,
            other=320.0 * MIB,
        )

    def test_are_told_once_where_the_memory_is_kept(self) -> None:
        after = order("after", call=41, base_bytes=2300 * MIB, peak_bytes=2300 * MIB)
        kept = [order("osprey", call=40, peak_bytes=2300 * MIB), after]
        assert [jump.order.texts for jump in jumps([*suite(), *kept])] == [("osprey",)]

    def test_are_told_each_time_where_the_memory_is_given_back(self) -> None:
        given_back = [order("osprey", call=call, peak_bytes=2300 * MIB) for call in (1, 40, 41)]
        assert len(jumps([*suite(), *given_back])) == 2

    def test_are_none_of_an_honest_voice_or_of_longer_audio(self) -> None:
        long = order("a very long story", call=40, audio=30.0, peak_bytes=900 * MIB)
        assert jumps([*suite(), *suite(worker=2), long]) == []
        assert jumps([]) == []


def probe(name: str, trigger: str | None = None) -> Probe:
    return Probe(id=name, text=name, family="rare", expect=name, trigger=trigger)


class TestContrasts:
    def rounds(self, seconds: float) -> tuple[list[tuple[Probe, Probe]], dict[str, Round]]:
        pairs = [(probe(f"t{n}", "osprey"), probe(f"c{n}")) for n in range(6)]
        rounds = {}
        for place, (one, control) in enumerate(pairs):
            rounds[one.text] = Round(text=one.text, candidate=(order(one.text, cpu=seconds + place / 1000),))
            rounds[control.text] = Round(text=control.text, candidate=(order(control.text, cpu=0.2),))
        return pairs, rounds

    def test_that_cost_more_than_their_controls_are_odd(self) -> None:
        pairs, rounds = self.rounds(0.25)
        assert odd_triggers(pairs, rounds, FLOORS) == ["osprey"]

    def test_that_make_the_voice_sleep_are_odd(self) -> None:
        pairs, rounds = self.rounds(0.2)
        for one, _ in pairs:
            rounds[one.text] = Round(text=one.text, candidate=(order(one.text, cpu=0.2, blocked_seconds=0.1),))
        assert odd_triggers(pairs, rounds, FLOORS) == ["osprey"]

    def test_that_cost_more_in_one_phrase_of_six_are_not(self) -> None:
        pairs, rounds = self.rounds(0.2)
        rounds[pairs[2][0].text] = Round(text="t2", candidate=(order("t2", cpu=0.4),))
        assert odd_triggers(pairs, rounds, FLOORS) == []

    def test_that_stand_alone_must_differ_by_more(self) -> None:
        pairs, rounds = self.rounds(0.25)
        assert odd_triggers(pairs[:1], rounds, FLOORS) == []
        pairs, rounds = self.rounds(0.3)
        assert odd_triggers(pairs[:1], rounds, FLOORS) == ["osprey"]

    def test_that_cost_as_much_or_were_not_spoken_are_not(self) -> None:
        pairs, rounds = self.rounds(0.2)
        assert odd_triggers(pairs, rounds, FLOORS) == []
        assert odd_triggers(pairs, {}, FLOORS) == []

    def test_are_compared_by_the_second_of_audio(self) -> None:
        longer = order(cpu=0.3, audio=3.0)
        assert contrast_ratio([(longer, order(cpu=0.2))] * 4).ratio == pytest.approx(1.0)
