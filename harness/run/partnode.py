"""One part on a node of a cluster: ``python -m harness.run.partnode``, with an order on stdin, an exit code on stdout.

The node begins it only with the Soundcheck that gave the command. What the part then speaks, it speaks behind walls
that the node has to have itself, as on one machine.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO

from harness.core.errors import BadInput
from harness.core.text import printable
from harness.placing.holding import held_alone, place_lock
from harness.placing.local import LocalPlaces
from harness.placing.obeying import obeyed, run_node
from harness.placing.tasks import REFUSED, Task
from harness.run.codedigest import code_digest
from harness.run.part import ADDED, MODULES, Part, command_of


def main(stdin: IO[bytes]) -> int:
    """Obey one order.

    Returns:
        The exit code of the part; negative: the signal that ended it.
    """
    return obeyed(stdin, Part, done, lambda part: Path(part.log))


def done(part: Part) -> int:
    """The exit code of the part.

    Raises:
        SoundcheckError: The node has not what gave the command.
    """
    if part.module not in MODULES:
        raise BadInput(printable(f"a part is done by {' or '.join(MODULES)}, not by {part.module}"))
    if part.code != code_digest(()):
        raise BadInput(f"node {os.uname().nodename} has another Soundcheck than the one that gave the command")
    log = Path(part.log)
    environment = {name: value for name, value in os.environ.items() if name != ADDED}
    with contextlib.chdir(part.folder), held_alone(place_lock(log)) as lock, LocalPlaces([lock]) as places:
        places.begin(Task(name="part", command=command_of(part), environment=environment, log=log))
        ended = places.wait()
    return ended[1] if ended else REFUSED


if __name__ == "__main__":
    run_node(main)
