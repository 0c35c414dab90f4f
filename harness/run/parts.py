"""A command done in parts side by side, here or on a cluster's nodes, before whoever gave it does the rest.

A part is the same command with ``--shard I/N``: it speaks, hears or reads its share into the folder of runs, which all
of them see, and judges nothing. So nothing depends on whether a part was done: one that is lost costs time, for what
it left is done by who judges.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from harness.core.errors import BadInput
from harness.core.shard import MOST_SHARDS, Shard
from harness.placing.local import LocalPlaces
from harness.placing.rays import RayPlaces, checked_order
from harness.placing.tasks import Task
from harness.run.codedigest import code_digest
from harness.run.options import SALT_VARIABLE
from harness.run.part import ADDED, PYTEST, Given, Part, command_of
from harness.run.partcourse import in_parts
from harness.run.settings import SHARDS

if TYPE_CHECKING:
    from harness.run.settings import Settings

HERE: Final = "here"
"""What stands for processes of this machine."""
PARTS_HERE: Final = 2
NODE: Final = "harness.run.partnode"
"""Obeys orders, on a node."""
LOGS: Final = "parts"
"""Below the folder of runs: what parts say, until all is done."""


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
        BadInput: The command is too long for an order, or is to use nothing that parts make.
        MissingDependency: Ray is not installed.
        SoundcheckError: The cluster cannot be reached.
    """
    if not settings.on or settings.shard:
        return
    if settings.fresh:
        raise BadInput(
            f"--tts-on={settings.on}: expected a command that uses what its parts have made, got --tts-fresh, which "
            "makes everything itself; leave one of them out, or give an empty folder with --tts-dir"
        )
    if settings.on == HERE:
        tasks = part_tasks(given, settings.folder, settings.shards or PARTS_HERE)
        at_once = max(PARTS_HERE, len(os.sched_getaffinity(0)))
        with LocalPlaces(tell=tell, noun="parts") as local:
            in_parts(local, tasks, given, at_once=at_once, tell=tell, progress=progress)
    else:
        tasks = _on_cluster(given, settings, tell=tell, progress=progress)
    for number in range(1, len(tasks) + 1):
        shutil.rmtree(settings.folder / SHARDS / f"{number}-{len(tasks)}", ignore_errors=True)


def _on_cluster(
    given: Given, settings: Settings, *, tell: Callable[[str], None], progress: Callable[[str], None]
) -> list[Task]:
    """Have the parts done on a cluster; which they were."""
    if settings.salt and any(settings.salt in word for word in _words(given)):
        raise BadInput(
            f"--tts-salt: expected it in {SALT_VARIABLE} on every node, as what is typed goes to the cluster"
        )
    with RayPlaces(settings.on, settings.shards or PARTS_HERE, NODE, tell=tell, noun="parts") as cluster:
        tasks = part_tasks(given, settings.folder, settings.shards or min(MOST_SHARDS, cluster.nodes))
        in_parts(cluster, tasks, given, at_once=cluster.slots, tell=tell, progress=progress)
    return tasks


def part_tasks(given: Given, folder: Path, count: int) -> list[Task]:
    """The parts of a command, as processes and as orders alike.

    Args:
        given: The command.
        folder: Of runs.
        count: How many there are to be.

    Raises:
        BadInput: The command is too long for an order.
    """
    environment = {name: value for name, value in os.environ.items() if name != ADDED}
    arguments = _words(given)
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


def _words(given: Given) -> list[str]:
    """The command's words, with those that a variable adds to pytest's."""
    added = shlex.split(os.environ.get(ADDED, "")) if given.module == PYTEST else []
    return [*added, *given.arguments]


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
