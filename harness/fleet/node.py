"""One gate on a node of a cluster: ``python -m harness.fleet.node``, with an order on stdin and an exit code on stdout.

The node reads the list itself, from a folder that all nodes see, and begins the gate only where all that the verdict
depends on has the key that the order names: its files, its code, its versions. The gate is the same process as on one
machine, with the same walls inside it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO

from harness.core.errors import BadInput
from harness.fleet.file import read_fleet
from harness.fleet.gating import gate_task
from harness.fleet.looking import Eye, Terms
from harness.fleet.members import members_of
from harness.fleet.orders import Order
from harness.placing.holding import held_alone, place_lock
from harness.placing.local import LocalPlaces
from harness.placing.obeying import obeyed, run_node
from harness.placing.tasks import REFUSED


def main(stdin: IO[bytes]) -> int:
    """Obey one order.

    Returns:
        The exit code of its gate; negative: the signal that ended it.
    """
    return obeyed(stdin, Order, gated, lambda order: Path(f"{order.place}.log"))


def gated(order: Order) -> int:
    """The exit code of the gate.

    Raises:
        SoundcheckError: The node has not what the order names.
    """
    fleet = read_fleet(Path(order.fleet))
    terms = Terms(folder=Path(order.folder), is_fresh=order.is_fresh, allow_unsandboxed=order.allow_unsandboxed)
    with contextlib.chdir(fleet.folder), held_alone(place_lock(Path(f"{order.place}.log"))) as lock:
        member = next((one for one in members_of(fleet) if one.name == order.member), None)
        looked = Eye(fleet, terms, lambda _: None).look(member) if member else None
        if looked is None or looked.flaw or looked.key != order.key:
            what = "has other files, another Soundcheck or other versions than the driver"
            raise BadInput(f"node {os.uname().nodename} {what}")
        with LocalPlaces([lock]) as gates:
            gates.begin(gate_task(fleet, terms, looked, Path(order.place), order.jobs))
            ended = gates.wait()
    return ended[1] if ended else REFUSED


if __name__ == "__main__":
    run_node(main)
