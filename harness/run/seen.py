"""What workers were seen to do with one model, over all runs below a folder, and what one run knew of that."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.types import BehaviourEvent
from harness.sandbox.outside.events import lines_of, read_events
from harness.storage.store import write_atomically

if TYPE_CHECKING:
    from harness.sandbox.outside.events import EventLog

NAME = "seen.jsonl"
"""In a run's directory, among the files of which digests are taken: whoever removes the others removes no evidence."""


def remember_seen(events: EventLog, folder: Path, model_digest: str) -> None:
    """Have what this process sees of a model written where all that work below the folder find it, from now on.

    What was rendered or read meanwhile is used again by them, in a session that sees nothing.
    """
    events.write_to(behaviour_folder(folder, model_digest) / f"{time.time_ns()}-{os.getpid()}.jsonl")


def seen_of(folder: Path, model_digest: str, run: Path | None = None) -> tuple[BehaviourEvent, ...]:
    """Everything that any run below a folder has seen this model do: cached renderings were made by some of them.

    Args:
        folder: The folder of runs.
        model_digest: Of the model.
        run: A run that has ended: what it knew counts, whatever became of the other files since.
    """
    files = sorted(behaviour_folder(folder, model_digest).glob("*.jsonl"))
    return read_events([*files, *([run / NAME] if run else [])])


def seen_by_now(events: EventLog, folder: Path, model_digest: str) -> tuple[BehaviourEvent, ...]:
    """What this process has seen of a model, and before it any other below the folder."""
    known = seen_of(folder, model_digest)
    told = {(event.when, event.kind, event.what, event.detail) for event in known}
    own = (event for event in events.events if (event.when, event.kind, event.what, event.detail) not in told)
    return (*known, *own)  # what a full disk did not take counts all the same


def keep_seen(run: Path, events: Iterable[BehaviourEvent]) -> None:
    """Write down in a run's directory what its verdict was made of."""
    write_atomically(run / NAME, lines_of(events))


def behaviour_folder(folder: Path, model_digest: str) -> Path:
    """Where the runs below a folder write what they see this model do."""
    return folder / "behaviour" / model_digest[:32]
