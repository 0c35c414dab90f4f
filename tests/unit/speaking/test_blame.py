"""Which texts are to blame, and how wary that makes."""

from __future__ import annotations

import pytest

from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.blame import WARY_AFTER, WARY_SECONDS, WARY_TIMES, Blame
from tests.metered_samples import order

BOUNDS = Bounds(batch_seconds=60.0)


def fault(name: str) -> WorkerFault:
    return WorkerFault(f"worker.{name}", "was lost")


def wary() -> Blame:
    blame = Blame()
    for place in range(WARY_AFTER):
        blame.put_on(f"text {place}", fault("crashed"), has_loaded=True)
    return blame


class TestBlame:
    @pytest.mark.parametrize("name", ["crashed", "hung", "flooded", "forged", "endless"])
    def test_is_put_on_a_text_that_ends_a_worker_alone(self, name: str) -> None:
        blame = Blame()
        blame.put_on("osprey", fault(name), has_loaded=True)
        assert list(blame.guilty) == ["osprey"]
        assert not blame.refused

    def test_keeps_the_first_fault(self) -> None:
        blame, first = Blame(), fault("hung")
        blame.put_on("osprey", first, has_loaded=True)
        blame.put_on("osprey", fault("crashed"), has_loaded=True)
        assert blame.guilty["osprey"] is first

    def test_is_not_put_on_what_an_engine_refuses(self) -> None:
        blame = Blame()
        blame.put_on("osprey", fault("failed"), has_loaded=True)
        assert (blame.guilty, blame.refused) == ({}, {"osprey"})

    def test_is_not_put_on_what_was_never_asked_for(self) -> None:
        blame = Blame()
        blame.put_on("osprey", fault("given-up"), has_loaded=True)
        assert (blame.guilty, blame.refused) == ({}, set())

    def test_is_not_put_on_any_text_of_a_model_that_never_loaded(self) -> None:
        blame = Blame()
        blame.put_on("osprey", fault("crashed"), has_loaded=False)
        assert blame.guilty == {}


class TestPatience:
    def test_is_as_given_while_few_texts_are_to_blame(self) -> None:
        assert Blame().patience(BOUNDS, [order()]) == BOUNDS
        assert not Blame().is_wary

    def test_is_short_after_that_and_goes_by_what_was_obeyed(self) -> None:
        blame = wary()
        assert blame.is_wary
        assert blame.patience(BOUNDS, []).batch_seconds == WARY_SECONDS
        slow = [order(call=2, wall_seconds=3.0), order(call=0, wall_seconds=50.0)]
        assert blame.patience(BOUNDS, slow).batch_seconds == 3.0 * WARY_TIMES

    def test_is_never_longer_than_given(self) -> None:
        assert wary().patience(BOUNDS, [order(call=2, wall_seconds=30.0)]) == BOUNDS
