"""Locks on files that end with the process that holds them, however it ends. Knows names, not what they stand for."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def lock_shared(path: Path) -> int:
    """Hold a lock that others may share; waits while somebody has it alone.

    Returns:
        The descriptor that holds it: close it to let go.

    Raises:
        OSError: The file cannot be made, or its file system has no locks.
    """
    return _locked(path, fcntl.LOCK_SH)


def lock_alone(path: Path) -> int | None:
    """Hold a lock alone; None where somebody else has it, shared or alone.

    Raises:
        OSError: The file cannot be made, or its file system has no locks.
    """
    try:
        return _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def _locked(path: Path, how: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
