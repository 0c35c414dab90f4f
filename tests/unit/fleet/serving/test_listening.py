"""A service listens where only this machine reaches it, unless somebody types more, and then asks for a token."""

from __future__ import annotations

import socket

import pytest

from harness.core.errors import BadInput, SoundcheckError
from harness.fleet.serving.listening import Address, listening, read_address


@pytest.fixture
def token(tmp_path):
    (tmp_path / "token").write_text("a" * 64 + "\n", "utf-8")
    return tmp_path / "token"


@pytest.mark.parametrize(
    ("typed", "host", "port"),
    [("8321", "127.0.0.1", 8321), ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:80", "::1", 80), ("::1:80", "::1", 80)],
)
def test_this_machine_needs_no_token(typed, host, port):
    found = read_address(typed, (), None)
    assert (found.host, found.port, found.token) == (host, port, "")
    assert found.is_loopback


@pytest.mark.parametrize("typed", ["10.0.0.7:8321", "[fe80::1]:1"])
def test_another_address_has_one(typed, token):
    with pytest.raises(BadInput, match="is reached from elsewhere, which needs --token-file"):
        read_address(typed, (), None)
    assert read_address(typed, (), token).token == "a" * 64


@pytest.mark.parametrize("typed", ["0.0.0.0:8321", "[::]:8321"])
def test_every_address_has_a_name_too(typed, token):
    with pytest.raises(BadInput, match="say with --name by which name it is asked"):
        read_address(typed, (), token)
    assert read_address(typed, ("Hub.example",), token).names == ("hub.example",)


@pytest.mark.parametrize(
    "typed", ["", "x", "-1", "65536", "127.0.0.1", ":80", "localhost:80", "127.0.0.1:80:80", "1 2:3"]
)
def test_what_is_no_address_is_one_line(typed):
    with pytest.raises(BadInput, match=r"^--http: expected"):
        read_address(typed, (), None)


@pytest.mark.parametrize("name", ["", "a b", "a:80", "*", "-a", "a/b"])
def test_what_is_no_name_is_one_line(name):
    with pytest.raises(BadInput, match=r"^--name: expected"):
        read_address("80", (name,), None)


@pytest.mark.parametrize("text", ["", "short\n", "a" * 40 + " b\n", "é" * 40, "\n" + "a" * 64])
def test_what_is_no_token_is_one_line(text, tmp_path):
    (tmp_path / "token").write_text(text, "utf-8")
    with pytest.raises(BadInput, match=r"^--token-file: .*at least 32 characters"):
        read_address("80", (), tmp_path / "token")


def test_a_port_that_is_taken_is_one_line(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = Address(host="127.0.0.1", port=other.getsockname()[1])
        wanted = r"cannot listen there \(Address already in use\)"
        with pytest.raises(SoundcheckError, match=wanted), listening(address, 0, {}, 1):
            pass


def test_nobody_is_listened_to_where_nothing_was_typed():
    with listening(None, 0, {}, 1) as front:
        front.require()
        assert front.process is None
