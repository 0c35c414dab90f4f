"""The judge's sockets: one of every kind on loopback, and what came to them."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from pathlib import Path
from typing import Any


class Listeners:
    """Sockets of every kind on loopback; keeps what comes."""

    def __init__(self, folder: Path, name: str) -> None:
        self.received = b""
        self.connections = 0
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._settled = threading.Event()
        self._selector.register(self._woken, selectors.EVENT_READ, "end")
        self.addresses: dict[str, Any] = {}
        for key, family, kind, address in (
            ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("udp6", socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0)),
            ("unix", socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "s")),
            ("unix_datagram", socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "d")),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}-s"),
            ("abstract_datagram", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{name}-d"),
        ):
            self.addresses[key] = self._open(family, kind, address)
        self._thread = threading.Thread(target=self._run, daemon=True, name="attack-listeners")
        self._thread.start()

    def settle(self) -> None:
        """Wait until everything that arrived before now was taken in."""
        self._settled.clear()
        self._waker.send(b"s")
        self._settled.wait(5)

    def close(self) -> None:
        self._waker.send(b"x")
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._waker.close()
        self._selector.close()

    def _open(self, family: int, kind: int, address: Any) -> Any:
        try:
            sock = socket.socket(family, kind)
            sock.bind(address)
        except OSError:  # no IPv6 on this machine
            return 1
        if kind == socket.SOCK_STREAM:
            sock.listen(64)
        sock.setblocking(False)
        self._selector.register(sock, selectors.EVENT_READ, "accept" if kind == socket.SOCK_STREAM else "read")
        bound = sock.getsockname()
        if isinstance(bound, bytes):
            return bound[1:].decode()
        return bound[1] if isinstance(bound, tuple) else bound

    def _run(self) -> None:
        is_settling = False
        while True:
            ready = self._selector.select(0 if is_settling else None)
            if is_settling and not ready:
                is_settling = False
                self._settled.set()
            for key, _ in ready:
                sock = key.fileobj
                if key.data == "end":
                    if self._woken.recv(1) == b"x":
                        return
                    is_settling = True
                    continue
                with contextlib.suppress(OSError):
                    if key.data == "accept":
                        one, _ = sock.accept()
                        self.connections += 1
                        one.setblocking(False)
                        one.send(b"421 closed\r\n")  # an error to HTTP and FTP, so that nobody waits for an answer
                        self._selector.register(one, selectors.EVENT_READ, "stream")
                        continue
                    data = sock.recv(65536)
                    self.received = (self.received + data)[-(1 << 20) :]
                    if key.data == "stream":  # one message is all that a judge needs
                        self._selector.unregister(sock)
                        sock.close()
