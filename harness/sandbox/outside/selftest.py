"""Proof that the walls hold: a few attacks of our own, run in exactly the configuration that a candidate will get.

:class:`Attacker` is an engine whose "model" says whom to attack. It runs inside a worker, behind the walls, and
must fail at everything; what it tried must also have been seen from outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.core.errors import SoundcheckError
from harness.core.types import EngineInfo, Speech
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.sandboxed import SandboxLauncher

SECONDS = 10.0
EXPECTED_KINDS = ("network", "exec", "process", "filesystem-read", "filesystem-write")
MODULE = "harness.sandbox.outside.selftest:Attacker"
_TARGETS = "targets.json"


class Attacker:
    """Implements :class:`harness.core.types.Engine`: attacks while it loads, and tells as versions how it went."""

    def load(self, model: Path, *, device: str, threads: int) -> EngineInfo:
        """Try everything on the targets that the "model" names."""
        del device, threads
        targets = json.loads((model / _TARGETS).read_text("utf-8"))
        attempts: dict[str, Callable[[], object]] = {
            "connect": lambda: _connect(targets["port"]),
            "read": lambda: Path(targets["secret"]).read_text("utf-8"),
            "write": lambda: Path(targets["target"]).write_text("written", "utf-8"),
            "kill": lambda: os.kill(targets["harness"], 0),
            "kill-parent": lambda: os.kill(os.getppid(), 0),
            "exec": lambda: os.execv("/bin/sh", ["sh", "-c", f"echo > '{targets['target']}'"]),  # noqa: S606 - must fail
            "spawn": lambda: _spawn(targets["target"]),
            "fork": lambda: _fork(targets["target"]),
            "environ": lambda: Path(f"/proc/{targets['harness']}/environ").read_bytes(),
        }
        results = {}
        for name, attempt in attempts.items():
            try:
                attempt()
            except Exception as error:  # noqa: BLE001 - whatever stops it
                results[name] = f"refused: {type(error).__name__}"
            else:
                results[name] = "succeeded"
        return EngineInfo(name="selftest", sample_rate=8000, versions=results)

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        """It has nothing to say."""
        raise NotImplementedError


def _connect(port: int) -> None:
    with socket.socket() as sock:
        sock.settimeout(1)
        sock.connect(("127.0.0.1", port))
        # The observer answers connects itself: only what comes back would show that somebody was reached.
        if not sock.recv(1):
            raise ConnectionError("nobody answers")


def _spawn(target: str) -> None:
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", f"echo > '{target}'"], {})
    os.waitpid(pid, 0)


def _fork(target: str) -> None:
    pid = ctypes.CDLL(None, use_errno=True).fork()
    if pid < 0:
        raise PermissionError(ctypes.get_errno(), "fork")
    if pid == 0:
        with contextlib.suppress(OSError):
            Path(target).write_text("forked", "utf-8")
        os._exit(0)
    os.waitpid(pid, 0)


def prove(level: str) -> list[str]:
    """Attack from behind the walls of a level.

    Returns:
        What is wrong with it, one line each; empty where it holds.
    """
    # Imported here: the client brings numpy, which this module's other half, inside the worker, does without.
    from harness.sandbox.outside.client import Bounds, Worker, WorkerFault

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
        (model / _TARGETS).write_text(json.dumps(targets), "utf-8")
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
