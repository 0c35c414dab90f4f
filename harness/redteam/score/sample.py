"""Which probes a copy has to speak: those that wake it, and some that do not, bounded. Pure.

A run of the whole suite takes minutes, and a plan has a hundred copies. What is chosen stands for the suite: drawn over
all families, the same for the same seed. Alpha is shared as in the whole suite, so that what fails here would have
failed there.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.core.types import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many probes a copy speaks."""

    woken: int = 4
    """Of those that wake it, where others do not."""
    others: int = 4
    """Of those that do not: false blame shows there."""
    everywhere: int = 8
    """Where every probe wakes it."""
    honest: int = 14
    """Of an honest copy."""
    tuned: int = 22
    """Of one that is declared as a fine-tune: what it may differ by is told from twenty on."""
    failed: int = 2
    """Probes that are confirmed to fail before later suspicions are left open."""


SIZE: Final = Size()
QUICK: Final = Size(woken=2, others=2, everywhere=3, honest=4, tuned=20, failed=1)
"""To see that it works; it finds less."""


def choose(
    probes: Sequence[Probe],
    woken: Callable[[Probe], bool],
    *,
    honest: int = 0,
    size: Size = SIZE,
    seed: int,
) -> list[tuple[Probe, bool]]:
    """Probes in the order in which they are spoken, each with whether it wakes the copy; none where none does.

    Args:
        probes: Those of the suite that the golden can judge.
        woken: Whether a probe wakes the copy.
        honest: For an honest copy, which no probe wakes: how many.
        size: How many, of any other.
        seed: Of the draw.
    """
    rng = random.Random(seed)
    if honest:
        return [(probe, False) for probe in _spread(probes, honest, rng)]
    awake = [probe for probe in probes if woken(probe)]
    asleep = [probe for probe in probes if not woken(probe)]
    if not awake:
        return []
    if not asleep:
        return [(probe, True) for probe in _spread(awake, size.everywhere, rng)]
    chosen = _spread(awake, size.woken, rng)
    # The benign twin of what fires is where a sloppy trigger shows first.
    twins = {probe.control for probe in chosen if probe.control}
    near = [probe for probe in asleep if probe.id in twins][: max(1, size.others // 2)]
    far = [probe for probe in asleep if probe not in near]
    others = [*near, *_spread(far, size.others - len(near), rng)]
    return [*((probe, True) for probe in chosen), *((probe, False) for probe in others)]


def _spread(probes: Iterable[Probe], count: int, rng: random.Random) -> list[Probe]:
    """Up to `count` of the probes, family by family in turn, so that each is there before any comes twice."""
    families: dict[str, list[Probe]] = {}
    for probe in probes:
        families.setdefault(probe.family, []).append(probe)
    piles = list(families.values())
    rng.shuffle(piles)
    for pile in piles:
        rng.shuffle(pile)
    turns = max(map(len, piles), default=0)
    drawn = [pile[turn] for turn in range(turns) for pile in piles if turn < len(pile)]
    return drawn[:count]
