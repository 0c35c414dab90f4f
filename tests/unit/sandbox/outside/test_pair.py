"""Ends of a conversation that no guard against the network takes away."""

from __future__ import annotations

import socket

import pytest

from harness.sandbox.outside.pair import socket_pair


class Guarded(socket.socket):
    """As pytest-socket has it in the place of :class:`socket.socket`."""

    def __new__(cls, *_: object, **__: object) -> Guarded:
        raise RuntimeError("a test tried to use socket.socket")


def test_are_connected_and_ours_alone() -> None:
    ours, theirs = socket_pair()
    with ours, theirs:
        assert {type(ours), type(theirs)} == {socket.socket}
        assert (ours.family, ours.type) == (socket.AF_UNIX, socket.SOCK_STREAM)
        assert not ours.get_inheritable()
        theirs.sendall(b"word")
        ours.settimeout(1)
        assert ours.recv(9) == b"word"


def test_can_be_had_where_sockets_are_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Guarded)
    with pytest.raises(RuntimeError):
        socket.socketpair()
    ours, theirs = socket_pair()
    with ours, theirs:
        theirs.sendall(b"word")
        assert ours.recv(9) == b"word"
