"""The launcher with walls: starts workers behind bubblewrap or Landlock, a system call filter and an observer.

Which walls there are is decided before (:mod:`harness.sandbox.outside.levels`); here they are built, the same for every
worker.
"""

from __future__ import annotations

import dataclasses
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import SoundcheckError
from harness.core.identity import Beside, Files
from harness.core.leftovers import named_leftover
from harness.sandbox.inside import landlock
from harness.sandbox.inside.modelfiles import ModelExchanged, files_of, require_same
from harness.sandbox.inside.stub import EXCHANGED
from harness.sandbox.outside import bubblewrap, cgroups
from harness.sandbox.outside.bait import Bait
from harness.sandbox.outside.events import EventLog
from harness.sandbox.outside.folders import WorkerFolder
from harness.sandbox.outside.launcher import WorkerProcess, worker_environment
from harness.sandbox.outside.layout import BESIDE, HOME, MODEL, SCRATCH, Layout, Shown, gpu_devices, readable_paths
from harness.sandbox.outside.limits import Limits
from harness.sandbox.outside.pair import socket_pair
from harness.sandbox.outside.process import SandboxedProcess

START_SECONDS = 30.0
"""Deadline for the stub to report; it has imported nothing heavy by then."""
MAX_TASKS = 256
ADDRESS_SHARE = 1.5
"""Address space per memory allowed: whoever uses up the memory is seen to, before allocations fail silently."""
_READY = b"R"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLauncher:
    """Keeps the candidate behind walls."""

    level: str
    """``A``, ``A-`` or ``B``."""
    memory_bytes: int = 0
    """Cap of the worker's memory, 0 for none. Ignored on a GPU."""
    extra_paths: tuple[Path, ...] = ()
    """Folders of trusted code that the worker may import."""
    lent: Path | None = None
    """Folder of trusted files that the worker may read."""
    log: EventLog = field(default_factory=EventLog)
    """Where events go."""

    @property
    def isolation(self) -> str:
        """See :class:`harness.sandbox.outside.launcher.Launcher`."""
        has = {
            "bubblewrap": self.level != "B",
            "Landlock": self.has_landlock,
            "seccomp": True,
            "cgroup": cgroups.are_usable(),
        }
        walls = ", ".join(name for name, there in has.items() if there)
        missing = ", ".join(name for name, there in has.items() if not there)
        return f"{self.level} ({walls})" if not missing else f"{self.level} ({walls}; no {missing})"

    @property
    def has_landlock(self) -> bool:
        """Whether this kernel has it."""
        return landlock.abi() > 0

    def apart(self) -> SandboxLauncher:
        """See :class:`harness.sandbox.outside.launcher.Launcher`."""
        return dataclasses.replace(self, log=EventLog())

    def start(
        self,
        *,
        model: Path,
        threads: int,
        device: str,
        is_tidy: bool = False,
        files: Files | None = None,
        beside: Beside | None = None,
    ) -> WorkerProcess:
        """See :class:`harness.sandbox.outside.launcher.Launcher`.

        Raises:
            SoundcheckError: The walls cannot be built.
            ModelExchanged: What lies there is not what was read.
        """
        files = files_of(model) if files is None else files
        memory = 0 if device.startswith("cuda") else self.memory_bytes
        devices = gpu_devices() if device.startswith("cuda") else ()
        bait, folder = Bait(), WorkerFolder.create()
        try:
            bait.lay_out(folder.home)
            layout = self._layout(model, folder, devices, beside)
            group = cgroups.create(memory_bytes=memory, tasks=MAX_TASKS + 8)
            if group is None and self.level == "A":
                raise SoundcheckError("the sandbox (level A) cannot be built: no control group can be made here")
            if not self.has_landlock and self.level != "A-":
                raise SoundcheckError(f"the sandbox (level {self.level}) cannot be built: this kernel has no Landlock")
            environment = {
                **worker_environment(Path(layout.scratch), threads, is_tidy=is_tidy, lent=self.lent),
                **dict.fromkeys(("USER", "LOGNAME"), "worker"),
                **bait.variables,
                "HOME": layout.home,
            }
            limits = Limits(
                memory_bytes=memory, address_bytes=int(memory * ADDRESS_SHARE), threads=threads, tasks=MAX_TASKS
            )
            # Left out of what is bound and granted, too: the observer that names an attempt can be raced, walls cannot.
            shown = [Shown(folder=model, files=_of_voice(files), inside=layout.model)]
            if beside is not None:
                shown.append(Shown(folder=beside.path, files=_of_voice(beside.files), inside=layout.beside))
            return self._start(layout, folder, bait, group, shown=shown, environment=environment, limits=limits)
        except BaseException:
            folder.remove()
            raise

    def _layout(self, model: Path, folder: WorkerFolder, devices: tuple[str, ...], beside: Beside | None) -> Layout:
        inside = self.level != "B"
        extra = tuple(path.absolute() for path in self.extra_paths)
        return Layout(
            readable=readable_paths((*extra, *((self.lent,) if self.lent else ()))),
            model=MODEL if inside else os.path.realpath(model),
            beside="" if beside is None else BESIDE if inside else os.path.realpath(beside.path),
            beside_outside=beside.path if beside else None,
            home=HOME if inside else str(folder.home),
            scratch=SCRATCH if inside else str(folder.scratch),
            devices=devices,
            import_paths=tuple(map(str, extra)),
        )

    def _start(
        self,
        layout: Layout,
        folder: WorkerFolder,
        bait: Bait,
        group: cgroups.Group | None,
        *,
        shown: Sequence[Shown],
        environment: dict[str, str],
        limits: Limits,
    ) -> WorkerProcess:
        listing = _written(shown)
        ours, theirs = socket_pair()
        control, far_control = socket_pair()
        control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        plan = {
            "conversation": theirs.fileno(),
            "control": far_control.fileno(),
            "memory_bytes": limits.address_bytes,
            "harness_pid": os.getpid() if self.level == "B" else 0,
            "use_landlock": self.has_landlock,
            "readable": [*layout.readable, *READ_TOO],
            "listing": listing,
            "writable": [*layout.writable, *WRITE_TOO],
            "devices": list(layout.devices),
            "import_paths": list(layout.import_paths),
        }
        command = [sys.executable, "-I", "-B", "-m", "harness.sandbox.inside.stub", json_of(plan)]
        if self.level != "B":
            command = bubblewrap.command(layout, shown, folder.home) + command
        process: subprocess.Popen[bytes] | None = None
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(), far_control.fileno(), listing),
                cwd=folder.scratch,
                env=environment,
                start_new_session=True,
            )
            theirs.close()
            far_control.close()
            pid = _pid_of_stub(control, process)
            if group is not None:
                for one in _ancestors(pid, process.pid):
                    group.add(one)
            worker = SandboxedProcess(process, ours, pid, layout, folder, bait, group, self.log)
            worker.watch(control, limits, is_inside=self.level != "B")
        except BaseException as error:
            for end in (ours, theirs, control, far_control):
                end.close()
            if process is not None:
                process.kill()
                process.wait()
                if process.stdout:
                    process.stdout.close()
            if group is not None:
                group.remove()
            if isinstance(error, OSError):
                for part in shown:
                    require_same(str(part.folder), part.files)  # a file that is gone cannot be bound
                raise SoundcheckError(f"the sandbox (level {self.level}) cannot be built: {error}") from None
            raise
        finally:
            os.close(listing)
        return worker


READ_TOO = ("/proc", "/sys/devices/system", "/sys/kernel/mm", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
"""What Landlock lets a worker read besides its layout. Of /proc, the observer lets it open its own only."""
WRITE_TOO = ("/dev/null",)


def json_of(plan: dict[str, object]) -> str:
    """The stub's one argument."""
    import json

    return json.dumps(plan)


def _of_voice(files: Files) -> Files:
    return {name: which for name, which in files.items() if named_leftover(name) is None}


def _written(shown: Sequence[Shown]) -> int:
    """A file in memory with which files a worker is to find, for the stub; too long for its one argument."""
    listing = os.memfd_create("soundcheck-model")
    folders: dict[str, object] = {
        one.inside: {name: dataclasses.asdict(which) for name, which in one.files.items()} for one in shown
    }
    with os.fdopen(os.dup(listing), "wb") as file:
        file.write(json_of(folders).encode())
    os.lseek(listing, 0, os.SEEK_SET)
    return listing


def _pid_of_stub(control: socket.socket, process: subprocess.Popen[bytes]) -> int:
    """Wait until the stub reports; the kernel says who it is."""
    control.settimeout(START_SECONDS)
    size = struct.calcsize("iII")
    try:
        data, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(size))
    except TimeoutError:
        raise OSError(f"the worker did not start within {START_SECONDS:g} s") from None
    control.settimeout(None)
    control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)  # it would take the listener's place
    if data == EXCHANGED:
        process.kill()
        raise ModelExchanged(process.communicate()[0].decode("utf-8", "replace").strip())
    if data != _READY:
        process.kill()
        words = process.communicate()[0].decode("utf-8", "replace").split("\n")
        raise OSError(" ".join(line for line in words if line.strip())[-300:] or "the worker ended at once")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return int(struct.unpack("iII", content[:size])[0])
    raise OSError("the kernel did not say who the worker is")


def _ancestors(pid: int, last: int) -> list[int]:
    """A process and those above it, up to `last`."""
    chain = [pid]
    while chain[-1] != last and len(chain) < 8:
        status = Path(f"/proc/{chain[-1]}/status").read_text("utf-8", "replace")
        above = int(status.partition("PPid:")[2].split()[0])
        if above <= 1:
            break
        chain.append(above)
    return chain
