"""One driver at a time: a fleet's folder is held by whoever judges it, and by the gates that it began."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from harness.core.errors import StorageError
from harness.core.text import printable
from harness.storage.leases import lock_alone
from harness.storage.store import writing

WAIT_SECONDS: Final = 45.0
"""For gates of a driver that was killed to end; one that lives has the fleet for longer."""
LOOK_SECONDS: Final = 0.2


@contextlib.contextmanager
def held(folder: Path, tell: Callable[[str], None]) -> Iterator[int]:
    """Hold the fleet; the gates of a driver that was killed hold it until they have ended.

    Raises:
        StorageError: Somebody else has it, or the folder cannot be written.
    """
    path, until, is_told = folder / "lock", time.monotonic() + WAIT_SECONDS, False
    while True:
        with writing(path):
            lock = lock_alone(path)
        if lock is not None:
            break
        if time.monotonic() > until:
            raise StorageError(printable(f"{folder}: another process works on this fleet; wait until it has ended"))
        if not is_told:
            tell("another process has this fleet; waiting for it, or for the gates that it left, to end")
        is_told = True
        time.sleep(LOOK_SECONDS)
    try:
        yield lock
    finally:
        os.close(lock)
