"""A small server of S3 on loopback that misbehaves as it is told: what object storage answers is not to be trusted."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

Trouble = Callable[["Handler"], bool]
"""Answers a request in its own way; False where the server is to answer as it should."""


class S3Server(ThreadingHTTPServer):
    """One bucket, in memory; any credentials do."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.kept: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.headers: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.trouble: Trouble = lambda _: False

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Gets, puts if absent, lists."""

    protocol_version = "HTTP/1.1"
    server: S3Server

    def do_GET(self) -> None:
        if self._is_troubled():
            return
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._list(query.get("prefix", [""])[0])
        elif (data := self.server.kept.get(self.key)) is None:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self.answer(200, data)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self._is_troubled():
            return
        with self.server.lock:
            if self.headers.get("if-none-match") == "*" and self.key in self.server.kept:
                self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            self.server.kept[self.key] = data
        self.answer(200, b"")

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).partition("/")[2].partition("/")[2]

    def answer(self, status: int, body: bytes, *, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("ETag", '"0"')
        self.send_header("Last-Modified", "Sun, 29 Nov 2026 12:00:00 GMT")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def list_of(self, names: dict[str, int]) -> bytes:
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{size}</Size><ETag>0</ETag>"
            "<LastModified>2026-11-29T12:00:00.000Z</LastModified></Contents>"
            for name, size in names.items()
        )
        head = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        return (
            f"{head}<KeyCount>{len(names)}</KeyCount><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()
        )

    def log_message(self, *_: object) -> None:
        pass

    def _list(self, prefix: str) -> None:
        found = {name: len(data) for name, data in sorted(self.server.kept.items()) if name.startswith(prefix)}
        self.answer(200, self.list_of(found))

    def _is_troubled(self) -> bool:
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.headers += self.headers.items()
        return self.server.trouble(self)


@contextlib.contextmanager
def serving() -> Iterator[S3Server]:
    """A server, for as long as its block lasts."""
    server = S3Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
