"""What an earlier session below a folder of runs saw a model do."""

from __future__ import annotations

from pathlib import Path

from harness.core.types import BehaviourEvent
from harness.run.seen import behaviour_folder
from harness.sandbox.outside.events import EventLog

SEEN = "network/connect while it was loaded: 10.0.0.1:443"


def see(folder: Path, model_digest: str) -> None:
    """See it."""
    events = EventLog(behaviour_folder(folder, model_digest) / "1.jsonl")
    events.note(BehaviourEvent(kind="network", what="connect", detail="10.0.0.1:443", when="it was loaded"))
