"""What is put in a worker's way: sockets that lead to us instead of the network, and a watch over its fake secrets.

Whoever touches one is told of; nothing is decided here.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct
from pathlib import Path

from harness.sandbox.outside.bait import Bait, bait_names
from harness.sandbox.outside.limits import Note
from harness.sandbox.outside.pair import socket_pair

_ADD_FD = 0x40182103
_IN_OPEN, _IN_MODIFY, _IN_ATTRIB, _IN_DELETE_SELF, _IN_MOVE_SELF = 0x20, 0x2, 0x4, 0x400, 0x800
MAX_DECOYS = 16
MAX_SENT = 4096


class Decoys:
    """Ends of socket pairs whose other ends one worker takes for connections."""

    def __init__(self, poller: select.poll, bait: Bait, note: Note) -> None:
        """Begin with none.

        Args:
            poller: Waits for what is sent, too.
            bait: The worker's fake secrets.
            note: Told every event.
        """
        self._poller = poller
        self._bait = bait
        self._note = note
        self._open: dict[int, tuple[socket.socket, bytes]] = {}

    def __contains__(self, fd: int) -> bool:
        return fd in self._open

    def add(self, listener: int, ident: int, style: int) -> int:
        """Give the worker one end of a socket pair; what it sends comes to us. Returns its file descriptor, or -1."""
        if len(self._open) >= MAX_DECOYS:
            return -1
        ours, theirs = socket_pair()
        flags = os.O_CLOEXEC if style & socket.SOCK_CLOEXEC else 0
        try:
            order = bytearray(struct.pack("QIIII", ident, 0, theirs.fileno(), 0, flags))
            found = int(fcntl.ioctl(listener, _ADD_FD, order))  # a buffer that can be written to: the result
        except OSError:
            ours.close()
            return -1
        finally:
            theirs.close()
        ours.setblocking(False)
        ours.shutdown(socket.SHUT_WR)  # nobody waits for an answer that never comes
        self._open[ours.fileno()] = (ours, b"")
        self._poller.register(ours.fileno(), select.POLLIN)
        return found

    def read(self, fd: int) -> None:
        """Tell what was sent over one of them."""
        ours, before = self._open[fd]
        data = b""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            data = ours.recv(MAX_SENT)
        if data:
            self._note("network", "send", f"{data[:80]!r}")
            if self._bait.is_in(before + data):
                self._note("secrets", "canary-sent", f"a fake secret in what it sent: {data[:80]!r}")
        if not data or len(before) + len(data) >= MAX_SENT or b"\n" in data or len(data) >= 12:
            # Enough was seen. The end of the stream lets whoever waits for an answer go on.
            del self._open[fd]
            self._poller.unregister(fd)
            ours.close()
        else:
            self._open[fd] = (ours, before + data)

    def read_all(self) -> None:
        """Tell what is still to be read."""
        for fd in list(self._open):
            self.read(fd)

    def close(self) -> None:
        """Close our ends."""
        for ours, _ in self._open.values():
            ours.close()


class BaitWatch:
    """Sees who opens or changes a worker's fake secrets."""

    def __init__(self, home: Path, note: Note) -> None:
        """Begin.

        Args:
            home: Folder on this machine that they lie below.
            note: Told every event.

        Raises:
            OSError: inotify is not to be had.
        """
        self._note = note
        self.fd, self._names = _inotify(home)
        """To wait for, and to read from."""

    def read(self) -> None:
        """Tell what was touched since the last time."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self.fd, 1 << 16)
            place = 0
            while place + 16 <= len(data):
                watch, mask, _, length = struct.unpack_from("iIII", data, place)
                place += 16 + length
                name = self._names.get(watch, "bait")
                if mask & _IN_OPEN:
                    self._note("secrets", "bait-read", name)
                elif mask & (_IN_MODIFY | _IN_DELETE_SELF | _IN_MOVE_SELF | _IN_ATTRIB):
                    self._note("secrets", "bait-changed", name)

    def close(self) -> None:
        """End it."""
        os.close(self.fd)


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
