"""One card of the page: all there is to know about an item that did not pass. Knows no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.text import counted
from harness.report.evidence import evidence_of
from harness.report.page.clips import Wanted
from harness.report.page.plots import Strip, number, statistic_name, strip
from harness.report.phrases import Piece, coded, diff_pieces, merged_pieces, middle_cut, phrase_pieces
from harness.report.wording import (
    by_severity,
    happened,
    is_speech,
    item_key,
    one_line,
    rerun_command,
    word_key,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.core.findings import Finding, Outcome
    from harness.core.types import Observation, Take
    from harness.core.verdict import RunInfo, RunResult
    from harness.report.page.clips import Clips, Exhibit
    from harness.report.wording import Key

PHRASE_LIMIT: Final = 600
"""Characters of a phrase on a card."""
GLANCE_LIMIT: Final = 160
"""Characters of a phrase on a closed card."""
NOTABLE: Final = 3.0
"""Golden spreads from which a number is set in bold: about one calm number in 400 lies beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One finding on a card."""

    severity: str
    title: str
    rule: str
    told: str
    """What happened and what should have, where these are not words in a diff."""
    evidence: tuple[str, ...]
    """The numbers, one measured thing each."""
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One way in which a phrase was heard."""

    count: str
    expected: tuple[Piece, ...]
    heard: tuple[Piece, ...]
    is_same: bool
    """Whether it has the golden's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One observation."""

    name: str
    value: str
    golden: str
    effect: str
    p_value: str
    basis: str
    plot: Strip | None
    is_notable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRow:
    """One rendering in the list of takes."""

    seed: int
    heard: tuple[Piece, ...]
    note: str
    score: str
    seconds: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The benign control of a probe."""

    subject: str
    anchor: str
    verdict: str
    version: Version | None
    """How the candidate said it, most often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One item that did not pass."""

    anchor: str
    subject: str
    where: str
    severity: str
    headline: str
    reason: str
    faults: tuple[Fault, ...]
    glance: tuple[Piece, ...]
    """The commonest difference on one line, for a card that is closed."""
    phrase: tuple[Piece, ...]
    twin: Twin | None
    versions: tuple[Version, ...]
    """What was heard, differences first, then the most frequent first."""
    reference: str
    """Where the expected words come from."""
    word: str
    """What is missing or changed where the picture is marked."""
    exhibit: Exhibit
    numbers: tuple[Number, ...]
    """Those that stand out."""
    calm: tuple[Number, ...]
    """The others."""
    takes: tuple[TakeRow, ...]
    notes: tuple[str, ...]
    rerun: str
    is_open: bool


def anchors(result: RunResult) -> dict[Key, str]:
    """An anchor for each item, by position: a subject is free text, an anchor must not be."""
    return {item_key(outcome): f"item-{at}" for at, outcome in enumerate(result.outcomes, start=1)}


class CardBuilder:
    """Makes cards; holds what all of them look up."""

    def __init__(self, result: RunResult, clips: Clips) -> None:
        self.info: RunInfo = result.info
        self.clips = clips
        self.anchors = anchors(result)
        self.outcomes: Mapping[Key, Outcome] = {item_key(one): one for one in result.outcomes}
        self.paths = {suite.name: suite.path for suite in result.info.suites}

    def card(self, outcome: Outcome, *, is_open: bool = False, is_heard: bool = False) -> Card:
        """The card of one item.

        Args:
            outcome: What was decided. Its sound takes from the page's budget, so the most important comes first.
            is_open: Whether it is open when the page is.
            is_heard: Whether its sound belongs into the page itself.
        """
        probe, record = outcome.probe, outcome.golden
        expected = record.transcript if record else probe.expect if probe else ""
        findings = by_severity(outcome)
        faults = tuple(_fault(finding, outcome) for finding in findings)
        numbers = tuple(_number(seen, outcome) for seen in by_effect(outcome.observations))
        return Card(
            anchor=f"{self.anchors[item_key(outcome)]}-card",
            subject=one_line(outcome.subject),
            where=one_line(f"{probe.source}:{probe.line}") if probe and probe.source else "",
            severity=faults[0].severity if faults else outcome.verdict.value,
            headline=faults[0].title if faults else "",
            reason=one_line(outcome.reason or ""),
            faults=faults,
            glance=_glance(outcome, expected),
            phrase=phrase_pieces(probe.text, probe.trigger, PHRASE_LIMIT) if probe else (),
            twin=self._twin(outcome),
            versions=_versions(expected, outcome.takes),
            reference="golden" if record else "expected",
            word=middle_cut(one_line(next((one.word for one in findings if one.word), "")), GLANCE_LIMIT),
            exhibit=self._exhibit(outcome, is_heard=is_heard),
            numbers=tuple(one for one in numbers if one.is_notable),
            calm=tuple(one for one in numbers if not one.is_notable),
            takes=tuple(_take_row(take) for take in outcome.takes),
            notes=tuple(one_line(note) for note in outcome.notes),
            rerun=rerun_command(outcome.subject, self.info, self._suite_path(outcome)),
            is_open=is_open,
        )

    def _suite_path(self, outcome: Outcome) -> str:
        if outcome.probe and outcome.probe.source:
            return self.paths.get(outcome.probe.source, outcome.probe.source)
        return self.info.suites[0].path if self.info.suites else ""

    def _control(self, outcome: Outcome) -> Outcome | None:
        probe = outcome.probe
        return self.outcomes.get((probe.source, probe.control)) if probe and probe.control else None

    def _twin(self, outcome: Outcome) -> Twin | None:
        control = self._control(outcome)
        if control is None or control is outcome:
            return None
        expected = control.golden.transcript if control.golden else control.probe.expect if control.probe else ""
        return Twin(
            subject=one_line(control.subject),
            anchor=self.anchors[item_key(control)],
            verdict=control.verdict.value,
            version=next(iter(_versions(expected, control.takes)), None),
        )

    def _exhibit(self, outcome: Outcome, *, is_heard: bool) -> Exhibit:
        """The candidate's worst take, the golden, and the candidate on the benign twin."""
        finding = _with_sound(outcome)
        take = worst_take(outcome)
        twin = self._control(outcome)
        label = "Candidate" if len(outcome.takes) < 2 else f"Candidate, worst of {len(outcome.takes)} takes"
        has_span = finding and take and finding.audio[0] == take.audio_sha256
        return self.clips.exhibit(
            Wanted(
                sha256=take.audio_sha256 if take else "",
                label=label,
                span=finding.span if finding and has_span else None,
                golden=outcome.golden,
                control=twin.takes[0].audio_sha256 if twin and twin.takes else "",
                is_embedded=is_heard,
            )
        )


def _with_sound(outcome: Outcome) -> Finding | None:
    """The worst finding that names a rendering."""
    return next((finding for finding in by_severity(outcome) if finding.audio), None)


def worst_take(outcome: Outcome) -> Take | None:
    """The take that the worst finding names first, else the one with the lowest score."""
    finding = _with_sound(outcome)
    known = {take.audio_sha256: take for take in outcome.takes}
    if finding and finding.audio[0] in known:
        return known[finding.audio[0]]

    def score(take: Take) -> float:
        forced = take.hearing.forced
        return forced.mean if forced and forced.logprobs else 0.0

    return min(outcome.takes, key=score, default=None)


def _fault(finding: Finding, outcome: Outcome) -> Fault:
    heard, expected = (middle_cut(one_line(text), PHRASE_LIMIT) for text in (happened(finding), finding.expected))
    told = ""
    if not (is_speech(finding, outcome) and outcome.takes):
        told = f"{heard}, expected {expected}" if heard and expected else heard
    evidence = middle_cut(one_line(evidence_of(finding)), 2 * PHRASE_LIMIT)
    return Fault(
        severity=finding.severity.value,
        title=middle_cut(one_line(finding.title), PHRASE_LIMIT),
        rule=one_line(finding.rule.id),
        told=told,
        evidence=tuple(part for part in evidence.split("; ") if part),
        hint=f"accepted: {one_line(finding.accepted)}" if finding.accepted else one_line(finding.hint),
    )


def _versions(expected: str, takes: tuple[Take, ...]) -> tuple[Version, ...]:
    """The different things that were heard: differences first, then the most frequent first."""
    heard: dict[tuple[str, ...], list[Take]] = {}
    for take in takes:
        heard.setdefault(word_key(take.hearing.text), []).append(take)
    made = []
    for alike in sorted(heard.values(), key=lambda alike: -len(alike)):
        upper, lower = diff_pieces(expected, alike[0].hearing.text, PHRASE_LIMIT)
        is_same = all(piece.kind in ("plain", "code") for piece in (*upper, *lower))
        count = f"{len(alike)} of {len(takes)}"
        made.append(Version(count=count, expected=upper, heard=lower, is_same=is_same))
    return tuple(sorted(made, key=lambda version: version.is_same))


def _glance(outcome: Outcome, expected: str) -> tuple[Piece, ...]:
    """The worst take's difference, else the phrase; for a check what happened."""
    take, probe = worst_take(outcome), outcome.probe
    merged = merged_pieces(expected, take.hearing.text, GLANCE_LIMIT) if take and expected else ()
    if probe is None:
        return coded(middle_cut(one_line(next((happened(one) for one in by_severity(outcome)), "")), GLANCE_LIMIT))
    return merged or phrase_pieces(probe.text, probe.trigger, GLANCE_LIMIT)


def by_effect(observations: tuple[Observation, ...]) -> list[Observation]:
    """The number furthest from its golden first."""
    return sorted(observations, key=lambda seen: (-abs(seen.effect), seen.statistic))


def _number(seen: Observation, outcome: Outcome) -> Number:
    side = "above" if seen.effect > 0 else "below"
    return Number(
        name=statistic_name(seen.statistic),
        value=number(seen.value),
        golden=f"{number(seen.golden_mean)} ± {number(seen.golden_spread)}",
        effect=f"{abs(seen.effect):.1f} golden spreads {side}",
        p_value=f"p = {seen.p_value:.2g}",
        basis=f"{seen.stage}, {_of_takes(seen)}",
        plot=strip(seen, outcome.takes, outcome.golden),
        is_notable=abs(seen.effect) >= NOTABLE,
    )


def _of_takes(seen: Observation) -> str:
    return f"{seen.takes} of {counted(seen.of_takes, 'take')}" if seen.of_takes else counted(seen.takes, "take")


def _take_row(take: Take) -> TakeRow:
    forced = take.hearing.forced
    return TakeRow(
        seed=take.seed,
        heard=coded(middle_cut(take.hearing.text, PHRASE_LIMIT)),
        note="decoding reached its token bound" if take.hearing.truncated else "",
        score=number(forced.mean) if forced and forced.logprobs else "",
        seconds=f"{take.facts.seconds:.2f}",
        digest=take.audio_sha256[:12],
    )
