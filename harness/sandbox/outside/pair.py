"""Two connected ends between the harness and its worker: no network, so what keeps tests from one keeps out of it.

pytest-socket and its like put a class of their own in the place of :class:`socket.socket`, and
:func:`socket.socketpair` makes its ends of that class: no worker could then be started.
"""

from __future__ import annotations

import _socket
import socket


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """As :func:`socket.socketpair`, whatever stands in the place of its class."""
    original = next(kind for kind in socket.socket.__mro__ if kind.__module__ == socket.__name__)
    ours, theirs = (original(fileno=end.detach()) for end in _socket.socketpair())
    return ours, theirs
