"""The observer: one thread for each sandboxed worker, outside of it. Answers its system calls, watches its bait and its
use of memory, and ends it where it goes too far.

Fail closed: where this thread is lost, the kernel refuses every call that it would have been asked about.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox.inside.syscalls import native
from harness.sandbox.outside.bait import Bait, bait_names
from harness.sandbox.outside.cgroups import Group
from harness.sandbox.outside.decisions import CONTINUE, DECOY, Call, Decision, Policy
from harness.sandbox.outside.layout import Layout
from harness.sandbox.outside.meter import Usage, scratch_of, usage_of
from harness.sandbox.outside.tracee import Tracee

_RECEIVE, _SEND, _ADD_FD = 0xC0502100, 0xC0182101, 0x40182103
_CONTINUE_FLAG = 1
_NOTIFICATION = struct.Struct("QIIiIQ6Q")
_RESPONSE = struct.Struct("QqiI")
_IN_OPEN, _IN_MODIFY, _IN_ATTRIB, _IN_DELETE_SELF, _IN_MOVE_SELF = 0x20, 0x2, 0x4, 0x400, 0x800
MAX_DECOYS = 16
MAX_SENT = 4096
TICK_SECONDS = 0.1
WINDOW_SECONDS = 2.0
"""Over which processor time is looked at."""

Note = Callable[[str, str, str], None]
"""Told kind, what and detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a worker may use before it is ended."""

    memory_bytes: int = 0
    """Memory, 0 for no bound; a worker with more than nine tenths of it resident is ended."""
    address_bytes: int = 0
    """Address space that the kernel grants, 0 for no bound."""
    threads: int = 1
    """Threads that were ordered: more processors than these are not to be kept busy."""
    tasks: int = 256
    """Threads of the worker."""
    scratch_bytes: int = 256 << 20
    """Files below its scratch folder and HOME."""
    files: int = 5_000
    """Number of these files."""
    notifications: int = 50_000
    """System calls put before the observer within any two seconds."""
    refusals: int = 20_000
    """Refused calls in a worker's life."""


class Observer:
    """Watches one worker from its first call after sealing to its end."""

    def __init__(
        self,
        *,
        control: socket.socket,
        pid: int,
        layout: Layout,
        bait: Bait,
        bait_home: Path,
        scratch: Path | None,
        group: Group | None,
        limits: Limits,
        note: Note,
        end: Callable[[], None],
    ) -> None:
        """Start watching.

        Args:
            control: Our end of the socket over which the listener comes.
            pid: The worker, as this machine counts.
            layout: What it may touch.
            bait: Its fake secrets.
            bait_home: Folder on this machine that they lie below.
            scratch: Folder on this machine that it writes to, None where it has file systems of its own.
            group: Its control group, where it has one.
            limits: What it may use.
            note: Told every event.
            end: Ends the worker; must not wait for this thread.
        """
        self._control = control
        self._pid = pid
        self._bait = bait
        self._scratch = scratch
        self._limits = limits
        self._note = note
        self._end = end
        self._tracee = Tracee(pid)
        self._policy = Policy(layout, self._tracee)
        self._listener = -1
        self._decoys: dict[int, tuple[socket.socket, bytes]] = {}
        self._bursts: list[tuple[float, int]] = [(time.monotonic(), 0)]
        self._calls = self._refused = 0
        self._group = group
        self._folders = (layout.scratch, layout.home)
        self._is_full = self._was_waiting = False
        self._work: list[tuple[float, float]] = []
        self._is_stopped = False
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._bait_fd, self._bait_of = _inotify(bait_home)
        self.usage = Usage()
        """What the worker was last seen to use."""
        self.is_waiting = False
        """Whether the harness has asked nothing of the worker. Set by its owner."""
        self.is_lost = False
        """Whether this thread failed: from then on nothing was observed."""
        self.is_sealed = False
        """Whether the listener came: from then on everything is observed."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="soundcheck-observer")
        self._thread.start()

    def stop(self) -> None:
        """Read what is still to be read, and end. Not from the observer's own thread."""
        self._is_stopped = True
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"x")
        self._thread.join(5)
        for fd in (self._wake_read, self._wake_write, self._bait_fd):
            os.close(fd)

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as error:  # noqa: BLE001 - the boundary: whatever goes wrong here must end the worker
            self.is_lost = True
            self._note("observer", "lost", f"{type(error).__name__}: {error}")
            self._end()
        finally:
            for ours, _ in self._decoys.values():
                ours.close()
            if self._listener >= 0:
                os.close(self._listener)
            self._tracee.close()
            self._control.close()

    def _watch(self) -> None:
        poller = select.poll()
        for fd in (self._control.fileno(), self._wake_read, self._bait_fd):
            poller.register(fd, select.POLLIN)
        control = self._control.fileno()
        due = time.monotonic() + TICK_SECONDS
        while not self._is_stopped:
            for fd, flags in poller.poll(max(0.0, due - time.monotonic()) * 1000):
                if fd == self._listener:
                    if flags & select.POLLIN:
                        self._answer(poller)
                    else:
                        poller.unregister(fd)
                elif fd == control:
                    if not self._receive_listener(poller):
                        poller.unregister(fd)
                elif fd == self._bait_fd:
                    self._read_bait()
                elif fd in self._decoys:
                    self._read_decoy(fd, poller)
            if time.monotonic() >= due:
                self._measure()
                due = time.monotonic() + TICK_SECONDS
        self._read_bait()
        for fd in list(self._decoys):
            self._read_decoy(fd, poller)
        self._measure()

    def _receive_listener(self, poller: select.poll) -> bool:
        """Take the listener, then the stub's word that its last wall is closed. False at the end of the stream."""
        try:
            data, fds, _, _ = socket.recv_fds(self._control, 1, 1)
        except ConnectionError:
            return False
        if not data:
            return False
        if self._listener < 0:
            if not fds:
                raise RuntimeError("the worker closed its walls without a listener")
            self._listener = fds[0]
            os.set_inheritable(self._listener, False)
            poller.register(self._listener, select.POLLIN)
        elif not self.is_sealed:
            self.is_sealed = True
            self._control.sendall(b"G")
        return True

    def _answer(self, poller: select.poll) -> None:
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, buffer)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                return  # the caller was ended meanwhile
            raise
        ident, tid, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)
        self._calls += 1
        architecture = native()
        name = architecture.name_of(number) if architecture else str(number)
        if name == "seccomp" and not self.is_sealed:
            decision = Decision(answer=CONTINUE)  # the stub's second filter
        else:
            decision = self._policy.decide(Call(tid=tid, name=name, arguments=arguments))
        answer, refusal, value = decision.answer, decision.error, decision.value
        if answer == DECOY:
            answer, value = "", self._add_decoy(ident, arguments[1], poller)
            refusal = 0 if value >= 0 else errno.EPERM
        self._tell(decision)
        reply = _RESPONSE.pack(
            ident, 0 if refusal or answer == CONTINUE else value, -refusal, _CONTINUE_FLAG if answer == CONTINUE else 0
        )
        with contextlib.suppress(FileNotFoundError):  # ended meanwhile
            fcntl.ioctl(self._listener, _SEND, reply)
        if refusal and decision.kind:
            self._refused += 1
            if self._refused == self._limits.refusals:
                self._exceed("refusals", f"{self._refused} refused system calls")

    def _tell(self, decision: Decision) -> None:
        if decision.kind:
            self._note(decision.kind, decision.what, decision.detail)
        if decision.data and self._bait.is_in(decision.data):
            what = "canary-sent" if decision.kind == "network" else "canary-named"
            self._note("secrets", what, f"a fake secret in {decision.what or 'a file name'}: {decision.detail}")

    def _add_decoy(self, ident: int, style: int, poller: select.poll) -> int:
        """Give the worker one end of a socket pair; what it sends comes to us. Returns its file descriptor, or -1."""
        if len(self._decoys) >= MAX_DECOYS:
            return -1
        ours, theirs = socket.socketpair()
        flags = os.O_CLOEXEC if style & socket.SOCK_CLOEXEC else 0
        try:
            order = bytearray(struct.pack("QIIII", ident, 0, theirs.fileno(), 0, flags))
            found = int(fcntl.ioctl(self._listener, _ADD_FD, order))  # a buffer that can be written to: the result
        except OSError:
            ours.close()
            return -1
        finally:
            theirs.close()
        ours.setblocking(False)
        ours.shutdown(socket.SHUT_WR)  # nobody waits for an answer that never comes
        self._decoys[ours.fileno()] = (ours, b"")
        poller.register(ours.fileno(), select.POLLIN)
        return found

    def _read_decoy(self, fd: int, poller: select.poll) -> None:
        ours, before = self._decoys[fd]
        data = b""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            data = ours.recv(MAX_SENT)
        if data:
            self._note("network", "send", f"{data[:80]!r}")
            if self._bait.is_in(before + data):
                self._note("secrets", "canary-sent", f"a fake secret in what it sent: {data[:80]!r}")
        if not data or len(before) + len(data) >= MAX_SENT or b"\n" in data or len(data) >= 12:
            # Enough was seen. The end of the stream lets whoever waits for an answer go on.
            del self._decoys[fd]
            poller.unregister(fd)
            ours.close()
        else:
            self._decoys[fd] = (ours, before + data)

    def _read_bait(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._bait_fd, 1 << 16)
            place = 0
            while place + 16 <= len(data):
                watch, mask, _, length = struct.unpack_from("iIII", data, place)
                place += 16 + length
                name = self._bait_of.get(watch, "bait")
                if mask & _IN_OPEN:
                    self._note("secrets", "bait-read", name)
                elif mask & (_IN_MODIFY | _IN_DELETE_SELF | _IN_MOVE_SELF | _IN_ATTRIB):
                    self._note("secrets", "bait-changed", name)

    def _measure(self) -> None:
        self.usage = usage = usage_of(self._pid, self.usage)
        limits = self._limits
        allowed = f"allowed {limits.memory_bytes >> 20} MiB"
        if limits.memory_bytes and usage.resident_bytes > limits.memory_bytes * 0.9:
            self._exceed("memory", f"nine tenths of what is allowed were in memory; {allowed}")
        elif limits.address_bytes and usage.address_bytes > limits.address_bytes * 0.97 and not self._is_full:
            self._is_full = True
            self._note("limits", "memory", f"asked for memory until there was no more; {allowed}")
        if usage.tasks > limits.tasks or (self._group and self._group.refused_tasks()):
            self._exceed("tasks", f"more than {limits.tasks} threads")
        self._measure_processor(usage)
        now = time.monotonic()
        self._bursts = [one for one in self._bursts if now - one[0] <= 2] + [(now, self._calls)]
        if (rate := self._calls - self._bursts[0][1]) > limits.notifications:
            self._exceed("notifications", f"{rate} observed system calls within two seconds")
        used, files = scratch_of(self._pid, self._folders, is_own=self._scratch is None)
        if used > limits.scratch_bytes:
            self._exceed("scratch", f"more than {limits.scratch_bytes >> 20} MiB of files")
        if files > limits.files:
            self._exceed("files", f"more than {limits.files} files")

    def _measure_processor(self, usage: Usage) -> None:
        """More processors than were ordered, or any while nothing was ordered: somebody works for himself."""
        now = time.monotonic()
        if not self.is_sealed or self._was_waiting != self.is_waiting:
            self._was_waiting = self.is_waiting
            self._work = []
        self._work = [*self._work, (now, usage.cpu_seconds)][-1 - int(WINDOW_SECONDS / TICK_SECONDS) :]
        since, before = self._work[0]
        if now - since < WINDOW_SECONDS * 0.9:
            return
        busy = (usage.cpu_seconds - before) / (now - since)
        if self.is_waiting and busy > 0.5:
            self._note("limits", "cpu", "kept a processor busy while nothing was asked of it")
        elif busy > self._limits.threads + 0.6:
            self._note("limits", "cpu", f"kept more processors busy than the {self._limits.threads} that it may use")

    def _exceed(self, what: str, detail: str) -> None:
        self._note("limits", what, detail)
        self._end()


def _inotify(home: Path) -> tuple[int, dict[int, str]]:
    """Watch the bait below a folder of this machine.

    Returns:
        A file descriptor to read from, and the watches: number -> name of the bait.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "inotify is not to be had")
    mask = _IN_OPEN | _IN_MODIFY | _IN_ATTRIB | _IN_DELETE_SELF | _IN_MOVE_SELF
    watches = {}
    for name in bait_names():
        watches[libc.inotify_add_watch(fd, os.fsencode(home / name), mask)] = f"~/{name}"
    return fd, watches
