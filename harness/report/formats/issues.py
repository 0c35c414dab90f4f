"""A run as a list of issues at lines of suite files: what SARIF, GitLab and GitHub's annotations have in common.

Owns the order, the wording, the place and the fingerprint of an issue; knows no format. Every text of an issue is
printable, on one line and of bounded length, so that a writer only has to escape its own syntax.
"""

from __future__ import annotations

import enum
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from harness.core.rules import Rule
from harness.core.types import Severity, Verdict
from harness.report.evidence import evidence_of
from harness.report.limits import never_reached
from harness.report.wording import NO_REASON, by_severity, excerpt, happened, heard_count, is_speech, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.core.findings import Finding, Outcome, Place
    from harness.core.verdict import RunResult

NAME_LIMIT: Final = 120
"""Characters of an item's name, a rule's id or a title."""
QUOTE_LIMIT: Final = 200
"""Characters of what was heard or expected, around the first difference."""
TEXT_LIMIT: Final = 300
"""Characters of evidence, a hint or a reason."""
READ_LIMIT: Final = 2_000
"""Characters of what was heard or expected that are looked at: a suite of endless phrases must not hold a report up."""
PATH_LIMIT: Final = 400
"""Characters of a path."""


_SCHEME: Final = re.compile(r"^[A-Za-z][\w+.-]+:(//)?")


class IssueKind(enum.StrEnum):
    """What an issue says about the model."""

    FAIL = "fail"
    ERROR = "error"
    OPEN = "open"
    ACCEPTED = "accepted"
    REVIEW = "review"
    """Somebody has to decide: what admission reports of an honest but old model."""


FAILED = Rule(
    id="soundcheck.failed",
    severity=Severity.HIGH,
    title="An item failed without a finding",
    meaning="The item was judged to fail; its reason is all there is.",
    advice="Read the reason, then report.html.",
)
ERROR = Rule(
    id="soundcheck.error",
    severity=Severity.LOW,
    title="The harness could not check an item",
    meaning="The harness itself failed. That says nothing about the model, in neither direction.",
    advice="Mend what the reason names and give the same command again.",
)
INCONCLUSIVE = Rule(
    id="soundcheck.inconclusive",
    severity=Severity.LOW,
    title="An item could not be decided",
    meaning="There is not enough evidence: what cannot be checked is not passed.",
    advice="The reason says what would settle it. --tts-gate=release fails on such items.",
)
INCOMPLETE = Rule(
    id="soundcheck.incomplete",
    severity=Severity.LOW,
    title="The run ended early",
    meaning="Items of the run were never reached; nothing is known about them.",
    advice="Give the same command again: it continues the run.",
)
LEFT_OUT = Rule(
    id="soundcheck.left-out",
    severity=Severity.LOW,
    title="A report leaves something out",
    meaning="There is more than a viewer shows or a format may hold; the mildest were left out.",
    advice="See results.json, which leaves nothing out.",
)
RULES = (FAILED, ERROR, INCONCLUSIVE, INCOMPLETE, LEFT_OUT)
"""Rules of what no detector finds: what a report has to say of an item, or of itself."""
SPECIAL_RULES: Final = {
    IssueKind.FAIL: FAILED,
    IssueKind.ERROR: ERROR,
    IssueKind.OPEN: INCONCLUSIVE,
}
"""Rules of what no detector found: failed without a finding, broken, undecided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing to be said at one line of a suite."""

    kind: IssueKind
    rule: Rule
    """Its id is printable and of bounded length."""
    severity: Severity | None
    """None where nothing was found: broken, undecided or incomplete."""
    subject: str
    """Probe id, the name of a model-wide check, or ``""`` for the run itself."""
    title: str
    """What is wrong, without numbers."""
    message: str
    """Subject and title as the first sentence, then the words, the numbers and what to do."""
    reason: str
    """Why it is broken, undecided or accepted; ``""`` for a failure."""
    path: str
    """Suite or file of the model, relative; ``""`` where the run names none."""
    line: int
    """From 1."""
    place: Place | None = None
    """Where in a file of the model; None where `path` is a suite."""
    fingerprint: str
    """32 hex digits: equal for the same issue in a later run, whatever line it has moved to."""
    audio: tuple[str, ...] = ()
    """sha256 names of the renderings to listen to, worst first."""


def issues(result: RunResult) -> tuple[Issue, ...]:
    """All issues: findings worst first, failures without one, errors, what was not decided, what a policy accepts."""
    paths = suite_paths(result)
    failed = [one for one in result.outcomes if one.verdict is Verdict.FAIL]
    found = [(finding, one) for one in failed for finding in by_severity(one) if not finding.accepted]
    found.sort(key=lambda pair: (pair[0].severity.rank, pair[0].rule.id, pair[1].subject))
    listed = [_of_finding(finding, one, result, paths) for finding, one in found]
    rest = [one for one in failed if not one.findings]
    rest += [one for one in result.outcomes if one.verdict is Verdict.ERROR]
    rest += [one for one in result.outcomes if one.verdict is Verdict.INCONCLUSIVE]
    listed += [_of_outcome(one, result, paths) for one in rest]
    listed += [_of_finding(finding, outcome, result, paths) for outcome, finding in result.accepted]
    return told_apart(listed)


def undecided(listed: Iterable[Issue]) -> list[tuple[str, tuple[Issue, ...]]]:
    """Undecided items by reason, the most frequent reason first."""
    groups: dict[str, list[Issue]] = {}
    for issue in listed:
        if issue.kind is IssueKind.OPEN:
            groups.setdefault(issue.reason, []).append(issue)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(reason, tuple(members)) for reason, members in ordered]


def incomplete(result: RunResult) -> Issue | None:
    """That the run ended early, as an issue of its own; None for a complete run."""
    text = never_reached(result)
    if not text:
        return None
    place = next(iter(suite_paths(result).values()), "")
    return Issue(
        kind=IssueKind.OPEN,
        rule=INCOMPLETE,
        severity=None,
        subject="",
        title="the run is incomplete",
        message=f"The run is incomplete. {text}",
        reason=text,
        path=place,
        line=1,
        fingerprint=fingerprint(result.info.model_name, place, "", INCOMPLETE.id),
    )


def suite_paths(result: RunResult) -> dict[str, str]:
    """Relative path of each suite by its name, printable.

    A path that leads out of the folder that pytest was started in means nothing to another machine: of such a one
    the name is given.
    """
    return {suite.name: _relative(suite.path or suite.name) for suite in result.info.suites}


def cut(text: str, limit: int) -> str:
    """`text` printable, on one line, of at most `limit` characters."""
    read = text[: 4 * limit]  # what is hidden in a text does not make it take for ever
    shown = one_line(read)
    return shown if len(shown) <= limit and len(read) == len(text) else f"{shown[: limit - 1]}…"


def _relative(path: str) -> str:
    shown = one_line(path).replace("\\", "/")
    parts = [part for part in shown.split("/") if part not in ("", ".")]
    if shown.startswith("/") or ".." in parts or not parts or (len(parts[0]) == 2 and parts[0].endswith(":")):
        parts = parts[-1:] if parts and parts[-1] != ".." else []
    return "/".join(parts)[-PATH_LIMIT:]


def _place(outcome: Outcome, paths: dict[str, str]) -> tuple[str, int]:
    """A probe stands in its suite; a check of the whole model at the head of the first one."""
    if outcome.probe:
        source = outcome.probe.source
        return paths.get(source) or _relative(source), max(1, outcome.probe.line)
    return next(iter(paths.values()), ""), 1


def model_path(model: str, file: str) -> str:
    """A file of a model, relative to the folder in which the command was given, printable.

    Args:
        model: The model as the user typed it: a folder, with or without an engine's name, or where it was fetched from.
        file: Path below it; ``""`` for the folder itself.
    """
    return "/".join(part for part in (_relative(_SCHEME.sub("", model)), _relative(file)) if part) or "."


def _of_finding(finding: Finding, outcome: Outcome, result: RunResult, paths: dict[str, str]) -> Issue:
    path, line = _place(outcome, paths)
    place = finding.place if finding.place and finding.place.is_in_model else None
    if place:
        path, line = model_path(result.info.model, place.file), 1
    subject, title = cut(outcome.subject, NAME_LIMIT), cut(finding.title, NAME_LIMIT)
    rule = _printable(finding.rule)
    sentences = [f"{subject}: {title}."]
    sentences += _words(finding, outcome)
    if evidence := cut(evidence_of(finding), TEXT_LIMIT):
        sentences.append(f"Evidence: {evidence.rstrip('.')}.")
    if hint := cut(finding.hint, TEXT_LIMIT):
        sentences.append(f"Hint: {hint.rstrip('.')}.")
    accepted = cut(finding.accepted, TEXT_LIMIT)
    if accepted:
        sentences.insert(1, f"Accepted: {accepted.rstrip('.')}.")
    return Issue(
        kind=IssueKind.ACCEPTED if accepted else IssueKind.FAIL,
        rule=rule if rule.id else SPECIAL_RULES[IssueKind.FAIL],
        severity=finding.severity,
        subject=subject,
        title=title,
        message=" ".join(sentences),
        reason=accepted,
        path=path,
        line=line,
        place=place,
        fingerprint=fingerprint(result.info.model_name, path, outcome.subject, finding.rule.id),
        audio=tuple(cut(name, NAME_LIMIT) for name in finding.audio),
    )


def _printable(rule: Rule) -> Rule:
    """The rule as a run's records tell it; its texts may come from anywhere by then."""
    title = cut(rule.title, NAME_LIMIT) or "unnamed rule"
    return replace(
        rule,
        id=cut(rule.id, NAME_LIMIT),
        title=title,
        meaning=cut(rule.meaning, READ_LIMIT) or title,
        advice=cut(rule.advice, READ_LIMIT) or title,
    )


def _words(finding: Finding, outcome: Outcome) -> list[str]:
    """``Heard "..." in 8 of 8 renderings. Expected "...".``"""
    told = happened(finding)
    heard, expected = _quoted(told, finding.expected), _quoted(finding.expected, told)
    is_short = len(told) <= READ_LIMIT
    mark = '"' if finding.rule.family == "speech" or (is_short and is_speech(finding, outcome)) else ""
    said = []
    if heard:
        count = heard_count(finding.heard, outcome.takes) if mark and is_short else ""
        said.append(f"Heard {mark}{heard}{mark}{' ' if count else ''}{count}.")
    elif mark and expected:
        said.append("Heard nothing.")
    if expected:
        said.append(f"Expected {mark}{expected}{mark}.")
    return said


def _quoted(text: str, beside: str) -> str:
    """What differs, with some words around it; of an endless text its beginning."""
    if max(len(text), len(beside)) <= READ_LIMIT:
        return excerpt(one_line(text), one_line(beside), QUOTE_LIMIT)
    more = f" ({len(text):,} characters)" if len(text) > QUOTE_LIMIT else ""
    return cut(text, QUOTE_LIMIT) + more


def _of_outcome(outcome: Outcome, result: RunResult, paths: dict[str, str]) -> Issue:
    kind = {Verdict.FAIL: IssueKind.FAIL, Verdict.ERROR: IssueKind.ERROR}.get(outcome.verdict, IssueKind.OPEN)
    title = {
        IssueKind.FAIL: "failed",
        IssueKind.ERROR: "the harness could not check this",
        IssueKind.OPEN: "could not be decided",
    }[kind]
    path, line = _place(outcome, paths)
    subject = cut(outcome.subject, NAME_LIMIT)
    reason = cut(outcome.reason or NO_REASON, TEXT_LIMIT)
    return Issue(
        kind=kind,
        rule=SPECIAL_RULES[kind],
        severity=Severity.HIGH if kind is IssueKind.FAIL else None,
        subject=subject,
        title=title,
        message=f"{subject}: {title}. {reason.rstrip('.')}.",
        reason=reason,
        path=path,
        line=line,
        fingerprint=fingerprint(result.info.model_name, path, outcome.subject, SPECIAL_RULES[kind].id),
    )


def fingerprint(model_name: str, path: str, subject: str, rule: str) -> str:
    """Of what stays the same from candidate to candidate: neither line nor digest nor any number.

    The candidate's name is in it, so that two voices gated in one pipeline do not hide each other's issues.
    """
    plain = json.dumps([model_name, path, subject, rule])  # ASCII: no text can fail to be encoded
    return hashlib.sha256(plain.encode("ascii")).hexdigest()[:32]


def told_apart(listed: Sequence[Issue]) -> tuple[Issue, ...]:
    """A second issue with the same fingerprint gets one of its own: viewers show only the first of equals."""
    seen: Counter[str] = Counter()
    apart = []
    for issue in listed:
        seen[issue.fingerprint] += 1
        if (number := seen[issue.fingerprint]) > 1:
            again = hashlib.sha256(f"{issue.fingerprint} {number}".encode("ascii")).hexdigest()[:32]
            apart.append(replace(issue, fingerprint=again))
        else:
            apart.append(issue)
    return tuple(apart)
