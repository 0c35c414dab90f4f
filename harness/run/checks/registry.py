"""Every check of the whole model, in the order in which items are collected and reports are read. Defines none."""

from __future__ import annotations

from harness.run.checks.base import ModelCheck
from harness.run.checks.behaviour import BEHAVIOUR_CHECKS
from harness.run.checks.cost import METERED_CHECKS
from harness.run.checks.files import FILE_CHECKS, UNCHANGED_CHECK
from harness.run.checks.hunt import HUNT_CHECK
from harness.run.checks.loading import LOAD_CHECK
from harness.run.checks.policy import POLICY_CHECK
from harness.run.checks.suite import SHIFT_CHECK
from harness.run.settings import Settings

MODEL_CHECKS: tuple[ModelCheck, ...] = (
    *FILE_CHECKS,
    LOAD_CHECK,
    SHIFT_CHECK,
    *METERED_CHECKS,
    HUNT_CHECK,
    *BEHAVIOUR_CHECKS,
    UNCHANGED_CHECK,
    POLICY_CHECK,
)
"""One row for each check, or for each kind of them."""


def checks_of(settings: Settings) -> tuple[ModelCheck, ...]:
    """The checks that a run with these settings has."""
    return tuple(check for check in MODEL_CHECKS if check.is_on(settings))


def check_named(name: str) -> ModelCheck:
    """The check of that name.

    Raises:
        KeyError: There is none.
    """
    return {check.name: check for check in MODEL_CHECKS}[name]


def table() -> str:
    """The checks as a Markdown table, as the documentation shows them."""
    rows = (f"| `{check.name}` | {check.when} | {check.title} |" for check in MODEL_CHECKS)
    return "\n".join(("| item | made | what it does |", "|---|---|---|", *rows)) + "\n"
