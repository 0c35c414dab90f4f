"""The world outside the sandbox: bait to read, targets to write, listeners to reach, a process to harm, a watch.

Everything is the judge's own, in one folder below the system's folder for temporary files, and on loopback.
"""

# Payloads and their judges mean system calls, not paths.
# ruff: noqa: PTH208

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import pty
import secrets
import selectors
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

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36


class Listeners:
    """Sockets of every kind on loopback; keeps what comes."""

    def __init__(self, folder: Path, name: str) -> None:
        self.received = b""
        self.connections = 0
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._settled = threading.Event()
        self._selector.register(self._woken, selectors.EVENT_READ, "end")
        self.addresses: dict[str, Any] = {}
        for key, family, kind, address in (
            ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("udp6", socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0)),
            ("unix", socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "s")),
            ("unix_datagram", socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "d")),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}-s"),
            ("abstract_datagram", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{name}-d"),
        ):
            self.addresses[key] = self._open(family, kind, address)
        self._thread = threading.Thread(target=self._run, daemon=True, name="attack-listeners")
        self._thread.start()

    def settle(self) -> None:
        """Wait until everything that arrived before now was taken in."""
        self._settled.clear()
        self._waker.send(b"s")
        self._settled.wait(5)

    def close(self) -> None:
        self._waker.send(b"x")
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._waker.close()
        self._selector.close()

    def _open(self, family: int, kind: int, address: Any) -> Any:
        try:
            sock = socket.socket(family, kind)
            sock.bind(address)
        except OSError:  # no IPv6 on this machine
            return 1
        if kind == socket.SOCK_STREAM:
            sock.listen(64)
        sock.setblocking(False)
        self._selector.register(sock, selectors.EVENT_READ, "accept" if kind == socket.SOCK_STREAM else "read")
        bound = sock.getsockname()
        if isinstance(bound, bytes):
            return bound[1:].decode()
        return bound[1] if isinstance(bound, tuple) else bound

    def _run(self) -> None:
        is_settling = False
        while True:
            ready = self._selector.select(0 if is_settling else None)
            if is_settling and not ready:
                is_settling = False
                self._settled.set()
            for key, _ in ready:
                sock = key.fileobj
                if key.data == "end":
                    if self._woken.recv(1) == b"x":
                        return
                    is_settling = True
                    continue
                with contextlib.suppress(OSError):
                    if key.data == "accept":
                        one, _ = sock.accept()
                        self.connections += 1
                        one.setblocking(False)
                        one.send(b"421 closed\r\n")  # an error to HTTP and FTP, so that nobody waits for an answer
                        self._selector.register(one, selectors.EVENT_READ, "stream")
                        continue
                    data = sock.recv(65536)
                    self.received = (self.received + data)[-(1 << 20) :]
                    if key.data == "stream":  # one message is all that a judge needs
                        self._selector.unregister(sock)
                        sock.close()


class Watch:
    """Samples every process below this one: how many, how large, how many threads, how much processor time."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self.peak_processes = 0
        self.peak_threads = 0
        self.peak_cpu_seconds = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="attack-watch")
        self._thread.start()

    def close(self) -> None:
        self._is_over.set()
        self._thread.join(5)

    def _run(self) -> None:
        ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        while not self._is_over.wait(0.03):
            pids = descendants()
            size = threads = cpu = 0
            for pid in pids:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    size += int(fields[21]) * page
                    threads = max(threads, int(fields[17]))
                    cpu += int(fields[11]) + int(fields[12])
            self.peak_bytes = max(self.peak_bytes, size)
            self.peak_processes = max(self.peak_processes, len(pids))
            self.peak_threads = max(self.peak_threads, threads)
            self.peak_cpu_seconds = max(self.peak_cpu_seconds, cpu / ticks)


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
        """``gone``, or the letter of its state."""
        try:
            return Path(f"/proc/{self.victim}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "gone"

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
        found = set()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (entry / "comm").read_text().strip() == self.name[:15]:
                    found.add(int(entry.name))
        return found


def descendants(pid: int = 0) -> set[int]:
    """Process ids below `pid` (this process), at whatever depth."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry))
    found: set[int] = set()
    waiting = [pid or os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found.update(children)
        waiting.extend(children)
    return found


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


def missing_feature(need: str) -> str:
    """Why a payload that needs this cannot work on this machine at all; empty where it can."""
    match need:
        case "ipv6":
            try:
                with socket.socket(socket.AF_INET6) as sock:
                    sock.bind(("::1", 0))
            except OSError:
                return "no IPv6 on loopback"
        case "io_uring":
            buffer = ctypes.create_string_buffer(120)
            number = int(LIBC.syscall(425, 4, buffer))
            if number < 0:
                return "the kernel has no io_uring"
            os.close(number)
        case "ia32":
            return "" if os.uname().machine == "x86_64" else "not an x86-64 machine"
        case "x32":
            return "" if LIBC.syscall(0x40000000 | 39) > 0 else "the kernel has no x32 system calls"
        case "alg" | "vsock":
            try:
                socket.socket(38 if need == "alg" else 40, socket.SOCK_SEQPACKET if need == "alg" else 1).close()
            except OSError:
                return f"the kernel has no {need} sockets"
        case "modules":
            return "" if Path("/proc/modules").exists() else "the kernel has no modules"
        case "mqueue" | "keyring" | "userfaultfd" | "perf" | "fanotify":
            numbers = {"mqueue": 241, "keyring": 248, "userfaultfd": 323, "perf": 298, "fanotify": 300}
            ctypes.set_errno(0)
            if LIBC.syscall(numbers[need], -1, None, None, 0, 0) < 0 and ctypes.get_errno() == errno.ENOSYS:
                return f"the kernel has no {need}"
            if need == "userfaultfd" and os.geteuid() and LIBC.syscall(323, 1) < 0:
                return "userfaultfd is root's here"
            if need == "perf" and os.geteuid() and _number("/proc/sys/kernel/perf_event_paranoid") > 2:
                return "performance counters are root's here"
        case "resource":
            capabilities = Path("/proc/self/status").read_text().partition("CapEff:\t")[2][:16]
            return "" if int(capabilities, 16) >> 24 & 1 else "nobody here may raise a limit (CAP_SYS_RESOURCE)"
        case "ports":
            is_granted = LIBC.syscall(173, 0x80, 1, 1) == 0
            LIBC.syscall(173, 0x80, 1, 0)
            return "" if is_granted else "the kernel gives nobody ports"
        case "processors":
            return "" if len(os.sched_getaffinity(0)) > 1 else "one processor only"
    return ""


def _number(path: str) -> int:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return 0
