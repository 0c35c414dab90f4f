"""The folder that a worker has on this machine: its bait, and without namespaces its scratch. Gone with the worker.

A folder is named by its harness and locked by it. What a killed harness leaves is removed by its janitor, or, where
that was killed too, swept by the next harness.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.core.errors import StorageError
from harness.core.text import error_line
from harness.sandbox.outside import cgroups
from harness.sandbox.outside.janitor import JANITOR

PREFIX = "soundcheck-worker-"
_swept: set[str] = set()


@contextlib.contextmanager
def making_temporary() -> Iterator[None]:
    """Turn a temporary folder that cannot be had into one line.

    Raises:
        StorageError: With the cause, and the variable that names another place.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"no temporary folder for a worker ({error_line(error)}); name one that can be written in TMPDIR"
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFolder:
    """One worker's folder."""

    path: Path
    lock: IO[bytes]
    """Held while the harness lives."""

    @classmethod
    def create(cls) -> WorkerFolder:
        """Make one; the first of this process sweeps what others left."""
        with making_temporary():
            parent = tempfile.gettempdir()
            if parent not in _swept:
                _swept.add(parent)
                sweep(Path(parent))
            path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
            JANITOR.watch(path)
            lock = (path / "lock").open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder = cls(path=path, lock=lock)
            folder.home.mkdir()
            folder.scratch.mkdir()
        return folder

    @property
    def home(self) -> Path:
        """Where the bait lies."""
        return self.path / "home"

    @property
    def scratch(self) -> Path:
        """Where a worker without namespaces writes."""
        return self.path / "scratch"

    def remove(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.path, ignore_errors=True)
        JANITOR.forget(self.path)
        self.lock.close()


def sweep(parent: Path) -> None:
    """Remove folders and control groups whose harness is gone."""
    for path in parent.glob(f"{PREFIX}*-*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if not pid.isdigit() or path.is_symlink() or path.stat().st_uid != os.getuid():
                continue
            if _is_alive(int(pid)) or not _is_free(path / "lock"):
                continue
            shutil.rmtree(path, ignore_errors=True)
    cgroups.sweep()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_free(lock: Path) -> bool:
    """Whether nobody holds the lock, not even a process that this one cannot see."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
