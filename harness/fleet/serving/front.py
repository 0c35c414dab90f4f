"""The desk by HTTP: ``python -m harness.fleet.serving.front``, with its orders on stdin and a socket that listens.

A process of its own, so that what reads a stranger's bytes starts no gate, holds no golden and knows of models what the
desk knows. One request for each connection, which is read within bounds of bytes and of seconds and answered in JSON;
what a client sends is never repeated to anybody.
"""

from __future__ import annotations

import contextlib
import hmac
import io
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import IO, Any, Final

import msgspec

from harness.core.errors import SoundcheckError
from harness.core.text import inert_json
from harness.fleet.serving.answers import Answers
from harness.fleet.serving.desk import Desk, Reply, refusal
from harness.fleet.serving.queue import Queue
from harness.placing.local import end_with_parent

HEAD_BYTES: Final = 16 << 10
"""Of a request without its body."""
BODY_BYTES: Final = 4 << 10
REQUEST_SECONDS: Final = 10.0
"""From its first byte to its answer, however slowly they come."""
LAST_SECONDS: Final = 1.0
"""For what a client still sends when it has its answer: to close at once would take that from it."""
AT_A_TIME: Final = 32
"""Connections that are read; more get a line and are closed."""
BUSY: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
MAX_ORDERS: Final = 64 << 10


class Orders(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the service tells its front."""

    above: int
    """The service's process: the front ends with it."""
    descriptor: int
    """Of the socket that listens."""
    queue: str
    folder: str
    """Where answers lie."""
    uploads: str
    most: int
    """How many may wait."""
    hosts: tuple[str, ...]
    """What a request may call this machine, with the port."""
    names: tuple[str, ...] = ()
    """The same, whatever the port."""
    token: str = ""
    """What a request has to know, ``""`` for nothing."""


class _Refused(Exception):
    """A request that is not read any further."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.reply = refusal(status, why)


class _Bounded(io.RawIOBase):
    """What a client sends, within bounds of bytes and seconds."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._until = time.monotonic() + REQUEST_SECONDS
        self._left = HEAD_BYTES + BODY_BYTES

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some of it.

        Raises:
            TimeoutError: It came too slowly.
        """
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        if self._left <= 0:
            raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "expected a shorter request")
        self._connection.settimeout(seconds)
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Front

    def setup(self) -> None:
        """Read within bounds."""
        super().setup()
        self.command, self.requestline = "", ""  # as long as nothing is read
        self.rfile.close()
        self.rfile = io.BufferedReader(_Bounded(self.connection))

    def handle(self) -> None:
        """Answer one request, and no second one: what else was sent with it is left unread."""
        self.close_connection = True
        with contextlib.suppress(OSError):  # it has left, or reads too slowly: there is nobody to be told
            try:
                self.handle_one_request()
            except _Refused as refused:
                self._say(refused.reply)
            except TimeoutError:
                return
            self._wait_for_last()

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - as above

    def _answer(self) -> None:
        self._require_known()
        body = self._body() if self.command == "POST" else b""
        try:
            reply = self.server.desk.reply(self.command, self.path, body)
        except SoundcheckError:
            reply = refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the queue cannot be written; come again later")
        self._say(reply)

    def _require_known(self) -> None:
        """See that the request is meant for us, and its maker known where that is asked."""
        if self.request_version not in ("HTTP/1.0", "HTTP/1.1"):
            raise _Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "expected HTTP/1.1")
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not self.server.is_called(hosts[0].strip().lower()):
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "expected the Host that this service was started for")
        if self.headers.get_all("Origin"):
            raise _Refused(HTTPStatus.FORBIDDEN, "expected no Origin: this is not for pages of a browser")
        given = self.headers.get_all("Authorization", [])
        if self.server.token:
            sent = given[0].encode("latin-1", "replace") if len(given) == 1 else b""
            if not hmac.compare_digest(sent, b"Bearer " + self.server.token):
                raise _Refused(HTTPStatus.UNAUTHORIZED, "expected Authorization: Bearer TOKEN")

    def _body(self) -> bytes:
        if self.headers.get_all("Transfer-Encoding"):
            raise _Refused(HTTPStatus.NOT_IMPLEMENTED, "expected Content-Length, got Transfer-Encoding")
        if self.headers.get_content_type() != "application/json" or not self.headers.get_all("Content-Type"):
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected Content-Type: application/json")
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or not re.fullmatch(r"[0-9]{1,12}", lengths[0]):
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "expected one Content-Length")
        if int(lengths[0]) > BODY_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {BODY_BYTES} bytes")
        body = self.rfile.read(int(lengths[0]))
        if len(body) < int(lengths[0]):
            raise _Refused(HTTPStatus.BAD_REQUEST, "expected as many bytes as Content-Length says")
        return body

    def _say(self, reply: Reply) -> None:
        data = inert_json(json.dumps(reply.content, sort_keys=True)).encode("ascii") + b"\n"
        self.connection.settimeout(REQUEST_SECONDS)
        self.request_version = self.protocol_version  # an older one would get no headers
        self.send_response(reply.status)
        shape = {"Content-Type": "application/json", "Content-Length": str(len(data)), "Connection": "close"}
        safe = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if reply.status is HTTPStatus.UNAUTHORIZED:
            safe["WWW-Authenticate"] = "Bearer"
        for name, value in (shape | safe | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _wait_for_last(self) -> None:
        """Take what is still sent, for a moment: a connection that is closed before loses its answer on the way."""
        self.connection.shutdown(socket.SHUT_WR)
        until = time.monotonic() + LAST_SECONDS
        while (seconds := until - time.monotonic()) > 0:
            self.connection.settimeout(seconds)
            if not self.connection.recv(HEAD_BYTES):
                return

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library says of a request that it cannot read, in our words."""
        del message, explain
        self.command = self.command or ""
        self._say(refusal(HTTPStatus(code), "expected a plain HTTP/1.1 request"))

    def handle_expect_100(self) -> bool:
        """Nobody is asked to go on: what is to be sent is small."""
        raise _Refused(HTTPStatus.EXPECTATION_FAILED, "expected no Expect")

    def version_string(self) -> str:
        """What a server calls itself, without versions."""
        return "soundcheck"

    def log_message(self, *_: Any) -> None:
        """Nothing: a stranger's words do not go to a terminal."""


class Front(ThreadingMixIn, TCPServer):
    """The server."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, orders: Orders) -> None:
        """Take over a socket that listens already.

        Args:
            orders: What the service says.
        """
        listening = socket.socket(fileno=orders.descriptor)
        super().__init__(listening.getsockname()[:2], Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.token = orders.token.encode("latin-1")
        self._hosts = frozenset(orders.hosts)
        self._names = frozenset(orders.names)
        self._room = threading.BoundedSemaphore(AT_A_TIME)
        queue = Queue(Path(orders.queue), orders.most)
        self.desk = Desk(queue, Answers(Path(orders.folder)), Path(orders.uploads))

    def is_called(self, host: str) -> bool:
        """Whether a request that names this host is meant for us; pages of another name may lead here, too."""
        return host in self._hosts or re.sub(r":[0-9]{1,5}$", "", host) in self._names

    def process_request(self, request: Any, client_address: Any) -> None:
        """Read a connection in a thread of its own, unless too many are read."""
        if self._room.acquire(blocking=False):
            try:
                super().process_request(request, client_address)
            except RuntimeError:  # no thread to be had
                self._room.release()
                raise
            return
        with contextlib.suppress(OSError):
            request.settimeout(0)
            request.send(BUSY)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Read it, then make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, *_: Any) -> None:
        """Say that something of ours went wrong; never with what was sent."""
        kind = sys.exc_info()[0]
        print(f"soundcheck: a request could not be answered ({kind.__name__ if kind else 'error'})", file=sys.stderr)


def main(stdin: IO[bytes]) -> None:
    """Serve until somebody ends it."""
    orders = msgspec.json.decode(stdin.read(MAX_ORDERS), type=Orders)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))  # whatever is being written is whole or not there
    end_with_parent(orders.above)
    Front(orders).serve_forever()


if __name__ == "__main__":
    main(sys.stdin.buffer)
