"""What the candidate's workers were seen to try, in its order. Owns order and words, knows no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.text import counted
from harness.report.phrases import Piece, coded, middle_cut
from harness.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.core.types import BehaviourEvent
    from harness.core.verdict import RunResult

PHASES: Final = {
    "loading": "While the model was loaded",
    "speaking": "While it spoke",
    "ending": "While it was ended",
}
SHOWN: Final = 40
"""Events of one phase; a flood is counted, not listed."""
PHRASES: Final = 4
"""Phrases named beside an event: those of the batch that was being spoken."""
DETAIL_LIMIT: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that was tried."""

    kind: str
    what: str
    detail: tuple[Piece, ...]
    times: str
    outcome: str
    """Whether it got what it wanted."""
    probes: tuple[str, ...]
    """Ids of the probes whose phrases were being spoken, or the phrases where no probe has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Part of a worker's life."""

    title: str
    moments: tuple[Moment, ...]
    more: int
    """Events that are not listed."""


def timeline(result: RunResult) -> tuple[Phase, ...]:
    """The phases in which something was seen."""
    probes = {one.probe.text: one.probe.id for one in result.outcomes if one.probe}
    phases: dict[str, list[BehaviourEvent]] = {when: [] for when in PHASES}
    for event in result.behaviour:
        phases.setdefault(event.when, []).append(event)
    return tuple(
        Phase(
            title=PHASES.get(when, one_line(when) or "At an unknown time"),
            moments=tuple(_moment(event, probes) for event in events[:SHOWN]),
            more=len(events[SHOWN:]),
        )
        for when, events in phases.items()
        if events
    )


def _moment(event: BehaviourEvent, probes: Mapping[str, str]) -> Moment:
    names = [probes.get(text) or f"“{middle_cut(text, 60)}”" for text in dict.fromkeys(event.phrases)]
    shown = tuple(one_line(name) for name in names[:PHRASES])
    more = (f"and {len(names) - PHRASES} more",) if len(names) > PHRASES else ()
    return Moment(
        kind=one_line(event.kind),
        what=one_line(event.what),
        detail=coded(middle_cut(one_line(event.detail), DETAIL_LIMIT)),
        times="" if event.count == 1 else counted(event.count, "time"),
        outcome="let through" if event.is_allowed else "refused",
        probes=(*shown, *more),
    )
