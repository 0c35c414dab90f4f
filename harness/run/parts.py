"""A command done in parts side by side, here or on a cluster's nodes, before whoever gave it does the rest.

A part is the same command with ``--shard I/N``: it speaks, hears or reads its share into the folder of runs, which all
of them see, and judges nothing. So nothing depends on whether a part was done: one that is lost costs time, for what
it left is done by who judges.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from harness.core.errors import BadInput
from harness.core.shard import MOST_SHARDS, Shard
from harness.core.text import counted, cut, printable
from harness.placing.local import LocalPlaces
from harness.placing.rays import RayPlaces, checked_order
from harness.placing.tasks import Places, Task
from harness.run.codedigest import code_digest
from harness.run.options import SALT_VARIABLE

if TYPE_CHECKING:
    from harness.run.settings import Settings

HERE: Final = "here"
"""What stands for processes of this machine."""
PARTS_HERE: Final = 2
NODE: Final = "harness.run.partnode"
"""Obeys orders, on a node."""
PYTEST: Final = "pytest"
COMMAND: Final = "harness.cli.main"
MODULES: Final = (PYTEST, COMMAND)
"""What parts are done by."""
TRIES: Final = 2
"""How often a part is begun that something ended."""
ADDED: Final = "PYTEST_ADDOPTS"
"""Variable whose words belong to pytest's command line."""
MAX_LOG_BYTES: Final = 64 << 10
LOGS: Final = "parts"
"""Below the folder of runs: what parts say, until all is done."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a node is told."""

    code: str
    """Digest of the Soundcheck that gave the command."""
    module: str
    """One of :data:`MODULES`."""
    arguments: tuple[str, ...]
    folder: str
    """Where the command was given; on a file system that all nodes share."""
    log: str
    """Where what it says goes; there as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A command as it was given."""

    module: str
    """One of :data:`MODULES`."""
    arguments: Sequence[str]
    ending: int
    """Exit code of a part that was done."""


def done_in_parts(
    given: Given, settings: Settings, *, tell: Callable[[str], None], progress: Callable[[str], None]
) -> None:
    """Have a command's parts done, where somebody asked for that; what they leave is for the caller.

    Args:
        given: The command.
        settings: What it was given with.
        tell: Told what went wrong with a part, for people.
        progress: Told on one line how far it is.

    Raises:
        BadInput: The command is too long for an order.
        MissingDependency: Ray is not installed.
        SoundcheckError: The cluster cannot be reached.
    """
    if not settings.on or settings.shard:
        return
    if settings.on == HERE:
        tasks = part_tasks(given, settings.folder, settings.shards or PARTS_HERE)
        at_once = max(PARTS_HERE, len(os.sched_getaffinity(0)))
        with LocalPlaces(tell=tell, noun="parts") as local:
            in_parts(local, tasks, given.ending, at_once=at_once, tell=tell, progress=progress)
        return
    if settings.salt and any(settings.salt in word for word in given.arguments):
        raise BadInput(
            f"--tts-salt: expected it in {SALT_VARIABLE} on every node, as what is typed goes to the cluster"
        )
    with RayPlaces(settings.on, settings.shards or PARTS_HERE, NODE, tell=tell, noun="parts") as cluster:
        tasks = part_tasks(given, settings.folder, settings.shards or min(MOST_SHARDS, cluster.nodes))
        in_parts(cluster, tasks, given.ending, at_once=len(tasks), tell=tell, progress=progress)


def part_tasks(given: Given, folder: Path, count: int) -> list[Task]:
    """The parts of a command, as processes and as orders alike.

    Args:
        given: The command.
        folder: Of runs.
        count: How many there are to be.

    Raises:
        BadInput: The command is too long for an order.
    """
    environment = dict(os.environ)
    arguments = list(given.arguments)
    if given.module == PYTEST:
        arguments = [*shlex.split(environment.pop(ADDED, "")), *arguments]
    name = hashlib.sha256("\0".join((given.module, *arguments)).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    tasks = []
    for number in range(1, count + 1):
        shard = Shard(number, count)
        log = (folder / LOGS / f"{name}-{number}-{count}.log").absolute()
        words = _with_shard(given.module, arguments, shard)
        part = Part(code=code_digest(()), module=given.module, arguments=words, folder=str(Path.cwd()), log=str(log))
        tasks.append(
            Task(
                name=str(shard),
                command=command_of(part),
                environment=environment,
                log=log,
                order=checked_order(_encoded(part), f"part {shard}"),
            )
        )
    return tasks


def command_of(part: Part) -> list[str]:
    """How a part is started."""
    return [sys.executable, "-P", "-m", part.module, *part.arguments]


def in_parts(
    places: Places,
    tasks: Sequence[Task],
    ending: int,
    *,
    at_once: int,
    tell: Callable[[str], None],
    progress: Callable[[str], None],
) -> None:
    """Have parts done; one that something ended is begun once more, and what else goes wrong is told.

    Args:
        places: Where.
        tasks: Which.
        ending: Exit code of one that was done.
        at_once: How many may be at work.
        tell: Told what went wrong, for people.
        progress: Told on one line how far it is.
    """
    tries = dict.fromkeys((task.name for task in tasks), 1)
    waiting = deque(tasks)
    while waiting or len(places):
        while waiting and len(places) < at_once:
            places.begin(waiting.popleft())
        open_ = len(waiting) + len(places)
        progress(f"{len(tasks) - open_} of {counted(len(tasks), 'part')} done; {len(places)} at work")
        if (ended := places.wait()) is None:
            continue
        task, status = ended
        if status < 0 and tries[task.name] < TRIES:
            tries[task.name] += 1
            tell(f"part {task.name} was ended by signal {-status}; it is begun once more")
            waiting.append(task)
        elif status != ending:
            tell(printable(f"part {task.name} ended with {status}{_last_words(task.log)}; what it left is done here"))
        else:
            task.log.unlink(missing_ok=True)


def _with_shard(module: str, arguments: Sequence[str], shard: Shard) -> tuple[str, ...]:
    """The words of a part: no cache of pytest's is written by several at a time."""
    if module == PYTEST:
        return ("-p", "no:cacheprovider", f"--tts-shard={shard}", *arguments)
    return (*arguments, f"--shard={shard}")


def _encoded(part: Part) -> bytes:
    try:
        return msgspec.json.encode(part)
    except UnicodeEncodeError:
        raise BadInput("--tts-on: expected words that are UTF-8, got others") from None


def _last_words(log: Path) -> str:
    """The last line of a log that says something."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - MAX_LOG_BYTES))
            lines = file.read(MAX_LOG_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    said = next((line.strip(" =") for line in reversed(lines) if line.strip(" =")), "")
    return f" ({cut(said, 160)})" if said else ""
