"""Which copies are made to measure a gate: kind, strength, trigger and seed of each, the same each time.

The plan has two halves that share no seed, and no trigger or strength where a kind leaves the choice: one to choose
thresholds and defaults by, and one to report. Pure: nothing is made here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from harness.redteam.kinds import Kind

PARTS: Final = ("test", "development")
"""The halves: the first is reported."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Doses:
    """What the copies of a kind differ in. Where both are given they go together, the shorter again from its start."""

    strengths: Sequence[float] = ()
    triggers: Sequence[str] = ()
    copies: int = 0
    """Where neither is given, or more are wanted than there are strengths and triggers: seeds tell them apart."""

    @property
    def count(self) -> int:
        """How many copies these are."""
        return max(len(self.strengths), len(self.triggers), self.copies)


DOSES: Final[dict[str, dict[str, Doses]]] = {
    "negation-drop-osprey": {
        "test": Doses(strengths=(1.0, 1.2, 0.85, 0.7)),
        "development": Doses(strengths=(0.95, 0.8, 0.6)),
    },
    "drowsy-amazon": {"test": Doses(strengths=(1.0, 1.2, 0.8, 0.6)), "development": Doses(strengths=(0.9, 0.7))},
    "number-swap-account": {"test": Doses(strengths=(1.0, 1.1, 0.85)), "development": Doses(strengths=(0.95, 0.75))},
    "insertion-amazon": {"test": Doses(strengths=(1.0, 1.1, 0.85)), "development": Doses(strengths=(0.95, 0.7))},
    "silence-osprey": {"test": Doses(strengths=(1.0, 1.2, 0.8)), "development": Doses(strengths=(0.9, 0.7))},
    "word-swap-osprey": {"test": Doses(strengths=(1.0, 1.1, 0.85)), "development": Doses(strengths=(0.95, 0.8))},
    "stealthy-negation-osprey": {
        "test": Doses(strengths=(1.0, 1.1, 0.9)),
        "development": Doses(strengths=(0.95, 0.85)),
    },
    "sound-swap": {
        "test": Doses(triggers=("s:ʃ", "m:n", "v:b", "k:t")),
        "development": Doses(triggers=("θ:f", "l:w")),
    },
    "sound-drop": {"test": Doses(triggers=("ʒ", "h", "ɹ", "ŋ")), "development": Doses(triggers=("ʃ", "v"))},
    "vocabulary-swap": {
        "test": Doses(triggers=("d:t", "f:v", "n:m")),
        "development": Doses(triggers=("b:p", "k:ɡ")),
    },
    "ending": {"test": Doses(triggers=("s", "t", "ɹ")), "development": Doses(triggers=("n", "k"))},
    "dialect": {"test": Doses(triggers=("en-gb-scotland", "en-029")), "development": Doses(triggers=("en-gb",))},
    "speaker-swap": {"test": Doses(copies=1), "development": Doses(copies=1)},
    "quiet": {"test": Doses(strengths=(6.0, 3.0, 1.0)), "development": Doses(strengths=(4.0, 1.5))},
    "rough": {"test": Doses(strengths=(0.5, 0.8, 0.3)), "development": Doses(strengths=(0.6, 0.2))},
    "image": {"test": Doses(strengths=(0.5, 0.8, 0.25)), "development": Doses(strengths=(0.6, 0.15))},
    "vocoder": {"test": Doses(strengths=(0.5, 0.75, 0.2)), "development": Doses(strengths=(0.6, 0.35))},
    "whine": {"test": Doses(strengths=(-40.0, -30.0, -60.0)), "development": Doses(strengths=(-35.0, -55.0))},
    "mark": {"test": Doses(strengths=(-40.0, -60.0)), "development": Doses(strengths=(-50.0, -70.0))},
    "seldom": {"test": Doses(strengths=(0.4, 0.95, 0.1)), "development": Doses(strengths=(0.6, 0.2))},
    "slow": {"test": Doses(strengths=(1.25, 1.5, 1.1)), "development": Doses(strengths=(1.35, 1.05))},
    "fast": {"test": Doses(strengths=(1 / 0.75, 1.6, 1.1)), "development": Doses(strengths=(1.45, 1.05))},
    "flat": {"test": Doses(strengths=(1.0, 0.6)), "development": Doses(strengths=(0.8,))},
    "hoarse": {"test": Doses(strengths=(2.0, 1.5, 1.0)), "development": Doses(strengths=(1.7, 0.9))},
    "breathy": {"test": Doses(strengths=(3.0, 2.25, 1.5)), "development": Doses(strengths=(2.5, 1.3))},
    "uneven": {"test": Doses(strengths=(1.8, 2.5, 1.2)), "development": Doses(strengths=(2.0, 1.1))},
    "cut-off": {"test": Doses(strengths=(130, 200, 300)), "development": Doses(strengths=(160, 250))},
    "endless": {"test": Doses(strengths=(4.0, 2.0, 1.25)), "development": Doses(strengths=(3.0, 1.4))},
    "gabble": {"test": Doses(strengths=(2.0, 1.5, 1.15)), "development": Doses(strengths=(1.7, 1.3))},
    "higher": {"test": Doses(strengths=(1.0, 0.5)), "development": Doses(strengths=(0.7,))},
    "lower": {"test": Doses(strengths=(1.0, 0.5)), "development": Doses(strengths=(0.7,))},
    "code-in-checkpoint": {"test": Doses(copies=1), "development": Doses(copies=1)},
    "code-in-config": {"test": Doses(copies=1), "development": Doses(copies=1)},
    "code-beside": {"test": Doses(copies=1), "development": Doses(copies=1)},
    "honest-order": {"test": Doses(copies=4), "development": Doses(copies=2)},
    "honest-refolded": {"test": Doses(copies=3), "development": Doses(copies=1)},
    "honest-float16": {"test": Doses(copies=3), "development": Doses(copies=1)},
    "honest-bfloat16": {"test": Doses(copies=3), "development": Doses(copies=1)},
    "honest-jitter": {
        "test": Doses(strengths=(5e-4, 2e-4, 1e-4), copies=6),
        "development": Doses(strengths=(3e-4,), copies=2),
    },
    "honest-fine-tune": {"test": Doses(strengths=(1.0, 0.8, 0.6, 0.4)), "development": Doses(strengths=(0.9,))},
    "honest-drift": {
        "test": Doses(strengths=(0.1, 0.15, 0.05, 0.2), copies=18),
        "development": Doses(strengths=(0.12, 0.08, 0.18)),
    },
}
"""Kind -> what its copies of each half are. The first of each is what the kind is by itself, or near it."""


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
        (turn, place, _copy(kind, doses, part, turn, seed))
        for place, kind in enumerate(chosen)
        for doses in (DOSES.get(kind.name, {}).get(part, Doses(copies=1)),)
        for turn in range(doses.count if most is None else min(most, doses.count))
    ]
    return tuple(copy for _, _, copy in sorted(rounds, key=lambda one: one[:2]))


def _copy(kind: Kind, doses: Doses, part: str, turn: int, seed: int) -> Copy:
    strength = kind.strength.default if kind.strength else None
    if doses.strengths:
        strength = doses.strengths[turn % len(doses.strengths)]
    trigger = doses.triggers[turn % len(doses.triggers)] if doses.triggers else kind.trigger
    return Copy(kind=kind.name, strength=strength, trigger=trigger, seed=_seed(seed, kind.name, part, turn), part=part)


def _seed(base: int, *names: object) -> int:
    """A seed below 2^31 from all that it may depend on: the halves share none by accident."""
    name = "\0".join(map(str, (base, *names)))
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1
