"""The checks of what the candidate costs the machine: on unless metering or the policy switches them off."""

from __future__ import annotations

from functools import partial

from harness.core.findings import Outcome
from harness.policy.release import COST_CHECKS
from harness.run.checks.base import CheckedRun, ModelCheck, When
from harness.run.settings import Settings

_TITLES = {
    "cost-latency": "compares processor time, phrase by phrase and as a whole",
    "cost-memory": "compares the memory that it needs at most",
    "cost-leak": "says whether calls leave memory or files behind",
    "cost-scaling": "says how cost grows with the length of the text",
    "cost-first-rendering": "compares what the first rendering takes",
    "cost-load": "compares what loading takes",
}


def _outcome(name: str, run: CheckedRun) -> Outcome:
    return run.costing.check(name)


def _is_on(name: str, settings: Settings) -> bool:
    off = settings.policy.policy.cost.off if settings.policy else ()
    return settings.is_metered and name not in off


METERED_CHECKS = tuple(
    ModelCheck(name=name, when=When.AFTER_PROBES, title=_TITLES[name], outcome=_outcome, is_on=partial(_is_on, name))
    for name in COST_CHECKS
)
