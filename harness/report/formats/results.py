"""``results.json``: the run for machines. Owns the mapping from records to JSON; the schema is its contract.

``harness/schemas/results.schema.json`` describes every field. Any change of the fields raises the version,
for the schema allows no field that it does not know.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import BadInput
from harness.core.plainjson import NotStrict, loads
from harness.core.text import inert_json
from harness.report.evidence import heard_of

if TYPE_CHECKING:
    from harness.core.findings import Amount, Count, Estimate, Evidence, Finding, Measurement, Outcome, Place, Seen
    from harness.core.rules import Rule
    from harness.core.types import BehaviourEvent, GoldenRecord, Observation, Probe, Take
    from harness.core.verdict import RunInfo, RunResult, SuiteInfo

FORMAT: Final = "soundcheck-results"
VERSION: Final = 2
MAX_BYTES: Final = 256 << 20
"""Of a file that is read again; a run of 10,000 probes has about 50 MB."""
SCHEMA: Final = Path(__file__).parents[2] / "schemas" / "results.schema.json"
"""JSON Schema (2020-12) of what :func:`to_json` writes."""

Json = dict[str, Any]


def to_json(result: RunResult) -> bytes:
    """The run as JSON: keys sorted, ASCII only, numbers finite or null, a newline at the end.

    ASCII only, so that no bidirectional or control character in a phrase reaches the terminal of whoever
    looks into the file. Equal results give equal bytes.
    """
    document = {
        "format": FORMAT,
        "format_version": VERSION,
        "verdict": result.verdict.value,
        "complete": result.complete,
        "planned": result.planned,
        "counts": {verdict.value: number for verdict, number in result.counts.items()},
        "info": _info(result.info),
        "outcomes": [_outcome(outcome) for outcome in result.outcomes],
        "events": list(result.events),
        "rules": {rule.id: _rule(rule) for rule in dict.fromkeys(finding.rule for finding in result.findings)},
    }
    return inert_json(json.dumps(document, indent=1, sort_keys=True, allow_nan=False)).encode() + b"\n"


def read(data: bytes) -> Json:
    """What :func:`to_json` wrote, as plain dictionaries and lists.

    Raises:
        BadInput: The bytes are not JSON, not this format, or of a version that this Soundcheck does not know.
    """
    try:
        document = loads(data, max_bytes=MAX_BYTES)
    except NotStrict as error:
        raise BadInput(f"results.json is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadInput(f'not a results file: expected an object with "format": "{FORMAT}"')
    if document.get("format_version") != VERSION:
        found = document.get("format_version")
        raise BadInput(f"results.json: expected format_version {VERSION}, got {found!r}; write it again")
    return document


def _info(info: RunInfo) -> Json:
    # Version 2 of the format writes an empty text for what a run has not.
    return {
        **{name: "" if value is None else value for name, value in _plain(info).items()},
        "suites": [_plain(suite) for suite in info.suites],
        "asr": dict(info.asr),
        "versions": dict(info.versions),
        "alpha": _number(info.alpha),
    }


def _outcome(outcome: Outcome) -> Json:
    return {
        "subject": outcome.subject,
        "verdict": outcome.verdict.value,
        "reason": outcome.reason or "",
        "probe": _probe(outcome.probe) if outcome.probe else None,
        "findings": [_finding(finding) for finding in outcome.findings],
        "observations": [_numbers(observation) for observation in outcome.observations],
        "takes": [_take(take) for take in outcome.takes],
        "golden": _golden(outcome.golden) if outcome.golden else None,
        "notes": list(outcome.notes),
    }


def _probe(probe: Probe) -> Json:
    return {**_plain(probe), "critical": list(probe.critical)}


def _finding(finding: Finding) -> Json:
    span = None if finding.span is None else [_number(second) for second in finding.span]
    return {
        **_plain(finding),
        "rule": finding.rule.id,
        "heard": heard_of(finding),
        "evidence": _evidence(finding.evidence),
        "place": _place(finding.place) if finding.place else None,
        "severity": finding.severity.value,
        "audio": list(finding.audio),
        "span": None if span and None in span else span,
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "words": evidence.words,
        "tests": evidence.tests,
        "measurements": [_numbers(one) for one in evidence.measurements],
        "count": _numbers(evidence.count) if evidence.count else None,
        "seen": _seen(evidence.seen) if evidence.seen else None,
        "estimate": _estimate(evidence.estimate) if evidence.estimate else None,
    }


def _seen(seen: Seen) -> Json:
    events = [{**_plain(event), "phrases": list(event.phrases)} for event in seen.events]
    return {**_plain(seen), "events": events}


def _estimate(estimate: Estimate) -> Json:
    amounts = [_numbers(one) for one in estimate.amounts]
    controls = [{"text": phrase.text, "probe": phrase.probe or None} for phrase in estimate.controls]
    return {**_numbers(estimate), "amounts": amounts, "controls": controls}


def _numbers(record: Amount | Measurement | Count | Estimate | Observation) -> Json:
    """Fields by name; a number that JSON cannot say is null."""
    plain = _plain(record)
    return {name: _number(value) if isinstance(value, float) else value for name, value in plain.items()}


def _place(place: Place) -> Json:
    phrases = [{"text": phrase.text, "probe": phrase.probe or None} for phrase in place.phrases]
    return {**_plain(place), "inside": list(place.inside), "phrases": phrases}


def _rule(rule: Rule) -> Json:
    words = {name: getattr(rule, name) for name in ("title", "meaning", "advice", "source")}
    return {**words, "severity": rule.severity.value, "verdict": rule.verdict.value}


def _take(take: Take) -> Json:
    """A take without what only detectors read (pieces, band levels): those lie in the store, by digest."""
    forced = take.hearing.forced
    scored = forced is not None and bool(forced.logprobs)
    return {
        "seed": take.seed,
        "audio_sha256": take.audio_sha256,
        "seconds": _number(take.facts.seconds),
        "heard": take.hearing.text,
        "truncated": take.hearing.truncated,
        "score_mean": _number(forced.mean) if forced and scored else None,
        "score_worst": _number(forced.worst) if forced and scored else None,
        "level_db": _number(take.acoustics.level_db),
    }


def _golden(record: GoldenRecord) -> Json:
    return {
        "text": record.text,
        "transcript": record.transcript,
        "takes": len(record.takes),
        "audio": record.audio,
    }


def _plain(
    record: RunInfo
    | SuiteInfo
    | Probe
    | Finding
    | Measurement
    | Count
    | Seen
    | Amount
    | Estimate
    | Place
    | Observation
    | BehaviourEvent,
) -> Json:
    """Fields by name, one level deep: unlike ``asdict``, it copies nothing and takes any kind of mapping."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _number(value: float) -> float | None:
    """Null for what JSON cannot say."""
    return float(value) if math.isfinite(value) else None
