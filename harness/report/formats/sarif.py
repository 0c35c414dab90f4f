"""SARIF 2.1.0: issues for code scanning and other viewers of static analysis. Knows neither runs nor scans.

What a policy accepts is a suppressed result (section 3.35) of level ``note``. A result stands at a line of a suite, or
at a byte of a file of the model.

Limits are those that GitHub documents for code scanning; whoever writes is told how many results were kept.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from harness.core.text import counted, inert_json
from harness.core.text import cut as shortened
from harness.core.types import Severity
from harness.report.formats.issues import LEFT_OUT, NAME_LIMIT, SPECIAL_RULES, IssueKind, cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.core.rules import Rule
    from harness.report.formats.issues import Issue

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION: Final = "2.1.0"

MAX_RESULTS: Final = 5_000
"""Results that code scanning shows; it refuses a file of more than 25,000."""
MAX_RULES: Final = 1_000
"""Rules of a run; code scanning takes 25,000. A hostile worker could else name one for each finding."""
MAX_GZIP_BYTES: Final = 10_000_000
"""Size of an upload after gzip; code scanning takes 10 MB."""
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
"""What relative paths are relative to: the folder that the command was given in."""
KINDS: Final = {IssueKind.OPEN: "open", IssueKind.ERROR: "open"}
"""Kinds of results that are no failure (section 3.27.9). Of those the level is *none*, by section 3.27.10, and most
viewers show none of them. What somebody has to decide keeps the gate shut, so it is a failure, of a lesser level."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What one file says."""

    version: str
    """Soundcheck's."""
    issues: Sequence[Issue]
    """In the order of the results, the gravest first: where there are too many, the last are left out."""
    automation_id: str
    """What tells the logs of one pipeline apart."""
    invocation: Callable[[int], Json]
    """Number of results that were kept -> how it went."""
    artifacts: Sequence[Json] = ()
    """Files that were looked at."""
    properties: Mapping[str, object] = field(default_factory=dict)
    """What else is to be known (section 3.8: a property bag)."""


def write(log: Log) -> bytes:
    """One SARIF run: ASCII, sorted keys, a newline at the end. Equal logs give equal bytes."""
    kept = _known_rules(log.issues)[:MAX_RESULTS]
    data = _encoded(log, kept)
    while len(data) > MAX_GZIP_BYTES and len(gzip.compress(data, mtime=0)) > MAX_GZIP_BYTES and kept:
        kept = kept[: len(kept) * 2 // 3]
        data = _encoded(log, kept)
    return data


def location(path: str) -> Json:
    """A relative path."""
    return {"uri": quote(path, safe="/"), "uriBaseId": BASE}


def left_out(count: int, whole: str) -> Json:
    """That some results are not there, and what has them."""
    text = f"{counted(count, 'result')} left out to stay within the limits of code scanning; see {whole}."
    return notification("warning", LEFT_OUT.id, text)


def notification(level: str, name: str, text: str, issue: Issue | None = None) -> Json:
    """Something that a reader has to know besides the results (section 3.58)."""
    made: Json = {"level": level, "message": {"text": _plain(text)}, "descriptor": {"id": name}}
    if issue and issue.path:
        made["locations"] = [{"physicalLocation": _physical(issue)}]
    return made


def segment(name: str) -> str:
    """A name as one step of an id."""
    return quote(cut(name, NAME_LIMIT), safe="") or "candidate"


def _known_rules(listed: Sequence[Issue]) -> list[Issue]:
    """Issues of the first :data:`MAX_RULES` rules."""
    rules: set[str] = set()
    kept = []
    for issue in listed:
        if issue.rule.id in rules or len(rules) < MAX_RULES:
            rules.add(issue.rule.id)
            kept.append(issue)
    return kept


def _encoded(log: Log, kept: Sequence[Issue]) -> bytes:
    rules: dict[str, Rule] = {}
    for issue in kept:
        rules.setdefault(issue.rule.id, issue.rule)
    index = {rule_id: at for at, rule_id in enumerate(sorted(rules))}
    run: Json = {
        "tool": {"driver": _driver(log.version, [rules[rule_id] for rule_id in index])},
        "originalUriBaseIds": {
            BASE: {"description": {"text": "The folder that the command was given in: the root of the project."}}
        },
        "automationDetails": {"id": log.automation_id},
        "columnKind": "unicodeCodePoints",
        "artifacts": list(log.artifacts),
        "invocations": [log.invocation(len(kept))],
        "properties": dict(log.properties),
        "results": [_result(issue, index[issue.rule.id]) for issue in kept],
    }
    document = {"$schema": SCHEMA, "version": VERSION, "runs": [run]}
    return inert_json(json.dumps(document, sort_keys=True, allow_nan=False)).encode("ascii") + b"\n"


def _driver(version: str, rules: Iterable[Rule]) -> Json:
    return {
        "name": "Soundcheck",
        "version": cut(version, NAME_LIMIT),
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
    kind = KINDS.get(issue.kind, "fail")
    level = LEVELS[issue.severity or Severity.LOW] if issue.kind is not IssueKind.ACCEPTED else "note"
    is_question = issue.kind is IssueKind.REVIEW
    properties: Json = {"audio": list(issue.audio[:8])}
    if issue.subject:
        properties["subject"] = issue.subject
    if is_question:
        properties["decision"] = "needed"
    if issue.severity:
        properties["severity"] = issue.severity.value
    result: Json = {
        "ruleId": issue.rule.id,
        "ruleIndex": rule_index,
        "kind": kind,
        "level": "none" if kind != "fail" else "warning" if is_question and level == "error" else level,
        "message": {"text": _plain(issue.message)},
        # Code scanning reads primaryLocationLineHash only; the other name is for everybody else.
        "partialFingerprints": {
            "primaryLocationLineHash": f"{issue.fingerprint}:1",
            "soundcheck/v1": issue.fingerprint,
        },
        "properties": properties,
    }
    if issue.kind is IssueKind.ACCEPTED:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": _plain(issue.reason)}]
    if issue.path:
        result["locations"] = [{"physicalLocation": _physical(issue), **_logical(issue)}]
    return result


def _physical(issue: Issue) -> Json:
    """A line of a suite; of a file of the model a byte, where one can be named, else the file."""
    physical: Json = {"artifactLocation": location(issue.path)}
    if issue.place is None:
        physical["region"] = {"startLine": issue.line}
    elif issue.place.is_byte_of_file:
        physical["region"] = {"byteOffset": issue.place.offset, "byteLength": 1}
    return physical


def _logical(issue: Issue) -> Json:
    """The item, and what of a file is meant (section 3.33)."""
    named: Json = {"name": issue.subject, "kind": "member"} if issue.subject else {}
    within = cut(issue.place.within, NAME_LIMIT) if issue.place else ""
    if within:
        named["fullyQualifiedName"] = within
    return {"logicalLocations": [named]} if named else {}


def _plain(text: str) -> str:
    """A message without links: SARIF gives ``[text](target)`` a meaning even in plain text (section 3.11.6)."""
    return shortened(text.replace("](", "] ("), SHORT_LIMIT)
