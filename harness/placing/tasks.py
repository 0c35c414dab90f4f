"""What is to be run, and what a place for it has to keep to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

LAST_SECONDS: Final = 20.0
"""What a task has to end in an orderly way, its workers with it."""
REFUSED: Final = 3
"""Exit code that stands for a node that did not begin a task: the harness could not work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A command that is to be run."""

    name: str
    """Unique among those that run at a time."""
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    """What it says goes there."""
    order: bytes = b""
    """What stands for the command where another machine is to begin it."""


class Places(Protocol):
    """Where tasks run: on this machine, or on others. A context: whatever way it is left, none of them goes on."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def __len__(self) -> int: ...

    def begin(self, task: Task) -> None:
        """Start one."""
        ...

    def wait(self, seconds: float | None = None) -> tuple[Task, int] | None:
        """Wait for any of them; which one has ended, and with which code (negative: by which signal).

        Args:
            seconds: After which None is returned; None waits for as long as it takes.
        """
        ...
