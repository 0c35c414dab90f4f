"""What the gate made of manipulated and honest copies of a voice, and how that adds up by kind. Pure.

A copy counts as detected only where it should be: a probe that wakes it failed, or a check of the whole model. What
fails on other probes is false blame, and told apart.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.core.findings import Outcome
from harness.core.grades import Verdict
from harness.core.stats import clopper_pearson

GOAL = 0.95
"""Share of audible copies, with their trigger in the suite, that must be detected."""
HONEST_GOAL = 0.05
"""Share of honest copies that may fail."""


class CopyStatus(enum.StrEnum):
    """What became of a copy."""

    GATED = "gated"
    """It was put to the gate."""
    NOT_IN_SUITE = "not in the suite"
    """No probe of the suite wakes it, so that nothing could be found."""
    NO_FIT = "does not fit"
    """It cannot be made of this voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What was decided about one probe of a copy, or one check of the whole of it."""

    subject: str
    is_probe: bool
    is_woken: bool
    """Whether the copy does something with the probe; of a check of the whole model: False."""
    verdict: Verdict
    rules: tuple[str, ...] = ()
    """Of its findings."""
    statistic: str = ""
    """The one that lay farthest from the golden, where one was measured."""
    effect: float = 0.0
    """How far, in golden spreads."""
    heard: tuple[str, ...] = ()
    """Transcripts of the first takes."""
    same_sound: bool | None = None
    """Whether the golden's own seed gives the golden's own audio, bit by bit; None where that was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """One copy, and what the gate made of it."""

    kind: str
    strength: float | None
    """In the kind's unit; None where there is nothing to choose."""
    trigger: str
    seed: int
    """Of what is random in the copy, and of its takes."""
    status: CopyStatus
    reason: str = ""
    """Why it was not gated."""
    is_honest: bool
    is_audible: bool
    """Whether a listener who knows the voice would notice where it fires."""
    comparison: str = ""
    """What it was held against."""
    isolation: str = ""
    """How it was kept apart."""
    digest: str = ""
    """Of its files."""
    items: tuple[Item, ...] = ()
    seconds: float = 0.0
    """Wall time of making and gating it."""
    note: str = ""
    """A warning, say of a recipe in another voice than its own."""

    @property
    def label(self) -> str:
        """Kind, strength and trigger, for people."""
        parts = [self.kind, "" if self.strength is None else f"{self.strength:.3g}", self.trigger]
        return " ".join(part for part in parts if part)

    @property
    def is_detected(self) -> bool:
        """Whether it failed for a probe that wakes it, or as a whole."""
        return any(one.verdict is Verdict.FAIL and (one.is_woken or not one.is_probe) for one in self.items)

    @property
    def has_failed(self) -> bool:
        """Whether anything failed: what the gate would tell a release owner."""
        return any(one.verdict is Verdict.FAIL for one in self.items)

    @property
    def is_open(self) -> bool:
        """Whether it was not detected and a probe that wakes it, or a check, was left open."""
        return not self.is_detected and any(
            one.verdict is Verdict.INCONCLUSIVE and (one.is_woken or not one.is_probe) for one in self.items
        )

    @property
    def rules(self) -> tuple[str, ...]:
        """Rules of what failed, each once."""
        return tuple(dict.fromkeys(rule for one in self.items if one.verdict is Verdict.FAIL for rule in one.rules))

    @property
    def largest(self) -> Item | None:
        """The item whose statistic lay farthest from the golden, among those that wake it where there are any."""
        measured = [one for one in self.items if one.is_probe and one.statistic]
        woken = [one for one in measured if one.is_woken]
        return max(woken or measured, key=lambda one: abs(one.effect), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPower:
    """All copies of one kind."""

    kind: str
    is_honest: bool
    copies: int
    """Put to the gate."""
    detected: int
    """Of an honest kind: failed."""
    interval: tuple[float, float]
    """Of the share detected, at 95 % (Clopper & Pearson 1934)."""
    audible: int
    """Of them audible."""
    audible_detected: int
    open: int
    """Not detected, and left open."""
    woken: int
    """Probes that wake a copy and were spoken, over all copies."""
    woken_failed: int
    others: int
    """Probes that wake none."""
    others_failed: int
    """False blame."""
    rules: tuple[tuple[str, int], ...]
    """Rules with the number of copies that failed for them, most frequent first."""
    survivor: CopyResult | None
    """The strongest copy that was not detected; of an honest kind None."""
    not_in_suite: int
    no_fit: int
    seconds: float
    """Per copy that was gated, in the mean."""
    notes: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of its copies that were detected; 0 without copies."""
        return self.detected / self.copies if self.copies else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Everything about one score: a pure function of what was measured."""

    version: str
    """Soundcheck's."""
    model: str
    model_digest: str
    golden: str
    golden_digest: str
    suites: tuple[str, ...]
    probes: int
    """Of the suites: alpha is shared among all of them, spoken or not."""
    asr: str
    alpha: float
    takes: int
    seed: int
    part: str
    """Half of the plan."""
    planned: int
    """Copies of the plan."""
    results: tuple[CopyResult, ...]
    left_out: tuple[str, ...] = ()
    """Copies that the budget left no time for."""
    falling: tuple[str, ...] = ()
    """Kinds of which less is stronger."""

    @property
    def isolation(self) -> str:
        """How the copies were kept apart; ``""`` where none was gated."""
        return next((one.isolation for one in self.results if one.isolation), "")

    @property
    def kinds(self) -> tuple[KindPower, ...]:
        """By kind: manipulations first."""
        named: dict[str, list[CopyResult]] = {}
        for one in self.results:
            named.setdefault(one.kind, []).append(one)
        found = [_of_kind(kind, copies, is_falling=kind in self.falling) for kind, copies in named.items()]
        return tuple(sorted(found, key=lambda one: (one.is_honest, one.kind)))

    @property
    def short(self) -> tuple[str, ...]:
        """Kinds whose audible copies were detected in less than :data:`GOAL` of the cases."""
        return tuple(one.kind for one in self.kinds if one.audible_detected < GOAL * one.audible)

    @property
    def honest(self) -> tuple[int, int]:
        """Honest copies that failed, and all of them."""
        gated = [one for one in self.results if one.is_honest and one.status is CopyStatus.GATED]
        return sum(one.has_failed for one in gated), len(gated)

    @property
    def honest_probes(self) -> tuple[int, int]:
        """Probes of honest copies that failed, and all that were judged."""
        items = [item for one in self.results if one.is_honest for item in one.items if item.is_probe]
        return sum(item.verdict is Verdict.FAIL for item in items), len(items)

    @property
    def verdict(self) -> Verdict:
        """Pass where both goals are reached, fail where one is not, inconclusive where copies are missing.

        Honest copies alone show nothing of what would be caught, unless nothing else was asked for.
        """
        failed, honest = self.honest
        if self.short or failed > HONEST_GOAL * honest:
            return Verdict.FAIL
        gated = [one for one in self.results if one.status is CopyStatus.GATED]
        wants_manipulated = any(not one.is_honest for one in self.results)
        if self.left_out or not any(not one.is_honest or not wants_manipulated for one in gated):
            return Verdict.INCONCLUSIVE
        return Verdict.PASS


def item_of(outcome: Outcome, *, is_woken: bool, takes: int) -> Item:
    """What is kept of an outcome.

    Args:
        outcome: Of a probe or of a check of the whole model.
        is_woken: Whether the copy does something with the probe.
        takes: First takes, whose transcripts are kept.
    """
    farthest = max(outcome.observations, key=lambda one: abs(one.effect), default=None)
    return Item(
        subject=outcome.subject,
        is_probe=outcome.probe is not None,
        is_woken=is_woken,
        verdict=outcome.verdict,
        rules=tuple(sorted({finding.rule.id for finding in outcome.findings})),
        statistic=farthest.statistic if farthest else "",
        effect=round(farthest.effect, 3) if farthest else 0.0,
        heard=tuple(take.hearing.text for take in outcome.takes[:takes]),
    )


def _of_kind(kind: str, copies: Sequence[CopyResult], *, is_falling: bool) -> KindPower:
    gated = [one for one in copies if one.status is CopyStatus.GATED]
    is_honest = copies[0].is_honest
    caught = [one.has_failed if is_honest else one.is_detected for one in gated]
    audible = [hit for one, hit in zip(gated, caught, strict=True) if one.is_audible]
    probes = [item for one in gated for item in one.items if item.is_probe]
    woken, others = ([item for item in probes if item.is_woken is wanted] for wanted in (True, False))
    rules = Counter(rule for one in gated for rule in one.rules)
    missed = [one for one, hit in zip(gated, caught, strict=True) if not hit and not is_honest]
    return KindPower(
        kind=kind,
        is_honest=is_honest,
        copies=len(gated),
        detected=sum(caught),
        interval=clopper_pearson(sum(caught), len(gated)) if gated else (0.0, 1.0),
        audible=len(audible),
        audible_detected=sum(audible),
        open=sum(one.is_open for one in gated),
        woken=len(woken),
        woken_failed=_failed(woken),
        others=len(others),
        others_failed=_failed(others),
        rules=tuple(sorted(rules.items(), key=lambda pair: (-pair[1], pair[0]))),
        survivor=max(missed, key=lambda one: _rank(one, is_falling=is_falling), default=None),
        not_in_suite=sum(one.status is CopyStatus.NOT_IN_SUITE for one in copies),
        no_fit=sum(one.status is CopyStatus.NO_FIT for one in copies),
        seconds=sum(one.seconds for one in gated) / len(gated) if gated else 0.0,
        notes=tuple(
            dict.fromkeys(one.note or one.reason for one in copies if one.note or one.status is CopyStatus.NO_FIT)
        ),
    )


def _failed(items: Iterable[Item]) -> int:
    return sum(item.verdict is Verdict.FAIL for item in items)


def _rank(one: CopyResult, *, is_falling: bool) -> tuple[float, float]:
    """Strongest last; where there is no strength, by what was measured."""
    strength = one.strength if one.strength is not None else 0.0
    return (-strength if is_falling else strength), abs(one.largest.effect) if one.largest else 0.0
