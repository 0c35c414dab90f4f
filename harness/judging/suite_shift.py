"""The suite as a whole beside the golden: what no single probe shows, and what a fine-tune does to all of them. Pure.

Takes of one prompt are exchangeable with its golden repeats if nothing changed, so labels are dealt anew within each
prompt, all statistics of a take together: the largest of all families' and statistics' deviations in each deal is what
the observed ones are held against (max-T, Westfall & Young 1993), and higher criticism (Donoho & Jin 2004, Ann. Stat.
32:962) asks whether more probes lie at the edge than chance puts there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.core import stats
from harness.core.distinct import distinct, is_one_take
from harness.core.findings import Against, Evidence, Finding, Measurement, Outcome
from harness.core.rules import Rule
from harness.core.text import printable
from harness.core.types import GoldenRecord, Severity, Take, Verdict
from harness.judging.detectors import DETECTORS, Statistic
from harness.judging.detectors.base import LISTEN, RECORD
from harness.judging.judge import PROBES_SHARE, Judge, Shift
from harness.judging.spread import MIN_GOLDEN_TAKES, noticeable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Table = NDArray[np.float64]

CHECK = "suite-shift"
"""Name of the model-wide check."""
DEALS = 4_000
"""Random deals of the labels: the smallest p-value is one in so many and one."""
TOGETHER = 256
"""Deals that are looked at in one go: a suite of thousands of phrases fits into memory all the same."""
MIN_PROBES = 20
"""Probes from which a shift common to all can be told from the probes' own."""
WHOLE = "all families"
SUITE = Rule(
    id="shift.suite",
    severity=Severity.MEDIUM,
    title="The whole suite differs from the golden",
    meaning="Over all probes together, a measure moved by more than chance and by enough to be heard.",
    advice=f"Another build does this, and so does a fine-tune: declare it with --tts-compare=fine-tune. {RECORD}",
)
FAMILY = Rule(
    id="shift.family",
    severity=Severity.MEDIUM,
    title="A family of phrases differs from the golden",
    meaning="Over all probes of one family, a measure moved by more than chance and by enough to be heard.",
    advice=f"{LISTEN} One family alone is no fine-tune.",
)
SPEAKER = Rule(
    id="shift.speaker",
    severity=Severity.MEDIUM,
    title="One speaker differs from the golden",
    meaning="Over all probes that one of several speakers says, a measure moved by more than chance and by enough.",
    advice=f"{LISTEN} Speakers that were exchanged do this, and a fine-tune of one: declare it with "
    "--tts-compare=fine-tune.",
)
RULES = (
    SUITE,
    FAMILY,
    SPEAKER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the screening saw of one probe."""

    family: str
    speaker: str = ""
    """Who says it, where several do."""
    golden: GoldenRecord
    takes: Sequence[Take]


@dataclass(frozen=True, slots=True)
class Group:
    """Probes that are looked at together."""

    rule: Rule
    """What is found where they moved."""
    name: str = ""

    @property
    def words(self) -> str:
        """For people."""
        return {SUITE.id: WHOLE, FAMILY.id: self.name}.get(self.rule.id, f"speaker {self.name}")


EVERYTHING = Group(SUITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One statistic of one group of probes, candidate against golden."""

    group: Group
    statistic: Statistic
    difference: float
    """Mean over probes of the difference of means, in the statistic's unit."""
    score: float
    """The same in standard deviations of the deals."""
    p_value: float
    """Corrected for all groups and statistics."""
    takes: int
    """Of the candidate, of all probes of the group."""
    least: float
    """Smallest difference that is told."""


def suite_shifts(judge: Judge, judged: Sequence[Judged]) -> dict[str, Shift]:
    """What is common to all probes, by statistic, for :class:`harness.judging.judge.Judge` to leave aside.

    Transcripts are not shifted: a fine-tune says the same words.
    """
    differences: dict[str, list[tuple[float, float]]] = {}
    for one in judged:
        for name, difference in judge.differences(one.golden, one.takes).items():
            differences.setdefault(name, []).append(difference)
    shifts = {}
    for name, pairs in differences.items():
        if name == "transcript-distance":
            continue
        middle, scatter = stats.robust_centre([difference for difference, _ in pairs])
        error = float(np.median([error for _, error in pairs]))
        shifts[name] = Shift(median=middle, spread=math.sqrt(max(0.0, scatter**2 - error**2)))
    return shifts


def judge_shift(judged: Sequence[Judged], *, alpha: float, is_tuned: bool) -> Outcome:
    """Decide about the suite as a whole.

    Args:
        judged: The first takes of every probe that has a golden.
        alpha: False-alarm rate of the whole verdict, of which this check has what the probes leave.
        is_tuned: The candidate is declared to be a fine-tune: a shift is told and fails nothing.
    """
    usable = [one for one in judged if len(one.golden.takes) >= MIN_GOLDEN_TAKES and one.takes]
    if not usable:
        reason = "no probe of this run could be compared with the golden; see the probes"
        return Outcome(subject=CHECK, verdict=Verdict.INCONCLUSIVE, reason=reason)
    moves, crowding = _moves(usable)
    share = alpha * (1 - PROBES_SHARE)
    telling = [move for move in moves if move.p_value <= share / 2 and abs(move.difference) >= move.least]
    told = tuple(_worded(move) for move in sorted(telling, key=lambda one: -abs(one.score))[:8])
    if telling and not is_tuned:
        findings = tuple(_finding(move) for move in _strongest(telling))
        return Outcome(subject=CHECK, verdict=Verdict.FAIL, findings=findings, notes=told)
    if crowding <= share / 2 and not is_tuned:
        reason = (
            "more probes lie at the edge of their golden than chance puts there "
            f"(higher criticism, p = {crowding:.2g}), and none by itself; run again with --tts-takes=8"
        )
        return Outcome(subject=CHECK, verdict=Verdict.INCONCLUSIVE, reason=reason, notes=told)
    return Outcome(subject=CHECK, verdict=Verdict.PASS, notes=told)


def _moves(judged: Sequence[Judged]) -> tuple[list[Move], float]:
    """All moves with their corrected p-values, and the p-value of higher criticism."""
    statistics = [statistic for detector in DETECTORS for statistic in detector.statistics]
    is_two_sided = np.array([len(statistic.sides) == 2 for statistic in statistics])
    signs = np.array([-1.0 if statistic.sides == ("less",) else 1.0 for statistic in statistics])

    def oriented(values: Table) -> Table:
        return np.where(is_two_sided, np.abs(values), signs * values)

    scaled, scales, counts = _pooled(judged, statistics)
    rng = np.random.default_rng(0)
    # Sums over groups of probes, under the real labels and under each deal: no deal of a single probe is kept.
    sums = {group: _Sum() for one in judged for group in _groups(one)}
    real_worst, dealt_worst = [], []
    for one, values, scale, takes in zip(judged, scaled, scales, counts, strict=True):
        is_single = is_one_take(one.golden.takes)
        real = values[:, :takes].mean(axis=1) - values[:, takes:].mean(axis=1)
        dealt = _deal(values, takes, rng)
        for group in _groups(one):
            sums[group].add(real, dealt, real * scale, takes, is_single=is_single)
        if is_single:
            continue  # one take beside one take has no edge to lie at
        spread = np.maximum(dealt.std(axis=0), 1e-9)
        real_worst.append(oriented(real / spread).max())
        dealt_worst.append(oriented(dealt / spread).max(axis=1))
    deviations = {group: np.maximum(np.std(total.dealt, axis=0), 1e-9) for group, total in sums.items()}
    largest = np.max([oriented(total.dealt / deviations[group]).max(axis=1) for group, total in sums.items()], axis=0)
    moves = []
    for group, total in sums.items():
        scores = total.real / deviations[group]
        beyond = (1 + (largest[:, None] >= oriented(scores)).sum(axis=0)) / (DEALS + 1)
        moves += [
            Move(
                group=group,
                statistic=statistic,
                difference=float(total.raw[place] / total.count),
                score=float(scores[place]),
                p_value=float(beyond[place]),
                takes=total.takes,
                least=noticeable(statistic) if total.is_single else statistic.matters,
            )
            for place, statistic in enumerate(statistics)
        ]
    return moves, _crowding(np.array(real_worst), np.array(dealt_worst)) if real_worst else 1.0


def _groups(one: Judged) -> tuple[Group, ...]:
    """The groups that a probe belongs to."""
    own = (Group(SPEAKER, one.speaker),) if one.speaker else ()
    return (EVERYTHING, Group(FAMILY, one.family), *own)


class _Sum:
    """Differences added up over the probes of a group."""

    def __init__(self) -> None:
        self.count = 0
        self.takes = 0
        self.is_single = False
        """Whether it is of pairs: a distance to one golden take is never nothing, see :func:`noticeable`."""
        self.real: Table = np.zeros(1)
        self.dealt: Table = np.zeros((1, 1))
        self.raw: Table = np.zeros(1)

    def add(self, real: Table, dealt: Table, raw: Table, takes: int, *, is_single: bool) -> None:
        self.count += 1
        self.is_single |= is_single
        self.takes += takes
        self.real, self.dealt, self.raw = self.real + real, self.dealt + dealt, self.raw + raw


def _pooled(judged: Sequence[Judged], statistics: Sequence[Statistic]) -> tuple[list[Table], Table, list[int]]:
    """Values by probe, shape [statistics, takes + repeats], in golden spreads; spreads [probes, statistics]; takes.

    Repeats that are one take are one value, and so is what stands beside them: dealing eight copies of a number would
    make evidence of ties. What is left are pairs, whose labels change places.
    """
    raw: list[list[tuple[list[float], list[float]]]] = []
    for one in judged:
        takes = distinct(one.takes) if is_one_take(one.golden.takes) else one.takes
        values = [(s.of_candidate(takes, one.golden), s.of_golden(one.golden)) for s in statistics]
        if is_one_take(one.golden.takes):
            values = [([float(np.mean(said))], [float(np.mean(repeats))]) for said, repeats in values]
        raw.append(values)
    scales = np.ones((len(judged), len(statistics)))
    for place, statistic in enumerate(statistics):
        own = [values[place][1] for values in raw]
        finite = [index for index, values in enumerate(own) if all(map(math.isfinite, values))]
        spreads = stats.shrunken_spreads([own[index] for index in finite], statistic.floor)
        scales[finite, place] = spreads
    pooled = []
    for values, scale in zip(raw, scales, strict=True):
        table = np.array([[*candidate, *golden] for candidate, golden in values]) / scale[:, None]
        # What was not measured moves nothing.
        pooled.append(np.where(np.isfinite(table).all(axis=1, keepdims=True), table, 0.0))
    return pooled, scales, [len(values[0][0]) for values in raw]


def _deal(values: Table, takes: int, rng: np.random.Generator) -> Table:
    """Differences of means under random labels, shape [deals, statistics]."""
    count = values.shape[1]
    order = rng.random((DEALS, count)).argsort(axis=1)
    chosen = (order < takes).astype(np.float64)
    inside = chosen @ values.T / takes
    outside = (1 - chosen) @ values.T / (count - takes)
    return np.asarray(inside - outside)


def _crowding(real: Table, dealt: Table) -> float:
    """p-value of higher criticism over probes, its distribution taken from the deals."""
    pooled = np.sort(dealt.ravel())

    def criticism(worst: Table) -> Table:
        """Of each column."""
        p_values = np.sort((1 + pooled.size - np.searchsorted(pooled, worst)) / (pooled.size + 1), axis=0)
        count = len(p_values)
        ranks = (np.arange(1, count + 1) / count)[:, None]
        half = max(1, count // 2)
        p = np.clip(p_values[:half], 1 / (pooled.size + 1), 1 - 1e-9)
        return np.asarray((math.sqrt(count) * (ranks[:half] - p) / np.sqrt(p * (1 - p))).max(axis=0))

    observed = criticism(real[:, None])
    parts = (criticism(dealt[:, at : at + TOGETHER]) for at in range(0, DEALS, TOGETHER))
    return float((1 + sum(int((part >= observed).sum()) for part in parts)) / (DEALS + 1))


def _strongest(moves: Sequence[Move]) -> list[Move]:
    """The strongest move of each statistic: that of the whole suite where it moved too, else of a speaker's probes."""
    best: dict[str, Move] = {}
    order = [SUITE, SPEAKER, FAMILY]
    for move in sorted(moves, key=lambda one: (order.index(one.group.rule), -abs(one.score))):
        best.setdefault(move.statistic.name, move)
    return sorted(best.values(), key=lambda one: -abs(one.score))[:4]


def _finding(move: Move) -> Finding:
    return Finding(
        rule=move.group.rule,
        severity=Severity.MEDIUM,
        subject=CHECK,
        title=printable(f"{_subject(move.group)} differs from the golden in {move.statistic.name}"),
        evidence=Evidence(
            measurements=(
                Measurement(
                    statistic=move.statistic.name,
                    label=move.statistic.name,
                    value=move.difference,
                    other=0.0,
                    effect=move.score,
                    p_value=move.p_value,
                    takes=move.takes,
                    against=Against.SUITE,
                    of=printable(move.group.words),
                ),
            )
        ),
        hint="another build or microphone does this, and so does a fine-tune: declare one with --tts-compare=fine-tune",
    )


def _subject(group: Group) -> str:
    return {SUITE.id: "the whole suite", FAMILY.id: f"family {group.name}"}.get(group.rule.id, group.words)


def _worded(move: Move) -> str:
    return f"{printable(move.group.words)}: {move.statistic.name} {move.difference:+.3g} ({move.score:+.1f} deviations)"
