"""What workers were seen to do with one model, over all runs below a folder."""

from __future__ import annotations

from pathlib import Path

from harness.core.types import BehaviourEvent
from harness.sandbox.outside.events import read_events


def seen_of(folder: Path, model_digest: str) -> tuple[BehaviourEvent, ...]:
    """Everything that any run below a folder has seen this model do: cached renderings were made by some of them."""
    return read_events(sorted(behaviour_folder(folder, model_digest).glob("*.jsonl")))


def behaviour_folder(folder: Path, model_digest: str) -> Path:
    """Where the runs below a folder write what they see this model do."""
    return folder / "behaviour" / model_digest[:32]
