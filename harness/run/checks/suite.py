"""The check of the suite as a whole: what no single probe shows."""

from __future__ import annotations

from harness.core.findings import Outcome
from harness.judging.suite_shift import CHECK
from harness.run.checks.base import CheckedRun, ModelCheck, When


def _outcome(name: str, run: CheckedRun) -> Outcome:
    del name
    return run.campaign.check_shift()


SHIFT_CHECK = ModelCheck(
    name=CHECK, when=When.AFTER_PROBES, title="holds all takes together against the golden", outcome=_outcome
)
