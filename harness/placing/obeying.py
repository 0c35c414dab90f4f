"""On a node of a cluster: reads an order from stdin, has it obeyed, and says the exit code on stdout.

Whoever started this process takes it along when it ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from harness.core.errors import SoundcheckError
from harness.core.text import printable
from harness.placing.local import end_with_parent
from harness.placing.rays import MOST_BYTES
from harness.placing.tasks import REFUSED
from harness.storage.store import write_atomically

Order = TypeVar("Order", bound=msgspec.Struct)


def obeyed(stdin: IO[bytes], kind: type[Order], obey: Callable[[Order], int], log_of: Callable[[Order], Path]) -> int:
    """Obey one order.

    Args:
        stdin: Has the order.
        kind: Of order.
        obey: Does it; gives the exit code of what was ordered.
        log_of: Where it is said why it was not done.

    Returns:
        That exit code (negative: the signal that ended it), or that the harness could not work.
    """
    data = stdin.read(MOST_BYTES + 1)
    try:
        order = msgspec.json.decode(data, type=kind) if len(data) <= MOST_BYTES else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        order = None
    if order is None:
        return REFUSED
    try:
        return obey(order)
    except (SoundcheckError, OSError) as error:
        with contextlib.suppress(SoundcheckError, OSError):  # then nobody can be told why
            write_atomically(log_of(order), f"soundcheck: {printable(str(error))}\n".encode())
        return REFUSED


def run_node(main: Callable[[IO[bytes]], int]) -> None:
    """Be the process that obeys."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the node's own process ignores
    end_with_parent(os.getppid())
    with contextlib.suppress(KeyboardInterrupt):
        print(main(sys.stdin.buffer), flush=True)
