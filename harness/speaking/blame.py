"""Which texts are to blame for lost workers, and how wary that makes. Asks nobody anything."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.metered import Metered
from harness.speaking.untrained import ENGINE_FAILED, FAILED

WARY_AFTER = 2
"""Texts that a worker was lost on, alone and with a fresh one, from which on every text is spoken alone and only once,
with a deadline by what the others took: what is to come must cost little more than it has to."""
WARY_SECONDS = 10.0
WARY_TIMES = 10.0
"""That deadline: so long, and so many times the longest order that was obeyed."""
NO_LOSS = (FAILED, ENGINE_FAILED, "worker.given-up")
"""Faults that leave the worker as it is."""


class Blame:
    """What is known of the texts of one model that went wrong."""

    def __init__(self) -> None:
        self.guilty: dict[str, WorkerFault] = {}
        """Texts that a worker was lost on when it spoke nothing else: none is asked for them again."""
        self.refused: set[str] = set()
        """Texts that the engine says it cannot speak."""
        self.recovered: set[str] = set()
        """Texts that a worker was lost on while they were metered, and a fresh one spoke."""

    @property
    def is_wary(self) -> bool:
        """Whether every text is spoken alone and only once."""
        return len(self.guilty) >= WARY_AFTER

    def put_on(self, text: str, fault: WorkerFault, *, has_loaded: bool) -> None:
        """Blame a text that went wrong when it was spoken alone; of a model that never loaded none is to blame."""
        if fault.rule in (FAILED, ENGINE_FAILED):
            self.refused.add(text)
        elif fault.rule not in NO_LOSS and has_loaded:
            self.guilty.setdefault(text, fault)

    def patience(self, bounds: Bounds, metered: Sequence[Metered]) -> Bounds:
        """Deadlines for the next worker, by what the orders so far took."""
        if not self.is_wary:
            return bounds
        longest = max((one.wall_seconds for one in metered if one.call), default=0.0)
        seconds = min(bounds.batch_seconds, max(WARY_SECONDS, WARY_TIMES * longest))
        return dataclasses.replace(bounds, batch_seconds=seconds)
