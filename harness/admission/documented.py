"""Makes the rules of one check that a table of docs/admission.md lists. Knows no check."""

from __future__ import annotations

from harness.core.rules import Rule
from harness.core.types import Severity, Verdict

SOURCE = "docs/admission.md"


def documented_rule(
    check: str,
    name: str,
    severity: Severity,
    title: str,
    meaning: str,
    advice: str,
    verdict: Verdict = Verdict.FAIL,
    unacceptable: str = "",
) -> Rule:
    """A rule called ``admission.CHECK-NAME``; the other arguments are the rule's own."""
    return Rule(
        id=f"admission.{check}-{name}",
        severity=severity,
        title=title,
        meaning=meaning,
        advice=advice,
        verdict=verdict,
        source=SOURCE,
        unacceptable=unacceptable,
    )
