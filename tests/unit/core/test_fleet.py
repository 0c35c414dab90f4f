"""Rows of a fleet add up to one word and one exit code, and say what is new."""

from __future__ import annotations

import dataclasses

import pytest

from harness.core.fleet import NEW, FleetReport, worst_rows_first
from harness.core.grades import Verdict
from tests.fleet_samples import row, sample_fleet

PASSED, FAILED = row("a", Verdict.PASS, 0), row("b", Verdict.FAIL, 1)
BROKEN, OPEN = row("c", Verdict.ERROR, 3), row("d", Verdict.INCONCLUSIVE, 10)
LET_THROUGH = row("e", Verdict.INCONCLUSIVE, 0)


def fleet(*rows):
    return FleetReport(version="", name="f", title="F", number=1, rows=rows)


class TestTogether:
    @pytest.mark.parametrize(
        ("rows", "verdict", "ending"),
        [
            ([PASSED], Verdict.PASS, 0),
            ([PASSED, FAILED, BROKEN, OPEN], Verdict.FAIL, 1),
            ([PASSED, BROKEN, OPEN], Verdict.ERROR, 3),
            ([PASSED, OPEN], Verdict.INCONCLUSIVE, 10),
            ([PASSED, LET_THROUGH], Verdict.INCONCLUSIVE, 0),
            ([PASSED, row("x", Verdict.PASS, 77)], Verdict.PASS, 3),
            ([], Verdict.ERROR, 3),
        ],
    )
    def test_the_worst_row_decides(self, rows, verdict, ending):
        report = fleet(*rows)
        assert (report.verdict, report.ending) == (verdict, ending)

    def test_false_failures_to_expect_are_the_sum_of_the_rates(self):
        assert fleet(PASSED, FAILED, row("e", Verdict.ERROR, 3, alpha=0.0)).expected_false_failures == 0.02

    def test_the_worst_are_shown_first_and_otherwise_as_listed(self):
        names = [one.name for one in worst_rows_first([PASSED, OPEN, BROKEN, FAILED, LET_THROUGH])]
        assert names == ["b", "c", "d", "e", "a"]

    def test_counts_models_by_verdict(self):
        assert sample_fleet().counts == {
            Verdict.PASS: 2, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 1, Verdict.ERROR: 1,
        }  # fmt: skip


class TestNews:
    @pytest.mark.parametrize(
        ("changed", "history", "told"),
        [
            ((), (Verdict.PASS,), ""),
            ((NEW,), (), "new"),
            (("the golden",), (Verdict.PASS,), "the golden changed, still pass"),
            (("the golden", "the suites"), (Verdict.FAIL,), "was fail; the golden and the suites changed"),
            ((), (Verdict.PASS, Verdict.ERROR), "was error; nothing of it changed"),
        ],
    )
    def test_are_told_in_words(self, changed, history, told):
        assert dataclasses.replace(PASSED, changed=changed, history=history).news == told
