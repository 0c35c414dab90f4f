"""Judges what a candidate's workers were seen to do: one outcome for each kind of behaviour. Pure.

An honest voice does none of this after its walls are closed, so one event is a finding. What was not observed is
inconclusive, never passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.core.findings import Evidence, Finding, Outcome, Place, Seen, phrases_of
from harness.core.rules import Rule
from harness.core.types import BehaviourEvent, Severity, Verdict

PREFIX = "behaviour-"

_KINDS = (
    (
        "network",
        Severity.CRITICAL,
        "uses the network",
        "A worker asked the system for a socket or a connection. Speaking needs none.",
    ),
    (
        "exec",
        Severity.CRITICAL,
        "starts a program",
        "A worker asked the system to execute a program, or a file that lies in memory only.",
    ),
    (
        "process",
        Severity.CRITICAL,
        "makes or attacks processes",
        "A worker made a process, or reached for one: by a signal, by tracing it or by reading its memory.",
    ),
    (
        "filesystem-read",
        Severity.HIGH,
        "opens files that are none of its business",
        "A worker opened what belongs neither to its engine nor to the model.",
    ),
    (
        "filesystem-write",
        Severity.HIGH,
        "changes files outside its scratch folder",
        "A worker tried to make, change, rename or remove a file elsewhere.",
    ),
    (
        "secrets",
        Severity.CRITICAL,
        "reaches for secrets",
        "A worker opened what looks like keys, tokens or passwords. They are bait: nobody else has a use for them.",
    ),
    (
        "limits",
        Severity.HIGH,
        "uses more than it may",
        "A worker ran into a limit that honest voices stay far below.",
    ),
    (
        "protocol",
        Severity.CRITICAL,
        "sends what no honest worker sends",
        "What came from a worker broke the protocol between it and the harness.",
    ),
    (
        "observer",
        Severity.HIGH,
        "hides what it does",
        "A worker did what keeps its system calls from being seen or read.",
    ),
)
"""Kind of event, how bad it is, what the candidate does, and what was seen."""
RULES = tuple(
    Rule(
        id=f"behaviour.{kind}",
        severity=severity,
        title=f"The candidate {does}",
        meaning=meaning,
        advice="An honest voice does not do this. Do not ship the model, and look at where it came from.",
    )
    for kind, severity, does, meaning in _KINDS
)
KINDS = {kind: does for kind, _, does, _ in _KINDS}
"""Kind of event -> what the candidate does."""
_BY_KIND = dict(zip(KINDS, RULES, strict=True))
CHECKS = tuple(PREFIX + kind for kind in KINDS)
"""Names of the model-wide checks, in the order in which they are reported."""
MOST_KEPT = 5
NOT_OBSERVED = "what the candidate did was not observed: it ran without a sandbox; leave out --tts-allow-unsandboxed"
LOST = (
    "the observer was lost while the candidate ran; remove what is below .soundcheck/behaviour for it, and "
    "run again with --tts-fresh"
)


def judge_behaviour(
    check: str, events: Sequence[BehaviourEvent], *, is_observed: bool, probes: Mapping[str, str] | None = None
) -> Outcome:
    """The outcome of one check.

    Args:
        check: One of :data:`CHECKS`.
        events: Everything that was seen of this candidate.
        is_observed: Whether there were walls and an observer at all.
        probes: Text -> id of the probe that has it, to name phrases as users know them.
    """
    kind = check.removeprefix(PREFIX)
    lost = [event for event in events if event.kind == "observer" and event.what == "lost"]
    found = [event for event in events if event.kind == kind and event not in lost]
    findings = tuple(_finding(check, kind, what, found, probes or {}) for what in dict.fromkeys(e.what for e in found))
    if findings:
        return Outcome(subject=check, verdict=Verdict.FAIL, findings=findings)
    if not is_observed:
        return Outcome(subject=check, verdict=Verdict.INCONCLUSIVE, reason=NOT_OBSERVED)
    if lost:
        return Outcome(subject=check, verdict=Verdict.INCONCLUSIVE, reason=f"{LOST} ({lost[0].detail})")
    return Outcome(subject=check, verdict=Verdict.PASS)


def _finding(check: str, kind: str, what: str, events: Sequence[BehaviourEvent], probes: Mapping[str, str]) -> Finding:
    same = [event for event in events if event.what == what]
    spoken = [text for event in same if _is_of_phrases(event) for text in event.phrases]
    return Finding(
        rule=_BY_KIND[kind],
        severity=_BY_KIND[kind].severity,
        subject=check,
        title=KINDS[kind],
        place=Place(phrases=phrases_of([*dict.fromkeys(spoken)], probes)) if spoken else None,
        evidence=Evidence(
            seen=Seen(
                times=sum(event.count for event in same),
                is_allowed=all(event.is_allowed for event in same),
                events=tuple(same[:MOST_KEPT]),
                others=max(0, len(same) - MOST_KEPT),
            )
        ),
        hint="an honest voice does not do this; do not ship the model, and look at where it came from",
    )


def _is_of_phrases(event: BehaviourEvent) -> bool:
    return event.when == "speaking" and bool(event.phrases)
