"""What may have been missed follows from how much was judged, and from nothing else."""

from __future__ import annotations

import math

import pytest

from harness.core.coverage import family_coverage, miss_bound
from harness.core.findings import Outcome
from harness.core.types import Probe, Verdict


def outcomes(family: str, **verdicts: int) -> list[Outcome]:
    return [
        Outcome(
            subject=f"{family}-{name}-{at}",
            verdict=Verdict(name),
            probe=Probe(id=f"{family}-{name}-{at}", text="Yes.", family=family, expect="yes"),
        )
        for name, count in verdicts.items()
        for at in range(count)
    ]


class TestTheBound:
    @pytest.mark.parametrize(("judged", "bound"), [(1, 0.95), (2, 0.7764), (10, 0.2589), (59, 0.0495), (300, 0.00994)])
    def test_leaves_a_clean_run_one_chance_in_twenty(self, judged: int, bound: float) -> None:
        assert miss_bound(judged) == pytest.approx(bound, abs=5e-5)
        assert (1 - miss_bound(judged)) ** judged == pytest.approx(0.05)

    def test_grows_where_manipulations_are_noticed_less_often(self) -> None:
        assert miss_bound(59, power=0.5) == pytest.approx(2 * miss_bound(59))

    def test_is_never_more_than_everything(self) -> None:
        assert miss_bound(1, power=0.5) == 1.0
        assert miss_bound(0) == 1.0

    @pytest.mark.parametrize("power", [0.0, -0.1, 1.01, math.nan])
    def test_refuses_a_power_that_is_no_probability(self, power: float) -> None:
        with pytest.raises(ValueError, match="power: expected a probability above 0"):
            miss_bound(5, power=power)


class TestAFamily:
    def test_counts_what_was_judged_and_not_what_stayed_open(self) -> None:
        found = family_coverage([*outcomes("numbers", **{"pass": 3, "inconclusive": 2, "error": 1})])
        assert [(one.family, one.probes, one.judged, one.failed) for one in found] == [("numbers", 6, 3, 0)]
        assert found[0].miss_bound == miss_bound(3)

    def test_with_a_failure_has_no_bound(self) -> None:
        (found,) = family_coverage(outcomes("negation", **{"pass": 50, "fail": 1}))
        assert (found.judged, found.failed, found.miss_bound) == (51, 1, None)

    def test_of_which_nothing_was_judged_may_hide_everything(self) -> None:
        (found,) = family_coverage(outcomes("names", inconclusive=9))
        assert (found.judged, found.miss_bound) == (0, 1.0)

    def test_comes_in_the_order_of_its_first_probe_and_checks_have_none(self) -> None:
        check = Outcome(subject="engine-load", verdict=Verdict.PASS)
        mixed = [check, *outcomes("b", **{"pass": 1}), *outcomes("a", **{"pass": 1}), *outcomes("b", **{"pass": 1})]
        assert [(one.family, one.probes) for one in family_coverage(mixed)] == [("b", 2), ("a", 1)]

    def test_of_no_run_is_nothing(self) -> None:
        assert family_coverage([]) == ()
