"""The checks of a model's files: what admission says before the first load, and whether they stayed what they were."""

from __future__ import annotations

from harness.admission.outcomes import CHECKS, UNCHANGED
from harness.core.findings import Outcome
from harness.run.checks.base import CheckedRun, ModelCheck, When

_TITLES = {
    "admission-checkpoint": "reads checkpoints against an allow-list, without loading them",
    "admission-config": "says what the engine would do with the model's configuration",
    "admission-architecture": "holds the tensors against the configuration",
    "admission-directory": "says which files have no business in a model's folder",
    "admission-integrity": "verifies signatures, lists of digests and pins",
}


def _outcome(name: str, run: CheckedRun) -> Outcome:
    return run.door.outcome(name)


FILE_CHECKS = tuple(
    ModelCheck(
        name=name,
        when=When.FIRST,
        title=_TITLES[name],
        outcome=_outcome,
        needs_admission=False,
        has_to_be_decided=True,
    )
    for name in CHECKS
)
UNCHANGED_CHECK = ModelCheck(
    name=UNCHANGED,
    when=When.LAST,
    title="says whether the files are still those that were admitted",
    outcome=_outcome,
    needs_admission=False,
)
