"""The launchers that attacks are tried against: none, and every level that this machine can build."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.core.errors import SoundcheckError
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.janitor import JANITOR
from harness.sandbox.outside.layout import MODEL
from harness.sandbox.outside.sandboxed import SandboxLauncher
from tests.attacks.catalogue import CALM
from tests.attacks.coqui import Carrier, attempt_carrier
from tests.attacks.trial import INSIDE, MEMORY_BYTES, OpenLauncher, attempt

if TYPE_CHECKING:
    from harness.core.types import BehaviourEvent
    from tests.attacks.payload import Payload
    from tests.attacks.trial import Trial

LEVELS = ("A", "A-", "B")


def open_for_coqui() -> OpenLauncher:
    """The launcher without walls whose workers have Coqui imported."""
    return OpenLauncher(modules=("attack_coqui",))


def sandboxed(level: str, log: EventLog) -> SandboxLauncher:
    """A launcher of that level, as the attacks need it."""
    return SandboxLauncher(level=level, memory_bytes=MEMORY_BYTES, extra_paths=(INSIDE,), log=log)


def sandboxed_for_coqui(level: str, log: EventLog) -> SandboxLauncher:
    """The same with the memory that torch needs."""
    return SandboxLauncher(level=level, memory_bytes=8 << 30, extra_paths=(INSIDE,), log=log)


def attempt_carrier_at(level: str, carrier: Carrier) -> tuple[Trial, tuple[BehaviourEvent, ...]]:
    """Run a Coqui model at a level (``open``: without a sandbox), with what was noted of it."""
    JANITOR.watch()  # of the harness: started before anybody counts who is there
    if level == "open":
        return attempt_carrier(carrier, open_for_coqui()), ()
    log = EventLog()
    return attempt_carrier(carrier, sandboxed_for_coqui(level, log), seen_as="" if level == "B" else MODEL), log.events


def attempt_at(level: str, payload: Payload) -> tuple[Trial, tuple[BehaviourEvent, ...]]:
    """Run a payload at a level (``open``: without a sandbox), with what was noted of it."""
    JANITOR.watch()
    if level == "open":
        return attempt(payload, OpenLauncher()), ()
    log = EventLog()
    trial = attempt(payload, sandboxed(level, log))
    return trial, log.events


def kinds_of(events: tuple[BehaviourEvent, ...]) -> list[str]:
    """Kinds of behaviour that count against the candidate: reading bait does, although it is let happen."""
    return sorted({event.kind for event in events})


def names_of(trial: Trial, events: tuple[BehaviourEvent, ...]) -> set[str]:
    """What names the payload: kinds of behaviour, and rules of faults where a fault itself says it all."""
    return {*kinds_of(events), *trial.rules}


def missing_level(level: str) -> str:
    """Why this machine cannot build a level; empty where it can. Tried, not guessed."""
    if not sys.platform.startswith("linux"):
        return "not Linux"
    try:
        trial, _ = attempt_at(level, CALM)
    except (SoundcheckError, OSError) as error:
        return str(error)
    return trial.faults[0].what if trial.faults else ""
