"""Tasks placed by Ray: an order goes to a node, an exit code comes back; nothing else goes through the cluster.

Ray is trusted with nothing. What it carries is a few hundred bytes, bounded and checked on arrival: no audio, no
pickled objects of ours, no environment. What a node makes of them is for the module that obeys them.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from harness.core.errors import BadInput, SoundcheckError
from harness.core.text import cut, printable
from harness.core.thirdparty import require
from harness.placing.holding import place_lock, wait_until_free
from harness.placing.nodes import STORE_BYTES, cluster_of
from harness.placing.tasks import LAST_SECONDS, REFUSED, Task

LOCAL: Final = "ray"
"""What stands for a cluster of this machine alone, that ends with the driver; ``ray:3`` for one of three nodes."""
SEVERAL: Final = re.compile(r"ray:([0-9]{1,3})", re.ASCII)
MOST_BYTES: Final = 64 << 10
"""Of an order."""
QUIET: Final = {"RAY_USAGE_STATS_ENABLED": "0"}
"""Set before Ray begins: it would tell its makers what it is used for."""
OWN: Final = "RAY_"
"""How the names of its variables begin; nothing of ours gets them."""
REACH_SECONDS: Final = 10.0


def checked_order(order: bytes, name: str) -> bytes:
    """An order that may be sent.

    Raises:
        BadInput: It is longer than an order may be.
    """
    if len(order) > MOST_BYTES:
        raise BadInput(f"{name}: expected an order of at most {MOST_BYTES} bytes, got {len(order)}")
    return order


def obey(module: str, order: bytes) -> bytes:
    """On a node: hand an order to a process of our own, which ends with this one.

    Args:
        module: Of ours, which reads an order on stdin and writes an exit code on stdout.
        order: For it.

    Returns:
        The exit code of what was ordered, as text; negative: the signal that ended it.
    """
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", module],
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


class RayPlaces:
    """Nodes of a cluster, for whoever has :class:`harness.placing.local.LocalPlaces` on one machine."""

    def __init__(
        self,
        address: str,
        jobs: int,
        module: str,
        *,
        tell: Callable[[str], None] = lambda _: None,
        noun: str = "gates",
    ) -> None:
        """Reach the cluster, or begin one of this machine.

        Args:
            address: :data:`LOCAL`, several nodes of this machine (``ray:3``), or where a cluster is, as ``ray.init``
                takes it.
            jobs: Tasks at a time, where the cluster is one of this machine.
            module: Of ours, which obeys orders on a node.
            tell: Told what is going on, for people.
            noun: What the tasks are.

        Raises:
            MissingDependency: Ray is not installed.
            SoundcheckError: The cluster cannot be reached.
        """
        os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
        require("ray", extra="ray")
        import ray  # of an extra, and heavy

        self._ray: Any = ray
        self._tell, self._noun, self._module = tell, noun, module
        self._running: dict[Any, Task] = {}
        self._own = contextlib.ExitStack()
        """What was begun here, and ends with these places."""
        where: dict[str, Any] = {"address": address}
        if address == LOCAL:
            own = {"num_cpus": jobs, "include_dashboard": False, "object_store_memory": STORE_BYTES}
            where = {"address": "local", "_node_ip_address": "127.0.0.1", **own}
        elif several := SEVERAL.fullmatch(address):
            where = {"address": self._own.enter_context(cluster_of(int(several[1])))}
        else:
            _require_there(address)
        with contextlib.ExitStack() as failing:
            failing.push(self._own)
            try:
                self._ray.init(log_to_driver=False, logging_level="error", **where)
            except (ConnectionError, RuntimeError, ValueError, OSError) as error:
                why = f"{cut(str(error), 200)}; one that has a token wants RAY_AUTH_TOKEN here"
                raise SoundcheckError(printable(f"--on {address}: no cluster there ({why})")) from None
            failing.pop_all()
        self._remote: Any = self._ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(obey)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._running:
            self._tell(f"ending {len(self._running)} of the {self._noun}; what they rendered and heard is kept")
        for reference in self._running:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=True)
        self._ray.shutdown()
        self._own.close()
        until = time.monotonic() + LAST_SECONDS
        for task in self._running.values():  # what was begun ends with its task, and lets go then
            wait_until_free(place_lock(task.log), until)

    def __len__(self) -> int:
        return len(self._running)

    @property
    def nodes(self) -> int:
        """How many machines the cluster has now."""
        return max(1, sum(bool(node.get("Alive")) for node in self._ray.nodes()))

    @property
    def slots(self) -> int:
        """How many tasks the cluster does at a time."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def begin(self, task: Task) -> None:
        """Send one order."""
        self._running[self._remote.remote(self._module, task.order)] = task

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
