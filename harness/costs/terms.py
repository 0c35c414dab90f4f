"""How a candidate is metered: who speaks, what is too much, and where. Values only: nothing is spoken or judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Set
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from harness.costs.floors import Floors
from harness.policy.release import CostPolicy
from harness.speaking.metered import Metered
from harness.speaking.metering import Speak

LEVEL_SHARE = 0.1
"""Of alpha, for all tests of cost together, and beside those of speech."""
TESTS = 9

Result = TypeVar("Result")


class MeteredVoice(Protocol):
    """Speaks with one model while it is metered. Implementation: :class:`harness.speaking.renderer.Renderer`."""

    @property
    def metered(self) -> tuple[Metered, ...]:
        """What every order of this process cost, loading included, worker by worker."""
        ...

    @property
    def workers(self) -> int:
        """Workers at a time."""
        ...

    @property
    def has_loaded(self) -> bool:
        """Whether the model was ever loaded by this process."""
        ...

    @property
    def guilty(self) -> Collection[str]:
        """Texts that a worker was lost on when it spoke nothing else."""
        ...

    @property
    def refused(self) -> Collection[str]:
        """Texts that the engine says it cannot speak."""
        ...

    @property
    def recovered(self) -> Set[str]:
        """Texts that a worker was lost on and a fresh one spoke."""
        ...

    def begin_with(self, text: str, seed: int) -> None:
        """Have every worker say this before any rendering, and keep nothing of it."""
        ...

    def borrow(
        self, work: Callable[[Speak], Result], *, is_fresh: bool = False, is_tidy: bool = False
    ) -> Future[Result]:
        """Do something with a worker of one's own: what it speaks is metered, and not kept.

        Args:
            work: Given what has one text spoken; it must not outlive the call.
            is_fresh: Begin with a new worker, whatever the one that is there has done.
            is_tidy: Have a new worker for it alone that gives freed memory back at once.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Who speaks."""

    candidate: MeteredVoice
    reference: MeteredVoice | None = None
    """A live reference, None without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How one candidate is metered and judged."""

    alpha: float
    """False-alarm rate of the whole verdict, of which the tests of cost have a tenth."""
    seed: int
    """Base of the seeds."""
    device: str = "cpu"
    """``cpu`` or ``cuda``."""
    engine: str
    """Engine, versions and threads: what must be equal for processor time to be comparable."""
    limits: CostPolicy
    """How much is too much."""
    floors: Floors
    """How little is too little to matter on this machine."""
    soak_seconds: float = 0.0
    """How long to repeat the suite, 0 for not at all."""

    @property
    def level(self) -> float:
        """Largest p-value of a finding: what is compared is spoken often enough to reach it."""
        return self.alpha * LEVEL_SHARE / TESTS

    @property
    def is_on_cpu(self) -> bool:
        """No GPU speaks, for which it would be usual to wait."""
        return self.device == "cpu"
