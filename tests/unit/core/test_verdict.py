"""From outcomes to one verdict: nothing missing ever passes."""

from __future__ import annotations

import itertools

import pytest

from harness.core.findings import Finding, Outcome
from harness.core.types import Probe, Severity, Verdict
from harness.core.verdict import RunInfo, RunResult, overall
from tests.rule_samples import rule

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR
INFO = RunInfo(
    run_id="0123456789ab",
    version="0.1.0",
    model="voices/joe",
    model_name="candidate",
    model_digest="ab" * 32,
    golden=None,
    golden_digest=None,
    golden_model_digest=None,
    engine="fake",
    device="cpu",
    asr={},
    suites=(),
    seed=1,
    takes=2,
    alpha=0.01,
    isolation="process",
)
LOADED = Outcome(subject="engine-load", verdict=PASS)


def probed(verdict: Verdict, subject: str = "a", *findings: Finding) -> Outcome:
    probe = Probe(id=subject, text="do not", family="negation", expect="do not")
    return Outcome(subject=subject, verdict=verdict, probe=probe, findings=findings)


def result(*outcomes: Outcome, planned: int | None = None) -> RunResult:
    return RunResult(info=INFO, outcomes=outcomes, planned=len(outcomes) if planned is None else planned)


def finding(severity: Severity, rule_id: str, subject: str) -> Finding:
    return Finding(rule=rule(rule_id), severity=severity, subject=subject, title="something")


class TestOverall:
    @pytest.mark.parametrize(
        ("verdicts", "wanted"),
        [
            ([], INCONCLUSIVE),
            ([PASS], PASS),
            ([FAIL], FAIL),
            ([ERROR], ERROR),
            ([INCONCLUSIVE], INCONCLUSIVE),
            ([PASS, INCONCLUSIVE], PASS),
            ([PASS, ERROR], ERROR),
            ([INCONCLUSIVE, ERROR], ERROR),
            ([PASS, INCONCLUSIVE, ERROR, FAIL], FAIL),
        ],
    )
    def test_is_the_worst_that_was_shown(self, verdicts: list[Verdict], wanted: Verdict) -> None:
        for order in itertools.permutations(verdicts):
            assert overall(order) is wanted

    def test_of_one_failure_among_many_is_fail(self) -> None:
        assert overall([PASS] * 129 + [FAIL]) is FAIL


class TestVerdict:
    def test_of_a_whole_run_is_that_of_its_outcomes(self) -> None:
        assert result(LOADED, probed(PASS), probed(PASS, "b")).verdict is PASS
        assert result(LOADED, probed(PASS), probed(FAIL, "b")).verdict is FAIL
        assert result(LOADED, probed(PASS), probed(ERROR, "b")).verdict is ERROR
        assert result(LOADED, probed(PASS), probed(INCONCLUSIVE, "b")).verdict is PASS

    def test_of_an_incomplete_run_is_never_pass(self) -> None:
        assert result(LOADED, probed(PASS), planned=3).verdict is INCONCLUSIVE

    def test_of_an_incomplete_run_with_a_failure_is_fail(self) -> None:
        assert result(LOADED, probed(FAIL), planned=3).verdict is FAIL
        assert result(LOADED, probed(ERROR), planned=3).verdict is ERROR

    def test_of_a_run_that_did_nothing_is_inconclusive(self) -> None:
        assert result().verdict is INCONCLUSIVE
        assert result(planned=131).verdict is INCONCLUSIVE

    def test_is_not_pass_because_the_model_loads(self) -> None:
        """Without a golden every probe is inconclusive, while the check that the model loads passes."""
        unjudged = [probed(INCONCLUSIVE, f"probe-{number}") for number in range(130)]
        assert result(LOADED, *unjudged).verdict is INCONCLUSIVE
        assert result(LOADED).verdict is INCONCLUSIVE

    @pytest.mark.parametrize("check", ["admission-checkpoint", "admission-unchanged", "behaviour-observer"])
    def test_is_not_pass_while_a_check_of_the_whole_model_is_open(self, check: str) -> None:
        open_check = Outcome(subject=check, verdict=INCONCLUSIVE, reason="nobody watched")
        assert result(LOADED, probed(PASS)).verdict is PASS
        assert result(LOADED, open_check, probed(PASS)).verdict is INCONCLUSIVE
        assert result(LOADED, open_check, probed(PASS), probed(FAIL, "b")).verdict is FAIL

    def test_of_a_model_that_does_not_load_is_fail(self) -> None:
        broken = Outcome(subject="engine-load", verdict=FAIL)
        assert result(broken, probed(INCONCLUSIVE)).verdict is FAIL


class TestCounts:
    def test_name_every_verdict(self) -> None:
        assert result(LOADED, probed(PASS), probed(FAIL, "b"), planned=9).counts == {
            PASS: 2,
            FAIL: 1,
            INCONCLUSIVE: 0,
            ERROR: 0,
        }

    def test_say_whether_every_planned_item_is_there(self) -> None:
        assert result(LOADED, probed(PASS), planned=2).complete
        assert not result(LOADED, probed(PASS), planned=3).complete


class TestFindings:
    def test_come_worst_first_then_by_rule_and_subject(self) -> None:
        wanted = [
            finding(Severity.CRITICAL, "speech.word-dropped", "a"),
            finding(Severity.CRITICAL, "speech.word-dropped", "b"),
            finding(Severity.CRITICAL, "worker.forged", "a"),
            finding(Severity.HIGH, "a.rule", "z"),
            finding(Severity.MEDIUM, "a.rule", "a"),
            finding(Severity.LOW, "a.rule", "a"),
        ]
        for order in itertools.permutations(wanted):
            outcomes = [probed(FAIL, "a", *order[:2]), probed(PASS, "b"), probed(FAIL, "c", *order[2:])]
            assert list(result(*outcomes).findings) == wanted

    def test_of_a_clean_run_are_none(self) -> None:
        assert result(LOADED, probed(PASS)).findings == ()

    def test_of_outcomes_that_did_not_fail_are_told_too(self) -> None:
        low = finding(Severity.LOW, "a.rule", "a")
        assert result(probed(INCONCLUSIVE, "a", low)).findings == (low,)


class TestSeverity:
    def test_ranks_run_from_worst_to_least(self) -> None:
        ranks = [severity.rank for severity in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)]
        assert ranks == [0, 1, 2, 3]
