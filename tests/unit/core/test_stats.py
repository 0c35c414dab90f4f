"""The arithmetic of doubt, held against scipy, against brute force, and against its own promise."""

from __future__ import annotations

import itertools
import math
import statistics
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.core.stats import (
    PRIOR_DOF,
    Side,
    best_possible,
    held_out_scores,
    quantile,
    rank_test,
    screen_score,
    shrunken_spread,
    shrunken_spreads,
    takes_needed,
    typical_variance,
)
from tests.lazily import Lazily

scipy_stats = Lazily("scipy.stats")

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDES: tuple[Side, ...] = ("less", "greater")
any_value = st.floats(allow_nan=False)
few_values = st.lists(any_value | st.sampled_from([0.0, 1.0, 1e300, -1e300]), min_size=1, max_size=5)


def by_brute_force(takes: Sequence[float], golden: Sequence[float], side: Side) -> float:
    """Deal the pooled mid-ranks in every way there is."""
    pooled = [*takes, *golden]
    ranks = [sum(other < value for other in pooled) + (pooled.count(value) + 1) / 2 for value in pooled]
    observed = sum(ranks[: len(takes)])
    sums = [sum(deal) for deal in itertools.combinations(ranks, len(takes))]
    return sum(total <= observed if side == "less" else total >= observed for total in sums) / len(sums)


class TestRankTest:
    @pytest.mark.parametrize("side", SIDES)
    @pytest.mark.parametrize("sizes", [(1, 1), (2, 8), (4, 8), (8, 8), (12, 8), (3, 5)])
    def test_agrees_with_scipy_where_no_values_are_equal(self, sizes: tuple[int, int], side: Side) -> None:
        rng = np.random.default_rng(sizes)
        for shift in (-1.5, 0.0, 1.5):
            takes = (rng.standard_t(2, sizes[0]) + shift).tolist()
            golden = rng.standard_t(2, sizes[1]).tolist()
            wanted = scipy_stats.mannwhitneyu(takes, golden, alternative=side, method="exact").pvalue
            assert rank_test(takes, golden, side) == pytest.approx(wanted, rel=1e-12)

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.integers(0, 3), max_size=5), st.lists(st.integers(0, 3), max_size=5), st.sampled_from(SIDES))
    def test_agrees_with_brute_force_where_values_are_equal(
        self, takes: list[int], golden: list[int], side: Side
    ) -> None:
        assert rank_test(takes, golden, side) == pytest.approx(by_brute_force(takes, golden, side), rel=1e-12)

    def test_of_a_complete_separation_is_one_way_in_all(self) -> None:
        takes, golden = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]
        assert rank_test(takes, golden, "less") == 1 / math.comb(7, 3)
        assert rank_test(takes, golden, "greater") == 1.0
        assert rank_test(golden, takes, "greater") == 1 / math.comb(7, 3)

    def test_of_equal_values_shows_nothing(self) -> None:
        assert rank_test([0.0] * 8, [0.0] * 8, "less") == rank_test([0.0] * 8, [0.0] * 8, "greater") == 1.0

    @settings(max_examples=100, deadline=None)
    @given(few_values, few_values)
    def test_does_not_depend_on_order_or_scale_and_mirrors_with_the_sign(
        self, takes: list[float], golden: list[float]
    ) -> None:
        less = rank_test(takes, golden, "less")
        assert 0 < less <= 1
        assert rank_test(takes[::-1], golden[::-1], "less") == less
        assert rank_test([-value for value in takes], [-value for value in golden], "greater") == less
        places = {value: place for place, value in enumerate(sorted({*takes, *golden}))}
        assert rank_test([places[value] for value in takes], [places[value] for value in golden], "less") == less

    def test_asked_twice_says_the_same(self) -> None:
        takes, golden = [0.1, 0.2, 0.2], [0.2, 0.4]
        assert rank_test(takes, golden, "less") == rank_test(takes, golden, "less")


class TestBestPossible:
    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(any_value, unique=True, min_size=2, max_size=12),
        st.integers(1, 5),
        st.integers(0, 5),
        st.sampled_from(SIDES),
    )
    @example([1e17, 1.1e17, -1e18], 1, 1, "less")
    @example([-1e300, 1e300, math.inf], 1, 1, "greater")
    def test_is_never_above_what_other_takes_bring(
        self, values: list[float], repeats: int, first: int, side: Side
    ) -> None:
        golden, takes = values[:repeats], values[repeats:]
        bound = best_possible(takes[:first], golden, side, len(takes))
        assert bound <= rank_test(takes, golden, side)

    def test_is_reached_by_takes_that_lie_beyond_everything(self) -> None:
        takes, golden = [3.0, 5.0], [4.0, 6.0, 7.0]
        assert best_possible(takes, golden, "less", 4) == rank_test([3.0, 5.0, 1.0, 2.0], golden, "less")
        assert best_possible(takes, golden, "greater", 4) == rank_test([3.0, 5.0, 8.0, 9.0], golden, "greater")

    def test_of_complete_separation_so_far_is_complete_separation(self) -> None:
        assert best_possible([0.0] * 4, [2.0] * 8, "less", 10) == 1 / math.comb(18, 8)
        assert best_possible([], [2.0] * 8, "greater", 10) == 1 / math.comb(18, 8)

    def test_with_all_takes_there_is_the_test_itself(self) -> None:
        takes, golden = [3.0, 5.0, 5.0], [4.0, 5.0, 7.0]
        for side in SIDES:
            assert best_possible(takes, golden, side, 3) == rank_test(takes, golden, side)


class TestTakesNeeded:
    @pytest.mark.parametrize("alpha", [0.01, 0.05])
    @pytest.mark.parametrize("tests", [1, 100, 1820, 50_000])
    @pytest.mark.parametrize("golden", [6, 8, 12])
    def test_are_enough_with_one_value_out_of_place_and_one_less_is_not(
        self, golden: int, tests: int, alpha: float
    ) -> None:
        needed = takes_needed(golden, tests, alpha)
        assert golden <= needed < 64

        def corrected(takes: int) -> float:
            # The nearest golden value has slipped in front of the last take.
            places = [*range(takes - 1), takes]
            return rank_test(places, [takes - 1, *range(takes + 1, takes + golden)], "less") * tests

        assert corrected(needed) <= alpha
        assert needed == golden or corrected(needed - 1) > alpha

    def test_of_130_probes_with_11_tests_each_are_few(self) -> None:
        assert takes_needed(8, 130 * 11, 0.01) == 14

    def test_end_at_64_where_nothing_is_enough(self) -> None:
        assert takes_needed(1, 1000, 0.01) == 64


class TestSpreads:
    def test_of_probes_that_vary_alike_are_what_they_are(self) -> None:
        samples = [[0.0, 2.0], [5.0, 7.0], [1.0, 3.0]]
        assert shrunken_spreads(samples, 0.001) == pytest.approx([math.sqrt(2)] * 3)

    def test_are_drawn_towards_the_typical_one_by_four_degrees_of_freedom(self) -> None:
        samples = [[0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 2.0], [0.0, 2.0], [0.0, 20.0]]
        typical = 2.0
        wanted = [
            math.sqrt((4 * 0 + PRIOR_DOF * typical) / (4 + PRIOR_DOF)),
            math.sqrt(2),
            math.sqrt(2),
            math.sqrt((1 * 200 + PRIOR_DOF * typical) / (1 + PRIOR_DOF)),
        ]
        assert shrunken_spreads(samples, 0.001) == pytest.approx(wanted)

    def test_of_a_probe_that_happened_to_repeat_itself_is_not_zero(self) -> None:
        samples = [[1.0] * 8, *([0.0, 1.0, 2.0, 3.0] for _ in range(9))]
        assert shrunken_spreads(samples, 1e-9)[0] > 0.5

    def test_are_never_below_the_floor(self) -> None:
        assert shrunken_spreads([[1.0] * 8] * 5, 0.25) == [0.25] * 5

    def test_of_a_single_repeat_is_the_typical_one(self) -> None:
        assert shrunken_spreads([[7.0], [0.0, 2.0], [0.0, 2.0]], 0.001)[0] == pytest.approx(math.sqrt(2))

    def test_where_nothing_repeats_are_the_floor(self) -> None:
        assert shrunken_spreads([[7.0], [8.0]], 0.25) == [0.25, 0.25]

    def test_of_nothing_are_nothing(self) -> None:
        assert shrunken_spreads([], 0.25) == []


class TestScreen:
    def test_counts_the_difference_of_means_in_standard_errors(self) -> None:
        assert screen_score([3.0, 5.0], [1.0, 3.0], 2.0) == pytest.approx(1.0)
        assert screen_score([1.0], [3.0], 1.0) == pytest.approx(-math.sqrt(2))

    def test_of_honest_takes_has_unit_variance(self) -> None:
        rng = np.random.default_rng(1)
        scores = [screen_score(rng.normal(5, 3, 2).tolist(), rng.normal(5, 3, 8).tolist(), 3.0) for _ in range(4000)]
        assert statistics.fmean(scores) == pytest.approx(0, abs=0.05)
        assert statistics.stdev(scores) == pytest.approx(1, abs=0.04)

    def test_of_held_out_repeats_takes_each_once(self) -> None:
        golden = [1.0, 2.0, 4.0, 8.0]
        pairs = (([1.0, 2.0], [4.0, 8.0]), ([4.0, 8.0], [1.0, 2.0]))
        assert held_out_scores(golden, 2, typical=1.0, floor=0.1) == [
            screen_score(held, rest, shrunken_spread(rest, 1.0, 0.1)) for held, rest in pairs
        ]
        rest = [1.0, 2.0, 8.0]
        third = held_out_scores(golden, 1, typical=1.0, floor=0.1)[2]
        assert third == screen_score([4.0], rest, shrunken_spread(rest, 1.0, 0.1))

    @pytest.mark.parametrize(
        ("repeats", "takes", "groups"), [(8, 2, 4), (8, 3, 2), (8, 5, 1), (8, 8, 0), (8, 9, 0), (1, 1, 0)]
    )
    def test_of_held_out_repeats_leaves_out_groups_that_are_not_whole(
        self, repeats: int, takes: int, groups: int
    ) -> None:
        values = [float(value) for value in range(repeats)]
        assert len(held_out_scores(values, takes, typical=1.0, floor=0.1)) == groups


class TestQuantile:
    def test_is_the_nearest_value_that_is_high_enough(self) -> None:
        values = [5.0, 1.0, 4.0, 2.0, 3.0]
        assert [quantile(values, share) for share in (0.0, 0.2, 0.21, 0.5, 0.98, 1.0)] == [1, 1, 2, 3, 5, 5]

    @settings(max_examples=100, deadline=None)
    @given(st.lists(any_value, min_size=1, max_size=60), st.floats(0, 1))
    def test_is_one_of_the_values_and_not_exceeded_by_that_share(self, values: list[float], share: float) -> None:
        found = quantile(values, share)
        assert found in values
        assert sum(value <= found for value in values) >= share * len(values) * (1 - 1e-12)


def at_most(alpha: float, trials: int) -> float:
    """Three standard errors above a rate: an honest count is higher once in 700."""
    return alpha + 3 * math.sqrt(alpha * (1 - alpha) / trials)


class TestFalseAlarms:
    TRIALS = 2000

    @pytest.mark.parametrize("tail", ["cauchy", "tied"])
    def test_of_the_rank_test_are_no_more_than_promised_however_heavy_the_tails(self, tail: str) -> None:
        rng = np.random.default_rng(20)
        values = rng.standard_cauchy((self.TRIALS, 16))
        if tail == "tied":
            values = np.round(values)
        for side in SIDES:
            found = [rank_test(row[:8], row[8:], side) for row in values.tolist()]
            for alpha in (0.01, 0.05):
                assert sum(p <= alpha for p in found) / self.TRIALS <= at_most(alpha, self.TRIALS)

    def test_of_the_whole_scheme_are_no_more_than_promised(self) -> None:
        """Screen, first fresh takes, stop where hopeless, all fresh takes: over a suite of ten heavy-tailed probes."""
        rng = np.random.default_rng(7)
        suites, alpha = 400, 0.05
        alarms = sum(self.alarm(rng, shift=0.0, alpha=alpha) for _ in range(suites))
        assert alarms / suites <= at_most(alpha, suites)

    def test_are_not_avoided_by_never_raising_any(self) -> None:
        rng = np.random.default_rng(8)
        assert sum(self.alarm(rng, shift=30.0, alpha=0.05) for _ in range(20)) == 20

    @staticmethod
    def alarm(rng: np.random.Generator, *, shift: float, alpha: float) -> bool:
        """Whether one suite fails; its first probe is moved by `shift`."""
        probes, tests = 10, 20
        golden = rng.standard_t(2, (probes, 8)).tolist()
        spreads = shrunken_spreads(golden, 0.01)
        typical = typical_variance(golden, 0.01)
        scores = [abs(score) for own in golden for score in held_out_scores(own, 2, typical=typical, floor=0.01)]
        # A low threshold sends many to confirmation: the hardest case for the promise.
        threshold = quantile(scores, 0.5)
        planned = takes_needed(8, tests, alpha)
        for place, (own, spread) in enumerate(zip(golden, spreads, strict=True)):
            moved = shift if place == 0 else 0.0
            score = screen_score((rng.standard_t(2, 2) + moved).tolist(), own, spread)
            for side in SIDES:
                if (score if side == "greater" else -score) <= threshold:
                    continue
                fresh = (rng.standard_t(2, planned) + moved).tolist()
                if best_possible(fresh[:4], own, side, planned) * tests > alpha:
                    assert rank_test(fresh, own, side) * tests > alpha
                elif rank_test(fresh, own, side) * tests <= alpha:
                    return True
        return False
