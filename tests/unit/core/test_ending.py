"""The exit code of a session: one test for each cell of the matrix, and for each thing that pytest can be told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.ending import CI, MATRIX, Ending, Session, Standing, ending_of, explained, standing_of
from harness.core.findings import Outcome
from harness.core.types import Probe, Verdict
from harness.core.verdict import RELEASE, RunResult
from tests.unit.core.test_verdict import INFO

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "ci.md"


def item(verdict: Verdict, name: str = "door") -> Outcome:
    probe = Probe(id=name, text="Close the door.", family="carriers", expect="close the door")
    return Outcome(subject=name, verdict=verdict, probe=probe)


def check(verdict: Verdict) -> Outcome:
    return Outcome(subject="engine-load", verdict=verdict)


def result(*outcomes: Outcome, gate: str = CI, missing: int = 0) -> RunResult:
    return RunResult(info=replace(INFO, gate=gate), outcomes=outcomes, planned=len(outcomes) + missing)


RUNS: dict[Standing, tuple[tuple[Outcome, ...], int]] = {
    Standing.PASS: ((check(PASS), item(PASS)), 0),
    Standing.FAIL: ((check(PASS), item(PASS), item(FAIL, "train")), 0),
    Standing.INCONCLUSIVE: ((check(INCONCLUSIVE), item(PASS)), 0),
    Standing.INCOMPLETE: ((check(PASS), item(PASS)), 1),
    Standing.ERROR: ((check(PASS), item(PASS), item(ERROR, "train")), 0),
    Standing.NOTHING_JUDGED: ((check(PASS), item(INCONCLUSIVE)), 0),
}
"""A run of each standing: its outcomes, and how many items have none."""


def session(status: int = 0, **known: object) -> Session:
    """A session that asked for a gate; nobody changed its exit code unless it is said."""
    return Session(**({"status": status, "changed_status": status, "is_asked": True} | known))  # type: ignore[arg-type]


def natural(standing: Standing) -> int:
    """What pytest makes of it by itself: 1 where an item is red, 5 where there is none."""
    return {Standing.FAIL: 1, Standing.ERROR: 1, Standing.NOTHING_COLLECTED: 5}.get(standing, 0)


class TestStanding:
    @pytest.mark.parametrize("standing", RUNS)
    @pytest.mark.parametrize("gate", [CI, RELEASE])
    def test_is_read_off_the_record(self, standing: Standing, gate: str) -> None:
        outcomes, missing = RUNS[standing]
        assert standing_of(result(*outcomes, gate=gate, missing=missing)) is standing

    def test_without_a_run_is_that_nothing_was_collected(self) -> None:
        assert standing_of(None) is Standing.NOTHING_COLLECTED

    def test_a_single_open_probe_is_let_through_by_ci_and_not_by_release(self) -> None:
        outcomes = (check(PASS), item(PASS), item(INCONCLUSIVE, "train"))
        assert result(*outcomes).verdict is PASS
        assert result(*outcomes, gate=RELEASE).verdict is INCONCLUSIVE
        assert standing_of(result(*outcomes)) is Standing.PASS
        assert standing_of(result(*outcomes, gate=RELEASE)) is Standing.INCONCLUSIVE

    def test_a_failure_weighs_more_than_what_is_missing_broken_or_open(self) -> None:
        outcomes = (check(FAIL), item(ERROR), item(INCONCLUSIVE, "train"))
        assert standing_of(result(*outcomes, missing=3)) is Standing.FAIL


class TestMatrix:
    @pytest.mark.parametrize(
        ("standing", "gate", "wanted"),
        [
            (Standing.PASS, CI, 0),
            (Standing.PASS, RELEASE, 0),
            (Standing.FAIL, CI, 1),
            (Standing.FAIL, RELEASE, 1),
            (Standing.INCONCLUSIVE, CI, 0),
            (Standing.INCONCLUSIVE, RELEASE, 10),
            (Standing.INCOMPLETE, CI, 0),
            (Standing.INCOMPLETE, RELEASE, 10),
            (Standing.ERROR, CI, 3),
            (Standing.ERROR, RELEASE, 3),
            (Standing.NOTHING_JUDGED, CI, 10),
            (Standing.NOTHING_JUDGED, RELEASE, 10),
            (Standing.NOTHING_COLLECTED, CI, 5),
            (Standing.NOTHING_COLLECTED, RELEASE, 5),
        ],
    )
    def test_every_cell(self, standing: Standing, gate: str, wanted: int) -> None:
        """Whatever pytest or a plugin counted: red items of other verdicts, quarantined ones, none at all."""
        own = natural(standing)
        for changed in (own, 0, 1) if wanted else (0,):
            assert ending_of(standing, gate, session(own, changed_status=changed)) == wanted

    def test_has_a_cell_for_each_standing_and_gate(self) -> None:
        assert {(standing, gate) for standing, cells in MATRIX.items() for gate in cells} == {
            (standing, gate) for standing in Standing for gate in (CI, RELEASE)
        }

    def test_nothing_but_a_pass_ends_with_0_under_release(self) -> None:
        assert [standing for standing, cells in MATRIX.items() if cells[RELEASE] == 0] == [Standing.PASS]

    def test_nothing_but_a_failure_ends_with_1(self) -> None:
        ones = [(standing, gate) for standing, cells in MATRIX.items() for gate in cells if cells[gate] == 1]
        assert ones == [(Standing.FAIL, CI), (Standing.FAIL, RELEASE)]

    def test_is_the_one_that_the_documentation_shows(self) -> None:
        text = DOCUMENTATION.read_text("utf-8")
        for standing, cells in MATRIX.items():
            row = next(line for line in text.splitlines() if line.startswith(f"| {standing.value}"))
            shown = [cell.strip() for cell in row.strip("|").split("|")]
            assert (shown[-2], shown[-1]) == (str(int(cells[CI])), str(int(cells[RELEASE]))), row


class TestWhatPytestIsTold:
    @pytest.mark.parametrize("gate", [CI, RELEASE])
    @pytest.mark.parametrize("standing", [one for one in Standing if one is not Standing.PASS])
    def test_a_plugin_that_sets_0_hides_nothing_that_has_a_code(self, standing: Standing, gate: str) -> None:
        ending = ending_of(standing, gate, session(1, changed_status=0))
        assert ending == MATRIX[standing][gate]

    @pytest.mark.parametrize("gate", [CI, RELEASE])
    def test_a_plugin_s_own_code_is_kept_unless_a_model_failed(self, gate: str) -> None:
        assert ending_of(Standing.PASS, gate, session(0, changed_status=42)) == 42
        assert ending_of(Standing.NOTHING_JUDGED, gate, session(0, changed_status=42)) == 42
        assert ending_of(Standing.FAIL, gate, session(1, changed_status=42)) == Ending.FAILED

    @pytest.mark.parametrize("status", [2, 3, 4])
    @pytest.mark.parametrize("changed", [0, 1])
    @pytest.mark.parametrize("standing", Standing)
    def test_an_early_end_stays_one(self, status: int, changed: int, standing: Standing) -> None:
        assert ending_of(standing, CI, session(status, changed_status=changed)) == status

    @pytest.mark.parametrize(("status", "wanted"), [(0, 10), (1, 10)])
    def test_items_that_were_selected_and_kept_from_being_judged_are_no_pass(self, status: int, wanted: int) -> None:
        """A skip mark, ``pytest.exit(returncode=0)``, or pytest-timeout's end of a whole session."""
        assert ending_of(Standing.INCOMPLETE, CI, session(status, is_cut_short=True)) == wanted

    def test_another_s_failure_fails_a_session_that_the_model_passed(self) -> None:
        assert ending_of(Standing.PASS, RELEASE, session(1, others_failed=True)) == 1
        assert ending_of(Standing.INCONCLUSIVE, RELEASE, session(1, others_failed=True)) == 1

    def test_another_s_failure_does_not_make_an_error_a_failed_model(self) -> None:
        assert ending_of(Standing.ERROR, CI, session(1, others_failed=True)) == Ending.BROKEN

    def test_too_little_coverage_fails_a_session_that_the_model_passed(self) -> None:
        assert ending_of(Standing.PASS, CI, session(0, changed_status=1)) == 1

    @pytest.mark.parametrize("status", [0, 1, 2, 5, 42])
    def test_a_session_without_a_gate_is_left_alone(self, status: int) -> None:
        known = {"is_asked": False, "changed_status": status}
        assert ending_of(Standing.NOTHING_COLLECTED, CI, session(0, **known)) == status


class TestExplained:
    def test_says_why_wherever_the_verdict_does_not(self) -> None:
        said = {
            (standing, gate): explained(standing, ending)
            for standing, cells in MATRIX.items()
            for gate, ending in cells.items()
        }
        assert all(
            line.startswith(f"exit code {int(MATRIX[standing][gate])}")
            for (standing, gate), line in said.items()
            if line
        )
        silent = {standing for (standing, _), line in said.items() if not line}
        assert silent == {Standing.PASS, Standing.FAIL, Standing.NOTHING_COLLECTED}
