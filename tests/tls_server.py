"""TLS servers of our own, with an authority of their own, that misbehave on request."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness.models.fetching.allowed import Policy
from harness.models.fetching.fetch import Surroundings
from harness.models.fetching.ledger import Ledger

Route = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append((path, dict(self.headers)))
        route = self.server.routes.get(path)
        if route is None:
            self.send(404, b"")
        else:
            route(self)

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.routes: dict[str, Route] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stopping = threading.Event()

    @property
    def place(self) -> str:
        return f"localhost:{self.server_port}"

    @property
    def url(self) -> str:
        return f"https://{self.place}"

    def serve(self, path: str, body: bytes, **headers: str) -> str:
        """Answer with this body; returns the URL."""
        self.routes[path] = lambda handler: handler.send(200, body, **headers)
        return self.url + path

    def redirect(self, path: str, target: str) -> str:
        self.routes[path] = lambda handler: handler.send(302, b"", Location=target)
        return self.url + path

    def handle_error(self, *args: object) -> None:
        """A client that hangs up is what these tests are about."""


@dataclass
class Net:
    """What the tests work with."""

    server: Server
    other: Server
    """Another place with a good certificate."""
    wrong: Server
    """Has a certificate of another host."""
    expired: Server
    context: ssl.SSLContext
    folder: Path = field(default_factory=Path)

    def policy(self, **changes: object) -> Policy:
        usual: dict[str, object] = {
            "hosts": frozenset({self.server.place, self.wrong.place, self.expired.place}),
            "organisations": frozenset({"acme"}),
            "hub": self.server.url,
            "max_bytes": 1 << 20,
            "max_files": 20,
            "total_seconds": 5.0,
            "idle_seconds": 2.0,
        }
        return Policy(**{**usual, **changes})  # type: ignore[arg-type]

    def around(self, **changes: object) -> Surroundings:
        usual = {"ledger": Ledger(self.folder), "context": self.context}
        return Surroundings(**{**usual, **changes})  # type: ignore[arg-type]
