"""The launcher with walls: starts workers behind bubblewrap or Landlock, a system call filter and an observer.

Which walls there are is decided before (:mod:`harness.sandbox.levels`); here they are built, the same for every worker.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import SoundcheckError
from harness.core.types import BehaviourEvent
from harness.sandbox import bubblewrap, cgroups, landlock
from harness.sandbox.bait import Bait
from harness.sandbox.events import EventLog
from harness.sandbox.folders import WorkerFolder
from harness.sandbox.launcher import WAITING, Drain, WorkerProcess, worker_environment
from harness.sandbox.layout import HOME, MODEL, SCRATCH, Layout, gpu_devices, readable_paths
from harness.sandbox.meter import Usage, usage_of
from harness.sandbox.observer import Limits, Observer

START_SECONDS = 30.0
"""Deadline for the stub to report; it has imported nothing heavy by then."""
MAX_TASKS = 256
_READY, _GO = b"R", b"G"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLauncher:
    """Keeps the candidate behind walls."""

    level: str
    """``A``, ``A-`` or ``B``."""
    memory_bytes: int = 0
    """Cap of the worker's memory, 0 for none. Ignored on a GPU."""
    extra_paths: tuple[Path, ...] = ()
    """Folders of trusted code that the worker may import."""
    log: EventLog = field(default_factory=EventLog)
    """Where events go."""

    @property
    def isolation(self) -> str:
        """See :class:`harness.sandbox.launcher.Launcher`."""
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

    def start(self, *, model: Path, threads: int, device: str) -> WorkerProcess:
        """See :class:`harness.sandbox.launcher.Launcher`.

        Raises:
            SoundcheckError: The walls cannot be built.
        """
        memory = 0 if device.startswith("cuda") else self.memory_bytes
        devices = gpu_devices() if device.startswith("cuda") else ()
        bait, folder = Bait(), WorkerFolder.create()
        try:
            bait.lay_out(folder.home)
            layout = self._layout(model, folder, devices)
            group = cgroups.create(memory_bytes=memory, tasks=MAX_TASKS + 8)
            if group is None and self.level == "A":
                raise SoundcheckError("the sandbox (level A) cannot be built: no control group can be made here")
            if not self.has_landlock and self.level != "A-":
                raise SoundcheckError(f"the sandbox (level {self.level}) cannot be built: this kernel has no Landlock")
            return self._start(layout, folder, bait, group, model=model, threads=threads, memory=memory)
        except BaseException:
            folder.remove()
            raise

    def _layout(self, model: Path, folder: WorkerFolder, devices: tuple[str, ...]) -> Layout:
        inside = self.level != "B"
        extra = tuple(path.absolute() for path in self.extra_paths)
        return Layout(
            readable=readable_paths(extra),
            model=MODEL if inside else os.path.realpath(model),
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
        model: Path,
        threads: int,
        memory: int,
    ) -> WorkerProcess:
        ours, theirs = socket.socketpair()
        control, far_control = socket.socketpair()
        control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        environment = {
            **worker_environment(Path(layout.scratch), threads),
            **dict.fromkeys(("USER", "LOGNAME"), "worker"),
            **bait.variables,
            "HOME": layout.home,
        }
        plan = {
            "conversation": theirs.fileno(),
            "control": far_control.fileno(),
            "memory_bytes": memory,
            "harness_pid": os.getpid() if self.level == "B" else 0,
            "use_landlock": self.has_landlock,
            "readable": [*layout.readable, layout.model, *READ_TOO],
            "writable": [*layout.writable, *WRITE_TOO],
            "devices": list(layout.devices),
            "import_paths": list(layout.import_paths),
        }
        command = [sys.executable, "-I", "-B", "-m", "harness.sandbox.stub", json_of(plan)]
        if self.level != "B":
            command = bubblewrap.command(layout, model, folder.home) + command
        process: subprocess.Popen[bytes] | None = None
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(), far_control.fileno()),
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
            limits = Limits(memory_bytes=memory, threads=threads, tasks=MAX_TASKS)
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
                raise SoundcheckError(f"the sandbox (level {self.level}) cannot be built: {error}") from None
            raise
        return worker


READ_TOO = ("/proc", "/sys/devices/system", "/sys/kernel/mm", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
"""What Landlock lets a worker read besides its layout. Of /proc, the observer lets it open its own only."""
WRITE_TOO = ("/dev/null",)


class SandboxedProcess:
    """A worker behind walls. Implements :class:`harness.sandbox.launcher.WorkerProcess`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        pid: int,
        layout: Layout,
        folder: WorkerFolder,
        bait: Bait,
        group: cgroups.Group | None,
        log: EventLog,
    ) -> None:
        if process.stdout is None:
            raise ValueError("the worker's output must be a pipe")
        self.pid = pid
        """The worker itself, as this machine counts."""
        self._process = process
        self._sock = sock
        self._pidfd = os.pidfd_open(pid)
        self._layout = layout
        self._folder = folder
        self._bait = bait
        self._group = group
        self._log = log
        self._when, self._phrases = "loading", tuple[str, ...]()
        self._usage = Usage()
        self._observer: Observer | None = None
        self._is_killed = False
        self._lock = threading.Lock()
        self._drain = Drain(process.stdout, self._end, lambda data: self.overhear(data, "what it printed"))

    def watch(self, control: socket.socket, limits: Limits, *, is_inside: bool) -> None:
        """Start the observer, and let the stub go on."""
        self._observer = Observer(
            control=control,
            pid=self.pid,
            layout=self._layout,
            bait=self._bait,
            bait_home=self._folder.home,
            scratch=None if is_inside else self._folder.path,
            group=self._group,
            limits=limits,
            note=self.note,
            end=self._end,
        )
        control.sendall(_GO)

    @property
    def sock(self) -> socket.socket:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        return self._sock

    @property
    def flooded(self) -> bool:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        return self._drain.flooded

    @property
    def observed_calls(self) -> int:
        """System calls that were put before the observer."""
        return self._observer.calls if self._observer else 0

    def model_path(self, model: Path) -> str:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        del model
        return self._layout.model

    def doing(self, when: str, phrases: Sequence[str] = ()) -> None:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        self._when, self._phrases = when, tuple(phrases)
        if self._observer is not None:
            self._observer.is_waiting = when == WAITING

    def note(self, kind: str, what: str, detail: str) -> None:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        event = BehaviourEvent(when=self._when, kind=kind, what=what, detail=detail, phrases=self._phrases)
        self._log.note(dataclasses.replace(event, is_allowed=what in ALLOWED))

    def overhear(self, data: bytes, where: str, *, is_sound: bool = False) -> None:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        if self._bait.is_in_sound(data) if is_sound else self._bait.is_in(data):
            self.note("secrets", "canary-said", f"a fake secret in {where}")

    def usage(self) -> Usage:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        if not self._is_killed:
            self._usage = usage_of(self.pid, self._usage)
            seen = self._observer.usage if self._observer else self._usage
            cpu = self._group.cpu_seconds() if self._group else 0.0
            self._usage = dataclasses.replace(
                self._usage,
                cpu_seconds=max(cpu, seen.cpu_seconds, self._usage.cpu_seconds),
                peak_bytes=max(seen.peak_bytes, self._usage.peak_bytes),
            )
        return self._usage

    def exit_status(self, seconds: float) -> int | None:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        if self._group is not None and self._group.refused_memory():
            self.note("limits", "memory", "ended by the kernel: its memory was used up")
        if status > 128 and status - 128 in set(signal.Signals):  # bubblewrap's way of passing a signal on
            status = 128 - status
        if status == -signal.SIGSYS:
            self.note("process", "foreign-syscall", "ended by the kernel: a system call of another architecture")
        return status

    def last_words(self) -> str:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        self._drain.join(0.2)
        return self._drain.text()

    def kill(self) -> None:
        """See :class:`harness.sandbox.launcher.WorkerProcess`."""
        with self._lock:
            if self._is_killed:
                return
            self.usage()
            self._is_killed = True
        self._sock.close()
        self._end()
        self._process.wait()
        survivors = self._survivors()
        if survivors:
            self.note("process", "survivor", f"still there after its end: {survivors}")
        if self._observer is not None:
            self._observer.stop()
            if not self._observer.is_sealed and not self._observer.is_lost and self._when == "speaking":
                self.note("observer", "lost", "the worker spoke although its walls were never closed")
        self._drain.join(1)
        if self._process.stdout is not None:
            self._process.stdout.close()
        os.close(self._pidfd)
        if self._group is not None:
            self._group.remove()
        self._folder.remove()
        self._log.flush()

    def _end(self) -> None:
        """Send the kill; waits for nothing."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        if self._group is not None:
            self._group.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _survivors(self) -> list[int]:
        """Processes that outlived the kill, after a moment."""
        import select

        poller = select.poll()
        poller.register(self._pidfd, select.POLLIN)
        left = [] if poller.poll(5000) else [self.pid]
        deadline = time.monotonic() + 3
        while self._group is not None:
            more = [pid for pid in self._group.pids() if not _is_dead(pid)]
            if not more:
                break
            if time.monotonic() > deadline:
                return [*left, *more]
            self._group.kill()
            time.sleep(0.005)  # the kernel takes a moment to bury what was ended
        return left


ALLOWED = frozenset({"bait-read"})
"""Events of calls that were let through, because what they got is bait."""


def json_of(plan: dict[str, object]) -> str:
    """The stub's one argument."""
    import json

    return json.dumps(plan)


def _is_dead(pid: int) -> bool:
    """Whether a process has ended, though nobody has waited for it yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in "ZX"


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
