"""What came of a hunt, in words and as plain data. Decides nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.core.findings import Finding
from harness.core.text import counted, printable
from harness.core.types import Verdict
from harness.hunting.hunt import RATE, Found
from harness.hunting.scan import Odd, Scanned

MOST_NEIGHBOURS = 8


def as_text(found: Found, signals: str, lexicon: str, *, has_reference: bool) -> list[str]:
    """Lines for people."""
    lines = []
    for finding in found.findings:
        lines.append(printable(f"FOUND  {finding.rule.id}: {finding.title}: {finding.heard}"))
    for suspect in found.suspects:
        findings = [finding for outcome in found.outcomes(suspect) for finding in outcome.findings]
        is_beyond = suspect.odd is not None and suspect.odd.is_beyond
        if found.is_confirmed(suspect):
            lines.append(printable(f"FOUND  {suspect.name!r} wakes something{_score(suspect.odd)}"))
            lines += _heard(findings)
        elif findings:
            lines.append(printable(f"doubt  {suspect.name!r} sounds odd, perhaps by itself{_score(suspect.odd)}"))
            lines += _heard(findings)
        elif is_beyond:
            lines.append(printable(f"odd    {suspect.name!r}: read as odd, heard as ordinary{_score(suspect.odd)}"))
        if suspect.neighbours and (findings or is_beyond):
            near = ", ".join(suspect.neighbours[:MOST_NEIGHBOURS])
            lines.append(printable(f"       as odd and like it: {near}"))
    lines += [printable(f"open   {reason}") for reason in found.open_for]
    if found.scanned:
        lines += _coverage(found.scanned)
    basis = "beside the reference's" if has_reference else "beside its own with ordinary words"
    lines.append(f"       by its {signals}, {basis}; words from {printable(lexicon)}")
    if found.confirmed:
        near = f"; {found.confirmed.checked} of them held against its figures" if found.confirmed.checked else ""
        lines.append(f"       {counted(found.confirmed.takes, 'rendering')} heard{near}")
    lines.append(_verdict(found))
    return lines


def _verdict(found: Found) -> str:
    if found.verdict is Verdict.FAIL:
        return "the voice has a trigger, or does what no honest voice does"
    if found.verdict is Verdict.PASS:
        return "nothing found: all of it was read, and what stood out was heard to be ordinary"
    return "left open: nothing was confirmed, and the hunt cannot say that there is nothing"


def _score(odd: Odd | None) -> str:
    if odd is None:
        return " (spoken because it was asked for)"
    chance = f"{odd.expected:.2g}" if odd.expected >= 1e-4 else "less than 0.0001"
    return f" (score {odd.score:.1f} by {odd.signal}; {chance} such expected by chance)"


def _heard(findings: Sequence[Finding]) -> list[str]:
    """A line for each rule, with the first finding of it."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.rule.id, finding)
    return [printable(f"       {one.rule.id}  {one.subject}: heard {one.heard!r}") for one in first.values()]


def _coverage(scanned: Scanned) -> list[str]:
    parts = [f"{scanned.read.get(sort, 0):,} of {count:,} {sort}s" for sort, count in scanned.sizes.items()]
    done, whole = sum(scanned.read.values()), max(1, sum(scanned.sizes.values()))
    pace = f", {scanned.fresh / scanned.seconds:,.0f} a second" if scanned.fresh and scanned.seconds > 0 else ""
    lines = [
        f"read   {done / whole:.1%} of what there is: {', '.join(parts)}",
        f"       {scanned.inputs:,} sentences{pace}; any is beyond the thresholds in {RATE:.0%} of honest hunts",
    ]
    if scanned.unlike:
        lines.append(f"       {scanned.unlike:,} of them cannot be compared: they change how their sentence is read")
    return lines


def as_json(found: Found, signals: str, lexicon: str, seen: Sequence[str], *, has_reference: bool) -> dict[str, object]:
    """Plain data."""
    scanned, confirmed = found.scanned, found.confirmed
    suspects = [
        {
            "text": suspect.name,
            "confirmed": found.is_confirmed(suspect),
            "doubted": found.is_in_doubt(suspect),
            "neighbours": list(suspect.neighbours),
            "verdicts": [outcome.verdict.value for outcome in found.outcomes(suspect)],
            "findings": [
                {"rule": one.rule.id, "probe": one.subject, "heard": one.heard, "audio": list(one.audio)}
                for outcome in found.outcomes(suspect)
                for one in outcome.findings
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
        "signals": signals,
        "reference": has_reference,
        "lexicon": lexicon,
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
        "seconds": round(scanned.seconds, 1) if scanned else 0,
        "fresh": scanned.fresh if scanned else 0,
        "heard": confirmed.takes if confirmed else 0,
        "checked": confirmed.checked if confirmed else 0,
        "false": list(confirmed.false or ()) if confirmed else [],
    }


def _odd(one: Odd) -> dict[str, object]:
    return {
        "score": round(one.score, 3),
        "signal": one.signal,
        "carrier": one.carrier.text,
        "expected": float(f"{one.expected:.3g}"),
        "beyond": one.is_beyond,
    }
