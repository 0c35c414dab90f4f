"""Gates placed by Ray: an order of ids goes to a node, an exit code comes back; nothing else goes through the cluster.

Ray is trusted with nothing. What it carries is a few hundred bytes of msgspec, bounded and checked on arrival: no
audio, no pickled objects of ours, no environment. What a node makes of them is in :mod:`harness.fleet.node`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from harness.core.errors import BadInput, SoundcheckError
from harness.core.text import cut, printable
from harness.core.thirdparty import require
from harness.fleet.file import Fleet
from harness.fleet.gates import LAST_SECONDS, Task
from harness.fleet.looking import Looked, Terms
from harness.storage.leases import lock_alone

LOCAL: Final = "ray"
"""What stands for a cluster of this machine alone, that ends with the driver."""
MOST_BYTES: Final = 64 << 10
"""Of an order."""
STORE_BYTES: Final = 80 << 20
"""Of Ray's own store on this machine, its least: nothing of ours is in it."""
QUIET: Final = {"RAY_USAGE_STATS_ENABLED": "0"}
"""Set before Ray begins: it would tell its makers what it is used for."""
OWN: Final = "RAY_"
"""How the names of its variables begin; no gate gets them."""
REFUSED: Final = 3
"""Exit code that stands for a node that did not begin a gate: the harness could not work."""
POLL_SECONDS: Final = 0.2
REACH_SECONDS: Final = 10.0


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a node is told."""

    fleet: str
    """The list's path, on a file system that all nodes share."""
    member: str
    """A model's name in it."""
    key: str
    """Of its verdict, as the driver found it."""
    folder: str
    """Folder of runs, on the same file system."""
    place: str
    """Where results and log go."""
    jobs: int
    """Gates that may share the node's processors."""
    is_fresh: bool
    allow_unsandboxed: bool


def order_task(fleet: Fleet, terms: Terms, looked: Looked, place: Path, jobs: int) -> Task:
    """A gate as an order; see :func:`harness.fleet.gating.gate_task`.

    Raises:
        BadInput: It is longer than an order may be.
    """
    order = Order(
        fleet=str(fleet.path),
        member=looked.member.name,
        key=looked.key,
        folder=str(terms.folder),
        place=str(place),
        jobs=jobs,
        is_fresh=terms.is_fresh,
        allow_unsandboxed=terms.allow_unsandboxed,
    )
    data = msgspec.json.encode(order)
    if len(data) > MOST_BYTES:
        raise BadInput(f"{looked.member.name}: expected an order of at most {MOST_BYTES} bytes, got {len(data)}")
    return Task(name=looked.key, command=(), environment={}, log=place.with_name(f"{place.name}.log"), order=data)


def judge(order: bytes) -> bytes:
    """On a node: hand an order to a process of our own, which ends with this one.

    Returns:
        The exit code of the gate, as text; negative: the signal that ended it.
    """
    done = subprocess.run(
        [sys.executable, "-P", "-m", "harness.fleet.node"],
        input=order,
        stdout=subprocess.PIPE,
        env=without(os.environ),
        start_new_session=True,
        check=False,
    )
    return done.stdout[:8]


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what Ray has put into it: addresses, tokens, names of its sockets."""
    return {name: value for name, value in environment.items() if not name.startswith(OWN)}


def read_answer(answer: object) -> int:
    """The exit code in an answer; of one that is none, that the harness could not work."""
    try:
        return int(answer.decode("ascii")) if isinstance(answer, bytes) and len(answer) <= 8 else REFUSED
    except ValueError:
        return REFUSED


class RayGates:
    """Gates on a cluster, for whoever has :class:`harness.fleet.gates.Gates` on one machine."""

    def __init__(self, address: str, jobs: int, *, tell: Callable[[str], None] = lambda _: None) -> None:
        """Reach the cluster, or begin one of this machine.

        Args:
            address: :data:`LOCAL`, or where a cluster is, as ``ray.init`` takes it.
            jobs: Gates at a time.
            tell: Told what is going on, for people.

        Raises:
            MissingDependency: Ray is not installed.
            SoundcheckError: The cluster cannot be reached.
        """
        os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
        require("ray", extra="ray")
        import ray  # of an extra, and heavy

        self._ray: Any = ray
        self._tell = tell
        self._running: dict[Any, Task] = {}
        if address != LOCAL:
            _require_there(address)
        where = {"address": address}
        if address == LOCAL:
            own = {"num_cpus": jobs, "include_dashboard": False, "object_store_memory": STORE_BYTES}
            where = {"address": "local", "_node_ip_address": "127.0.0.1", **own}  # type: ignore[dict-item]
        try:
            self._ray.init(log_to_driver=False, logging_level="error", **where)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise SoundcheckError(printable(f"--on {address}: no cluster there ({cut(str(error), 200)})")) from None
        self._remote: Any = self._ray.remote(num_cpus=1, max_retries=0)(judge)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._running:
            self._tell(f"ending {len(self._running)} of the gates; what they rendered and heard is kept")
        for reference in self._running:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=True)
        self._ray.shutdown()
        until = time.monotonic() + LAST_SECONDS
        for task in self._running.values():  # a gate ends with its task, and lets go of its place
            _wait_for(task.log.with_suffix(".lock"), until)

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, task: Task) -> None:
        """Send one order."""
        self._running[self._remote.remote(task.order)] = task

    def wait(self, seconds: float | None = None) -> tuple[Task, int] | None:
        """Wait for any of them; which one has ended, and with which code. One whose node is lost is as if killed."""
        ended, _ = self._ray.wait(list(self._running), num_returns=1, timeout=seconds)
        if not ended:
            return None
        reference = ended[0]
        task = self._running.pop(reference)
        try:
            return task, read_answer(self._ray.get(reference))
        except self._ray.exceptions.RayError:
            return task, -int(signal.SIGKILL)


def _require_there(address: str) -> None:
    """See that somebody listens: Ray itself would try for minutes, and end the process then.

    Raises:
        SoundcheckError: Nobody does, or it is no address.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise SoundcheckError(printable(f"--on {address}: no cluster there ({cut(str(error), 200)})")) from None


def _wait_for(path: Path, until: float) -> None:
    with contextlib.suppress(OSError):
        while (lock := lock_alone(path)) is None and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
        if lock is not None:
            os.close(lock)
