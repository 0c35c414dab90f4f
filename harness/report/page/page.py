"""What the page shows besides its cards: their order, the overview, the tables. Knows no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.coverage import family_coverage
from harness.core.types import Verdict
from harness.report.page.cards import Card, CardBuilder, anchors, by_effect
from harness.report.page.plots import spreads, statistic_name
from harness.report.phrases import Piece, phrase_pieces
from harness.report.wording import NO_REASON, inconclusive_groups, item_key, one_line, worst_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.core.findings import Outcome
    from harness.core.verdict import RunResult
    from harness.report.page.clips import Clips

CELL_LIMIT: Final = 160
"""Characters of a phrase in the table."""
OPEN_CARDS: Final = 1
"""Cards that are open when the page is; the rest is one line each until asked for."""
HEARD_CARDS: Final = 30
"""Cards whose sound and pictures are in the page: making them takes the time, and nobody listens to more."""
CARDS: Final = 150
"""Findings with a card; beyond them the table has a line for each. So many have one cause."""
GROUP_CARDS: Final = 12
"""Cards in a group of undecided items."""
GROUPED_CARDS: Final = 120
"""Cards in all groups together."""


MOST_CELLS: Final = 240
"""Items that the overview shows one by one; a larger run has a bar for each family, so that findings stay in sight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One item in the table of all."""

    anchor: str
    card: str
    """Anchor of its card, or ``""``."""
    verdict: str
    rank: int
    """For sorting by verdict, worst first."""
    subject: str
    family: str
    phrase: tuple[Piece, ...]
    effect: str
    statistic: str
    size: float
    """Size of the effect, for sorting; -1 where nothing was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One line of the overview."""

    name: str
    rows: tuple[Row, ...]
    """Its items, each a cell; () in a run that has too many for that."""
    bar: tuple[tuple[str, float, float], ...]
    """Verdict, start and width of what is drawn instead, in percent; () where there are cells."""
    tally: str
    is_calm: bool
    """Whether everything in it passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items without a verdict, for one reason."""

    kind: str
    why: str
    settle: str
    """What would settle it, where the reason says so."""
    size: int
    cards: tuple[Card, ...]
    """Of the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One family in the table of what may have been missed."""

    family: str
    judged: str
    failed: str
    bound: str
    share: float
    """The bound as a percentage, 0 where there is none."""


RANKS: Final = {Verdict.FAIL: 0, Verdict.ERROR: 1, Verdict.INCONCLUSIVE: 2, Verdict.PASS: 3}
CHECKS: Final = "whole model"


def failed_cards(result: RunResult, clips: Clips) -> tuple[Card, ...]:
    """A card for each failed item, worst first."""
    builder = CardBuilder(result, clips)
    failed = worst_first(result.outcomes)[:CARDS]
    return tuple(builder.card(one, is_open=at < OPEN_CARDS, is_heard=at < HEARD_CARDS) for at, one in enumerate(failed))


def undecided(result: RunResult, clips: Clips) -> tuple[Group, ...]:
    """What was not decided: errors first, then by reason."""
    builder = CardBuilder(result, clips)
    errors: dict[str, list[Outcome]] = {}
    for outcome in result.outcomes:
        if outcome.verdict is Verdict.ERROR:
            errors.setdefault(outcome.reason or NO_REASON, []).append(outcome)
    room = GROUPED_CARDS
    groups = []
    for kind, reason, members in (
        *(("error", reason, members) for reason, members in errors.items()),
        *(("inconclusive", reason, members) for reason, members in inconclusive_groups(result.outcomes)),
    ):
        why, _, settle = one_line(reason).partition("; ")
        shown = members[: min(room, GROUP_CARDS)]
        room -= len(shown)
        cards = tuple(builder.card(one) for one in shown)
        groups.append(Group(kind=kind, why=why, settle=settle, size=len(members), cards=cards))
    return tuple(groups)


def rows(result: RunResult, with_card: Iterable[Card]) -> tuple[Row, ...]:
    """All items, in the order of the run.

    Args:
        result: The run.
        with_card: The cards of the page: rows link to them.
    """
    names = anchors(result)
    cards = {card.anchor for card in with_card}
    return tuple(_row(outcome, names[item_key(outcome)], cards) for outcome in result.outcomes)


def families(table: Iterable[Row]) -> tuple[Family, ...]:
    """The overview: families in the order of their first probe, model-wide checks first."""
    grouped: dict[str, list[Row]] = {}
    for row in table:
        grouped.setdefault(row.family, []).append(row)
    has_cells = sum(map(len, grouped.values())) <= MOST_CELLS
    return tuple(_family(name, tuple(members), has_cells=has_cells) for name, members in grouped.items())


def coverage(outcomes: Sequence[Outcome]) -> tuple[Covered, ...]:
    """What each family may have missed, the largest bound first."""
    found = sorted(family_coverage(outcomes), key=lambda one: -1.0 if one.miss_bound is None else -one.miss_bound)
    return tuple(
        Covered(
            family=one_line(one.family),
            judged=f"{one.judged} of {one.probes}",
            failed=str(one.failed) if one.failed else "",
            bound="something failed" if one.miss_bound is None else _percentage(one.miss_bound),
            share=round(100 * (one.miss_bound or 0.0), 1),
        )
        for one in found
    )


def _percentage(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.0995 else f"{share * 100:.1f} %"


def _row(outcome: Outcome, anchor: str, cards: set[str]) -> Row:
    probe = outcome.probe
    worst = next(iter(by_effect(outcome.observations)), None)
    card = f"{anchor}-card"
    return Row(
        anchor=anchor,
        card=card if card in cards else "",
        verdict=outcome.verdict.value,
        rank=RANKS[outcome.verdict],
        subject=one_line(outcome.subject),
        family=one_line(probe.family) if probe else CHECKS,
        phrase=phrase_pieces(probe.text, probe.trigger, CELL_LIMIT) if probe else (),
        effect=spreads(worst.effect) if worst else "",
        statistic=statistic_name(worst.statistic) if worst else "",
        size=abs(worst.effect) if worst else -1.0,
    )


def _family(name: str, members: tuple[Row, ...], *, has_cells: bool) -> Family:
    verdicts = [row.verdict for row in members]
    failed = verdicts.count(Verdict.FAIL)
    undecided = verdicts.count(Verdict.INCONCLUSIVE) + verdicts.count(Verdict.ERROR)
    parts = [f"{failed} of {len(members)} failed"] if failed else []
    parts += [f"{undecided} undecided"] if undecided else []
    tally = ", ".join(parts) or f"{len(members)} passed"
    bar: list[tuple[str, float, float]] = []
    start = 0.0
    for verdict in RANKS if not has_cells else ():
        width = 100 * verdicts.count(verdict) / len(members)
        if width:
            bar.append((verdict.value, round(start, 2), round(width, 2)))
        start += width
    return Family(name=name, rows=members if has_cells else (), bar=tuple(bar), tally=tally, is_calm=not parts)
