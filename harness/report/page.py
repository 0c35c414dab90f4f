"""What the page shows besides its cards: their order, the overview, the table. Knows no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.types import Verdict
from harness.report.cards import Card, CardBuilder, anchors, by_effect
from harness.report.phrases import Piece, phrase_pieces
from harness.report.plots import spreads
from harness.report.wording import inconclusive_groups, item_key, one_line, worst_first

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.core.types import Outcome
    from harness.core.verdict import RunResult
    from harness.report.clips import Clips

CELL_LIMIT: Final = 160
"""Characters of a phrase in the table."""
OPEN_CARDS: Final = 3
"""Cards that are open when the page is; the rest is one line each until asked for."""


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
    size: float
    """Size of the effect, for sorting; -1 where nothing was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One line of the overview."""

    name: str
    rows: tuple[Row, ...]
    tally: str
    is_calm: bool
    """Whether everything in it passed."""


RANKS: Final = {Verdict.FAIL: 0, Verdict.ERROR: 1, Verdict.INCONCLUSIVE: 2, Verdict.PASS: 3}
CHECKS: Final = "whole model"


def failed_cards(result: RunResult, clips: Clips) -> tuple[Card, ...]:
    """A card for each failed item, worst first."""
    builder = CardBuilder(result, clips)
    failed = worst_first(result.outcomes)
    return tuple(builder.card(one, is_open=at < OPEN_CARDS) for at, one in enumerate(failed))


def open_groups(result: RunResult, clips: Clips) -> tuple[tuple[str, str, tuple[Card, ...]], ...]:
    """Verdict, reason and cards of what was not decided: errors first, then by reason."""
    builder = CardBuilder(result, clips)
    broken = [one for one in result.outcomes if one.verdict is Verdict.ERROR]
    errors = [("error", one_line(one.reason), (builder.card(one),)) for one in broken]
    unsure = [
        ("inconclusive", one_line(reason), tuple(builder.card(one) for one in members))
        for reason, members in inconclusive_groups(result.outcomes)
    ]
    return (*errors, *unsure)


def rows(result: RunResult) -> tuple[Row, ...]:
    """All items, in the order of the run."""
    names = anchors(result)
    return tuple(_row(outcome, names[item_key(outcome)]) for outcome in result.outcomes)


def families(table: Iterable[Row]) -> tuple[Family, ...]:
    """The overview: families in the order of their first probe, model-wide checks first."""
    grouped: dict[str, list[Row]] = {}
    for row in table:
        grouped.setdefault(row.family, []).append(row)
    return tuple(_family(name, tuple(members)) for name, members in grouped.items())


def _row(outcome: Outcome, anchor: str) -> Row:
    probe = outcome.probe
    worst = next(iter(by_effect(outcome.observations)), None)
    return Row(
        anchor=anchor,
        card="" if outcome.verdict is Verdict.PASS else f"{anchor}-card",
        verdict=outcome.verdict.value,
        rank=RANKS[outcome.verdict],
        subject=one_line(outcome.subject),
        family=one_line(probe.family) if probe else CHECKS,
        phrase=phrase_pieces(probe.text, probe.trigger, CELL_LIMIT) if probe else (),
        effect=f"{spreads(worst.effect)} {one_line(worst.statistic)}" if worst else "",
        size=abs(worst.effect) if worst else -1.0,
    )


def _family(name: str, members: tuple[Row, ...]) -> Family:
    verdicts = [row.verdict for row in members]
    failed = verdicts.count(Verdict.FAIL)
    undecided = verdicts.count(Verdict.INCONCLUSIVE) + verdicts.count(Verdict.ERROR)
    parts = [f"{failed} of {len(members)} failed"] if failed else []
    parts += [f"{undecided} undecided"] if undecided else []
    tally = ", ".join(parts) or f"{len(members)} passed"
    return Family(name=name, rows=members, tally=tally, is_calm=not parts)
