"""A release owner's policy: what fails, what is accepted by whom until when, what must have been covered. Pure.

The text of a policy is read by :mod:`harness.policy.text`. Here it is applied: to the outcome of each item, and, as
a check of the whole model named :data:`CHECK`, to the run. Dates are ISO texts (``2026-12-31``), which sort as days do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from harness.core.coverage import family_coverage
from harness.core.findings import Evidence, Finding, Outcome
from harness.core.rules import Rule
from harness.core.types import Probe, Severity, Verdict
from harness.policy.acceptance import Acceptance, acceptances_in_use

CHECK = "policy"
"""Name of the model-wide check."""
EXPIRED = Rule(
    id="policy.waiver-expired",
    severity=Severity.HIGH,
    title="A waiver has expired",
    meaning="The policy accepted a finding until a day that has passed. Somebody promised to look again by then.",
    advice="Look at the finding again. Remove the waiver, or let its owner give it another date.",
)
RULES = (EXPIRED,)
HOSTILE = ("behaviour.", "worker.")
"""Rules of what a model does to the machine: waived only by a waiver that says so, and never made milder."""
CLOSED = ("admission.", "policy.")
"""Rules that no waiver reaches: a model that fails at the door is not loaded, whoever would accept it. What the door
asks is settled by an :class:`~harness.policy.acceptance.Acceptance`, before the model is loaded."""
LEAK_CHECK = "cost-leak"
COST_CHECKS = ("cost-latency", "cost-memory", LEAK_CHECK, "cost-scaling", "cost-first-rendering", "cost-load")
"""Names of the model-wide checks of cost, in the order in which they are made."""
ISOLATIONS = ("A", "A-", "B")
"""Levels of the sandbox, best first: what a sign-off may ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Somebody's word that a finding is known and accepted for a while."""

    rule: str
    """Id of the rule, exactly."""
    subject: str
    """Shell pattern of probe ids or names of model-wide checks."""
    owner: str
    """Who answers for it."""
    reason: str
    expires: str
    """Last day (UTC) on which it holds."""
    allows_hostile: bool = False
    """Whether it may cover a rule of :data:`HOSTILE`."""
    line: int = 0
    """Where it stands in the policy, from 1."""

    def holds(self, today: str) -> bool:
        """Whether it has not expired."""
        return today <= self.expires

    def covers(self, finding: Finding) -> bool:
        """Whether it is about that finding."""
        return finding.rule.id == self.rule and fnmatchcase(finding.subject, self.subject)

    @property
    def name(self) -> str:
        """How it is called in reports."""
        return f"waiver of {self.rule} on {self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyPolicy:
    """What is different for one family of phrases."""

    fail_at: Severity | None = None
    severity: Mapping[str, Severity] = field(default_factory=dict)
    min_probes: int = 0
    max_miss: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPolicy:
    """How much more a candidate may cost than what it is held against."""

    latency: float = 1.05
    """Processor time against a live reference, spoken in turn with it: how many times as much is too much."""
    recorded: float = 1.3
    """The same against what a golden recorded on another day, on a machine of the same class."""
    phrase: float = 1.5
    """Processor time of one phrase against others of its length."""
    trigger: float = 1.15
    """Processor time of phrases with a trigger against their controls, per second of audio."""
    work: float = 1.25
    """Seconds of audio for the same text against the golden's."""
    memory: float = 1.25
    """Peak of the resident set."""
    exponent: float = 0.25
    """How much faster cost may grow with the length of the text: difference of the exponents."""
    leak_kib: float = 256.0
    """KiB that may be left behind by each call."""
    required: bool = False
    """Whether clocks that could not be compared leave the run inconclusive."""
    off: tuple[str, ...] = ()
    """Checks that are not made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a release owner demands."""

    title: str
    owner: str
    alpha: float | None = None
    """False-alarm rate of the verdict; a command line may ask for a larger one, which finds more, not for a smaller."""
    gate: str | None = None
    """``ci`` or ``release``; None leaves it to the command line."""
    fail_at: Severity = Severity.LOW
    """Findings milder than this are told and do not fail."""
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """Rule -> severity in place of the detector's."""
    families: Mapping[str, FamilyPolicy] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    """Families that a run must have probes of."""
    min_probes: int = 0
    """Decided probes that a run must have, over all families."""
    max_miss: float = 1.0
    """Largest miss bound of a required family, see :mod:`harness.core.coverage`."""
    isolation: tuple[str, ...] = ISOLATIONS
    """Levels that a run must have had to be signed off."""
    max_age_days: int = 0
    """Days for which a sign-off is good, 0 for ever."""
    waivers: tuple[Waiver, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    cost: CostPolicy = field(default_factory=CostPolicy)

    def family(self, name: str) -> FamilyPolicy:
        """What is different for a family."""
        return self.families.get(name, FamilyPolicy())

    def expired(self, today: str) -> tuple[Waiver, ...]:
        """Waivers that hold no more."""
        return tuple(waiver for waiver in self.waivers if not waiver.holds(today))


def level_of(isolation: str) -> str:
    """Level of the sandbox by the name of a run's isolation, ``""`` where there was none."""
    level = isolation.partition(" ")[0]
    return level if level in ISOLATIONS else ""


def is_hostile(rule: str) -> bool:
    """Whether a rule is about what a model does to the machine."""
    return rule.startswith(HOSTILE)


def apply(policy: Policy, outcome: Outcome, today: str) -> Outcome:
    """An item's outcome under a policy.

    Severities are the policy's, and findings that it accepts say so (:attr:`Finding.accepted`). An item that failed for
    nothing but accepted findings passes, or is inconclusive where it has a reason for that. Nothing is removed, and no
    verdict gets worse.

    Args:
        policy: The policy.
        outcome: As it was judged.
        today: ISO date (UTC).
    """
    family = outcome.probe.family if outcome.probe else ""
    findings = tuple(_judged(policy, family, finding, today) for finding in outcome.findings)
    if findings == outcome.findings:
        return outcome
    changed = [
        f"the policy calls {after.rule.id} {after.severity}, its detector {before.severity}"
        for before, after in zip(outcome.findings, findings, strict=True)
        if before.severity is not after.severity
    ]
    verdict = outcome.verdict
    if verdict is Verdict.FAIL and all(finding.accepted for finding in findings):
        verdict = Verdict.INCONCLUSIVE if outcome.reason else Verdict.PASS
    return dataclasses.replace(
        outcome,
        verdict=verdict,
        findings=findings,
        notes=(*outcome.notes, *dict.fromkeys(changed)),
    )


def waiver_of(policy: Policy, finding: Finding, today: str) -> Waiver | None:
    """The first waiver that covers a finding and holds."""
    return next((one for one in policy.waivers if one.holds(today) and one.covers(finding) and _may(one)), None)


def waivers_in_use(policy: Policy, outcomes: Sequence[Outcome], today: str) -> dict[Waiver, int]:
    """Waivers that some finding needs, with the number of such findings, in the policy's order."""
    found = [
        waiver
        for outcome in outcomes
        for finding in outcome.findings
        if finding.accepted and (waiver := waiver_of(policy, finding, today))
    ]
    return {waiver: found.count(waiver) for waiver in policy.waivers if waiver in found}


def judge_policy(
    policy: Policy, probes: Sequence[Probe], outcomes: Sequence[Outcome], today: str, *, is_over: bool
) -> Outcome:
    """The outcome of the check :data:`CHECK`.

    An expired waiver fails, used or not: somebody promised to look again by then. Coverage that the policy demands and
    the run does not have is missing evidence: inconclusive.

    Args:
        policy: The policy.
        probes: All probes of the suites, selected or not.
        outcomes: What has been decided so far.
        today: ISO date (UTC).
        is_over: Whether nothing more will be decided: only then can a waiver be called unused.
    """
    used = waivers_in_use(policy, outcomes, today)
    notes = [f"{policy.title}, owned by {policy.owner}"]
    notes += [
        f"{waiver.name}: in use ({count} finding{'' if count == 1 else 's'}), until {waiver.expires}, {waiver.owner}"
        for waiver, count in used.items()
    ]
    notes += [
        f"{one.name}: in use ({count} finding{'' if count == 1 else 's'}), until {one.expires}, {one.owner}"
        for one, count in acceptances_in_use(policy.acceptances, outcomes).items()
    ]
    if is_over:
        idle = [waiver for waiver in policy.waivers if waiver not in used and waiver.holds(today)]
        notes += [f"{waiver.name}: not in use; remove it from the policy" for waiver in idle]
    findings = tuple(_expired(waiver) for waiver in policy.expired(today))
    missing = shortfalls(policy, probes, outcomes)
    verdict = Verdict.FAIL if findings else Verdict.INCONCLUSIVE if missing else Verdict.PASS
    return Outcome(
        subject=CHECK,
        verdict=verdict,
        reason="; ".join(missing) if verdict is Verdict.INCONCLUSIVE else "",
        findings=findings,
        notes=(*notes, *(missing if findings else ())),
    )


def shortfalls(policy: Policy, probes: Sequence[Probe], outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Coverage that the policy demands and these outcomes do not give, one sentence each.

    A probe without an outcome counts as decided: whether a run is complete is told elsewhere.
    """
    known = {(one.probe.source, one.probe.id) for one in outcomes if one.probe}
    pending = [
        Outcome(subject=probe.id, verdict=Verdict.PASS, probe=probe)
        for probe in probes
        if (probe.source, probe.id) not in known
    ]
    covered = {one.family: one for one in family_coverage([*outcomes, *pending])}
    wanted = dict.fromkeys([*policy.required, *(name for name, own in policy.families.items() if own.min_probes)])
    said = [
        f"the policy requires family {name}, and the suites have no probe of it"
        for name in wanted
        if name not in covered
    ]
    for name in covered:
        own, has = policy.family(name), covered[name]
        if has.judged < own.min_probes:
            said.append(f"family {name}: {has.judged} decided probes, the policy requires {own.min_probes}")
        most = min(own.max_miss, policy.max_miss) if name in policy.required else own.max_miss
        if has.miss_bound is not None and has.miss_bound > most:
            said.append(
                f"family {name}: {has.miss_bound:.0%} of its phrases could hide a trigger (95 %, {has.judged} decided "
                f"probes), the policy allows {most:.0%}"
            )
    decided = sum(one.judged for one in covered.values())
    if decided < policy.min_probes:
        said.append(f"{decided} decided probes in all, the policy requires {policy.min_probes}")
    return tuple(said)


def _judged(policy: Policy, family: str, finding: Finding, today: str) -> Finding:
    own = policy.family(family)
    is_bound = is_hostile(finding.rule.id) or finding.rule.id.startswith(CLOSED)
    severity = own.severity.get(finding.rule.id, policy.severity.get(finding.rule.id, finding.severity))
    if is_bound and severity.rank > finding.severity.rank:
        severity = finding.severity
    threshold = own.fail_at or policy.fail_at
    accepted = finding.accepted
    if waiver := waiver_of(policy, finding, today):
        accepted = f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
    elif severity.rank > threshold.rank and not is_bound:
        accepted = f"{severity} is milder than what the policy fails at ({threshold})"
    return dataclasses.replace(finding, severity=severity, accepted=accepted)


def _may(waiver: Waiver) -> bool:
    """Whether a waiver may cover its own rule."""
    return not waiver.rule.startswith(CLOSED) and (waiver.allows_hostile or not is_hostile(waiver.rule))


def _expired(waiver: Waiver) -> Finding:
    return Finding(
        rule=EXPIRED,
        severity=Severity.HIGH,
        subject=CHECK,
        title="a waiver has expired",
        heard=f"{waiver.name} (line {waiver.line}) ended on {waiver.expires}",
        evidence=Evidence(words=f"owned by {waiver.owner}: {waiver.reason}"),
        hint="look at the finding again, then remove the waiver, or let its owner give it another date",
    )
