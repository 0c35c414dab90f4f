"""Workers without walls that are there at once: one process has imported what they need, and forks for each.

Nine tenths of a trial without a sandbox would be Python that starts and imports. Behind walls every worker is a fresh
process, as the product's are. The same file is the server's program.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.sandbox.outside.launcher import worker_environment

PR_SET_CHILD_SUBREAPER = 36
LARGEST_ORDER = 1 << 16


class Forked:
    """A forked worker, with what :class:`subprocess.Popen` has of a started one: a child of this process."""

    def __init__(self, pid: int, output: int) -> None:
        self.pid = pid
        self.stdout = os.fdopen(output, "rb", 0)
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for a signal; 0 where somebody else has buried it.

        Raises:
            subprocess.TimeoutExpired: It still runs.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.returncode = 0
            else:
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
                elif end is not None and time.monotonic() > end:
                    raise subprocess.TimeoutExpired("worker", timeout or 0)
                else:
                    time.sleep(0.002)
        return self.returncode


class ForkServer:
    """The end that asks for workers."""

    def __init__(self, folders: tuple[Path, ...], modules: tuple[str, ...]) -> None:
        """Start it.

        Args:
            folders: Where it may import from besides.
            modules: What it imports before it forks.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="soundcheck-forkserver-")
        environment = worker_environment(Path(self._folder.name), 1)
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-I", __file__, str(theirs.fileno()), json.dumps([str(one) for one in folders])]
            self._process = subprocess.Popen(
                [*command, *modules], env=environment, pass_fds=(theirs.fileno(),), cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        atexit.register(self.close)

    def fork(self, conversation: socket.socket, folder: Path, environment: Mapping[str, str]) -> Forked:
        """A worker that talks over a socket, in a folder and with an environment of its own."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # it becomes a child of this process
        output, theirs = os.pipe()
        order = {"harness": os.getpid(), "folder": str(folder), "environment": dict(environment)}
        try:
            socket.send_fds(self._door, [json.dumps(order).encode()], [conversation.fileno(), theirs])
            answer = self._door.recv(100)
        finally:
            os.close(theirs)
        if not answer:
            os.close(output)
            raise OSError(f"the fork server ended with status {self._process.wait()}")
        return Forked(int(answer), output)

    def close(self) -> None:
        """End it; workers that it forked are children of this process and live on."""
        self._door.close()
        self._process.wait()
        self._folder.cleanup()


@functools.cache
def fork_server(folders: tuple[Path, ...], modules: tuple[str, ...]) -> ForkServer:
    """This process's, for one set of modules."""
    return ForkServer(folders, modules)


def main() -> None:
    """Import, then fork whenever it is asked, until the other end is gone."""
    door = socket.socket(fileno=int(sys.argv[1]))
    sys.path[:0] = json.loads(sys.argv[2])
    for name in ("harness.sandbox.inside.worker", *sys.argv[3:]):
        importlib.import_module(name)
    while True:
        data, descriptors, _, _ = socket.recv_fds(door, LARGEST_ORDER, 2)
        if not data:
            return
        between = os.fork()
        if not between:
            if worker := os.fork():
                door.sendall(str(worker).encode())
                os._exit(0)  # and leaves the worker to the harness
            _work(json.loads(data), door, *descriptors)
        os.waitpid(between, 0)
        for number in descriptors:
            os.close(number)


def _work(order: dict[str, Any], door: socket.socket, conversation: int, output: int) -> None:
    """Become what :func:`harness.sandbox.inside.worker.main` is in a fresh process."""
    from harness.sandbox.inside import worker
    from harness.sandbox.inside.protocol import Channel

    try:
        os.setsid()
        while os.getppid() != order["harness"]:
            time.sleep(0.001)
        door.close()
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        tempfile.tempdir = None
        worker.die_with_harness(order["harness"])
        worker.limit_self()
        with socket.socket(fileno=conversation) as sock:
            worker.serve(Channel(sock))
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the end of a process: whatever it is, it is said
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
