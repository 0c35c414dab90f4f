"""The observer: one thread for each sandboxed worker, outside of it. Answers its system calls, waits for who
touches what was put in its way, and has its use of the machine looked at.

Fail closed: where this thread is lost, the kernel refuses every call that it would have been asked about.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable

from harness.sandbox.inside.syscalls import native
from harness.sandbox.outside.decisions import CONTINUE, DECOY, Call, Decision, Policy
from harness.sandbox.outside.decoys import BaitWatch, Decoys
from harness.sandbox.outside.limits import TICK_SECONDS, Limits, LimitWatch, Note, Watched
from harness.sandbox.outside.tracee import Tracee

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE_FLAG = 1
_NOTIFICATION = struct.Struct("QIIiIQ6Q")
_RESPONSE = struct.Struct("QqiI")
STOP_SECONDS = 60.0
"""For the observer to read what is left, on however busy a machine: the bait goes next, and that is not the worker's
doing."""


class Observer:
    """Watches one worker from its first call after sealing to its end."""

    def __init__(
        self, control: socket.socket, watched: Watched, limits: Limits, note: Note, end: Callable[[], None]
    ) -> None:
        """Start watching.

        Args:
            control: Our end of the socket over which the listener comes.
            watched: The worker.
            limits: What it may use.
            note: Told every event.
            end: Ends the worker; must not wait for this thread.
        """
        self._control = control
        self._bait = watched.bait
        self._note = note
        self._end = end
        self._tracee = Tracee(watched.pid)
        self._policy = Policy(watched.layout, self._tracee)
        self._poller = select.poll()
        self._decoys = Decoys(self._poller, watched.bait, note)
        self._listener = -1
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._bait_watch = BaitWatch(watched.bait_home, note)
        self.limits = LimitWatch(watched, limits, note, end)
        """What the worker uses."""
        self.is_lost = False
        """Whether this thread failed: from then on nothing was observed."""
        self.is_sealed = False
        """Whether the listener came: from then on everything is observed."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="soundcheck-observer")
        self._thread.start()

    def stop(self) -> None:
        """Read what is still to be read, and end. Not from the observer's own thread."""
        if self._wake < 0:
            return
        os.eventfd_write(self._wake, 1)
        self._thread.join(STOP_SECONDS)
        wake, self._wake = self._wake, -1
        os.close(wake)
        self._bait_watch.close()

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as error:  # noqa: BLE001 - the boundary: whatever goes wrong here must end the worker
            self.is_lost = True
            self._note("observer", "lost", f"{type(error).__name__}: {error}")
            self._end()
        finally:
            self._decoys.close()
            if self._listener >= 0:
                os.close(self._listener)
            self._tracee.close()
            self._control.close()

    def _watch(self) -> None:
        poller, bait, wake = self._poller, self._bait_watch.fd, self._wake
        for fd in (self._control.fileno(), wake, bait):
            poller.register(fd, select.POLLIN)
        control = self._control.fileno()
        due, is_stopped = time.monotonic() + TICK_SECONDS, False
        while not is_stopped:
            for fd, flags in poller.poll(max(0.0, due - time.monotonic()) * 1000):
                if fd == self._listener:
                    if flags & select.POLLIN:
                        self._answer()
                    else:
                        poller.unregister(fd)
                elif fd == control:
                    if not self._receive_listener():
                        poller.unregister(fd)
                elif fd == wake:
                    is_stopped = True
                elif fd == bait:
                    self._bait_watch.read()
                elif fd in self._decoys:
                    self._decoys.read(fd)
            if time.monotonic() >= due:
                self.limits.measure(is_sealed=self.is_sealed)
                due = time.monotonic() + TICK_SECONDS
        self._bait_watch.read()
        self._decoys.read_all()
        self.limits.measure(is_sealed=self.is_sealed)

    def _receive_listener(self) -> bool:
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
            self._poller.register(self._listener, select.POLLIN)
        elif not self.is_sealed:
            self.is_sealed = True
            self._control.sendall(b"G")
        return True

    def _answer(self) -> None:
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, buffer)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                return  # the caller was ended meanwhile
            raise
        ident, tid, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)
        self.limits.count_call()
        architecture = native()
        name = architecture.name_of(number) if architecture else str(number)
        if name == "seccomp" and not self.is_sealed:
            decision = Decision(answer=CONTINUE)  # the stub's second filter
        else:
            decision = self._policy.decide(Call(tid=tid, name=name, arguments=arguments))
        answer, refusal, value = decision.answer, decision.error, decision.value
        if answer == DECOY:
            answer, value = "", self._decoys.add(self._listener, ident, arguments[1])
            refusal = 0 if value >= 0 else errno.EPERM
        self._tell(decision)
        reply = _RESPONSE.pack(
            ident, 0 if refusal or answer == CONTINUE else value, -refusal, _CONTINUE_FLAG if answer == CONTINUE else 0
        )
        with contextlib.suppress(FileNotFoundError):  # ended meanwhile
            fcntl.ioctl(self._listener, _SEND, reply)
        if refusal and decision.kind:
            self.limits.count_refusal()

    def _tell(self, decision: Decision) -> None:
        if decision.kind:
            self._note(decision.kind, decision.what, decision.detail)
        if decision.data and self._bait.is_in(decision.data):
            what = "canary-sent" if decision.kind == "network" else "canary-named"
            self._note("secrets", what, f"a fake secret in {decision.what or 'a file name'}: {decision.detail}")
