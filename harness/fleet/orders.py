"""What a node is told of a gate: ids, and no more. What it makes of them is in :mod:`harness.fleet.node`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from harness.fleet.file import Fleet
from harness.fleet.looking import Looked, Terms
from harness.placing.rays import checked_order
from harness.placing.tasks import Task

NODE: Final = "harness.fleet.node"
"""Obeys orders, on a node."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a node is told."""

    fleet: str
    """The list's path, on a file system that all nodes share."""
    member: str
    """A model's name in it."""
    key: str
    """Of its verdict, as the driver found it."""
    folder: str
    """Folder of runs, on the same file system."""
    place: str
    """Where results and log go."""
    jobs: int
    """Gates that may share the node's processors."""
    is_fresh: bool
    allow_unsandboxed: bool


def order_task(fleet: Fleet, terms: Terms, looked: Looked, place: Path, jobs: int) -> Task:
    """A gate as an order; see :func:`harness.fleet.gating.gate_task`.

    Raises:
        BadInput: It is longer than an order may be.
    """
    order = Order(
        fleet=str(fleet.path),
        member=looked.member.name,
        key=looked.key,
        folder=str(terms.folder),
        place=str(place),
        jobs=jobs,
        is_fresh=terms.is_fresh,
        allow_unsandboxed=terms.allow_unsandboxed,
    )
    data = checked_order(msgspec.json.encode(order), looked.member.name)
    return Task(name=looked.key, command=(), environment={}, log=place.with_name(f"{place.name}.log"), order=data)
