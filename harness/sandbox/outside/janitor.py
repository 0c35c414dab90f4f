"""Clears away what a killed harness leaves: one small process beside it, which waits for its end.

A harness that ends by itself clears up itself. One that gets SIGKILL, or is interrupted while it clears up, cannot; its
workers are ended by the kernel, and this process removes their folders and control groups. Never before its end: who
still watches a folder would take that for its worker's doing. Standard library only: the same file is the process's
program.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE_SECONDS = 10.0
"""How long the janitor tries to empty and remove a control group."""


class Janitor:
    """The harness's end: tells the process what would have to be cleared away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._left: set[Path] = set()

    def watch(self, *paths: Path) -> None:
        """Have these folders (of files, or control groups) removed should this process leave them."""
        self._left.update(paths)
        self._tell("+", paths)

    def forget(self, *paths: Path) -> None:
        """They are gone, or are cleared away by somebody else."""
        self._left.difference_update(paths)
        self._tell("-", paths)

    def _tell(self, sign: str, paths: Iterable[Path]) -> None:
        lines = b"".join(os.fsencode(f"{sign}{path}\n") for path in paths)
        with self._lock, contextlib.suppress(OSError):  # without a janitor the next start sweeps
            if self._process is None:
                self._process = self._start()
            if self._process.stdin is not None:
                self._process.stdin.write(lines)
                self._process.stdin.flush()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # what is sent to the harness's group must not end it
        )
        atexit.register(self._end)
        return process

    def _end(self) -> None:
        """Let the process go where nothing is left for it; else the kernel does, when no thread of this one runs."""
        if self._process is not None and self._process.stdin is not None and not self._left:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._process.stdin.close()
                self._process.wait(5)


JANITOR = Janitor()
"""This process's."""


def main() -> None:
    """Remember what is told until the other end is gone, then clear away what is left of it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    left: dict[str, None] = {}
    for line in sys.stdin.buffer:
        path = os.fsdecode(line[1:].rstrip(b"\n"))
        if line[:1] == b"+":
            left[path] = None
        else:
            left.pop(path, None)
    for path in left:
        clear(Path(path))


def clear(folder: Path) -> None:
    """Remove a folder of files, or end whoever is in a control group and remove that."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (folder / "cgroup.procs").exists() and time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            for pid in (folder / "cgroup.procs").read_text("ascii").split():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(int(pid), signal.SIGKILL)
        with contextlib.suppress(OSError):
            folder.rmdir()
        time.sleep(0.02)
    if not (folder / "cgroup.procs").exists():
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
