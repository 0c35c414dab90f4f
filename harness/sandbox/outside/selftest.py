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
from harness.sandbox.inside.attacker import TARGETS
from harness.sandbox.outside.client import Bounds, Worker, WorkerFault
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.folders import making_temporary
from harness.sandbox.outside.sandboxed import SandboxLauncher

SECONDS = 10.0
EXPECTED_KINDS = ("network", "exec", "process", "filesystem-read", "filesystem-write")
MODULE = "harness.sandbox.inside.attacker:Attacker"


def prove(level: str) -> list[str]:
    """Attack from behind the walls of a level.

    Returns:
        What is wrong with it, one line each; empty where it holds.
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
            return [f"its own attacks could not be tried: the worker {fault.what} {fault.detail[-200:]}".strip()]
        except SoundcheckError as error:
            return [str(error)]
        finally:
            worker.stop()
        wrong = [f"{name} {result}" for name, result in results.items() if not result.startswith("refused")]
        server.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            server.accept()[0].close()
            wrong.append("a connection reached this machine")
        if target.exists():
            wrong.append("a file was written outside of its scratch folder")
    seen = {event.kind for event in log.events}
    wrong += [f"an attack of kind {kind} was not seen" for kind in EXPECTED_KINDS if kind not in seen]
    return wrong
