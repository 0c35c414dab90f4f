"""The check that the run is what the release owner's policy demands; there where there is a policy."""

from __future__ import annotations

from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.policy.release import CHECK, judge_policy
from harness.run.checks.base import CheckedRun, EndedRun, ModelCheck, When


def _outcome(name: str, run: CheckedRun) -> Outcome:
    if run.settings.policy is None:
        raise RuntimeError("the check is made only where there is a policy")
    outcomes = run.directory.result().outcomes
    is_over = sum(bool(outcome.probe) or outcome.subject != name for outcome in outcomes) >= run.planned - 1
    return judge_policy(run.settings.policy.policy, run.probes, outcomes, run.today, is_over=is_over)


def _late_outcome(name: str, run: EndedRun) -> Outcome | None:
    """Held against everything that was decided; an incomplete run only against the calendar."""
    del name
    if run.policy is None:
        return None
    result = run.directory.result()
    probes = [outcome.probe for outcome in result.outcomes if outcome.probe]
    outcome = judge_policy(run.policy, probes, result.outcomes, run.today, is_over=result.complete)
    return outcome if result.complete or outcome.verdict is Verdict.FAIL else None


POLICY_CHECK = ModelCheck(
    name=CHECK,
    when=When.LAST,
    title="says whether coverage and waivers are what the policy demands",
    outcome=_outcome,
    late_outcome=_late_outcome,
    is_on=lambda settings: settings.policy is not None,
    needs_admission=False,
    is_of_model=False,
)
