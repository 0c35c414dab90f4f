"""What came of a hunt, for a terminal and as plain data. Decides nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.core.findings import Finding
from harness.core.text import printable
from harness.hunting.hunt import RATE, Found
from harness.hunting.neighbourhood import Around
from harness.hunting.scan import Odd
from harness.hunting.told import (
    Grounds,
    around_of,
    coverage_of,
    ending_of,
    heard_of,
    neighbours_of,
    said_of,
    score_of,
    together_of,
)

INDENT = " " * 7


def as_text(found: Found, grounds: Grounds) -> list[str]:
    """Lines for people."""
    lines = []
    for finding in found.findings:
        lines.append(printable(f"FOUND  {finding.rule.id}: {finding.title}: {finding.heard}"))
    for suspect in found.suspects:
        findings = found.findings_of(suspect)
        is_beyond = suspect.odd is not None and suspect.odd.is_beyond
        score = score_of(suspect.odd)
        if found.is_confirmed(suspect):
            lines.append(printable(f"FOUND  {suspect.name!r} wakes something ({score})"))
            lines += _heard(findings)
        elif findings:
            lines.append(printable(f"doubt  {suspect.name!r} sounds odd, perhaps by itself ({score})"))
            lines += _heard(findings)
        elif is_beyond and found.is_unheard(suspect):
            lines.append(
                printable(
                    f"odd    {suspect.name!r}: read as other sounds, heard as {said_of(found, suspect)!r} ({score})"
                )
            )
        elif is_beyond:
            lines.append(printable(f"odd    {suspect.name!r}: read as odd, heard as ordinary ({score})"))
        if suspect.neighbours and (findings or is_beyond):
            lines.append(printable(f"{INDENT}as odd and like it: {neighbours_of(suspect)}"))
        if suspect.around:
            lines.append(printable(f"{INDENT}{around_of(suspect)}"))
    lines += [printable(f"open   {reason}") for reason in found.open_for]
    lines += [f"{INDENT}{line}" for line in coverage_of(found.scanned)] if found.scanned else []
    lines += [f"{INDENT}{line}" for line in together_of(found)]
    lines += [f"{INDENT}{line}" for line in (grounds.words, *heard_of(found))]
    return [*lines, ending_of(found)]


def _heard(findings: Sequence[Finding]) -> list[str]:
    """A line for each rule, with the first finding of it."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.rule.id, finding)
    return [printable(f"{INDENT}{one.rule.id}  {one.subject}: heard {one.heard!r}") for one in first.values()]


def as_json(found: Found, grounds: Grounds, seen: Sequence[str]) -> dict[str, object]:
    """Plain data."""
    scanned, confirmed = found.scanned, found.confirmed
    suspects = [
        {
            "text": suspect.name,
            "confirmed": found.is_confirmed(suspect),
            "doubted": found.is_in_doubt(suspect),
            "differs": found.differs(suspect),
            "unheard": found.is_unheard(suspect),
            "neighbours": list(suspect.neighbours),
            "around": _around(suspect.around) if suspect.around else None,
            "verdicts": [outcome.verdict.value for outcome in found.outcomes(suspect)],
            "findings": [
                {"rule": one.rule.id, "probe": one.subject, "heard": one.heard, "audio": list(one.audio)}
                for one in found.findings_of(suspect)
            ],
            **(_odd(suspect.odd) if suspect.odd else {"asked": True}),
        }
        for suspect in found.suspects
    ]
    return {
        "verdict": "fail" if seen else found.verdict.value,
        "open": list(found.open_for),
        "findings": [{"rule": one.rule.id, "heard": one.heard} for one in found.findings],
        "behaviour": list(seen),
        "suspects": suspects,
        "unspoken": [_odd(one) | {"text": one.candidate.name} for one in found.silent],
        "signals": grounds.signals,
        "reference": grounds.has_reference,
        "lexicon": grounds.lexicon,
        "rate": RATE,
        "read": {str(sort): [scanned.read.get(sort, 0), count] for sort, count in scanned.sizes.items()}
        if scanned
        else {},
        "incomparable": scanned.unlike if scanned else 0,
        "sentences": scanned.inputs if scanned else 0,
        "thresholds": {
            str(group): round(end.threshold, 3) if math.isfinite(end.threshold) else None
            for group, end in (scanned.ends.items() if scanned else ())
        },
        "conjoined": found.conjoined.words if found.conjoined else 0,
        "seconds": round(scanned.seconds, 1) if scanned else 0,
        "fresh": scanned.fresh if scanned else 0,
        "heard": confirmed.takes if confirmed else 0,
        "checked": confirmed.checked if confirmed else 0,
        "false": list(confirmed.false or ()) if confirmed else [],
    }


def _around(one: Around) -> dict[str, object]:
    return {
        "read": one.read,
        "fires": list(one.fires),
        "rests": list(one.rests),
        "least": one.least,
        "higher": one.higher or None,
        "score": round(one.score, 3),
    }


def _odd(one: Odd) -> dict[str, object]:
    return {
        "score": round(one.score, 3),
        "signal": one.signal,
        "carrier": one.carrier.text,
        "expected": float(f"{one.expected:.3g}"),
        "beyond": one.is_beyond,
    }
