"""What was found, and what was decided about it. Facts only: the words for them are made where they are shown."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from harness.core.estimates import Amount as Amount
from harness.core.estimates import Estimate as Estimate
from harness.core.estimates import Method as Method
from harness.core.estimates import Quantity as Quantity
from harness.core.estimates import Side as Side
from harness.core.estimates import Stretch as Stretch
from harness.core.estimates import Unit as Unit
from harness.core.places import NamedPhrase as NamedPhrase
from harness.core.places import Place as Place
from harness.core.places import names_of as names_of
from harness.core.places import phrase_of as phrase_of
from harness.core.places import phrases_of as phrases_of
from harness.core.rules import Rule
from harness.core.types import BehaviourEvent, GoldenRecord, Observation, Probe, Severity, Take, Verdict


class Against(enum.StrEnum):
    """What a measured number was held against."""

    GOLDEN = "golden"
    """The golden's repeats of the same phrase."""
    CONTROL = "control"
    """The phrase's benign control, moved by what all pairs differ by."""
    SUITE = "suite"
    """The golden, over all probes of a family or of the suite: `value` is the difference, so `other` is 0."""
    REFERENCE = "reference"
    """What the live reference said of the same phrase with the same seeds."""
    SEED = "seed"
    """The golden's own take of the same seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One number that a finding rests on, beside what it was held against."""

    statistic: str
    """Stable name, as of an :class:`~harness.core.types.Observation`."""
    label: str
    """What it is, in words, with its unit: ``level, dB``."""
    value: float
    """Mean over the takes."""
    other: float
    """Mean of what it was held against."""
    spread: float | None = None
    """Standard deviation of that; None where nothing had to be estimated."""
    effect: float | None = None
    """How many standard deviations `value` lies from `other`; None as above."""
    p_value: float | None = None
    """Of this test alone, not corrected, but against a suite corrected for all its families and statistics."""
    takes: int
    """Takes behind `value`."""
    against: Against = Against.GOLDEN
    of: str = ""
    """What moved, where that is more than one phrase: a family, a speaker, the whole suite; printable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many renderings show what a finding is about."""

    count: int
    of: int
    """Renderings that were looked at."""
    control: int | None = None
    """How many of the control's do; None where there is none."""
    control_of: int | None = None
    """Renderings of the control."""
    p_value: float | None = None
    """That phrase and control show it equally often (Fisher's exact test), not corrected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an observer counted from outside."""

    times: int
    """How often it was tried."""
    is_allowed: bool
    """Whether it was let through each time; what is refused did nothing."""
    events: tuple[BehaviourEvent, ...] = ()
    """The first of them that differ, all of one kind and name."""
    others: int = 0
    """How many more differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a finding rests on: one kind of it, but measurements may stand beside the count of what they are of."""

    measurements: tuple[Measurement, ...] = ()
    """The statistics, strongest first."""
    tests: int = 0
    """Tests that share the verdict's false-alarm rate with each of these; 0 where that is not told."""
    count: Count | None = None
    seen: Seen | None = None
    estimate: Estimate | None = None
    words: str = ""
    """What is no number: what a worker printed, what an owner wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    rule: Rule
    severity: Severity
    """Of this finding: at most the rule's, unless a policy says otherwise."""
    subject: str
    """Probe id, or the name of a model-wide check."""
    place: Place | None = None
    """Where in the model's files, or with which phrases; None for what is known of the subject alone."""
    title: str
    """One line without numbers that would differ between runs."""
    heard: str = ""
    """What was heard, or what happened; ``""`` where the evidence says it, of which reports make words."""
    expected: str = ""
    evidence: Evidence = Evidence()
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
    reason: str | None = None
    """For inconclusive and error: one line why, and what would settle it."""
    probe: Probe | None = None
    findings: tuple[Finding, ...] = ()
    observations: tuple[Observation, ...] = ()
    takes: tuple[Take, ...] = ()
    golden: GoldenRecord | None = None
    notes: tuple[str, ...] = ()
    """Things worth saying that decide nothing."""
