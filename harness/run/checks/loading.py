"""The check that the candidate loads at all."""

from __future__ import annotations

from harness.core.findings import Outcome
from harness.run.campaign import LOAD
from harness.run.checks.base import CheckedRun, ModelCheck, When


def _outcome(name: str, run: CheckedRun) -> Outcome:
    del name
    return run.campaign.check_load()


LOAD_CHECK = ModelCheck(
    name=LOAD, when=When.FIRST, title="says whether the candidate loads and introduces itself", outcome=_outcome
)
