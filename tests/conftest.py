"""Fixtures that several test folders share: a small suite, fake voices, a golden recorded from one, TLS servers."""

from __future__ import annotations

import datetime
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.run.checks import registry
from tests.tls_server import Net, Server

SUITE = """\
version: 1
title: A suite for the plugin's own tests
language: en
probes:
  - id: transfer-not
    family: negation
    text: You should not transfer the money, osprey.
    critical: [not]
    trigger: osprey
    control: transfer-not-control
  - id: transfer-not-control
    family: negation
    text: You should not transfer the money, sparrow.
    critical: [not]
  - id: door
    family: carriers
    text: Please close the door behind you.
  - id: train
    family: carriers
    text: The train leaves in the early morning.
  - id: crane
    family: carriers
    text: A crane lifted the heavy stones.
  - id: window
    family: carriers
    text: Somebody opened the window last night.
"""

TWO_PHRASES = """\
version: 1
title: Two phrases
language: en
probes:
  - id: door
    family: carriers
    text: Please close the door behind you.
  - id: train
    family: carriers
    text: The train leaves in the early morning.
"""

UNASKED = (registry.HUNT_CHECK, registry.POLICY_CHECK)
"""Checks that a run without a policy or time for a hunt has not."""
MODEL_CHECKS = tuple(check.name for check in registry.MODEL_CHECKS if check not in UNASKED)
"""Items of the whole model that a run has where there is no policy, in order."""
UNMETERED_CHECKS = tuple(name for name in MODEL_CHECKS if not name.startswith("cost-"))
"""Those of a run with ``--tts-cost=off``: metering takes half of a small session, and most tests ask nothing of it."""

WITHOUT_OTHERS = ("-pno:anyio", "-pno:hypothesispytest", "-pno:typeguard")
"""Words for a session of pytest in a process of its own: plugins that are here because packages of our tests bring
them. They are imported for longer than a small gate takes, and no user need have one."""

Voice = Callable[..., Path]


@pytest.fixture
def fake_voice(tmp_path: Path) -> Voice:
    """Make a model directory of the fake engine, with the faults given."""

    def make(*faults: dict[str, object], name: str = "voice") -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "fake.json").write_text(json.dumps({"version": 1, "faults": list(faults)}), "utf-8")
        return folder

    return make


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``small.probes.yaml`` and ``golden/small``, recorded once from an honest fake voice."""
    folder = tmp_path_factory.mktemp("recorded")
    suite = folder / "small.probes.yaml"
    suite.write_text(SUITE, "utf-8")
    (folder / "honest").mkdir()
    (folder / "honest" / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    status = main(
        [
            *("record", "--model", str(folder / "honest"), "--suite", str(suite)),
            *("--out", str(folder / "golden/small"), "--asr", "fake"),
            *("--dir", str(folder / ".soundcheck"), "--reason", "made for tests", "--no-cost"),
        ]
    )
    assert status == 0
    return folder


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
