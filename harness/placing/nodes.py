"""Several of Ray's nodes on this machine, to try a cluster where there is none: ``python -m harness.placing.nodes N``.

Says the cluster's address on stdout, and ends it when stdin does: with whoever began it, however that one ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

from harness.core.errors import BadInput, SoundcheckError

MOST_NODES: Final = 16
STORE_BYTES: Final = 80 << 20
"""Of Ray's own store on a node, its least: nothing of ours is in it."""
STARTS: Final = 3
"""A node of Ray's gives up where its own agent is not there after some seconds, as on a busy machine: then again."""
END_SECONDS: Final = 60.0


@contextlib.contextmanager
def cluster_of(count: int) -> Iterator[str]:
    """The address of a cluster of so many nodes on this machine, which ends with the block.

    Raises:
        BadInput: That many are not begun here.
        SoundcheckError: They did not start.
    """
    if not 1 <= count <= MOST_NODES:
        raise BadInput(f"--on ray:{count}: expected 1 to {MOST_NODES} nodes on this machine")
    for _ in range(STARTS):
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "harness.placing.nodes", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is for whoever began it
        )
        assert process.stdout is not None
        try:
            if address := process.stdout.readline().strip():
                yield address
                return
        finally:
            _end(process)
    raise SoundcheckError(f"--on ray:{count}: Ray's nodes did not start; give the same command again")


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main(count: int) -> None:
    """Begin the nodes, say where they are, and end them when nobody needs them any more."""
    from ray.cluster_utils import Cluster  # of an extra, and heavy

    about: dict[str, Any] = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    cluster: Any = Cluster(initialize_head=True, head_node_args=about)
    try:
        for _ in range(count - 1):
            cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        print(cluster.address, flush=True)
        sys.stdin.read()
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
