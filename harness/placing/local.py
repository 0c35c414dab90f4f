"""Processes of this machine, some at once: begun, waited for, and ended with whoever began them.

Each has a session of its own, so that Ctrl-C at a terminal reaches the driver, which then ends its processes as a
person would; and where the driver is killed, the kernel does that. Until the last of them has ended the driver's lock
is held, for they hold it too. What a process says goes into a file.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Final, Self

from harness.placing.tasks import LAST_SECONDS, Task
from harness.storage.store import writing

PR_SET_PDEATHSIG: Final = 1
"""Of prctl(2)."""
LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One that runs."""

    task: Task
    process: subprocess.Popen[bytes]
    descriptor: int
    """Of the process: readable when that has ended."""
    log: IO[bytes]


class LocalPlaces:
    """Processes that run at the same time; see :class:`harness.placing.tasks.Places`."""

    def __init__(
        self, held: Sequence[int] = (), *, tell: Callable[[str], None] = lambda _: None, noun: str = "gates"
    ) -> None:
        """Begin none.

        Args:
            held: Descriptors of locks that are held for as long as any of them runs.
            tell: Told that they are being ended, for people.
            noun: What they are.
        """
        self._held = tuple(held)
        self._tell = tell
        self._noun = noun
        self._running: dict[int, Running] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_all()

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, task: Task) -> None:
        """Start one.

        Raises:
            StorageError: Its log cannot be written.
        """
        with writing(task.log):
            task.log.parent.mkdir(parents=True, exist_ok=True)
            log = task.log.open("wb")
        above = os.getpid()
        process = subprocess.Popen(  # noqa: S603 - our own command
            task.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(task.environment),
            start_new_session=True,
            pass_fds=self._held,
            preexec_fn=lambda: _end_with(above),  # system calls only, and there are no threads
        )
        descriptor = os.pidfd_open(process.pid)
        self._running[descriptor] = Running(task=task, process=process, descriptor=descriptor, log=log)

    def wait(self, seconds: float | None = None) -> tuple[Task, int] | None:
        """Wait for any of them; which one has ended, and with which code (negative: by which signal).

        Args:
            seconds: After which None is returned; None waits for as long as it takes.
        """
        poller = select.poll()
        for descriptor in self._running:
            poller.register(descriptor, select.POLLIN)
        ended = poller.poll(None if seconds is None else 1000 * seconds)
        return self._reap(self._running[ended[0][0]]) if ended else None

    def _reap(self, one: Running) -> tuple[Task, int]:
        """Take one that has ended, and end what it left behind in its session."""
        # Before it is waited for: until then nobody else has its number.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(one.process.pid, signal.SIGKILL)
        status = one.process.wait()
        del self._running[one.descriptor]
        os.close(one.descriptor)
        one.log.close()
        return one.task, status

    def _end_all(self) -> None:
        """End every one as Ctrl-C would; one that does not end in time, or at a second Ctrl-C, at once."""
        if self._running:
            self._tell(f"ending {len(self._running)} of the {self._noun}; what they rendered and heard is kept")
        try:
            for one in self._running.values():
                one.process.send_signal(signal.SIGINT)
            until = time.monotonic() + LAST_SECONDS
            for one in self._running.values():
                _wait_unreaped(one.descriptor, until - time.monotonic())
        finally:
            for one in list(self._running.values()):
                self._reap(one)


def _wait_unreaped(descriptor: int, seconds: float) -> None:
    """Wait for a process to end, for so long; it is not taken."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    poller.poll(max(0.0, 1000 * seconds))


def _end_with(above: int) -> None:
    """In the new process: be asked to end when the driver ends, and obey that whatever the driver's shell ignores."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent(above)


def end_with_parent(above: int) -> None:
    """Have this process interrupted as by Ctrl-C when the one that started it ends; at once where it has.

    Args:
        above: That process.
    """
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != above:
        os._exit(1)
