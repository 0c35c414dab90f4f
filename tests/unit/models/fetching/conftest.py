"""Fixtures: servers, one for each kind of certificate."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tls_server import Net, Server


@pytest.fixture(scope="session")
def servers() -> Iterator[Net]:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)

    def start(*names: str, **options: object) -> Server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names, key_type=trustme.KeyType.ECDSA, **options).configure_cert(context)
        server = Server(context)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    context = ssl.create_default_context()
    authority.configure_trust(context)
    net = Net(
        server=start("localhost"),
        other=start("localhost"),
        wrong=start("elsewhere.example"),
        expired=start("localhost", not_before=past - datetime.timedelta(days=9), not_after=past),
        context=context,
    )
    yield net
    for server in (net.server, net.other, net.wrong, net.expired):
        server.stopping.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def net(servers: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Net:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    for server in (servers.server, servers.other, servers.wrong, servers.expired):
        server.routes.clear()
        server.asked.clear()
    servers.folder = tmp_path
    return servers
