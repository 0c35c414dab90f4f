"""A run as a list of issues at lines of suites."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.findings import Evidence, Outcome
from harness.core.types import Verdict
from harness.core.verdict import RunResult
from harness.report.formats.issues import IssueKind, incomplete, issues, suite_paths, undecided
from tests.report_samples import (
    INFO,
    NO_GOLDEN,
    NOISY,
    SUITE,
    SUITE_PATH,
    calm_probes,
    dropped,
    passing_run,
    sample_run,
)


class TestIssues:
    def test_come_worst_first_then_what_was_not_decided(self) -> None:
        listed = issues(sample_run())
        assert [one.severity.value if one.severity else one.kind.value for one in listed] == [
            *["critical"] * 8,
            "high",
            *["open"] * 3,
        ]

    def test_stand_at_the_line_of_their_probe(self) -> None:
        (issue,) = [one for one in issues(sample_run()) if one.rule.id == "timing.slow"]
        assert (issue.path, issue.line) == (SUITE_PATH, 34)

    def test_tell_words_numbers_and_counts(self) -> None:
        issue = next(one for one in issues(sample_run()) if one.subject == "not-open-door-osprey")
        assert issue.message == (
            'not-open-door-osprey: drops "not". '
            'Heard "please do open the door before midnight osprey" in 8 of 8 renderings. '
            'Expected "please do not open the door before midnight osprey". '
            "Evidence: log-likelihood of the text -2.25, golden -0.35 (spread 0.06, -31.7 spreads), p < 1e-4."
        )

    def test_of_the_whole_model_stand_at_the_head_of_the_first_suite(self) -> None:
        check = Outcome(subject="engine-load", verdict=Verdict.ERROR, reason="disk full")
        (issue,) = issues(RunResult(info=INFO, outcomes=(check,), planned=1))
        assert (issue.kind, issue.path, issue.line) == (IssueKind.ERROR, SUITE_PATH, 1)
        assert issue.message == "engine-load: the harness could not check this. disk full."

    def test_of_a_failure_without_a_finding_give_its_reason(self) -> None:
        check = Outcome(subject="suite-shift", verdict=Verdict.FAIL, reason="every phrase is slower")
        (issue,) = issues(RunResult(info=INFO, outcomes=(check,), planned=1))
        assert (issue.rule.id, issue.kind) == ("soundcheck.failed", IssueKind.FAIL)
        assert "every phrase is slower" in issue.message

    def test_quote_the_place_that_differs_and_of_an_endless_text_its_beginning(self) -> None:
        one = dropped(calm_probes(1)[0])

        def told(heard: str, expected: str) -> str:
            finding = replace(one.findings[0], heard=heard, expected=expected)
            (issue,) = issues(RunResult(info=INFO, outcomes=(replace(one, findings=(finding,)),), planned=1))
            return issue.message

        words = "again and " * 80
        near = told(f"{words}once more", f"{words}not once more")
        assert "and not once more (813 characters)" in near
        far = told(f"{words * 9}once more", f"{words * 9}not once more")
        assert "… (7,209 characters)" in far
        assert len(far) < 900

    def test_of_a_passing_run_are_none(self) -> None:
        assert issues(passing_run()) == ()

    def test_group_what_is_undecided_by_reason(self) -> None:
        assert [(reason, len(members)) for reason, members in undecided(issues(sample_run()))] == [
            (NOISY, 2),
            (NO_GOLDEN, 1),
        ]


class TestFingerprints:
    def test_stay_when_lines_numbers_and_the_candidate_change(self) -> None:
        run = sample_run()
        later = tuple(
            replace(
                one,
                probe=replace(one.probe, line=one.probe.line + 40) if one.probe else None,
                findings=tuple(
                    replace(finding, evidence=Evidence(words="else"), heard="else") for finding in one.findings
                ),
            )
            for one in run.outcomes
        )
        moved = replace(run, outcomes=later, info=replace(run.info, model_digest="0" * 64, run_id="else"))
        assert [one.fingerprint for one in issues(moved)] == [one.fingerprint for one in issues(run)]

    def test_differ_between_probes_rules_and_names_of_candidates(self) -> None:
        run = sample_run()
        other = replace(run, info=replace(run.info, model_name="other"))
        prints = [one.fingerprint for one in (*issues(run), *issues(other))]
        assert len(set(prints)) == len(prints) == 24

    def test_differ_where_one_rule_is_broken_twice(self) -> None:
        run = sample_run()
        twice = tuple(replace(one, findings=one.findings * 2) for one in run.outcomes)
        prints = [one.fingerprint for one in issues(replace(run, outcomes=twice))]
        assert len(set(prints)) == len(prints)


class TestIncomplete:
    def test_is_an_issue_of_its_own(self) -> None:
        issue = incomplete(replace(sample_run(), planned=140))
        assert issue is not None
        assert (issue.path, issue.line, issue.rule.id) == (SUITE_PATH, 1, "soundcheck.incomplete")
        assert issue.message == (
            "The run is incomplete. The run ended before 8 of 140 items could be decided. "
            "The same command continues it."
        )

    def test_is_none_for_a_complete_run(self) -> None:
        assert incomplete(sample_run()) is None


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "shown"),
        [
            ("probes/a.probes.yaml", "probes/a.probes.yaml"),
            ("./a.probes.yaml", "a.probes.yaml"),
            ("/home/somebody/a.probes.yaml", "a.probes.yaml"),
            ("../../etc/a.probes.yaml", "a.probes.yaml"),
            ("C:\\suites\\a.probes.yaml", "a.probes.yaml"),
            ("..", ""),
        ],
    )
    def test_are_relative_and_never_lead_out(self, path: str, shown: str) -> None:
        info = replace(INFO, suites=(replace(INFO.suites[0], path=path),))
        assert suite_paths(RunResult(info=info, outcomes=(), planned=0)) == {SUITE: shown}
