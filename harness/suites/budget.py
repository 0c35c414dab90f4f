"""The smallest part of a suite that fits into a time and still says something, of as many families as it can. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.core.types import Probe

LEAST = 5
"""Phrases of a family below which a clean run says next to nothing: more than half of such phrases could be bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was chosen of a suite."""

    probes: tuple[Probe, ...]
    """In the suite's order."""
    seconds: float
    left_out: tuple[str, ...]
    """Families of which nothing fits, in the suite's order."""


def fitting_part(probes: Sequence[Probe], seconds_of: Callable[[Probe], float], budget: float) -> Part:
    """Choose by families: the cheapest ones first with a few phrases each, then more phrases of each in turn.

    A trigger comes with its control, without which it says less.

    Args:
        probes: The suite's.
        seconds_of: What one probe takes.
        budget: Seconds.
    """
    waiting = {family: _units(members, probes) for family, members in _by_family(probes).items()}
    chosen: dict[str, Probe] = {}
    spent = 0.0

    def fits(unit: Sequence[Probe]) -> bool:
        nonlocal spent
        new = {one.id: one for one in unit if one.id not in chosen}
        cost = sum(map(seconds_of, new.values()))
        if spent + cost > budget:
            return False
        chosen.update(new)
        spent += cost
        return True

    first = {family: [one for unit in units[:LEAST] for one in unit] for family, units in waiting.items()}
    kept = [family for family in sorted(first, key=lambda one: sum(map(seconds_of, first[one]))) if fits(first[family])]
    queues = [waiting[family][LEAST:] for family in waiting if family in kept]
    while queues := [queue for queue in queues if queue]:
        turn = [fits(queue.pop(0)) for queue in queues]  # each family gets its turn, whoever found room before it
        if not any(turn):
            break
    return Part(
        probes=tuple(one for one in probes if one.id in chosen),
        seconds=spent,
        left_out=tuple(family for family in waiting if family not in kept),
    )


def _by_family(probes: Sequence[Probe]) -> dict[str, list[Probe]]:
    found: dict[str, list[Probe]] = {}
    for probe in probes:
        found.setdefault(probe.family, []).append(probe)
    return found


def _units(members: Sequence[Probe], probes: Sequence[Probe]) -> list[list[Probe]]:
    """A phrase with its control, in order; a control by itself is none."""
    known = {probe.id: probe for probe in probes}
    controls = {probe.control for probe in members if probe.control}
    return [
        [probe, *([known[probe.control]] if probe.control in known else [])]
        for probe in members
        if probe.id not in controls
    ]
