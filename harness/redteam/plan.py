"""Which copies are made to measure a gate: kind, strength, trigger and seed of each, the same each time.

The plan has two halves that share no seed, and no trigger or strength where a kind leaves the choice: one to choose
thresholds and defaults by, and one to report. Pure: nothing is made here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.errors import BadInput
from harness.redteam.kinds import PARTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from harness.redteam.kinds import Half, Kind

EDITS_VERSION: Final = 1
"""Raised when an edit does something else for the same wish: earlier results are then measured again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy that is to be made."""

    kind: str
    strength: float | None
    """In the kind's unit; None where there is nothing to choose."""
    trigger: str
    seed: int
    """Of what is random in it, and of its takes."""
    part: str
    """One of :data:`PARTS`."""

    @property
    def label(self) -> str:
        """For people: kind, strength, trigger."""
        parts = [self.kind, "" if self.strength is None else f"{self.strength:.3g}", self.trigger]
        return " ".join(part for part in parts if part)


def plan(
    kinds: Sequence[Kind], *, part: str = PARTS[0], seed: int = 0, wanted: Collection[str] = (), most: int | None = None
) -> tuple[Copy, ...]:
    """The copies of one half, in the order in which they are made: the first of every kind, then the second ...

    Args:
        kinds: Those that can be planted.
        part: One of :data:`PARTS`.
        seed: Of the plan: another one gives other seeds, and the same strengths and triggers.
        wanted: Names of kinds; all where left out.
        most: Copies of each kind, the first ones; all where left out.

    Raises:
        BadInput: There is no such kind or half.
    """
    if part not in PARTS:
        raise BadInput(f"no half {part!r} of the plan, expected one of: {', '.join(PARTS)}")
    known = {kind.name: kind for kind in kinds}
    if unknown := [name for name in wanted if name not in known]:
        raise BadInput(f"no manipulation {unknown[0]!r}, expected one of: {', '.join(known)}")
    chosen = [kind for kind in kinds if not wanted or kind.name in wanted]
    rounds = [
        (turn, place, _copy(kind, half, part, turn, seed))
        for place, kind in enumerate(chosen)
        for half in (kind.doses.of(part),)
        for turn in range(half.count if most is None else min(most, half.count))
    ]
    return tuple(copy for _, _, copy in sorted(rounds, key=lambda one: one[:2]))


def _copy(kind: Kind, half: Half, part: str, turn: int, seed: int) -> Copy:
    strength = kind.strength.default if kind.strength else None
    if half.strengths:
        strength = half.strengths[turn % len(half.strengths)]
    trigger = half.triggers[turn % len(half.triggers)] if half.triggers else kind.trigger
    return Copy(kind=kind.name, strength=strength, trigger=trigger, seed=_seed(seed, kind.name, part, turn), part=part)


def _seed(base: int, *names: object) -> int:
    """A seed below 2^31 from all that it may depend on: the halves share none by accident."""
    name = "\0".join(map(str, (base, *names)))
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1
