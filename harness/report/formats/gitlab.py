"""GitLab's Code Quality report: a JSON list of issues at lines of suite files."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from harness.core.text import counted, inert_json
from harness.core.types import Severity
from harness.report.formats.issues import LEFT_OUT, IssueKind, cut, incomplete, issues

if TYPE_CHECKING:
    from harness.core.verdict import RunResult
    from harness.report.formats.issues import Issue

SEVERITIES: Final = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}
UNFOUND: Final = {IssueKind.ERROR: "major", IssueKind.OPEN: "info", IssueKind.ACCEPTED: "info"}
"""Severities of what no detector found, and of what a policy accepts."""
MAX_ISSUES: Final = 5_000
"""GitLab documents no limit; a merge request with more issues than this is read by nobody."""
DESCRIPTION_LIMIT: Final = 1_000
"""Characters of an issue."""

Json = dict[str, Any]


def to_code_quality(result: RunResult) -> bytes:
    """The run as a list of issues, worst first; an incomplete run begins with an issue that says so.

    A passing run is an empty list, which is what GitLab expects of it.
    """
    early = incomplete(result)
    listed = issues(result)
    kept = [_issue(early, "major")] if early else []
    kept += [
        _issue(one, UNFOUND.get(one.kind) or SEVERITIES[one.severity or Severity.HIGH]) for one in listed[:MAX_ISSUES]
    ]
    if (left_out := len(listed) - MAX_ISSUES) > 0:
        text = f"{counted(left_out, 'more issue')} left out here; see results.json."
        kept.append(_issue(replace(listed[MAX_ISSUES], rule=LEFT_OUT, message=text), "info"))
    return inert_json(json.dumps(kept, indent=1, sort_keys=True, allow_nan=False)).encode("ascii") + b"\n"


def _issue(issue: Issue, severity: str) -> Json:
    return {
        "description": cut(issue.message, DESCRIPTION_LIMIT),
        "check_name": issue.rule.id,
        "fingerprint": issue.fingerprint,
        "severity": severity,
        "location": {"path": issue.path or ".", "lines": {"begin": issue.line}},
    }
