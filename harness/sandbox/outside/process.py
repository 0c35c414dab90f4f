"""A running worker behind walls: its observer, its conversation, its end and what is left after it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from harness.core.types import BehaviourEvent
from harness.sandbox.outside import cgroups
from harness.sandbox.outside.bait import Bait
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.folders import WorkerFolder
from harness.sandbox.outside.gpu import gpu_bytes
from harness.sandbox.outside.launcher import STARTING, WAITING, Drain
from harness.sandbox.outside.layout import SCRATCH, Layout
from harness.sandbox.outside.limits import Limits, Watched
from harness.sandbox.outside.meter import Reading, Usage, reading_of, reset_peak, scratch_of, usage_of
from harness.sandbox.outside.observer import Observer
from harness.sandbox.outside.shortage import killed_for_memory

_GO = b"G"
ALLOWED = frozenset({"bait-read"})
"""Events of calls that were let through, because what they got is bait."""


class SandboxedProcess:
    """A worker behind walls. Implements :class:`harness.sandbox.outside.launcher.WorkerProcess`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        pid: int,
        layout: Layout,
        folder: WorkerFolder,
        bait: Bait,
        group: cgroups.Group | None,
        log: EventLog,
    ) -> None:
        if process.stdout is None:
            raise ValueError("the worker's output must be a pipe")
        self.pid = pid
        """The worker itself, as this machine counts."""
        self._process = process
        self._sock = sock
        self._pidfd = os.pidfd_open(pid)
        self._layout = layout
        self._folder = folder
        self._bait = bait
        self._group = group
        self._log = log
        self._doing: tuple[str, tuple[str, ...]] = (STARTING, ())
        self._usage = Usage()
        self._killed_before = killed_for_memory()
        self._observer: Observer | None = None
        self._is_killed = False
        self._to_bury = [self._stop, self._look_no_more, self._clear_away]
        """What is still to be done when it ends."""
        self._burying = threading.Lock()
        self._lock = threading.Lock()
        self._drain = Drain(process.stdout, self._end, lambda data: self.overhear(data, "what it printed"))

    def watch(self, control: socket.socket, limits: Limits, *, is_inside: bool) -> None:
        """Start the observer, and let the stub go on."""
        watched = Watched(
            pid=self.pid,
            layout=self._layout,
            bait=self._bait,
            bait_home=self._folder.home,
            scratch=None if is_inside else self._folder.path,
            group=self._group,
        )
        self._observer = Observer(control, watched, limits, self.note, self._end)
        control.sendall(_GO)

    @property
    def sock(self) -> socket.socket:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        return self._sock

    @property
    def flooded(self) -> bool:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        return self._drain.flooded

    def model_path(self, model: Path) -> str:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        return self._layout.beside if model == self._layout.beside_outside else self._layout.model

    def doing(self, when: str, phrases: Sequence[str] = ()) -> None:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        self._doing = when, tuple(phrases)
        if self._observer is not None:
            self._observer.limits.ask(is_nothing=when == WAITING)

    def note(self, kind: str, what: str, detail: str) -> None:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        when, phrases = self._doing
        if when == STARTING:
            self._drain.add(f"{what}: {detail}")  # before a model was named: it goes into no verdict
            return
        event = BehaviourEvent(when=when, kind=kind, what=what, detail=detail, phrases=phrases)
        self._log.note(dataclasses.replace(event, is_allowed=what in ALLOWED))

    def overhear(self, data: bytes, where: str, *, is_sound: bool = False) -> None:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        if self._bait.is_in_sound(data) if is_sound else self._bait.is_in(data):
            self.note("secrets", "canary-said", f"a fake secret in {where}")

    def usage(self) -> Usage:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        if not self._is_killed:
            self._usage = usage_of(self.pid, self._usage)
            seen = self._observer.limits.usage if self._observer else self._usage
            cpu = self._group.cpu_seconds() if self._group else 0.0
            self._usage = dataclasses.replace(
                self._usage,
                cpu_seconds=max(cpu, seen.cpu_seconds, self._usage.cpu_seconds),
                peak_bytes=max(seen.peak_bytes, self._usage.peak_bytes),
                gpu_bytes=gpu_bytes([self.pid]) if self._layout.devices else None,
            )
        return self._usage

    def reading(self) -> Reading:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        layout = self._layout
        is_own = layout.scratch == SCRATCH
        folders = layout.writable if is_own else (str(self._folder.path),)
        return reading_of(
            self.pid,
            group_seconds=self._group.cpu_seconds() if self._group else 0.0,
            scratch_bytes=scratch_of(self.pid, folders, is_own=is_own)[0],
            gpu=gpu_bytes([self.pid]) if layout.devices else None,
        )

    def reset_peak(self) -> bool:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        return reset_peak(self.pid)

    def exit_status(self, seconds: float) -> int | None:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        if self._group is not None and self._group.refused_memory():
            self.note("limits", "memory", "ended by the kernel: its memory was used up")
        if status > 128 and status - 128 in set(signal.Signals):  # bubblewrap's way of passing a signal on
            status = 128 - status
        if status == -signal.SIGSYS:
            self.note("process", "foreign-syscall", "ended by the kernel: a system call of another architecture")
        return status

    def is_victim(self) -> bool:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        if self._group is not None and self._group.refused_memory():
            return False
        return killed_for_memory() > self._killed_before or bool(self._group and self._group.lost_to_memory())

    def last_words(self) -> str:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`."""
        self._drain.join(0.2)
        return self._drain.text()

    def kill(self) -> None:
        """See :class:`harness.sandbox.outside.launcher.WorkerProcess`. Where it was interrupted, it goes on."""
        if not self._burying.acquire(blocking=False):
            return  # somebody is at it
        try:
            while self._to_bury:
                self._to_bury[0]()
                del self._to_bury[0]
        finally:
            self._burying.release()

    def _stop(self) -> None:
        with self._lock:
            if not self._is_killed:
                self.usage()
            self._is_killed = True
        self._sock.close()
        self._end()
        self._process.wait()
        survivors = self._survivors()
        if survivors:
            self.note("process", "survivor", f"still there after its end: {survivors}")

    def _look_no_more(self) -> None:
        """Read what is still to be told of it."""
        if self._observer is not None:
            self._observer.stop()
            if not self._observer.is_sealed and not self._observer.is_lost and self._doing[0] == "speaking":
                self.note("observer", "lost", "the worker spoke although its walls were never closed")
        self._drain.join(1)

    def _clear_away(self) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        if self._group is not None:
            self._group.remove()
        self._folder.remove()
        self._log.flush()

    def _end(self) -> None:
        """Send the kill; waits for nothing."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        if self._group is not None:
            self._group.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _survivors(self) -> list[int]:
        """Processes that outlived the kill, after a moment."""
        poller = select.poll()
        poller.register(self._pidfd, select.POLLIN)
        left = [] if poller.poll(5000) else [self.pid]
        deadline = time.monotonic() + 3
        while self._group is not None:
            more = [pid for pid in self._group.pids() if not _is_dead(pid)]
            if not more:
                break
            if time.monotonic() > deadline:
                return [*left, *more]
            self._group.kill()
            time.sleep(0.005)  # the kernel takes a moment to bury what was ended
        return left


def _is_dead(pid: int) -> bool:
    """Whether a process has ended, though nobody has waited for it yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in "ZX"
