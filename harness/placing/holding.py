"""One process at a time does a task: whoever does it holds a lock beside its log, until that process has ended.

A task whose node was lost to the driver may still run there. Who is to do it once more waits for that one's end.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from harness.core.errors import StorageError
from harness.placing.tasks import LAST_SECONDS
from harness.storage.leases import lock_alone

POLL_SECONDS: Final = 0.2


def place_lock(log: Path) -> Path:
    """Where the lock of the task with this log is."""
    return log.with_suffix(".lock")


@contextlib.contextmanager
def held_alone(path: Path) -> Iterator[int]:
    """Hold a task's lock; one whose node was lost holds it until it has ended.

    Raises:
        StorageError: It has not ended in time.
    """
    until = time.monotonic() + 2 * LAST_SECONDS
    while (lock := lock_alone(path)) is None:
        if time.monotonic() > until:
            raise StorageError(f"{path}: what was lost has not ended")
        time.sleep(POLL_SECONDS)
    try:
        yield lock
    finally:
        os.close(lock)


def wait_until_free(path: Path, until: float) -> None:
    """Wait until nobody holds a task's lock, up to a time of the monotonic clock."""
    with contextlib.suppress(OSError):
        while (lock := lock_alone(path)) is None and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
        if lock is not None:
            os.close(lock)
