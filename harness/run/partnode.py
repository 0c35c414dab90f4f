"""One part on a node of a cluster: ``python -m harness.run.partnode``, with an order on stdin, an exit code on stdout.

The node begins it only with the Soundcheck that gave the command. What the part then speaks, it speaks behind walls
that the node has to have itself, as on one machine. Whoever started this process takes it along when it ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import IO

import msgspec

from harness.core.errors import BadInput, SoundcheckError
from harness.core.text import printable
from harness.placing.holding import held_alone, place_lock
from harness.placing.local import LocalPlaces, end_with_parent
from harness.placing.rays import MOST_BYTES
from harness.placing.tasks import REFUSED, Task
from harness.run.codedigest import code_digest
from harness.run.part import ADDED, MODULES, Part, command_of
from harness.storage.store import write_atomically


def main(stdin: IO[bytes]) -> int:
    """Obey one order.

    Returns:
        The exit code of the part; negative: the signal that ended it.
    """
    data = stdin.read(MOST_BYTES + 1)
    try:
        part = msgspec.json.decode(data, type=Part) if len(data) <= MOST_BYTES else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        part = None
    if part is None or part.module not in MODULES:
        return REFUSED
    try:
        return done(part)
    except (SoundcheckError, OSError) as error:
        with contextlib.suppress(SoundcheckError, OSError):
            write_atomically(Path(part.log), f"soundcheck: {printable(str(error))}\n".encode())
        return REFUSED


def done(part: Part) -> int:
    """The exit code of the part.

    Raises:
        SoundcheckError: The node has not what gave the command.
    """
    if part.code != code_digest(()):
        raise BadInput(f"node {os.uname().nodename} has another Soundcheck than the one that gave the command")
    log = Path(part.log)
    environment = {name: value for name, value in os.environ.items() if name != ADDED}
    with contextlib.chdir(part.folder), held_alone(place_lock(log)) as lock, LocalPlaces([lock]) as places:
        places.begin(Task(name="part", command=command_of(part), environment=environment, log=log))
        ended = places.wait()
    return ended[1] if ended else REFUSED


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the node's own process ignores
    end_with_parent(os.getppid())
    with contextlib.suppress(KeyboardInterrupt):
        print(main(sys.stdin.buffer), flush=True)
