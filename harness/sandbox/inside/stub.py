"""Main of a sandboxed worker: closes every wall around itself, then becomes the worker. Trusted until it has.

The order matters. Limits and Landlock come first, and the model's files are held against those that were admitted;
then the order to load is read and what the engine imports is imported, all of it trusted code; then the system call
filter, whose listener is handed out over the control socket; and only when the observer outside says that it listens is
a byte of the model read.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import dataclass
from itertools import chain

from harness.core.identity import FileIdentity
from harness.sandbox.inside import landlock, modelfiles, seccomp
from harness.sandbox.inside.syscalls import native
from harness.sandbox.inside.worker import die_with_harness, limit_memory, limit_self, serve

READY, GO, EXCHANGED = b"R", b"G", b"X"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the launcher tells the stub, as JSON in its one argument."""

    conversation: int
    """File descriptor of the socket to the harness."""
    control: int
    """File descriptor of the socket to the launcher."""
    memory_bytes: int
    harness_pid: int
    """0 where bubblewrap ends the worker with its harness."""
    use_landlock: bool
    readable: list[str]
    writable: list[str]
    listing: int
    """File descriptor of a JSON object: folder, as seen here, whose names may be listed -> path below it -> which file
    may be read. The model's, and one beside it."""
    devices: list[str]
    import_paths: list[str]


def main() -> None:
    """Entry point: one argument, a :class:`Plan` as JSON."""
    plan = Plan(**json.loads(sys.argv[1]))
    if plan.harness_pid:
        die_with_harness(plan.harness_pid)
    limit_self()
    if plan.memory_bytes:
        limit_memory(plan.memory_bytes)
    control = socket.socket(fileno=plan.control)
    sys.path += plan.import_paths
    with os.fdopen(plan.listing, "rb") as listing:
        folders = {
            folder: {name: FileIdentity(**one) for name, one in files.items()}
            for folder, files in json.load(listing).items()
        }
    try:
        found = chain.from_iterable(modelfiles.opened(folder, files) for folder, files in folders.items())
        if plan.use_landlock:
            landlock.restrict(plan.readable, plan.writable, devices=plan.devices, listed=folders, opened=found)
        else:
            for _ in found:  # each was bound by itself: what is there now stays
                pass
    except modelfiles.ModelExchanged as name:
        print(name, flush=True)
        control.sendall(EXCHANGED)
        return
    control.sendall(READY)  # the harness learns our pid from the credentials, and puts us into our cgroup
    if control.recv(1) != GO:
        return
    with socket.socket(fileno=plan.conversation) as sock:
        from harness.sandbox.inside.protocol import Channel

        serve(Channel(sock), seal=lambda: _seal(control, devices=bool(plan.devices)))
    # Skip interpreter teardown: a candidate's atexit hooks get no turn.
    os._exit(0)


def _seal(control: socket.socket, *, devices: bool) -> None:
    """Close the last wall, and wait for the observer."""
    architecture = native()
    if architecture is None:
        raise RuntimeError("no system call filter is known for this machine")
    door = control.fileno()
    program = seccomp.worker_program(architecture, pid=os.getpid(), control=door, allow_devices=devices)
    listener = seccomp.install(architecture, program, listen=True)
    socket.send_fds(control, [READY], [listener])
    os.close(listener)
    # The observer lets this one call through, and none like it after our word that it is done.
    seccomp.install(architecture, seccomp.closing_program(architecture, control=door), listen=False)
    control.sendall(READY)
    if control.recv(1) != GO:
        os._exit(3)
    control.close()


if __name__ == "__main__":
    main()
