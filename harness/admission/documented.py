"""Makes the rules of admission. Knows no check."""

from __future__ import annotations

from harness.core.grades import Severity, Verdict
from harness.core.rules import Rule

SOURCE = "docs/admission.md"


def documented_rule(
    name: str,
    severity: Severity,
    title: str,
    meaning: str,
    advice: str,
    verdict: Verdict = Verdict.FAIL,
    unacceptable: str = "",
    source: str = SOURCE,
) -> Rule:
    """A rule called ``admission.NAME``; the other arguments are the rule's own."""
    return Rule(
        id=f"admission.{name}",
        severity=severity,
        title=title,
        meaning=meaning,
        advice=advice,
        verdict=verdict,
        source=source,
        unacceptable=unacceptable,
    )
