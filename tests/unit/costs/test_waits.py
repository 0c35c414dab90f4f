"""Time that a voice sleeps away: which orders are odd, what convicts a phrase, and a voice beside a reference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.findings import NamedPhrase, Place
from harness.costs.machine import Contention
from harness.costs.sample import Round, Sample
from harness.costs.waits import beside, blocked_again, odd_waits, once, usual_rate, wait_finding
from harness.policy.release import CostPolicy
from harness.report.evidence import evidence_of, heard_of
from tests.metered_samples import FLOORS, order, suite

LIMITS = CostPolicy()
LEVEL = 1e-3
CALM = order(blocked_seconds=0.01)


def sample(own: float, other: float | None = None, *, count: int = 24) -> Sample:
    def spoken(blocked: float, place: int) -> tuple:
        return (order(blocked_seconds=blocked + 0.002 * (place % 3)),)

    contention = Contention(seconds=10.0, others=0.0, stolen=0.0, processors=2)
    rounds = tuple(
        Round(
            text=f"phrase {place}",
            candidate=spoken(own, place),
            reference=() if other is None else spoken(other, place + 1),
        )
        for place in range(count)
    )
    return Sample(rounds=rounds, contention=contention)


class TestOddWaits:
    def test_are_orders_that_slept(self) -> None:
        slept = order("osprey", call=40, blocked_seconds=2.0)
        odd = odd_waits([*suite(), slept], LIMITS, FLOORS)
        assert [one.texts for one in odd] == [("osprey",)]

    def test_are_none_where_all_wait_for_a_gpu_by_their_audio(self) -> None:
        orders = [replace(one, blocked_seconds=0.5 * one.audio_seconds) for one in suite()]
        assert odd_waits(orders, LIMITS, FLOORS, usual_rate(orders)) == []
        assert odd_waits(orders, LIMITS, FLOORS) != []

    def test_are_not_what_is_short_beside_the_work(self) -> None:
        long = order("long", call=40, cpu=8.0, blocked_seconds=0.6)
        assert odd_waits([long], LIMITS, FLOORS) == []

    def test_are_not_a_worker_s_first_order(self) -> None:
        first = order("first", call=1, blocked_seconds=5.0)
        assert odd_waits([first], LIMITS, FLOORS) == []


class TestBlockedAgain:
    def test_each_time(self) -> None:
        turns = [(order(blocked_seconds=2.0), CALM)] * 3
        assert blocked_again(turns, LIMITS, FLOORS) == pytest.approx(2.0)
        assert blocked_again(turns[:2], LIMITS, FLOORS) == 0.0
        assert blocked_again([*turns[:2], (CALM, CALM)], LIMITS, FLOORS) == 0.0

    def test_not_where_a_gpu_takes_as_long_for_its_audio(self) -> None:
        assert blocked_again([(order(audio=2.0, blocked_seconds=2.1), CALM)] * 3, LIMITS, FLOORS, rate=1.0) == 0.0

    def test_of_a_worker_s_first_order_as_well(self) -> None:
        turns = [(order(call=call, blocked_seconds=2.0), CALM) for call in (1, 3, 4)]
        assert blocked_again(turns, LIMITS, FLOORS) == 2.0

    def test_is_told_with_the_phrase_and_its_seconds(self) -> None:
        found = wait_finding(
            "a", NamedPhrase(text="A crane.", probe="crane"), 1.99, [(order(blocked_seconds=2.0), CALM)] * 3
        )
        assert (found.rule.id, heard_of(found)) == ("cost.wait", "crane: blocked for 2.00 s")
        assert found.expected == "0.01 s"
        assert found.place == Place(phrases=(NamedPhrase(text="A crane.", probe="crane"),))
        assert evidence_of(found) == "each of 3 times: it neither ran nor queued for a processor"


class TestOnce:
    def test_leaves_open_what_waited_for_long(self) -> None:
        slept = order("osprey", call=40, worker=2, blocked_seconds=4.0)
        told = once(odd_waits([slept], LIMITS, FLOORS), FLOORS)
        assert told.startswith("order 40 of worker 2 was blocked for 4.0 s")

    def test_leaves_open_what_waited_again_and_again_at_other_phrases(self) -> None:
        slept = [order(f"p{call}", call=call, blocked_seconds=0.8) for call in range(10, 13)]
        assert once(odd_waits(slept[:2], LIMITS, FLOORS), FLOORS) is None
        assert ", 2 others for less" in once(odd_waits(slept, LIMITS, FLOORS), FLOORS)

    def test_is_nothing_where_the_wait_was_short(self) -> None:
        assert once(odd_waits([order(call=40, blocked_seconds=2.0)], LIMITS, FLOORS), FLOORS) is None
        assert once([], FLOORS) is None


class TestBeside:
    @pytest.mark.parametrize(("own", "fails"), [(0.0, False), (0.015, False), (0.05, True), (0.5, True)])
    def test_a_live_reference(self, own: float, fails: bool) -> None:
        found = beside("cost-latency", sample(own, 0.0), LIMITS, FLOORS, LEVEL, is_paired=True)
        assert [one.rule.id for one in found.findings] == ["cost.wait"] * fails
        assert "the live reference for 0.00" in found.notes[0]

    @pytest.mark.parametrize(("own", "fails"), [(0.1, False), (0.22, False), (0.3, True)])
    def test_nothing_fails_what_waits_longer_than_it_works(self, own: float, fails: bool) -> None:
        found = beside("cost-latency", sample(own), LIMITS, FLOORS, LEVEL, is_paired=False)
        assert len(found.findings) == fails

    def test_a_reference_that_waits_as_long_is_no_finding(self) -> None:
        assert beside("cost-latency", sample(0.5, 0.5), LIMITS, FLOORS, LEVEL, is_paired=True).findings == ()

    def test_of_few_phrases_says_nothing(self) -> None:
        assert not beside("cost-latency", sample(0.5, 0.0, count=7), LIMITS, FLOORS, LEVEL, is_paired=True).is_made
