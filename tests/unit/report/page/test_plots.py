"""Strip plots tell the truth or nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from harness.judging.detectors import DETECTORS
from harness.report.page.plots import STATISTICS, WIDTH, number, spreads, strip
from tests.report_samples import sample_run

OUTCOME = next(one for one in sample_run().outcomes if one.subject == "not-open-door-osprey")
SCORE = OUTCOME.observations[0]


class TestAStrip:
    def test_has_a_dot_for_each_golden_repeat_and_each_take(self) -> None:
        plot = strip(SCORE, OUTCOME.takes, OUTCOME.golden)
        assert plot is not None
        assert (len(plot.golden), len(plot.candidate), plot.is_mean) == (8, 8, False)
        assert max(plot.candidate) < min(plot.golden)
        assert all(0 <= x <= WIDTH for x in (*plot.golden, *plot.candidate, plot.band[0]))

    def test_shows_the_fresh_takes_where_the_number_is_about_them(self) -> None:
        first = OUTCOME.takes[0]
        assert first.hearing.forced is not None
        screened = replace(
            first, hearing=replace(first.hearing, forced=replace(first.hearing.forced, logprobs=(-9.0,)))
        )
        plot = strip(SCORE, (screened, screened, *OUTCOME.takes), OUTCOME.golden)
        assert plot is not None
        assert len(plot.candidate) == 8

    def test_falls_back_on_the_mean_where_takes_do_not_bear_it_out(self) -> None:
        plot = strip(replace(SCORE, value=-7.0), OUTCOME.takes, OUTCOME.golden)
        assert plot is not None
        assert (len(plot.candidate), plot.is_mean) == (1, True)

    def test_shows_no_golden_dots_that_average_to_something_else(self) -> None:
        plot = strip(replace(SCORE, golden_mean=-3.0), OUTCOME.takes, OUTCOME.golden)
        assert plot is not None
        assert plot.golden == ()

    def test_of_an_unknown_statistic_is_a_mean_on_a_band(self) -> None:
        plot = strip(replace(SCORE, statistic="new-thing"), OUTCOME.takes, OUTCOME.golden)
        assert plot is not None
        assert (plot.golden, plot.is_mean) == ((), True)

    def test_of_no_numbers_is_none(self) -> None:
        assert strip(replace(SCORE, value=math.nan), OUTCOME.takes, OUTCOME.golden) is None

    def test_of_equal_values_does_not_divide_by_zero(self) -> None:
        flat = replace(SCORE, value=0.0, golden_mean=0.0, golden_spread=0.0, takes=1)
        assert strip(flat, (), None) is not None

    def test_reads_statistics_as_the_detectors_do(self) -> None:
        assert OUTCOME.golden is not None
        known = {one.name: one for detector in DETECTORS for one in detector.statistics}
        for name, read in STATISTICS.items():
            assert [read(take) for take in OUTCOME.takes] == pytest.approx(
                known[name].of_candidate(OUTCOME.takes, OUTCOME.golden)
            )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (-2.2512, "−2.25"),
        (0.0123, "0.012"),
        (123.4, "123"),
        (1e-7, "1.0e-07"),
        (math.nan, "no number"),
    ],
)
def test_numbers_have_three_digits_and_a_true_minus(value: float, text: str) -> None:
    assert number(value) == text


def test_effects_always_have_a_sign() -> None:
    assert (spreads(3.14), spreads(-0.5)) == ("+3.1", "−0.5")
