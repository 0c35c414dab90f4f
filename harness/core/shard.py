"""One of several machines that speak a suite together: which part is its own. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from harness.core.errors import BadInput

MOST_SHARDS: Final = 10_000
_WRITTEN: Final = re.compile(r"([0-9]{1,5})/([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """Machine `number` of `of`."""

    number: int
    """From 1."""
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def has(self, place: int) -> bool:
        """Whether the batch at this place of the plan is its own: machines take turns, so that their parts are alike.

        Batches rather than probes are shared out: what is spoken together is then the same on one machine and on many,
        and so is the audio, beyond rounding.
        """
        return place % self.of == self.number - 1


def read_shard(typed: str, *, name: str = "--tts-shard") -> Shard | None:
    """What was typed; None where nothing was.

    Args:
        typed: ``I/N``.
        name: What it was chosen by.

    Raises:
        BadInput: It is no part of a whole.
    """
    if not typed:
        return None
    found = _WRITTEN.fullmatch(typed)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of <= MOST_SHARDS:
        raise BadInput(f"{name}: expected I/N, from 1/N to N/N with at most {MOST_SHARDS} shards, got {typed!r}")
    return Shard(number, of)
