"""The checks of what the candidate's workers were seen to do, in this run and in those that made its renderings."""

from __future__ import annotations

import dataclasses

from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.judging.behaviour import CHECKS, PREFIX, RULES, judge_behaviour
from harness.run.checks.base import CheckedRun, EndedRun, ModelCheck, When
from harness.run.seen import seen_of
from harness.run.tools import is_observed

_TITLES = {rule.id.replace("behaviour.", PREFIX): rule.title.removeprefix("The candidate ") for rule in RULES}


def _outcome(name: str, run: CheckedRun) -> Outcome:
    fault = run.campaign.try_load()
    run.events.flush()
    seen = seen_of(run.settings.folder, run.info.model_digest)
    outcome = judge_behaviour(name, seen, is_observed=is_observed(run.info.isolation), probes=run.names)
    if fault and outcome.verdict is Verdict.PASS:
        reason = "the candidate never loaded, so little of it could be observed; see engine-load"
        return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=reason)
    return outcome


def _late_outcome(name: str, run: EndedRun) -> Outcome:
    return judge_behaviour(name, run.seen, is_observed=is_observed(run.info.isolation), probes=run.names)


BEHAVIOUR_CHECKS = tuple(
    ModelCheck(
        name=name,
        when=When.AFTER_PROBES,
        title=f"fails a candidate that {_TITLES[name]}",
        outcome=_outcome,
        late_outcome=_late_outcome,
    )
    for name in CHECKS
)
