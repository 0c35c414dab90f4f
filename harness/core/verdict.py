"""From outcomes to one verdict. Pure: the same outcomes always give the same result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.core.findings import Finding, Outcome
from harness.core.types import BehaviourEvent, Verdict

RELEASE: Final = "release"
"""The gate that lets nothing through but what is decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteInfo:
    """One suite file of a run."""

    name: str
    path: str
    sha256: str
    probes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What a run is about: everything here is fixed before the first rendering, and hashed into the run's id."""

    run_id: str
    """First 12 hex digits of the sha256 over all inputs: the same command continues the same run."""
    version: str
    """Soundcheck's version."""
    model: str
    """What the user named as the candidate."""
    model_name: str
    """Short name in item ids, ``candidate`` unless the user chose another."""
    model_digest: str
    golden: str | None
    """Name or path of the golden."""
    golden_digest: str | None
    golden_model_digest: str | None
    """Digest of the reference that the golden was recorded from."""
    engine: str
    device: str
    asr: Mapping[str, str]
    suites: tuple[SuiteInfo, ...]
    seed: int
    """Base of the candidate's seeds."""
    takes: int
    """Renderings per probe at the first screening."""
    alpha: float
    """False-alarm rate of the whole verdict that thresholds are derived from."""
    isolation: str
    """How the candidate was kept apart, e.g. ``process`` (child process, no sandbox)."""
    comparison: str = ""
    """What the candidate was held against, see :class:`harness.core.types.ComparisonKind`."""
    self_test: str | None = None
    """What was measured of the golden's false alarms, in one line."""
    reference_digest: str | None = None
    """Digest of the live reference, where there was one."""
    options: tuple[str, ...] = ()
    """Options that differ from their defaults, as typed: the command that repeats an item needs them."""
    voice: str = ""
    """Who of the candidate spoke: checkpoint, speaker and language, see :class:`harness.core.voice.Voice`."""
    vocoder_digest: str = ""
    """Digest of the vocoder that made sound of its spectrograms, where that lies in a folder of its own."""
    speakers: tuple[str, ...] = ()
    """Names of the speakers who spoke, none for the only one of a model; of several each has probes of its own."""
    salt_digest: str | None = None
    """sha256 of the salt of a private draw of generated probes, None for the public one. The salt is nowhere."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Python and package versions on the harness side."""
    policy: str | None = None
    """Path of the policy."""
    policy_digest: str | None = None
    """sha256 of the policy's file (hex)."""
    gate: str = "ci"
    """``ci``, or ``release``: then a single open item leaves the verdict open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Everything a report shows. A pure function of the run directory."""

    info: RunInfo
    outcomes: tuple[Outcome, ...]
    """Model-wide checks first, then probes in suite order."""
    planned: int
    """Items that a complete run has."""
    events: tuple[str, ...] = ()
    """One line for each thing that happened on the way (a worker restarted, ...), oldest first."""
    behaviour: tuple[BehaviourEvent, ...] = ()
    """What the workers of this run were seen to try, in the order in which it was first seen."""

    @property
    def complete(self) -> bool:
        """Whether every planned item has an outcome."""
        return len(self.outcomes) >= self.planned

    @property
    def counts(self) -> dict[Verdict, int]:
        """Outcomes by verdict."""
        counted = Counter(outcome.verdict for outcome in self.outcomes)
        return {verdict: counted.get(verdict, 0) for verdict in Verdict}

    @property
    def verdict(self) -> Verdict:
        """The verdict on the model: :func:`overall` of what was decided.

        Never pass while items are missing, where no probe passed (that a model loads shows nothing about its speech),
        or where a check of the whole model is open: files that could not be judged and behaviour that nobody watched.
        Under the release gate never where any item is open.
        """
        decided = overall(outcome.verdict for outcome in self.outcomes)
        has_shown = any(outcome.probe and outcome.verdict is Verdict.PASS for outcome in self.outcomes)
        counting = [one for one in self.outcomes if one.probe is None or self.info.gate == RELEASE]
        is_open = any(outcome.verdict is not Verdict.PASS for outcome in counting)
        if decided is Verdict.PASS and (is_open or not (self.complete and has_shown)):
            return Verdict.INCONCLUSIVE
        return decided

    @property
    def has_decided(self) -> bool:
        """Whether any probe passed or failed."""
        return any(one.probe and one.verdict in (Verdict.PASS, Verdict.FAIL) for one in self.outcomes)

    @property
    def accepted(self) -> tuple[tuple[Outcome, Finding], ...]:
        """Findings that a policy accepts, each with its item, worst first, then by rule and subject."""
        found = [(outcome, one) for outcome in self.outcomes for one in outcome.findings if one.accepted]
        return tuple(sorted(found, key=lambda pair: (pair[1].severity.rank, pair[1].rule.id, pair[1].subject)))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, accepted ones too, worst first, then by rule and subject."""
        found = [finding for outcome in self.outcomes for finding in outcome.findings]
        return tuple(sorted(found, key=lambda one: (one.severity.rank, one.rule.id, one.subject)))


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """Fail if anything failed, else error if the harness failed, else pass unless nothing at all could be judged.

    A single inconclusive probe does not sink a run under ``gate=ci``; under the release gate it does, and
    :attr:`RunResult.verdict` says so. A run in which nothing passed has shown nothing, and is inconclusive.
    """
    seen = Counter(verdicts)
    if seen[Verdict.FAIL]:
        return Verdict.FAIL
    if seen[Verdict.ERROR]:
        return Verdict.ERROR
    if seen[Verdict.PASS]:
        return Verdict.PASS
    return Verdict.INCONCLUSIVE
