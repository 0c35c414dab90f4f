"""Numbers are data until they are shown; these are the words for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.findings import Against, Count, Estimate, Evidence, Finding, Measurement, Method, Quantity, Seen, Unit
from harness.core.types import Severity
from harness.report.evidence import evidence_of
from tests.rule_samples import rule

WORST = Measurement(
    statistic="forced-worst",
    label="its worst place",
    value=-5.4567,
    other=-0.3841,
    spread=0.0812,
    effect=-62.47,
    p_value=3e-6,
    takes=12,
)
MEAN = replace(WORST, statistic="forced-mean", label="log-likelihood of the golden text", effect=3.0, p_value=0.0123)


def same_seed(statistic: str, value: float, other: float) -> Measurement:
    return Measurement(statistic=statistic, label="", value=value, other=other, takes=1, against=Against.SEED)


def told(**parts: object) -> str:
    finding = Finding(rule=rule("speech.altered"), severity=Severity.HIGH, subject="a", title="sounds different")
    return evidence_of(replace(finding, evidence=Evidence(**parts)))  # type: ignore[arg-type]


class TestEvidence:
    def test_is_nothing_where_a_finding_speaks_for_itself(self) -> None:
        assert told() == ""

    def test_tells_each_number_beside_the_golden_s_and_among_how_many_tests_it_stands(self) -> None:
        assert told(measurements=(WORST, MEAN), tests=1496) == (
            "its worst place -5.46, golden -0.384 (spread 0.081, -62.5 spreads), p < 1e-5; "
            "log-likelihood of the golden text -5.46, golden -0.384 (spread 0.081, +3.0 spreads), p = 0.012; "
            "one of 1496 tests"
        )

    def test_tells_a_pair_s_number_beside_the_control_s(self) -> None:
        one = replace(WORST, label="pace", against=Against.CONTROL, p_value=0.00002)
        assert told(measurements=(one,)) == (
            "pace -5.46, control -0.384 after what all pairs differ by (-62.5 scatters of the other pairs), p = 2e-05"
        )

    def test_tells_of_a_suite_s_number_that_its_p_value_is_corrected(self) -> None:
        one = replace(WORST, against=Against.SUITE, spread=None, p_value=0.00024994)
        assert told(measurements=(one,)) == "p = 0.00025, corrected for all families and statistics"

    def test_tells_how_many_renderings_differ_from_those_of_the_same_seed_and_in_what(self) -> None:
        found = [
            same_seed("seconds", 2.345, 2.0),
            same_seed("level-db", -20.04, -22.0),
            same_seed("f0-hz", 180.4, 200.0),
            same_seed("nonfinite", 12.0, 0.0),
            same_seed("peak", 0.995, 0.5),
            same_seed("forced-mean", -1.234, -0.25),
            same_seed("echo-mean", 0.4, 0.0),
        ]
        assert told(measurements=tuple(found), count=Count(count=3, of=8)) == (
            "3 of 8 renderings: 2.35 s, golden 2.00 s; level -20.0 dB, golden -22.0 dB; pitch 180 Hz, golden 200 Hz; "
            "12 samples are no numbers, golden 0; peak 0.99, golden 0.50; "
            "log-likelihood of the golden text -1.23, golden -0.25; distance of sounds 0.40"
        )

    def test_counts_a_lost_word_and_puts_the_tests_beside_its_p_value(self) -> None:
        lost = Count(count=12, of=12, control=0, control_of=12, p_value=7.396e-07)
        assert told(count=lost) == "not heard in 12 of 12 renderings, control 0 of 12; p = 7.4e-07"
        assert told(count=lost, tests=50) == (
            "not heard in 12 of 12 renderings, control 0 of 12; p = 7.4e-07, one of 50 tests"
        )

    def test_says_how_often_something_was_seen_and_what_became_of_it(self) -> None:
        assert told(seen=Seen(times=1, is_allowed=False)) == "seen from outside, 1 time; it did not succeed"
        assert (
            told(seen=Seen(times=3, is_allowed=True)) == "seen from outside, 3 times; let through, what it got is bait"
        )

    def test_keeps_what_is_told_in_words(self) -> None:
        assert told(words="it printed last: tick") == "it printed last: tick"

    @pytest.mark.parametrize(
        ("p_value", "text"), [(0.5, "= 0.5"), (1e-4, "= 0.0001"), (9e-5, "< 1e-4"), (0.0, "< 1e-4")]
    )
    def test_says_of_a_tiny_p_value_only_what_it_is_below(self, p_value: float, text: str) -> None:
        assert f", p {text}" in told(measurements=(replace(WORST, p_value=p_value),))


class TestEstimates:
    @pytest.mark.parametrize(
        ("method", "unit", "text"),
        [
            (Method.PAIRS, Unit.TIMES, "95 % interval 1.235 to 2.500, p = 0.0012, signed ranks"),
            (Method.TURNS, Unit.TIMES, "95 % interval 1.23 to 2.50, p = 0.0012, 16 turns"),
            (
                Method.BLOCKED,
                Unit.SECONDS,
                "p = 0.0012, signed ranks; it neither ran nor queued for a processor meanwhile",
            ),
            (
                Method.CALLS,
                Unit.FILES,
                "Theil and Sen's slope, 95 % interval 1.2 files to 2.5 files; Mann and Kendall p = 0.0012",
            ),
            (Method.SOAK, Unit.TIMES, "Theil and Sen's slope over 16 parts, Mann and Kendall p = 0.0012"),
            (Method.LADDER, Unit.POWER, "Theil and Sen's slope of logarithms over 16 renderings of a length ladder"),
            (Method.AGAIN, Unit.TIMES, "1.80 times as much, in each of 16 turns with a phrase that is not odd"),
            (Method.BLOCKED_AGAIN, Unit.SECONDS, "each of 16 times: it neither ran nor queued for a processor"),
            (Method.ONCE, Unit.SECONDS, "it did not come again"),
            (Method.FRESH_WORKER, Unit.BYTES, "in a fresh worker that had spoken other phrases first"),
            (Method.WHOLE, Unit.BYTES, "metered from outside, by control group and /proc"),
        ],
    )
    def test_are_told_by_how_they_were_made(self, method: Method, unit: Unit, text: str) -> None:
        one = Estimate(
            method=method,
            quantity=Quantity.PROCESSOR,
            value=1.8,
            unit=unit,
            low=1.2346,
            high=2.5,
            p_value=0.00123,
            points=16,
        )
        assert told(estimate=one) == text

    def test_have_words_for_every_method(self) -> None:
        for method in Method:
            assert told(estimate=Estimate(method=method, quantity=Quantity.PROCESSOR, value=1.0, unit=Unit.SECONDS))

    def test_of_memory_are_in_binary_units(self) -> None:
        assert [Unit.BYTES.amount(value) for value in (1536.0, 1310720.0)] == ["2 KiB", "1.25 MiB"]
        assert Unit.THREADS.amount(1) == "1.0 threads"
