"""Records of older runs, brought to the shape of today's. Knows what changed, not what it means."""

from __future__ import annotations

import dataclasses
from typing import Any

from harness.core.rules import undescribed
from harness.core.types import Severity


def upgraded(record: Any) -> Any:
    """One line of a run's records, its findings as they are written today; what is no such line comes back as it is.

    A finding had its rule's id only, once: the words are general ones then. Its evidence was one line.
    """
    outcome: Any = record.get("outcome") if isinstance(record, dict) else None
    found: Any = outcome.get("findings") if isinstance(outcome, dict) else None
    if not isinstance(found, list):
        return record
    return {**record, "outcome": {**outcome, "findings": [_finding(one) for one in found]}}


def _finding(finding: Any) -> Any:
    if not isinstance(finding, dict):
        return finding
    changed = dict(finding)
    if isinstance(rule := finding.get("rule"), str):
        severity = finding.get("severity")
        known = Severity(severity) if severity in list(Severity) else Severity.HIGH
        changed["rule"] = dataclasses.asdict(undescribed(rule, known))
    if isinstance(evidence := finding.get("evidence"), str):
        changed["evidence"] = {"words": evidence}
    return changed
