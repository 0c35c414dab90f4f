"""SARIF 2.1.0: the run for code scanning and other viewers of static analysis.

Findings are results at the line of the suite that names the phrase. What was not decided is a result of kind
``open``, which SARIF has for exactly this; its level must then be ``none`` (section 3.27.10 of the standard), so a
viewer that filters by level does not show it, and the reason stands among the notifications as well. What a policy
accepts is a suppressed result (section 3.35) of level ``note``. Errors of the
harness and the early end of a run are notifications only: they say nothing about the model.

Limits are those that GitHub documents for code scanning; what is left out is counted in a notification.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from harness.core.exits import EXIT_OF
from harness.core.text import counted
from harness.core.text import cut as shortened
from harness.core.types import Severity, Verdict
from harness.report.formats.issues import (
    ERROR,
    INCONCLUSIVE,
    LEFT_OUT,
    NAME_LIMIT,
    SPECIAL_RULES,
    TEXT_LIMIT,
    IssueKind,
    cut,
    incomplete,
    issues,
    suite_paths,
    undecided,
)
from harness.report.wording import headline, is_sandboxed, isolation_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.core.rules import Rule
    from harness.core.verdict import RunInfo, RunResult
    from harness.report.formats.issues import Issue

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION: Final = "2.1.0"

MAX_RESULTS: Final = 5_000
"""Results that code scanning shows; it refuses a file of more than 25,000."""
MAX_RULES: Final = 1_000
"""Rules of a run; code scanning takes 25,000. A hostile worker could else name one for each finding."""
MAX_GZIP_BYTES: Final = 10_000_000
"""Size of an upload after gzip; code scanning takes 10 MB."""
MAX_NOTIFICATIONS: Final = 200
"""Errors, and reasons for what was not decided, that are told one by one."""
SHORT_LIMIT: Final = 1_000
"""Characters of a message or description; code scanning takes 1,024 of a description."""

LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}
"""``security-severity``: code scanning calls above 9.0 critical, from 7.0 high, from 4.0 medium, the rest low."""


BASE: Final = "%SRCROOT%"
"""What relative paths are relative to: the folder that pytest was started in."""

Json = dict[str, Any]


def to_sarif(result: RunResult) -> bytes:
    """The run as one SARIF run: ASCII, sorted keys, a newline at the end. Equal results give equal bytes."""
    listed = issues(result)
    everything = [issue for issue in listed if issue.kind is not IssueKind.ERROR]
    kept = _known_rules(everything)[:MAX_RESULTS]
    data = _encoded(result, listed, kept)
    while len(data) > MAX_GZIP_BYTES and len(gzip.compress(data, mtime=0)) > MAX_GZIP_BYTES and kept:
        kept = kept[: len(kept) * 2 // 3]  # worst first: the mildest go
        data = _encoded(result, listed, kept)
    return data


def _known_rules(listed: Sequence[Issue]) -> list[Issue]:
    """Issues of the first :data:`MAX_RULES` rules."""
    rules: set[str] = set()
    kept = []
    for issue in listed:
        if issue.rule.id in rules or len(rules) < MAX_RULES:
            rules.add(issue.rule.id)
            kept.append(issue)
    return kept


def _encoded(result: RunResult, listed: Sequence[Issue], kept: Sequence[Issue]) -> bytes:
    rules: dict[str, Rule] = {}
    for issue in kept:
        rules.setdefault(issue.rule.id, issue.rule)  # worst first
    index = {rule_id: at for at, rule_id in enumerate(sorted(rules))}
    document = {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": _driver(result.info, [rules[rule_id] for rule_id in index])},
                "automationDetails": {"id": f"soundcheck/{_segment(result.info.model_name)}/"},
                "originalUriBaseIds": {
                    BASE: {"description": {"text": "The folder that pytest was started in: the root of the project."}}
                },
                "columnKind": "unicodeCodePoints",
                "artifacts": _artifacts(result),
                "invocations": [_invocation(result, listed, len(kept))],
                "results": [_result(issue, index[issue.rule.id]) for issue in kept],
                "properties": _properties(result),
            }
        ],
    }
    return json.dumps(document, sort_keys=True, allow_nan=False).encode("ascii") + b"\n"


def _driver(info: RunInfo, rules: Iterable[Rule]) -> Json:
    return {
        "name": "Soundcheck",
        "version": cut(info.version, NAME_LIMIT),
        "shortDescription": {"text": "Decides whether a text-to-speech model may ship."},
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: Rule) -> Json:
    is_about_model = rule not in (SPECIAL_RULES[IssueKind.OPEN], SPECIAL_RULES[IssueKind.ERROR])
    tags = [*(["security"] if is_about_model else []), "text-to-speech", rule.family or "unnamed"]
    properties: Json = {"tags": list(dict.fromkeys(tags))}
    if is_about_model:
        properties["security-severity"] = SCORES[rule.severity]
        properties["problem.severity"] = {"error": "error", "warning": "warning"}.get(
            LEVELS[rule.severity], "recommendation"
        )
    return {
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": _plain(rule.title)},
        "fullDescription": {"text": _plain(rule.meaning)},
        "help": {
            "text": _plain(rule.help),
            "markdown": f"{rule.meaning}\n\n**What to do:** {rule.advice}",
        },
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": properties,
    }


def _result(issue: Issue, rule_index: int) -> Json:
    is_failure = issue.kind in (IssueKind.FAIL, IssueKind.ACCEPTED)
    level = LEVELS[issue.severity or Severity.LOW] if issue.kind is IssueKind.FAIL else "note"
    result: Json = {
        "ruleId": issue.rule.id,
        "ruleIndex": rule_index,
        "kind": "fail" if is_failure else "open",
        "level": level if is_failure else "none",
        "message": {"text": _plain(issue.message)},
        # Code scanning reads primaryLocationLineHash only; the other name is for everybody else.
        "partialFingerprints": {
            "primaryLocationLineHash": f"{issue.fingerprint}:1",
            "soundcheck/v1": issue.fingerprint,
        },
        "properties": {"subject": issue.subject, "audio": list(issue.audio[:8])},
    }
    if issue.severity:
        result["properties"]["severity"] = issue.severity.value
    if issue.kind is IssueKind.ACCEPTED:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": _plain(issue.reason)}]
    if issue.path:
        result["locations"] = [
            {
                "physicalLocation": {"artifactLocation": _location(issue.path), "region": {"startLine": issue.line}},
                "logicalLocations": [{"name": issue.subject, "kind": "member"}],
            }
        ]
    return result


def _artifacts(result: RunResult) -> list[Json]:
    paths = suite_paths(result)
    return [
        {
            "location": _location(paths[suite.name]),
            "hashes": {"sha-256": cut(suite.sha256, NAME_LIMIT)},
            "roles": ["analysisTarget"],
        }
        for suite in {suite.name: suite for suite in result.info.suites}.values()
        if paths[suite.name]
    ]


def _location(path: str) -> Json:
    return {"uri": quote(path, safe="/"), "uriBaseId": BASE}


def _invocation(result: RunResult, listed: Sequence[Issue], kept: int) -> Json:
    return {
        "executionSuccessful": result.complete and result.verdict is not Verdict.ERROR,
        "exitCode": int(EXIT_OF[result.verdict]),
        "exitCodeDescription": result.verdict.value,
        "toolExecutionNotifications": _notifications(result, listed, kept),
    }


def _notifications(result: RunResult, listed: Sequence[Issue], kept: int) -> list[Json]:
    """What the reader of the results must know besides them, the gravest first."""
    said = []
    if early := incomplete(result):
        said.append(_notification("error", early.rule.id, early.message))
    broken = [issue for issue in listed if issue.kind is IssueKind.ERROR]
    said += [_notification("error", issue.rule.id, issue.message, issue) for issue in broken[:MAX_NOTIFICATIONS]]
    if len(broken) > MAX_NOTIFICATIONS:
        text = f"{counted(len(broken) - MAX_NOTIFICATIONS, 'more item')} could not be checked; see report.html."
        said.append(_notification("error", ERROR.id, text))
    groups = undecided(listed)
    for reason, members in groups[:MAX_NOTIFICATIONS]:
        text = f"{counted(len(members), 'item')} could not be decided: {reason}"
        said.append(_notification("warning", INCONCLUSIVE.id, text))
    if len(groups) > MAX_NOTIFICATIONS:
        text = f"{counted(len(groups) - MAX_NOTIFICATIONS, 'more reason')} for undecided items; see report.html."
        said.append(_notification("warning", INCONCLUSIVE.id, text))
    if left_out := len(listed) - len(broken) - kept:
        text = f"{counted(left_out, 'result')} left out to stay within the limits of code scanning; see results.json."
        said.append(_notification("warning", LEFT_OUT.id, text))
    if not is_sandboxed(result.info):
        said.append(_notification("note", "soundcheck.isolation", cut(isolation_stamp(result.info), TEXT_LIMIT)))
    return said


def _notification(level: str, name: str, text: str, issue: Issue | None = None) -> Json:
    notification: Json = {"level": level, "message": {"text": _plain(text)}, "descriptor": {"id": name}}
    if issue and issue.path:
        place = {"artifactLocation": _location(issue.path), "region": {"startLine": issue.line}}
        notification["locations"] = [{"physicalLocation": place}]
    return notification


def _properties(result: RunResult) -> Json:
    info = result.info
    texts = {
        "runId": info.run_id,
        "model": info.model,
        "modelName": info.model_name,
        "modelDigest": info.model_digest,
        "golden": info.golden,
        "goldenDigest": info.golden_digest,
        "engine": info.engine,
        "isolation": info.isolation,
        "policy": info.policy,
        "policyDigest": info.policy_digest,
        "headline": headline(result),
    }
    return {
        **{name: cut(text, TEXT_LIMIT) for name, text in texts.items()},
        "verdict": result.verdict.value,
        "complete": result.complete,
        "planned": result.planned,
        "counts": {verdict.value: number for verdict, number in result.counts.items()},
    }


def _plain(text: str) -> str:
    """A message without links: SARIF gives ``[text](target)`` a meaning even in plain text (section 3.11.6)."""
    return shortened(text.replace("](", "] ("), SHORT_LIMIT)


def _segment(name: str) -> str:
    return quote(cut(name, NAME_LIMIT), safe="") or "candidate"
