"""Attacks of our own, run as an engine where a candidate's would run, to prove that the walls hold.

Its "model" says whom to attack. The proof, and what must be seen of it from outside, is
:mod:`harness.sandbox.outside.selftest`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.core.engine import EngineInfo, Speech

TARGETS = "targets.json"
"""Name of the "model's" one file: a JSON object of the port, process and files to attack."""

ATTACKS = ("connect", "read", "write", "kill", "kill-parent", "exec", "spawn", "fork", "environ")
"""Names of all attacks."""


class Attacker:
    """Implements :class:`harness.core.engine.Engine`: attacks while it loads, and tells as versions how it went."""

    def prepare(self, *, device: str, threads: int) -> None:
        """Attacks need nothing."""

    def load(self, model: Path, *, device: str, threads: int) -> EngineInfo:
        """Try everything on the targets that the "model" names."""
        del device, threads
        targets = json.loads((model / TARGETS).read_text("utf-8"))
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
