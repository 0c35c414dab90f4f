"""A policy applied: to an outcome, and to a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.findings import Finding, Outcome
from harness.core.types import Severity, Verdict
from harness.policy.release import CHECK, FamilyPolicy, Policy, Waiver, apply, judge_policy, waivers_in_use
from tests.report_samples import calm_probes
from tests.rule_samples import rule as rule_named

TODAY = "2026-06-15"
PROBE = calm_probes(1)[0]
WAIVER = Waiver(
    rule="timing.slow", subject=f"{PROBE.family}-*", owner="voice team", reason="wanted", expires="2026-06-15", line=7
)


def policy(**changes: object) -> Policy:
    return replace(Policy(title="Releases", owner="voice team"), **changes)


def finding(rule_id: str = "timing.slow", severity: Severity = Severity.HIGH) -> Finding:
    return Finding(rule=rule_named(rule_id), severity=severity, subject=PROBE.id, title="is slow")


def failed(*findings: Finding, reason: str = "") -> Outcome:
    return Outcome(subject=PROBE.id, verdict=Verdict.FAIL, reason=reason, probe=PROBE, findings=findings)


class TestWaivers:
    def test_let_an_item_pass_and_keep_its_finding(self) -> None:
        judged = apply(policy(waivers=(WAIVER,)), failed(finding()), TODAY)
        assert judged.verdict is Verdict.PASS
        assert judged.findings == (replace(finding(), accepted="waived by voice team until 2026-06-15: wanted"),)

    def test_hold_on_their_last_day_and_not_on_the_next(self) -> None:
        under = policy(waivers=(WAIVER,))
        assert apply(under, failed(finding()), "2026-06-15").verdict is Verdict.PASS
        assert apply(under, failed(finding()), "2026-06-16") == failed(finding())

    def test_cover_their_rule_only(self) -> None:
        judged = apply(policy(waivers=(WAIVER,)), failed(finding(), finding("timing.pause")), TODAY)
        assert judged.verdict is Verdict.FAIL
        assert [bool(one.accepted) for one in judged.findings] == [True, False]

    @pytest.mark.parametrize("subject", ["*-001", "other", f"{PROBE.id}-more", PROBE.id.upper()])
    def test_cover_the_subjects_of_their_pattern_only(self, subject: str) -> None:
        under = policy(waivers=(replace(WAIVER, subject=subject),))
        assert apply(under, failed(finding()), TODAY).verdict is Verdict.FAIL

    def test_leave_what_is_inconclusive_without_findings_inconclusive(self) -> None:
        judged = apply(policy(waivers=(WAIVER,)), failed(finding(), reason="no golden"), TODAY)
        assert (judged.verdict, judged.reason) == (Verdict.INCONCLUSIVE, "no golden")

    @pytest.mark.parametrize("rule", ["worker.crashed", "behaviour.network"])
    def test_silence_hostile_behaviour_only_where_they_say_so(self, rule: str) -> None:
        """The parser refuses the first; a policy that was made otherwise must not get round it."""
        quiet = replace(WAIVER, rule=rule)
        assert apply(policy(waivers=(quiet,)), failed(finding(rule)), TODAY).verdict is Verdict.FAIL
        loud = replace(quiet, allows_hostile=True)
        assert apply(policy(waivers=(loud,)), failed(finding(rule)), TODAY).verdict is Verdict.PASS

    @pytest.mark.parametrize("rule", ["admission.pickle-import", "policy.waiver-expired"])
    def test_never_open_the_door(self, rule: str) -> None:
        loud = replace(WAIVER, rule=rule, allows_hostile=True)
        assert apply(policy(waivers=(loud,)), failed(finding(rule)), TODAY).verdict is Verdict.FAIL

    def test_in_use_are_those_that_some_finding_needs(self) -> None:
        idle = replace(WAIVER, rule="timing.pause")
        under = policy(waivers=(idle, WAIVER))
        judged = apply(under, failed(finding(), finding()), TODAY)
        assert waivers_in_use(under, [judged], TODAY) == {WAIVER: 2}
        assert waivers_in_use(under, [failed(finding())], TODAY) == {}


class TestSeverities:
    def test_of_the_policy_replace_the_detector_s_and_this_is_noted(self) -> None:
        judged = apply(policy(severity={"timing.slow": Severity.LOW}), failed(finding()), TODAY)
        assert judged.verdict is Verdict.FAIL
        assert judged.findings[0].severity is Severity.LOW
        assert judged.notes == ("the policy calls timing.slow low, its detector high",)

    def test_of_a_family_come_first(self) -> None:
        families = {PROBE.family: FamilyPolicy(severity={"timing.slow": Severity.CRITICAL})}
        judged = apply(policy(severity={"timing.slow": Severity.LOW}, families=families), failed(finding()), TODAY)
        assert judged.findings[0].severity is Severity.CRITICAL

    def test_milder_than_the_policy_fails_at_are_told_and_do_not_fail(self) -> None:
        judged = apply(policy(fail_at=Severity.CRITICAL), failed(finding()), TODAY)
        assert judged.verdict is Verdict.PASS
        assert judged.findings[0].accepted == "high is milder than what the policy fails at (critical)"

    def test_a_family_may_fail_at_less(self) -> None:
        families = {PROBE.family: FamilyPolicy(fail_at=Severity.HIGH)}
        assert apply(policy(fail_at=Severity.CRITICAL, families=families), failed(finding()), TODAY) == failed(
            finding()
        )

    @pytest.mark.parametrize("rule", ["worker.crashed", "behaviour.limits", "admission.changed-during-run"])
    def test_of_hostile_behaviour_are_never_milder_and_always_fail(self, rule: str) -> None:
        under = policy(fail_at=Severity.CRITICAL, severity={rule: Severity.LOW})
        assert apply(under, failed(finding(rule)), TODAY) == failed(finding(rule))

    def test_change_no_verdict_for_the_worse(self) -> None:
        passed = Outcome(subject=PROBE.id, verdict=Verdict.PASS, probe=PROBE)
        assert apply(policy(fail_at=Severity.LOW), passed, TODAY) is passed


class TestTheCheck:
    def test_passes_and_names_what_is_in_use(self) -> None:
        under = policy(waivers=(WAIVER,))
        outcomes = [apply(under, failed(finding()), TODAY)]
        outcome = judge_policy(under, [PROBE], outcomes, TODAY, is_over=True)
        assert (outcome.subject, outcome.verdict) == (CHECK, Verdict.PASS)
        assert outcome.notes == (
            "Releases, owned by voice team",
            f"waiver of timing.slow on {PROBE.family}-*: in use (1 finding), until 2026-06-15, voice team",
        )

    def test_calls_a_waiver_unused_only_when_the_run_is_over(self) -> None:
        under = policy(waivers=(WAIVER,))
        idle = f"waiver of timing.slow on {PROBE.family}-*: not in use; remove it from the policy"
        assert idle in judge_policy(under, [PROBE], [], TODAY, is_over=True).notes
        assert idle not in judge_policy(under, [PROBE], [], TODAY, is_over=False).notes

    def test_fails_for_an_expired_waiver_used_or_not(self) -> None:
        outcome = judge_policy(policy(waivers=(WAIVER,)), [PROBE], [], "2026-06-16", is_over=False)
        assert outcome.verdict is Verdict.FAIL
        (found,) = outcome.findings
        assert (found.rule.id, found.subject) == ("policy.waiver-expired", "policy")
        assert found.heard == f"waiver of timing.slow on {PROBE.family}-* (line 7) ended on 2026-06-15"

    def test_is_inconclusive_without_a_family_that_is_required(self) -> None:
        outcome = judge_policy(policy(required=("negation",)), [PROBE], [], TODAY, is_over=False)
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason == "the policy requires family negation, and the suites have no probe of it"

    def test_counts_decided_probes_only(self) -> None:
        under = policy(min_probes=1, families={PROBE.family: FamilyPolicy(min_probes=1)})
        assert judge_policy(under, [PROBE], [], TODAY, is_over=False).verdict is Verdict.PASS
        unsure = Outcome(subject=PROBE.id, verdict=Verdict.INCONCLUSIVE, probe=PROBE)
        outcome = judge_policy(under, [PROBE], [unsure], TODAY, is_over=False)
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason == (
            f"family {PROBE.family}: 0 decided probes, the policy requires 1; "
            "0 decided probes in all, the policy requires 1"
        )

    def test_bounds_what_may_hide(self) -> None:
        probes = [probe for probe in calm_probes(200) if probe.family == PROBE.family]
        most = policy(required=(PROBE.family,), max_miss=0.2)
        assert judge_policy(most, probes[:14], [], TODAY, is_over=False).verdict is Verdict.PASS
        outcome = judge_policy(most, probes[:13], [], TODAY, is_over=False)
        assert outcome.reason == (
            f"family {PROBE.family}: 21% of its phrases could hide a trigger (95 %, 13 decided probes), "
            "the policy allows 20%"
        )
