"""What was found, and what was decided about it. Facts only: the words for them are made where they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from harness.core.rules import Rule
from harness.core.types import GoldenRecord, Observation, Probe, Severity, Take, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    rule: Rule
    severity: Severity
    """Of this finding: at most the rule's, unless a policy says otherwise."""
    subject: str
    """Probe id, or the name of a model-wide check."""
    title: str
    """One line without numbers that would differ between runs."""
    heard: str = ""
    """What was heard, or what happened."""
    expected: str = ""
    evidence: str = ""
    """The numbers: effect in golden spreads, p-value, counts."""
    hint: str = ""
    """What to do about it."""
    audio: tuple[str, ...] = ()
    """sha256 names of the renderings to listen to, worst first."""
    span: tuple[float, float] | None = None
    """Where in the first of them to listen: seconds."""
    word: str = ""
    """The word of the golden transcript that is spoken there, ``""`` where none can be named."""
    accepted: str = ""
    """Why it is told and does not fail its item: a waiver with owner, last day and reason, or a policy's threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was decided about one item, with everything a report needs to show it."""

    subject: str
    """Probe id, or the name of a model-wide check such as ``engine-load``."""
    verdict: Verdict
    reason: str = ""
    """For inconclusive and error: one line why, and what would settle it."""
    probe: Probe | None = None
    findings: tuple[Finding, ...] = ()
    observations: tuple[Observation, ...] = ()
    takes: tuple[Take, ...] = ()
    golden: GoldenRecord | None = None
    notes: tuple[str, ...] = ()
    """Things worth saying that decide nothing."""
