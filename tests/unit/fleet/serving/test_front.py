"""What reads strangers' bytes reads few of them, for a short time, and answers who may ask in plain JSON."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from harness.fleet.serving import front as module
from tests.served import UNKNOWN, Served, asked, port_of, project, sent, upload

TOKEN = "t0ken-" * 6
LENGTH = "Content-Length"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def digest(place):
    project(place)
    return upload(place, "a")


@pytest.fixture(scope="module")
def served(place, digest):
    with contextlib.chdir(place):
        return Served(place)


@pytest.fixture(scope="module")
def front(served):
    with served.front() as made:
        yield made


def host(front):
    return f"127.0.0.1:{port_of(front)}"


class TestAnswers:
    def test_are_json_that_nobody_stores_or_guesses_at(self, front):
        status, content, head = asked(front, "GET", "/v1/health")
        assert (status, content["queued"], content["running"]) == (200, 0, 0)
        assert len(content["ruleset"]) == 64
        for line in ("Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Connection: close"):
            assert line in head
        assert "Access-Control" not in head
        assert "Python" not in head

    def test_of_an_unknown_digest_are_not_found(self, front):
        assert asked(front, "GET", f"/v1/models/{UNKNOWN}")[:2] == (
            404, {"version": 1, "digest": UNKNOWN, "state": "none"},
        )  # fmt: skip
        assert asked(front, "POST", "/v1/models", {"digest": UNKNOWN})[0] == 404

    def test_say_when_to_ask_again(self, front, digest, served):
        status, content, head = asked(front, "POST", "/v1/models", {"digest": digest, "name": "mine"})
        assert (status, content["state"]) == (202, "queued")
        assert "Retry-After: 10" in head
        assert served.queue_names() == [digest]


class TestRefuses:
    @pytest.mark.parametrize("name", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", ""])
    def test_hosts_that_it_is_not_called(self, name, front):
        """A page whose name was made to lead here comes with its own name."""
        assert asked(front, "GET", "/v1/health", Host=name)[0] == 421

    def test_no_host_and_two_of_them(self, front):
        assert sent(front, b"GET /v1/health HTTP/1.1\r\n\r\n").split()[1] == b"421"
        two = f"GET /v1/health HTTP/1.1\r\nHost: {host(front)}\r\nHost: evil.example\r\n\r\n"
        assert sent(front, two.encode()).split()[1] == b"421"

    def test_localhost_is_one_of_its_names(self, front):
        assert asked(front, "GET", "/v1/health", Host=f"localhost:{port_of(front)}")[0] == 200

    def test_pages_of_a_browser(self, front, digest):
        assert asked(front, "GET", "/v1/health", Origin="https://evil.example")[0] == 403
        form = {"Content_Type": "text/plain"}
        assert asked(front, "POST", "/v1/models", {"digest": digest}, **form)[0] == 415
        assert asked(front, "OPTIONS", "/v1/models")[0] == 405

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Content_Length": "-1"}, 411), ({"Content_Length": ""}, 411), ({"Content_Length": "1e3"}, 411),
            ({"Content_Length": "4097"}, 413), ({"Content_Length": "999999999999"}, 413),
            ({"Content_Length": "2\r\nContent-Length: 3"}, 411),
            ({"Transfer_Encoding": "chunked"}, 501), ({"Expect": "100-continue"}, 417),
        ],
    )  # fmt: skip
    def test_bodies_of_no_clear_length(self, headers, status, front):
        assert asked(front, "POST", "/v1/models", {"digest": UNKNOWN}, **headers)[0] == status

    def test_heads_without_end(self, front):
        long = f"GET /v1/health HTTP/1.1\r\nHost: {host(front)}\r\n".encode()
        assert sent(front, long, then=b"X: " + b"a" * 60_000).split()[1] in (b"431", b"400")
        assert sent(front, long, then=b"X: a\r\n" * 6000).split()[1] == b"431"
        assert sent(front, b"GET /" + b"a" * 100_000).split()[1] in (b"414", b"431")

    @pytest.mark.parametrize(
        "garbage",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n", b"\r\n\r\n", b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1 x\r\n\r\n", b"BREW / HTTP/1.1\r\n\r\n", b"GET /v1\r\n\r\n",
            b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"\x00" * 64 + b"\n\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ],
        ids=range(10),
    )  # fmt: skip
    def test_garbage_in_plain_words(self, garbage, front):
        found = sent(front, garbage)
        assert not found or found.split()[1][:1] in (b"4", b"5")
        assert b"<" not in found, "no page, and nothing that was sent"
        assert asked(front, "GET", "/v1/health")[0] == 200

    def test_a_second_request_on_one_connection(self, front):
        """What comes after the first is not read: nothing can be smuggled behind it."""
        one = f"GET /v1/health HTTP/1.1\r\nHost: {host(front)}\r\n\r\n".encode()
        assert sent(front, one, then=one * 20).count(b"HTTP/1.1 200") == 1
        assert sent(front, one, then=b"\x00garbage" * 1000).count(b"HTTP/1.1") == 1

    def test_a_body_that_never_ends_comes_to_an_end(self, front):
        head = f"POST /v1/models HTTP/1.1\r\nHost: {host(front)}\r\nContent-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", port_of(front)), timeout=30) as connection:
            connection.sendall(f"{head}{LENGTH}: 100\r\n\r\n{{".encode())
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(65536).split()[1] == b"400"


class TestSlowClients:
    def test_are_not_waited_for_whatever_they_send_meanwhile(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            reader = module._Bounded(ours)
            reader._until = time.monotonic() + 3600
            theirs.sendall(b"G")
            assert reader.readinto(bytearray(10)) == 1
            reader._until = time.monotonic() + 0.1
            with pytest.raises(TimeoutError):
                reader.readinto(bytearray(10))
            theirs.sendall(b"E")
            reader._until = time.monotonic() - 1
            with pytest.raises(TimeoutError):
                reader.readinto(bytearray(10))

    def test_that_say_much_are_not_read_to_the_end(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            reader = module._Bounded(ours)
            left = module.HEAD_BYTES + module.BODY_BYTES
            while left:
                theirs.sendall(b"x" * min(left, 4096))
                left -= reader.readinto(bytearray(65536))
            with pytest.raises(module._Refused, match="shorter"):
                reader.readinto(bytearray(10))

    def test_are_so_many_at_a_time(self, front):
        """With as many as may be read, another one is told at once to come again; when they leave, there is room."""
        address = ("127.0.0.1", port_of(front))
        held = [socket.create_connection(address, timeout=30) for _ in range(module.AT_A_TIME)]
        try:
            assert soon(lambda: sent(front, b"").startswith(b"HTTP/1.1 503"))
        finally:
            for one in held:
                one.close()
        assert soon(lambda: asked(front, "GET", "/v1/health")[0] == 200)


def soon(holds):
    until = time.monotonic() + 30
    while not (found := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


class TestToken:
    @pytest.fixture(scope="class")
    @classmethod
    def front(cls, served):
        # Its own lock: the other front holds the service's.
        (served.service.folder / "lock").unlink(missing_ok=True)
        with served.front(token=TOKEN, names=("hub.example",)) as made:
            yield made

    @pytest.mark.parametrize(
        "given", ["", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}"]
    )
    def test_has_to_be_known(self, given, front):
        status, content, head = asked(front, "GET", "/v1/health", Authorization=given)
        assert status == 401
        assert "WWW-Authenticate: Bearer" in head
        assert TOKEN not in str(content)

    def test_that_is_known_lets_in(self, front):
        assert asked(front, "GET", "/v1/health", Authorization=f"Bearer {TOKEN}")[0] == 200

    def test_is_sent_once(self, front):
        twice = f"Bearer {TOKEN}\r\nAuthorization: Bearer {TOKEN}"
        assert asked(front, "GET", "/v1/health", Authorization=twice)[0] == 401

    def test_is_not_to_be_seen_in_the_process(self, front):
        for name in ("cmdline", "environ"):
            assert TOKEN.encode() not in Path(f"/proc/{front.process.pid}/{name}").read_bytes()

    @pytest.mark.parametrize("name", ["hub.example", "hub.example:443", "HUB.example"])
    def test_names_that_were_typed_are_its_own(self, name, front):
        assert asked(front, "GET", "/v1/health", Authorization=f"Bearer {TOKEN}", Host=name)[0] == 200
        assert asked(front, "GET", "/v1/health", Authorization=f"Bearer {TOKEN}", Host=f"x.{name}")[0] == 421


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_asked_to(number, served):
    (served.service.folder / "lock").unlink(missing_ok=True)
    with served.front() as front:
        assert asked(front, "GET", "/v1/health")[0] == 200
        os.kill(front.process.pid, number)
        assert front.process.wait(30) == 0
        with pytest.raises(Exception, match="has ended"):
            front.require()
