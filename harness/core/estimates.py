"""What something costs the machine, as numbers with what they count; words are made where they are shown."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from harness.core.places import NamedPhrase


class Unit(enum.StrEnum):
    """What an estimated cost is counted in."""

    TIMES = "times"
    """As much as what it is held against."""
    POWER = "power"
    """Of the length of a text."""
    SECONDS = "seconds"
    BYTES = "bytes"
    FILES = "files"
    THREADS = "threads"

    def amount(self, value: float) -> str:
        """So much of it, as people write it: ``1.25 MiB``, ``0.3 files``."""
        if self is not Unit.BYTES:
            return f"{value:.1f} {self}"
        return f"{value / 2**20:.2f} MiB" if abs(value) >= 1 << 20 else f"{value / 1024:.0f} KiB"


class Method(enum.StrEnum):
    """How a cost was estimated."""

    PAIRS = "pairs"
    """Median ratio over phrases that both sides spoke, signed ranks."""
    TURNS = "turns"
    """Median ratio over turns of trigger and control, signed ranks."""
    BLOCKED = "blocked"
    """Median seconds of being blocked more than what it is held against, phrase by phrase, signed ranks."""
    CALLS = "calls"
    """Theil and Sen's slope over calls, Mann and Kendall's test."""
    SOAK = "soak"
    """What that slope over the parts of a soak comes to."""
    LADDER = "ladder"
    """That slope of logarithms over texts of growing length."""
    AGAIN = "again"
    """Median over turns with a phrase that is not odd, every one of which shows it."""
    BLOCKED_AGAIN = "blocked-again"
    """Median of seconds of being blocked beyond what is usual, every time."""
    ONCE = "once"
    """One order; its phrases cost what they should when they were spoken again."""
    FRESH_WORKER = "fresh-worker"
    """Peak of a worker that had spoken other phrases first."""
    WHOLE = "whole"
    """Metered of workers as a whole, by control group and /proc."""


class Quantity(enum.StrEnum):
    """What is counted of a cost."""

    PROCESSOR = "processor"
    """Seconds of a processor."""
    BEYOND_AUDIO = "beyond-audio"
    """Those of them beyond what the seconds of audio take."""
    BLOCKED = "blocked"
    """Seconds in which it neither ran nor queued for a processor."""
    TAKEN = "taken"
    """Seconds worked or blocked, for the same audio."""
    AUDIO = "audio"
    """Seconds of audio."""
    RESIDENT = "resident"
    """Memory of the machine."""
    GPU_MEMORY = "gpu-memory"
    SCRATCH = "scratch"
    """What lies in files that it wrote."""
    FILES = "files"
    """Open ones."""
    THREADS = "threads"
    CHARACTERS = "characters"
    """Of a text."""
    RENDERINGS = "renderings"
    ORDER = "order"
    """Which one of a worker it was, from 1."""
    WORKER = "worker"
    """Which one it was."""


class Side(enum.StrEnum):
    """Whose cost an estimate is held against."""

    REFERENCE = "reference"
    """A live reference."""
    RECORDED = "recorded"
    """What the golden's reference cost when it was recorded."""
    GOLDEN = "golden"
    """What the golden's takes are."""


class Stretch(enum.StrEnum):
    """Which calls an estimate is of, where they are not those of one phrase."""

    SUITE = "suite"
    SOAK = "soak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One more number that says what an estimate is about."""

    quantity: Quantity
    value: float
    side: Side | None = None
    """Whose; None for the candidate's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:  # 13 fields: one number with its interval, what it is of, and what stands beside it
    """What something costs the machine, beside what it was held against."""

    method: Method
    quantity: Quantity
    """What is counted, or how many times as much of what."""
    value: float
    unit: Unit
    other: float | None = None
    """What was held against it, in the same unit: a measured cost or a bound; None where `value` says all."""
    low: float | None = None
    """Lower end of the 95 % interval of `value`; None where there is none."""
    high: float | None = None
    p_value: float | None = None
    """One-sided, that it costs no more; None where nothing was tested."""
    points: int = 1
    """Phrases, turns, calls, parts or renderings behind `value`."""
    side: Side | None = None
    """Whose cost it is held against; None where that is a bound, or the candidate's own."""
    stretch: Stretch | None = None
    """Of which calls, where they are not of one phrase."""
    amounts: tuple[Amount, ...] = ()
    """What it came to all in all, or what the number is of."""
    controls: tuple[NamedPhrase, ...] = ()
    """Phrases whose cost was held against that of the finding's own."""
