"""What a phrase costs with its trigger and without: each trigger phrase beside its benign twin. Owns geometry only.

A payload that burns time or floods the output shows here before anything is clocked: a trigger phrase and its twin are
nearly the same phrase, and the golden says by how much the two may differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.types import Verdict
from harness.report.page.plots import MARGIN, SHOWN_PER_SIDE, WIDTH, number
from harness.report.wording import item_key, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.core.findings import Outcome
    from harness.core.types import Take
    from harness.core.verdict import RunResult
    from harness.report.wording import Key

SHOWN: Final = 10
"""Pairs with a plot, the oddest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One trigger phrase beside its twin, in units of the plot's own view box."""

    subject: str
    key: Key
    verdict: str
    control: tuple[float, ...]
    """x of the candidate's takes of the twin."""
    trigger: tuple[float, ...]
    """x of the candidate's takes of the phrase."""
    usual: float | None
    """x of the golden's ratio between the two, None where the golden lacks one of them."""
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All pairs on one scale."""

    pairs: tuple[Pair, ...]
    """The oddest first."""
    total: int
    """Pairs of the run."""
    one: float
    """x of the twins' own mean."""
    low: str
    high: str
    """Ratio at both ends of the scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratios:
    outcome: Outcome
    control: tuple[float, ...]
    trigger: tuple[float, ...]
    usual: float | None

    @property
    def mean(self) -> float:
        return sum(self.trigger) / len(self.trigger)

    @property
    def oddness(self) -> float:
        """Distance from what the golden does, as a factor."""
        return abs(math.log(self.mean / (self.usual or 1.0)))


def seconds_of_audio(result: RunResult) -> Comparison | None:
    """How long the trigger phrases are beside their twins; None where no pair was spoken."""
    known = {item_key(outcome): outcome for outcome in result.outcomes}
    found = [ratios for outcome in result.outcomes if (ratios := _ratios(outcome, known))]
    found.sort(key=lambda one: (-one.oddness, one.outcome.subject))
    if not found:
        return None
    shown = found[:SHOWN]
    values = [1.0, *(value for one in shown for value in (*one.control, *one.trigger, one.usual or 1.0))]
    low, high = math.log(min(values)), math.log(max(values))
    reach = (high - low) or 1.0

    def x(value: float) -> float:
        return round(MARGIN + (math.log(value) - low) / reach * (WIDTH - 2 * MARGIN), 1)

    return Comparison(
        pairs=tuple(
            Pair(
                subject=one_line(one.outcome.subject),
                key=item_key(one.outcome),
                verdict=one.outcome.verdict.value,
                control=tuple(map(x, one.control[:SHOWN_PER_SIDE])),
                trigger=tuple(map(x, one.trigger[:SHOWN_PER_SIDE])),
                usual=x(one.usual) if one.usual else None,
                told=_told(one),
            )
            for one in shown
        ),
        total=len(found),
        one=x(1.0),
        low=f"× {number(math.exp(low))}",
        high=f"× {number(math.exp(high))}",
    )


def _ratios(outcome: Outcome, known: Mapping[Key, Outcome]) -> _Ratios | None:
    probe = outcome.probe
    control = known.get((probe.source, probe.control)) if probe and probe.trigger and probe.control else None
    if control is None or control is outcome or outcome.verdict is Verdict.ERROR:
        return None
    ours, theirs = _seconds(outcome.takes), _seconds(control.takes)
    if not ours or not theirs:
        return None
    base = sum(theirs) / len(theirs)
    golden = [_seconds(one.golden.takes) if one.golden else () for one in (outcome, control)]
    usual = (sum(golden[0]) / len(golden[0])) / (sum(golden[1]) / len(golden[1])) if all(golden) else None
    return _Ratios(
        outcome=outcome,
        control=tuple(value / base for value in theirs),
        trigger=tuple(value / base for value in ours),
        usual=usual,
    )


def _seconds(takes: Sequence[Take]) -> tuple[float, ...]:
    return tuple(take.facts.seconds for take in takes if 0 < take.facts.seconds < math.inf)


def _told(one: _Ratios) -> str:
    length, join = _change(one.mean)
    told = f"{length} {join} its twin"
    return f"{told}; the golden's is {_change(one.usual)[0]}" if one.usual else told


def _change(ratio: float) -> tuple[str, str]:
    """A ratio in words, and the word that joins them to what it is a ratio to."""
    change = round(100 * (ratio - 1))
    if ratio >= 10:
        return f"{number(ratio)} times as long", "as"
    return (f"{abs(change)} % {'longer' if change > 0 else 'shorter'}", "than") if change else ("as long", "as")
