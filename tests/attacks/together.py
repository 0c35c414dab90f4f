"""Several attacks, one after the other, in one worker behind walls: each with a world, a judge and names of its own.

Only such as leave their process as it was, ask for something that walls refuse, and must be named: an attack that did
not happen, or hid another's, has no name. Those that end, change or wear out their worker have one each
(:func:`tests.attacks.trial.attempt`), as have all of the core at the best level.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING

from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.janitor import JANITOR
from harness.sandbox.outside.layout import MODEL
from tests.attacks.coqui import SEVERAL
from tests.attacks.launchers import sandboxed, sandboxed_for_coqui
from tests.attacks.payload import PHRASES
from tests.attacks.trial import ENGINE, Held, Trial, arm, scratch_below, told_to_engine
from tests.attacks.watch import descendants
from tests.attacks.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness.core.types import BehaviourEvent
    from harness.sandbox.outside.sandboxed import SandboxLauncher
    from tests.attacks.coqui import Carrier
    from tests.attacks.payload import Payload

    Seen = tuple[Trial, tuple[BehaviourEvent, ...]]
    """An attack, and what was noted of it."""

FAMILIES = ("execution", "network", "read", "write", "kernel")
"""Of which most ask for one thing; the others' harm is seen when their worker has ended, or is its end."""
ALONE = frozenset(
    {
        # They replace, mark or filter their own process, or are ended by the kernel.
        "exec in place of the worker",
        "the interpreter again by /proc/self/exe",
        "multiprocessing",
        "32-bit system call",
        "x32 system call",
        "undumpable, then TCP",
        "seccomp filter of its own",
        "personality",
        "another user",
        "chroot",
        # They race or flood the observer.
        "address swapped under the observer",
        "path swapped under the observer",
        "a flood of calls around one connection",
        # They are seen while they stay, or touch the model that all of them travel with.
        "back door that listens",
        "watching the model's folder by signal",
        "delete the model's weights",
        "exchange the model's weights",
        "rename the model's weights",
        "lock of the model's weights",
        "record lock of the model's weights",
        "open file lock of the model's weights",
        "lease of the model's weights",
    }
)


def may_share(payload: Payload) -> bool:
    """Whether an attack may have others before and after it in its process."""
    is_plain = payload.renders == 1 and not (payload.quiet or payload.is_watched or payload.open_at)
    return payload.family in FAMILIES and is_plain and payload.name not in ALONE


def attempt_together(level: str, payloads: Sequence[Payload]) -> list[Seen]:
    """Run payloads at a level, each when its own name is to be spoken; what was seen and noted of each.

    Raises:
        AssertionError: The worker ended before the last of them had its turn.
    """

    def arm_all(trials: Sequence[Trial]) -> Path:
        model = arm(trials[0].payload, trials[0].world)
        several = {one.payload.name: told_to_engine(one.payload, one.world) for one in trials}
        (model / "attack.json").write_text(json.dumps({"several": several}), "utf-8")
        return model

    log = EventLog()
    return _run(payloads, arm_all, sandboxed(level, log), log, engine=ENGINE, seconds=20.0)


def attempt_carriers_together(level: str, carriers: Sequence[Carrier]) -> list[Seen]:
    """The same for Coqui models, each of which is loaded when its own name is to be spoken.

    Raises:
        AssertionError: As above.
    """

    def arm_all(trials: Sequence[Trial]) -> Path:
        model = trials[0].world.model
        folders = {trial.payload.name: f"model-{place}" for place, trial in enumerate(trials)}
        for carrier, trial in zip(carriers, trials, strict=True):
            folder = folders[trial.payload.name]
            (model / folder).mkdir()
            carrier.arm(model / folder, trial.world, f"{model if level == 'B' else MODEL}/{folder}")
        (model / "several.json").write_text(json.dumps(folders), "utf-8")
        return model

    log = EventLog()
    payloads = [carrier.payload for carrier in carriers]
    return _run(payloads, arm_all, sandboxed_for_coqui(level, log), log, engine=SEVERAL, seconds=60.0)


def _run(
    payloads: Sequence[Payload],
    arm_all: Callable[[Sequence[Trial]], Path],
    launcher: SandboxLauncher,
    log: EventLog,
    *,
    engine: str,
    seconds: float,
) -> list[Seen]:
    JANITOR.watch()
    with contextlib.ExitStack() as stack:
        trials = [Trial(payload=one, world=World()) for one in payloads]
        for trial in trials:
            stack.callback(trial.world.close)
            trial.world.known = descendants()  # the other worlds' victims are nobody's survivors
        model, scratch = arm_all(trials), trials[0].world.scratch
        bounds = Bounds(load_seconds=seconds, batch_seconds=seconds, seconds_per_character=0)
        held = Held(launcher)
        words = ""
        with scratch_below(scratch):
            worker = Worker(held, engine=engine, model=model, device="cpu", threads=1, bounds=bounds)
            try:
                worker.start()
                events = [_turn(worker, trial, log) for trial in trials]
            finally:
                worker.stop()
                for process in held.processes:
                    process.kill()
                    words += process.last_words()
        for trial in trials:
            trial.output = words
            trial.survivors = trial.world.survivors()
            trial.scratch_left = sorted(path.name for path in scratch.iterdir())
            trial.harm = trial.payload.harmed(trial)
        return list(zip(trials, events, strict=True))


def _turn(worker: Worker, trial: Trial, log: EventLog) -> tuple[BehaviourEvent, ...]:
    """Have one attack happen; what was noted meanwhile."""
    before = {_which(event): event.count for event in log.events}
    try:
        worker.render(
            [(phrase, 1) for phrase in (trial.payload.name, *PHRASES)],
            lambda _, speech: trial.speeches.append(speech),
        )
    except WorkerFault as fault:
        raise AssertionError(f"{trial.payload.name} ended a worker that it shared: {fault.rule} {fault.what}") from None
    return tuple(event for event in log.events if event.count > before.get(_which(event), 0))


def _which(event: BehaviourEvent) -> BehaviourEvent:
    return dataclasses.replace(event, count=0)
