"""Numbers are data until they are shown; these are the words for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.findings import Against, Finding, Measurement
from harness.core.types import Severity
from harness.report.wording import evidence_of
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


def told(**parts: object) -> str:
    finding = Finding(rule=rule("speech.altered"), severity=Severity.HIGH, subject="a", title="sounds different")
    return evidence_of(replace(finding, **parts))  # type: ignore[arg-type]


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

    def test_keeps_what_is_told_in_words_and_puts_the_tests_beside_its_p_value(self) -> None:
        lost = "not heard in 12 of 12 renderings, control 0 of 12; p = 7.4e-07"
        assert told(evidence=lost) == lost
        assert told(evidence=lost, tests=50) == f"{lost}, one of 50 tests"

    @pytest.mark.parametrize(
        ("p_value", "text"), [(0.5, "= 0.5"), (1e-4, "= 0.0001"), (9e-5, "< 1e-4"), (0.0, "< 1e-4")]
    )
    def test_says_of_a_tiny_p_value_only_what_it_is_below(self, p_value: float, text: str) -> None:
        assert f", p {text}" in told(measurements=(replace(WORST, p_value=p_value),))
