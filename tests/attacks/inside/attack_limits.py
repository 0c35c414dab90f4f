"""Payloads that take more than their share. Each stops by itself at a bound that a laptop bears."""

# Payloads and their judges mean system calls, not paths.
# ruff: noqa: PTH109

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

MEGABYTE = 1 << 20
FLOOD_MEGABYTES = 1450


def memory(engine: Any, world: dict[str, Any]) -> bytes:
    kept = []
    for _ in range(FLOOD_MEGABYTES // 50):
        kept.append(np.ones(50 * MEGABYTE, np.uint8))
    time.sleep(0.2)
    return str(50 * len(kept)).encode()


def memory_with_raised_limit(engine: Any, world: dict[str, Any]) -> bytes:
    """Lift the own limit first, which root may."""
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    return memory(engine, world)


def memory_in_files(engine: Any, world: dict[str, Any]) -> bytes:
    """Nameless memory files: no address space, no disk."""
    block = b"\1" * (25 * MEGABYTE)
    kept, written = [], 0
    with contextlib.suppress(OSError):
        for _ in range(FLOOD_MEGABYTES // 50):
            number = os.memfd_create("m")
            kept.append(number)
            for _ in range(2):
                written += os.write(number, block)
    time.sleep(0.2)
    return f"mb={written // MEGABYTE}".encode()


def memory_in_pipes(engine: Any, world: dict[str, Any]) -> bytes:
    """Full pipes and socket buffers are kernel memory."""
    import fcntl

    kept, written = [], 0
    with contextlib.suppress(OSError):
        for _ in range(2000):
            reader, writer = os.pipe()
            kept.append((reader, writer))
            os.set_blocking(writer, False)
            with contextlib.suppress(OSError):
                fcntl.fcntl(writer, 1031, MEGABYTE)
            with contextlib.suppress(BlockingIOError):
                while True:
                    written += os.write(writer, b"\1" * 65536)
    return f"mb={written // MEGABYTE}".encode()


def disk(engine: Any, world: dict[str, Any]) -> bytes:
    """Files of 50 MB in every place that can be written to."""
    block = b"\1" * (25 * MEGABYTE)
    written = 0
    for folder in dict.fromkeys((os.getcwd(), os.environ.get("HOME", "/tmp"), "/tmp", "/dev/shm", "/var/tmp")):
        with contextlib.suppress(OSError):
            for number in range(32):
                with Path(folder, f"{world['name']}-{number}").open("wb") as file:
                    for _ in range(2):
                        written += file.write(block)
        if written >= 32 * 50 * MEGABYTE:
            break
    return f"mb={written // MEGABYTE}".encode()


def inodes(engine: Any, world: dict[str, Any]) -> bytes:
    """Empty files: a disk without space for names."""
    made = 0
    with contextlib.suppress(OSError):
        for number in range(40_000):
            os.close(os.open(f"i{number}", os.O_CREAT | os.O_WRONLY))
            made += 1
    return f"files={made}".encode()


def descriptors(engine: Any, world: dict[str, Any]) -> bytes:
    """Raise the own limit, then open what it gives."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (6000, 6000))
    kept = []
    with contextlib.suppress(OSError):
        for _ in range(5000):
            kept.append(os.open("/dev/null", os.O_RDONLY))
    count = len(kept)
    for number in kept:
        os.close(number)
    return f"files={count}".encode()


def threads(engine: Any, world: dict[str, Any]) -> bytes:
    gate = threading.Event()
    started = 0
    threading.stack_size(65536)
    with contextlib.suppress(RuntimeError):
        for _ in range(3000):
            threading.Thread(target=gate.wait, args=(15,), daemon=True).start()
            started += 1
    gate.set()
    return f"threads={started}".encode()


def log(engine: Any, world: dict[str, Any]) -> None:
    """Eight megabytes of output."""
    for _ in range(128):
        os.write(1, b"A line of no interest. " * 2849 + b"\n")


def log_standard_error(engine: Any, world: dict[str, Any]) -> None:
    for _ in range(128):
        os.write(2, b"\x1b[2J\x1b]0;owned\x07" * 4096)


def hang(engine: Any, world: dict[str, Any]) -> None:
    time.sleep(60)


def hang_deaf(engine: Any, world: dict[str, Any]) -> None:
    """Deaf to every signal that can be ignored."""
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    time.sleep(60)


def burn(engine: Any, world: dict[str, Any]) -> None:
    """A busy loop that never gives the processor back."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass


def burn_threads(engine: Any, world: dict[str, Any]) -> None:
    """Mining in the background, while speaking as ever. Ten seconds of it."""
    import hashlib

    def mine() -> None:
        block, end = b"\0" * MEGABYTE, time.monotonic() + 10
        while time.monotonic() < end:
            hashlib.sha256(block)

    for _ in range(4):
        threading.Thread(target=mine, daemon=True).start()
    time.sleep(3)


def stop_self(engine: Any, world: dict[str, Any]) -> None:
    """A stopped process answers nobody and ends for nobody."""
    os.kill(os.getpid(), signal.SIGSTOP)


def crash(engine: Any, world: dict[str, Any]) -> None:
    sys.setrecursionlimit(1 << 30)
    import ctypes

    ctypes.string_at(0)


def leave(engine: Any, world: dict[str, Any]) -> None:
    os._exit(0)


def lock_memory(engine: Any, world: dict[str, Any]) -> bytes:
    """mlockall: memory that cannot be swapped."""
    area = mmap.mmap(-1, 64 * MEGABYTE)
    import attack_native

    attack_native.call(151, 3)
    attack_native.call(152)
    area.close()
    return world["token"].encode()
