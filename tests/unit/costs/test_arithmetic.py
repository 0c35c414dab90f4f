"""Paired ratios, trends and exponents: against what is known, what scipy says, and what is no number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.costs.arithmetic import exponent, paired_ratio, pairs_needed, signed_rank, trend
from tests.lazily import Lazily

scipy_stats = Lazily("scipy.stats")

RNG = np.random.default_rng(20261126)


class TestPairedRatio:
    def test_is_the_median_of_the_pairs_whatever_each_of_them_costs(self) -> None:
        costs = [0.1 * 2**place for place in range(9)]
        found = paired_ratio([1.1 * cost for cost in costs], costs)
        assert found.ratio == pytest.approx(1.1)
        assert found.low == pytest.approx(1.1)
        assert found.high == pytest.approx(1.1)
        assert found.p_value == 2**-9
        assert found.pairs == 9

    def test_is_not_moved_by_a_few_wild_pairs(self) -> None:
        costs = list(RNG.uniform(0.1, 0.2, 21))
        wild = [40 * cost if place < 3 else cost for place, cost in enumerate(costs)]
        assert paired_ratio(wild, costs).ratio == pytest.approx(1.0)
        assert paired_ratio(wild, costs).p_value > 0.1

    def test_gives_equal_results_for_equal_numbers(self) -> None:
        first, second = RNG.lognormal(0.05, 0.1, 24), RNG.lognormal(0, 0.1, 24)
        assert paired_ratio(list(first), list(second)) == paired_ratio(list(first), list(second))

    def test_has_an_interval_that_holds_the_truth_nearly_always(self) -> None:
        held = 0
        for _ in range(100):
            found = paired_ratio(list(1.1 * RNG.lognormal(0, 0.05, 24)), list(RNG.lognormal(0, 0.05, 24)))
            held += found.low <= 1.1 <= found.high
        assert held >= 88

    @pytest.mark.parametrize(("first", "second"), [([], []), ([1.0], [1.0, 2.0]), ([0.0], [1.0]), ([1.0], [-1.0])])
    def test_of_what_are_no_pairs_of_costs_is_refused(self, first: list[float], second: list[float]) -> None:
        with pytest.raises(ValueError, match="pairs of costs"):
            paired_ratio(first, second)


class TestSignedRank:
    @pytest.mark.parametrize("count", [5, 12, 30])
    def test_is_wilcoxon_s(self, count: int) -> None:
        values = list(RNG.normal(0.3, 1, count))
        expected = scipy_stats.wilcoxon(values, alternative="greater", method="exact").pvalue
        assert signed_rank(values) == pytest.approx(expected)

    def test_knows_equal_magnitudes(self) -> None:
        # Of the 8 signs of 1, 1, 1 one gives as large a sum.
        assert signed_rank([1, 1, 1]) == 1 / 8
        assert signed_rank([1, 1, -1]) == 4 / 8

    def test_goes_over_into_a_gaussian(self) -> None:
        values = list(RNG.normal(0.2, 1, 61))
        assert signed_rank(values) == pytest.approx(signed_rank(values[:60]), rel=1.5)

    @pytest.mark.parametrize("level", [0.05, 1e-3, 1e-4, 1e-6])
    def test_can_be_significant_from_so_many_pairs_on(self, level: float) -> None:
        count = pairs_needed(level)
        assert signed_rank([-1.0, *range(2, count + 1)]) <= level
        assert count == 8 or signed_rank([-1.0, *range(2, count)]) > level

    def test_of_nothing_or_of_nothing_but_zeros_is_one(self) -> None:
        assert signed_rank([]) == signed_rank([0, 0]) == 1.0


class TestTrend:
    def test_is_theil_and_sen_s_with_mann_and_kendall_s_test(self) -> None:
        values = list(np.arange(20) * 0.1 + RNG.normal(0, 0.3, 20))
        found, expected = trend(values), scipy_stats.theilslopes(values)
        assert found.slope == pytest.approx(expected.slope)
        assert found.low == pytest.approx(expected.low_slope, abs=0.02)
        assert found.high == pytest.approx(expected.high_slope, abs=0.02)
        tau = scipy_stats.kendalltau(range(20), values, alternative="greater", method="asymptotic")
        assert found.p_value == pytest.approx(tau.pvalue, rel=0.2)

    def test_is_exact_for_few_values(self) -> None:
        values = [3.0, 1.0, 2.0, 5.0, 4.0, 6.0, 8.0]
        tau = scipy_stats.kendalltau(range(7), values, alternative="greater", method="exact")
        assert trend(values).p_value == pytest.approx(tau.pvalue)

    def test_is_not_moved_by_one_jump(self) -> None:
        assert trend([1.0] * 11 + [100.0]).slope == 0.0
        assert trend([1.0] * 11 + [100.0]).p_value > 0.04

    def test_of_what_stays_is_none(self) -> None:
        assert (trend([5.0] * 12).slope, trend([5.0] * 12).p_value) == (0.0, 1.0)

    def test_of_what_falls_is_no_growth(self) -> None:
        assert trend(list(range(10, 0, -1))).p_value == pytest.approx(1.0)

    @pytest.mark.parametrize(("ys", "xs"), [([], None), ([1.0], None), ([1.0, 2.0], [3.0, 3.0])])
    def test_of_one_place_is_refused(self, ys: list[float], xs: list[float] | None) -> None:
        with pytest.raises(ValueError, match="two places"):
            trend(ys, xs)


class TestExponent:
    @pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
    def test_is_the_power(self, power: float) -> None:
        sizes = [10, 20, 40, 80, 10, 20, 40]
        noisy = [0.01 * size**power * math.exp(RNG.normal(0, 0.02)) for size in sizes]
        found = exponent(sizes, noisy)
        assert found.slope == pytest.approx(power, abs=0.1)
        assert found.low <= found.slope <= found.high

    def test_is_pulled_down_by_what_is_paid_once(self) -> None:
        assert exponent([10, 20, 40, 80], [1 + size / 10 for size in (10, 20, 40, 80)]).slope < 1

    @pytest.mark.parametrize(("sizes", "costs"), [([], []), ([1, 2], [0.0, 1.0]), ([0, 1], [1.0, 1.0])])
    def test_of_what_is_not_above_zero_is_refused(self, sizes: list[float], costs: list[float]) -> None:
        with pytest.raises(ValueError, match="above 0"):
            exponent(sizes, costs)
