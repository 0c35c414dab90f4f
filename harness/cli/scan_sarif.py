"""A scan as SARIF: what :mod:`harness.report.formats.sarif` has to be told about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.admission.outcomes import PREFIX, finding_of
from harness.core.exits import EXIT_OF
from harness.core.types import Verdict
from harness.report.formats.issues import Issue, IssueKind, fingerprint, model_path, told_apart
from harness.report.formats.sarif import Json, Log, left_out, write

if TYPE_CHECKING:
    from harness.admission.admit import Admission
    from harness.admission.base import Flaw


def to_sarif(found: Sequence[Admission], *, version: str, properties: Mapping[str, object] | None = None) -> bytes:
    """Some scans as one SARIF run, each place as a run of the gate would give it.

    Args:
        found: In the order of the results.
        version: Soundcheck's.
        properties: What else is to be known about the scans.
    """
    listed = told_apart([_issue(one, check, flaw) for one in found for check, flaw in one.checked_flaws])

    def invocation(kept: int) -> Json:
        verdicts = {one.verdict for one in found}
        verdict = next((one for one in (Verdict.FAIL, Verdict.INCONCLUSIVE) if one in verdicts), Verdict.PASS)
        return {
            "executionSuccessful": True,
            "exitCode": int(EXIT_OF[verdict]),
            "exitCodeDescription": verdict.value,
            "toolExecutionNotifications": [left_out(len(listed) - kept, "--format json")] if kept < len(listed) else [],
        }

    return write(
        Log(
            version=version,
            issues=listed,
            automation_id="soundcheck/scan/",
            invocation=invocation,
            properties=properties or {},
        )
    )


def _issue(admission: Admission, check: str, flaw: Flaw) -> Issue:
    finding = finding_of(f"{PREFIX}{check}", flaw)
    place = finding.place
    root = str(admission.root)
    # A single file is its own folder's only one.
    path = model_path(root, "" if admission.root.is_file() or place is None else place.file)
    said = [flaw.rule.title, finding.accepted, finding.heard, finding.evidence.words, finding.hint]
    return Issue(
        kind=_kind(flaw),
        rule=flaw.rule,
        severity=flaw.rule.severity,
        subject=finding.subject,
        title=flaw.rule.title,
        message=". ".join(part.rstrip(".") for part in said if part) + ".",
        reason=finding.accepted,
        path=path,
        line=1,
        place=place,
        fingerprint=fingerprint("", path, place.within if place else "", flaw.rule.id),
    )


def _kind(flaw: Flaw) -> IssueKind:
    if flaw.accepted:
        return IssueKind.ACCEPTED
    return IssueKind.FAIL if flaw.rule.verdict is Verdict.FAIL else IssueKind.REVIEW
