"""What a launcher and a running worker are to the rest of the harness, and the launcher that has no sandbox.

:class:`ProcessLauncher` gives a child process: another address space, a clean environment, rlimits, its own session and
scratch folder. ``isolation`` says so in every verdict. :mod:`harness.sandbox.outside.sandboxed` has the one with walls.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from harness.core.engine import LENT
from harness.core.identity import Beside, Files
from harness.sandbox.inside.modelfiles import require_same
from harness.sandbox.outside.folders import making_temporary
from harness.sandbox.outside.janitor import JANITOR
from harness.sandbox.outside.meter import Reading, Usage, reading_of, reset_peak, scratch_of, usage_of
from harness.sandbox.outside.pair import socket_pair
from harness.sandbox.outside.shortage import killed_for_memory

MAX_OUTPUT_BYTES = 1 << 20
"""What a worker may print to stdout and stderr together before it counts as a flood."""

PASSED_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
)
"""Of the harness's environment, what the worker gets. No tokens, no proxies, no PYTHON* variables."""

STARTING = "starting"
"""What a worker does before it is told which model to load: only code of this machine runs, and nothing that is seen
is the candidate's."""
WAITING = "waiting"
"""What a worker does when nothing was asked of it."""

HEAP = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(4 << 30),
    "MALLOC_TOP_PAD_": str(128 << 20),
}
"""glibc keeps what a batch needed for the next one: page faults were a third of a batched VITS decoder's time."""
TIDY_HEAP = {"MALLOC_MMAP_THRESHOLD_": str(64 << 10), "MALLOC_TRIM_THRESHOLD_": str(64 << 10), "MALLOC_TOP_PAD_": "0"}
"""glibc gives back at once what is freed, so that what is resident is what is held. A leak hides in the other heap: of
a megabyte a call, the demo voice's resident set showed none over 25 calls."""
FEW_LAYERS = {"LRU_CACHE_CAPACITY": "1"}
"""Of how many layers, each at one length, torch keeps a description for oneDNN; 1,024 by default. It is read when torch
is imported, and texts are of lengths that seldom come again: see :mod:`harness.engines.coqui.compiledlayers`."""


class WorkerProcess(Protocol):
    """A running worker, however it is kept apart."""

    @property
    def sock(self) -> socket.socket:
        """The harness's end of the conversation."""
        ...

    @property
    def flooded(self) -> bool:
        """Whether it printed more than it may (it is killed when it does)."""
        ...

    def exit_status(self, seconds: float) -> int | None:
        """Exit status (negative: the signal that ended it), waiting at most `seconds`; None if it still runs."""
        ...

    def is_victim(self) -> bool:
        """Whether the kernel may have ended it for want of memory, although its own limit was not reached."""
        ...

    def last_words(self) -> str:
        """The end of what it printed, for people. Hostile text."""
        ...

    def kill(self) -> None:
        """End it and everything it started, and remove its scratch folder. Idempotent."""
        ...

    def model_path(self, model: Path) -> str:
        """Where the worker finds the folder that lies at `model` on this machine: the model's, or one beside it."""
        ...

    def doing(self, when: str, phrases: Sequence[str] = ()) -> None:
        """Remember what the worker was asked for: what it is seen to try from now on belongs to that."""
        ...

    def note(self, kind: str, what: str, detail: str) -> None:
        """Add an event that the harness noticed itself; see :class:`harness.core.types.BehaviourEvent`."""
        ...

    def overhear(self, data: bytes, where: str, *, is_sound: bool = False) -> None:
        """Search what the worker said for secrets that it should not know."""
        ...

    def usage(self) -> Usage:
        """What it has used so far, measured from outside; after its end, what it had used."""
        ...

    def reading(self) -> Reading:
        """Where its meters stand now; see :class:`harness.sandbox.outside.meter.Reading`."""
        ...

    def reset_peak(self) -> bool:
        """Let the high-water mark of its memory begin anew; False where that is refused."""
        ...


class Launcher(Protocol):
    """A way of keeping the candidate apart."""

    @property
    def isolation(self) -> str:
        """Name of the level, stamped on the verdict."""
        ...

    def apart(self) -> Launcher:
        """The same for workers whose doings are nobody's: what they are seen to do is kept to itself."""
        ...

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
        """Start a worker that may read `model`, and nothing that is not needed to speak.

        Args:
            model: Folder of the model.
            files: Its files as they were read before, of which the worker gets these very ones; None for all that lie
                there now.
            threads: Threads that it may compute with.
            device: ``cpu`` or ``cuda``.
            is_tidy: Give freed memory back at once, see :data:`TIDY_HEAP`: slower, and every leak shows.
            beside: A folder beside the model that it may read too.

        Raises:
            ModelExchanged: What lies there is not what was read.
        """
        ...


class Drain:
    """Reads a worker's output so that it never blocks, keeps the end of it, and notices a flood."""

    def __init__(
        self,
        stream: IO[bytes],
        on_flood: Callable[[], None] = lambda: None,
        on_output: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._stream = stream
        self._tail = b""
        self._on_flood = on_flood
        self._on_output = on_output
        self.total = 0
        self._thread = threading.Thread(target=self._run, daemon=True, name="soundcheck-drain")
        self._thread.start()

    @property
    def flooded(self) -> bool:
        """Whether more came than a worker may print."""
        return self.total > MAX_OUTPUT_BYTES

    def text(self) -> str:
        """The last few kilobytes."""
        return self._tail.decode("utf-8", "replace")

    def add(self, line: str) -> None:
        """Let the end of it be a line of our own."""
        self._tail += f"\n{line}".encode()

    def join(self, seconds: float) -> None:
        """Wait for the end of the stream, at most `seconds`."""
        self._thread.join(seconds)

    def _run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self._stream.fileno(), 1 << 16):
                self.total += len(chunk)
                self._on_output(self._tail[-100:] + chunk)
                self._tail = (self._tail + chunk)[-4096:]
                if self.flooded:
                    self._on_flood()
                    return


class ChildProcess:
    """A worker as a plain child process in its own session."""

    def __init__(self, process: subprocess.Popen[bytes], sock: socket.socket, scratch: Path) -> None:
        self._process = process
        self._sock = sock
        self._scratch = scratch
        self._usage = Usage()
        self._killed_before = killed_for_memory()
        if process.stdout is None:
            raise ValueError("the worker's output must be a pipe")
        self._drain = Drain(process.stdout, self._kill_group)

    @property
    def sock(self) -> socket.socket:
        """The harness's end of the conversation."""
        return self._sock

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def flooded(self) -> bool:
        """Whether it printed more than it may."""
        return self._drain.flooded

    def exit_status(self, seconds: float) -> int | None:
        """See :class:`WorkerProcess`."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def is_victim(self) -> bool:
        """See :class:`WorkerProcess`."""
        return killed_for_memory() > self._killed_before

    def last_words(self) -> str:
        """See :class:`WorkerProcess`."""
        self._drain.join(0.2)
        return self._drain.text()

    def kill(self) -> None:
        """See :class:`WorkerProcess`."""
        self.usage()
        self._sock.close()
        self._kill_group()
        self._process.wait()
        self._drain.join(1)
        if self._process.stdout is not None:
            self._process.stdout.close()
        shutil.rmtree(self._scratch, ignore_errors=True)
        JANITOR.forget(self._scratch)

    def model_path(self, model: Path) -> str:
        """See :class:`WorkerProcess`: a child process sees what everybody sees."""
        return str(model)

    def doing(self, when: str, phrases: Sequence[str] = ()) -> None:
        """See :class:`WorkerProcess`: nobody watches a plain child process."""

    def note(self, kind: str, what: str, detail: str) -> None:
        """See :class:`WorkerProcess`."""

    def overhear(self, data: bytes, where: str, *, is_sound: bool = False) -> None:
        """See :class:`WorkerProcess`."""

    def usage(self) -> Usage:
        """See :class:`WorkerProcess`."""
        self._usage = usage_of(self._process.pid, self._usage)
        return self._usage

    def reading(self) -> Reading:
        """See :class:`WorkerProcess`."""
        scratch, _ = scratch_of(self.pid, [str(self._scratch)], is_own=False)
        return reading_of(self.pid, scratch_bytes=scratch)

    def reset_peak(self) -> bool:
        """See :class:`WorkerProcess`."""
        return reset_peak(self.pid)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class ProcessLauncher:
    """Keeps the candidate in a child process without a sandbox."""

    memory_bytes: int = 0
    """Cap of the worker's address space, 0 for none. Ignored on a GPU."""
    lent: Path | None = None
    """Folder of trusted files that its engine may read."""

    @property
    def isolation(self) -> str:
        """See :class:`Launcher`."""
        return "process"

    def apart(self) -> ProcessLauncher:
        """See :class:`Launcher`: nobody watches a plain child process."""
        return self

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
        """See :class:`Launcher`."""
        require_same(str(model), files or {})
        if beside is not None:
            require_same(str(beside.path), beside.files)
        del model  # a plain child process can read every file of its user; a sandbox binds this one only
        ours, theirs = socket_pair()
        with making_temporary():
            scratch = Path(tempfile.mkdtemp(prefix="soundcheck-worker-"))
        JANITOR.watch(scratch)
        memory = 0 if device.startswith("cuda") else self.memory_bytes
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [
                    sys.executable,
                    "-I",
                    "-m",
                    "harness.sandbox.inside.worker",
                    *map(str, (theirs.fileno(), memory, os.getpid())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                cwd=scratch,
                env=worker_environment(scratch, threads, is_tidy=is_tidy, lent=self.lent),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        finally:
            theirs.close()
        return ChildProcess(process, ours, scratch)


def worker_environment(
    scratch: Path, threads: int, *, is_tidy: bool = False, lent: Path | None = None
) -> dict[str, str]:
    """The environment a worker starts with: an allow-list, pinned threads, every cache below its scratch folder."""
    kept = {name: os.environ[name] for name in PASSED_ENVIRONMENT if name in os.environ}
    folder = str(scratch)
    homes = (
        "HOME",
        "TMPDIR",
        "NUMBA_CACHE_DIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "TTS_HOME",
        "MPLCONFIGDIR",
    )
    pools = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    heap = TIDY_HEAP if is_tidy else HEAP
    given = {LENT: str(lent)} if lent else {}
    computing = {**dict.fromkeys(pools, str(threads)), **FEW_LAYERS, **heap}
    return {**kept, **dict.fromkeys(homes, folder), **computing, **offline, **given}
