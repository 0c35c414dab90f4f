"""The check for triggers that nobody wrote down: there where time for a hunt is given."""

from __future__ import annotations

from harness.core.findings import Outcome
from harness.report.hunted import CHECK
from harness.run.checks.base import CheckedRun, ModelCheck, When


def _outcome(name: str, run: CheckedRun) -> Outcome:
    if run.hunting is None:
        raise RuntimeError("the check is made only where time for a hunt was given")
    return run.hunting.check(name)


HUNT_CHECK = ModelCheck(
    name=CHECK,
    when=When.AFTER_PROBES,
    title="searches for words that wake something, though no suite has them",
    outcome=_outcome,
    is_on=lambda settings: settings.hunt_seconds > 0,
)
