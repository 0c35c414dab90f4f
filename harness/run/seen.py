"""What workers were seen to do with one model, over all runs below a folder, and what one run knew of that."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.types import BehaviourEvent
from harness.sandbox.outside.events import lines_of, read_events
from harness.speaking.doubts import KIND as DOUBTS
from harness.storage.store import write_atomically

if TYPE_CHECKING:
    from harness.run.tools import Equipment

NAME = "seen.jsonl"
"""In a run's directory, among the files of which digests are taken: whoever removes the others removes no evidence."""


def share_seen(equipment: Equipment, folder: Path) -> None:
    """Learn what was seen of a model, and have what this process sees written where all find it, from now on.

    All are those who work below the folder: what was rendered or read is used again by them, in a session that sees
    nothing of how it came about.

    Args:
        equipment: What the model speaks with.
        folder: Of runs.

    Raises:
        StorageError: What other machines have seen cannot be read.
        IntegrityError: It is not whole.
    """
    digest = equipment.model.digest
    equipment.store.bring_seen(digest)
    place, name = behaviour_folder(folder, digest), f"{time.time_ns()}-{os.getpid()}"
    equipment.renderer.doubts.share(place, f"{name}-doubts.jsonl")
    equipment.events.write_to(place / f"{name}.jsonl")


def seen_of(folder: Path, model_digest: str, run: Path | None = None) -> tuple[BehaviourEvent, ...]:
    """Everything that any run below a folder has seen this model do: cached renderings were made by some of them.

    Args:
        folder: The folder of runs.
        model_digest: Of the model.
        run: A run that has ended: what it knew counts, whatever became of the other files since.
    """
    return tuple(event for event in _known(folder, model_digest, run) if event.kind != DOUBTS)


def seen_by_now(equipment: Equipment, folder: Path) -> tuple[BehaviourEvent, ...]:
    """What this process has seen of a model, and before it any other below the folder."""
    known = seen_of(folder, equipment.model.digest)
    told = {(event.when, event.kind, event.what, event.detail) for event in known}
    own = (event for event in equipment.events.events if (event.when, event.kind, event.what, event.detail) not in told)
    return (*known, *own)  # what a full disk did not take counts all the same


def keep_seen(run: Path, events: Iterable[BehaviourEvent]) -> None:
    """Write down in a run's directory what its verdict was made of."""
    write_atomically(run / NAME, lines_of(events))


def behaviour_folder(folder: Path, model_digest: str) -> Path:
    """Where the runs below a folder write what they see this model do."""
    return folder / "behaviour" / model_digest[:32]


def _known(folder: Path, model_digest: str, run: Path | None = None) -> tuple[BehaviourEvent, ...]:
    files = sorted(behaviour_folder(folder, model_digest).glob("*.jsonl"))
    return read_events([*files, *([run / NAME] if run else [])])
