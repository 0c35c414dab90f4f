"""The world outside the sandbox: bait to read, targets to write, listeners to reach, a process to harm, a watch.

Everything is the judge's own, in one folder below the system's folder for temporary files, and on loopback.
"""

# Payloads and their judges mean system calls, not paths.

from __future__ import annotations

import contextlib
import ctypes
import os
import pty
import secrets
import shutil
import signal
import socket
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import harness
from tests.attacks.listeners import Listeners
from tests.attacks.watch import descendants, processes

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36
SETTLED_SECONDS = 5.0
"""Until a victim that was killed is gone, on a machine that has much else to do."""


class World:
    """One trial's outside."""

    def __init__(self) -> None:
        self.name = f"sck-{secrets.token_hex(5)}"
        self.token = f"token-{secrets.token_hex(8)}"
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir="/tmp"))
        self.home, self.reach, self.scratch, self.model = (
            self.folder / part for part in ("home", "reach", "scratch", "model")
        )
        for folder in (self.home / ".ssh", self.home / ".aws", self.reach, self.scratch, self.model):
            folder.mkdir(parents=True)
        self.ssh, self.aws = self.home / ".ssh/id_rsa", self.home / ".aws/credentials"
        self.ssh.write_text(f"PRIVATE-{secrets.token_hex(24)}\n")
        self.aws.write_text(f"aws_secret_access_key = {secrets.token_hex(20)}\n")
        (self.home / ".bashrc").write_text("# nothing\n")
        (self.model / "weights.bin").write_bytes(b"weights" * 100)
        self.secret = self.ssh.read_bytes()
        self._token_before = os.environ.get("GITHUB_TOKEN")
        os.environ["GITHUB_TOKEN"] = self.secret.decode().strip()
        self.ssh_before = self.ssh.stat()
        self.listeners = Listeners(self.folder, self.name)
        self.memory = ctypes.create_string_buffer(secrets.token_bytes(32), 32)
        self.memory_before = self.memory.raw
        with (self.folder / "open").open("w+b") as file:
            file.write(self.token.encode() * 3)
            file.flush()
            self.descriptor = os.dup(file.fileno())
        (self.folder / "open").unlink()
        self.terminal, self._slave = pty.openpty()
        os.set_blocking(self.terminal, False)
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.backdoor = sock.getsockname()[1]
        self.key = secrets.randbelow(1 << 30) + 1
        self.pth = f"{self.name}.pth"
        self.left, self.right = secrets.randbelow(10**6) + 10**6, secrets.randbelow(10**6) + 10**6
        self.victim = os.posix_spawn("/bin/sleep", [f"{self.name}-victim", "300"], {})
        self.victim_affinity = os.sched_getaffinity(self.victim)
        self.victim_priority = os.getpriority(os.PRIO_PROCESS, self.victim)
        self.victim_before = _limits(self.victim)
        self.signals = 0
        self._handler: Any = signal.SIG_DFL
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGUSR2, self._count)
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans come to us: none is overlooked
        self.known = descendants()

    @property
    def target(self) -> Path:
        """Where a payload writes to show that it could."""
        return self.reach / "effect"

    def told_to_payload(self) -> dict[str, Any]:
        """What the payload knows of this world: an attacker who knows everything but the secrets."""
        return {
            **self.listeners.addresses,
            "name": self.name, "token": self.token, "home": str(self.home), "reach": str(self.reach),
            "target": str(self.target), "ssh": str(self.ssh), "aws": str(self.aws), "harness": os.getpid(),
            "address": ctypes.addressof(self.memory), "descriptor": self.descriptor, "key": self.key,
            "terminal": os.ttyname(self._slave), "backdoor": self.backdoor, "pth": self.pth,
            "sum": (self.left, self.right), "victim": self.victim, "victim_word": f"{self.name}-victim",
            "handle": file_handle(self.ssh).hex(),
        }  # fmt: skip

    def survivors(self, seconds: float = 1.0) -> list[int]:
        """Processes that were not there before and still are, after a moment."""
        end = time.monotonic() + seconds
        while True:
            _reap()
            left = sorted(pid for pid in (descendants() | self._named()) - self.known if not _is_zombie(pid))
            if not left or time.monotonic() > end:
                return left
            time.sleep(0.02)

    def victim_state(self) -> str:
        """``gone``, or the letter of its state, as soon as it does nothing: who sleeps and runs has yet to die."""
        end = time.monotonic() + SETTLED_SECONDS
        while True:
            try:
                state = Path(f"/proc/{self.victim}/stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                return "gone"
            if state != "R" or time.monotonic() > end:
                return state
            time.sleep(0.001)

    def victim_limits(self) -> str:
        return _limits(self.victim)

    def terminal_output(self) -> bytes:
        """What the terminal showed, or was typed into."""
        found = b""
        os.set_blocking(self._slave, False)
        for number in (self.terminal, self._slave):
            with contextlib.suppress(OSError):
                while chunk := os.read(number, 4096):
                    found += chunk
        return found

    def close(self) -> None:
        """End what was started here and remove every trace, the payload's included."""
        for pid in self.survivors(0.0):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for number in (signal.SIGCONT, signal.SIGKILL):
            with contextlib.suppress(OSError):
                os.kill(self.victim, number)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.victim, 0)
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        os.environ.pop("GITHUB_TOKEN")
        if self._token_before is not None:
            os.environ["GITHUB_TOKEN"] = self._token_before
        self.listeners.close()
        for number in (self.descriptor, self.terminal, self._slave):
            os.close(number)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGUSR2, self._handler)
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in self.strays():
            with contextlib.suppress(OSError):
                path.unlink()
        if (segment := LIBC.shmget(self.key, 0, 0)) >= 0:
            LIBC.shmctl(segment, 0, None)
        LIBC.syscall(241, self.name.encode())  # mq_unlink

    def strays(self) -> list[Path]:
        """Files that a payload may have left outside of this world's folder."""
        places = [Path("/dev/shm"), Path("/tmp"), Path("/var/tmp")]
        found = [path for place in places for path in place.glob(f"{self.name}*") if path != self.folder]
        fixed = (Path(sysconfig.get_path("purelib"), self.pth), Path(str(harness.__file__)).with_name(self.pth))
        return [*found, *(path for path in fixed if path.exists())]

    def has_segment(self) -> bool:
        return int(LIBC.shmget(self.key, 0, 0)) >= 0

    def has_queue(self) -> bool:
        number = int(LIBC.syscall(240, self.name.encode(), os.O_RDONLY, 0, None))
        if number >= 0:
            os.close(number)
        return number >= 0

    def _count(self, *_: object) -> None:
        self.signals += 1

    def _named(self) -> set[int]:
        """Processes that carry this trial's name, whoever their parent is."""
        name = self.name[:15].encode()
        return {one.pid for one in processes() if one.name == name}


def file_handle(path: Path) -> bytes:
    """``name_to_handle_at``: the file's number on its disk, which ``open_by_handle_at`` takes."""
    handle = ctypes.create_string_buffer((128).to_bytes(4, "little"), 136)
    mount = ctypes.c_int()
    if LIBC.syscall(303, -100, str(path).encode(), handle, ctypes.byref(mount), 0) < 0:
        return b""
    return handle.raw[: 8 + int.from_bytes(handle.raw[:4], "little")]


def _limits(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/limits").read_text()
    except OSError:
        return ""


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _reap() -> None:
    """Bury orphans that came to us. Children that somebody waits for are named by their parents, not here."""
    for pid in descendants():
        if _is_zombie(pid):
            with contextlib.suppress(OSError):
                os.waitpid(pid, os.WNOHANG)
