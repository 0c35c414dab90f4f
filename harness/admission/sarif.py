"""Writes flaws as SARIF 2.1.0, the format that code scanning services read. Pure: flaws in, text out.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from harness.admission.base import Flaw
from harness.core.rules import Rule
from harness.core.types import Severity, Verdict

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}
_OFFSET = re.compile(r"byte 0x([0-9a-f]{1,12})\Z")


def to_sarif(flaws: Sequence[Flaw], *, version: str, properties: Mapping[str, object] | None = None) -> str:
    """One SARIF log with one run.

    Args:
        flaws: In the order of the results.
        version: Soundcheck's.
        properties: What else is to be known about the run (section 3.8: a property bag).

    Returns:
        JSON with sorted keys and a newline at its end.
    """
    rules = sorted({flaw.rule.id: flaw.rule for flaw in flaws}.values(), key=lambda rule: rule.id)
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    log: dict[str, object] = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "soundcheck",
                        "semanticVersion": version,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(flaw, numbers[flaw.rule.id]) for flaw in flaws],
                **({"properties": properties} if properties else {}),
            }
        ],
    }
    return json.dumps(log, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    made: dict[str, object] = {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"security-severity": _SCORES[rule.severity], "tags": ["security"]},
    }
    if rule.source:
        made["fullDescription"] = {"text": f"{rule.title}. Source: {rule.source}"}
    return made


def _result(flaw: Flaw, number: int) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": quote(flaw.file or ".", errors="backslashreplace")}}
    offset = _OFFSET.match(flaw.place)
    if offset:
        place["region"] = {"byteOffset": int(offset[1], 16), "byteLength": 1}
    location: dict[str, object] = {"physicalLocation": place}
    if flaw.place:
        location["logicalLocations"] = [{"fullyQualifiedName": flaw.place}]
    said = [flaw.rule.title, f"{flaw.found}" if flaw.found else "", flaw.effect, flaw.remedy or flaw.rule.help]
    return {
        "ruleId": flaw.rule.id,
        "ruleIndex": number,
        "level": _LEVELS[flaw.rule.severity],
        "kind": "fail" if flaw.rule.verdict is Verdict.FAIL else "review",
        "message": {"text": ". ".join(part.rstrip(".") for part in said if part) + "."},
        "locations": [location],
    }
