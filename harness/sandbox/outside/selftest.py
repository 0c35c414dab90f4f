"""Proof that the walls hold: a few attacks of our own, run in exactly the configuration that a candidate will get.

The attacks are an engine's (:mod:`harness.sandbox.inside.attacker`): it must fail at all of them, and what it tried
must also have been seen from outside.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
from pathlib import Path

from harness.core.errors import SoundcheckError
from harness.sandbox.inside.attacker import ATTACKS, TARGETS
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.client import Worker
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.folders import making_temporary
from harness.sandbox.outside.proofs import Evidence
from harness.sandbox.outside.sandboxed import SandboxLauncher

SECONDS = 10.0
EXPECTED_KINDS = ("network", "exec", "process", "filesystem-read", "filesystem-write")
MODULE = "harness.sandbox.inside.attacker:Attacker"


def prove(level: str) -> list[str]:
    """Attack from behind the walls of a level.

    Returns:
        What is wrong with it, one line each; empty where it holds.
    """
    return wrong_with(attack(level))


def wrong_with(evidence: Evidence) -> list[str]:
    """What attacks showed to be wrong with a level, one line each; empty where it holds."""
    if broken := evidence.get("broken"):
        return list(broken)
    tried, seen = evidence.get("tried", []), evidence.get("seen", [])
    named = {line.partition(" ")[0] for line in tried}
    return [
        *(f"{name} was not tried" for name in ATTACKS if name not in named),
        *(line for line in tried if not line.partition(" ")[2].startswith("refused")),
        *evidence.get("reached", []),
        *(f"an attack of kind {kind} was not seen" for kind in EXPECTED_KINDS if kind not in seen),
    ]


def attack(level: str) -> Evidence:
    """Attack from behind the walls of a level.

    Returns:
        ``tried``: each attack and what came of it; ``seen``: kinds of attacks that were seen from outside; ``reached``:
        what was seen to get through; ``broken``: why nothing could be tried.
    """
    with making_temporary():
        tempfile.gettempdir()
    log = EventLog()
    launcher = SandboxLauncher(level=level, log=log)
    with (
        tempfile.TemporaryDirectory(prefix="soundcheck-selftest-") as name,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        folder = Path(name)
        model, secret, target = folder / "model", folder / "secret", folder / "target"
        model.mkdir()
        secret.write_text("secret", "utf-8")
        targets = {
            "port": server.getsockname()[1],
            "secret": str(secret),
            "target": str(target),
            "harness": os.getpid(),
        }
        (model / TARGETS).write_text(json.dumps(targets), "utf-8")
        bounds = Bounds(load_seconds=SECONDS, batch_seconds=SECONDS)
        worker = Worker(launcher, engine=MODULE, model=model, device="cpu", threads=1, bounds=bounds)
        try:
            results = worker.start().versions
        except WorkerFault as fault:
            why = f"its own attacks could not be tried: the worker {fault.what} {fault.detail[-200:]}".strip()
            return {"broken": [why]}
        except SoundcheckError as error:
            return {"broken": [str(error)]}
        finally:
            worker.stop()
        reached = []
        server.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            server.accept()[0].close()
            reached.append("a connection reached this machine")
        if target.exists():
            reached.append("a file was written outside of its scratch folder")
    return {
        "tried": [f"{name} {result}" for name, result in results.items()],
        "reached": reached,
        "seen": sorted({event.kind for event in log.events}),
    }
