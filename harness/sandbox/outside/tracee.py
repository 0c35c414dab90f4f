"""Reads a worker's memory and names from outside: evidence for the record, never what a wall rests on."""

from __future__ import annotations

import os
import socket
import struct

PAGE = 4096
MAX_STRING = 4096


class Undecodable(Exception):
    """An argument points nowhere, or the worker hides its memory."""


class Tracee:
    """One worker process. Its memory is opened while it is still trusted: it cannot hide it later."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.inner_pid = _inner_pid(pid)
        """Its process id as it sees it itself."""
        self._memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of its memory."""
        os.close(self._memory)

    def read(self, address: int, count: int) -> bytes:
        """Bytes at an address, fewer where its memory ends.

        Raises:
            Undecodable: Nothing is there.
        """
        if not 0 < address < 1 << 63 or count < 0:
            raise Undecodable(f"an address of {address:#x}")
        try:
            data = os.pread(self._memory, count, address)
        except OSError as error:
            raise Undecodable(f"memory at {address:#x} ({error.strerror})") from None
        if not data and count:
            raise Undecodable(f"memory at {address:#x}")
        return data

    def string(self, address: int) -> str:
        """A C string.

        Raises:
            Undecodable: It is not there, or has no end.
        """
        found = b""
        while len(found) < MAX_STRING:
            chunk = self.read(address + len(found), PAGE - (address + len(found)) % PAGE)
            end = chunk.find(b"\0")
            if end >= 0:
                return (found + chunk[:end]).decode("utf-8", "surrogateescape")
            found += chunk
        raise Undecodable("a string without an end")

    def strings(self, address: int, most: int = 16) -> list[str]:
        """A null-terminated array of C strings, at most `most` of them."""
        found = []
        for place in range(most):
            (pointer,) = struct.unpack("Q", self.read(address + 8 * place, 8))
            if not pointer:
                break
            found.append(self.string(pointer)[:200])
        return found

    def path(self, tid: int, folder: int | None, address: int) -> str:
        """A path argument, absolute and without ``..``; symbolic links are not followed.

        Args:
            tid: The thread that calls.
            folder: File descriptor that it is relative to, None for the working directory.
            address: Where the string lies; 0 where the file descriptor itself is meant.
        """
        name = self.string(address) if address else ""
        if name.startswith("/"):
            return os.path.normpath("/" + name.lstrip("/"))
        descriptor = None if folder is None or _signed(folder) == AT_FDCWD else _signed(folder)
        place = f"/proc/{tid}/cwd" if descriptor is None else f"/proc/{tid}/fd/{descriptor}"
        try:
            base = os.readlink(place)  # noqa: PTH115 - of another process
        except OSError:
            raise Undecodable(f"a path relative to file {folder}") from None
        return os.path.normpath(f"{base}/{name}") if name else base

    def is_own_thread(self, tid: int) -> bool:
        """Whether a thread id (as the worker counts) is one of its own."""
        try:
            tasks = os.listdir(f"/proc/{self.pid}/task")  # noqa: PTH208 - of another process
        except OSError:
            return False
        return any(_inner_pid(int(task), self.pid) == tid for task in tasks)

    def address(self, pointer: int, length: int) -> str:
        """A socket address, for people."""
        return _address(self.read(pointer, min(max(length, 0), 128)))

    def message(self, pointer: int) -> tuple[str, bytes, int]:
        """Address, first bytes and whole length of a ``struct msghdr``."""
        name, name_length, vector, count = struct.unpack("QI4xQQ", self.read(pointer, 32))
        data, total = b"", 0
        for place in range(min(count, 16)):
            start, length = struct.unpack("QQ", self.read(vector + 16 * place, 16))
            total += length
            if len(data) < PAGE and length:
                data += self.read(start, min(length, PAGE - len(data)))
        return (self.address(name, name_length) if name else ""), data, total


AT_FDCWD = -100


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def _inner_pid(tid: int, pid: int | None = None) -> int:
    place = f"/proc/{tid}/status" if pid is None else f"/proc/{pid}/task/{tid}/status"
    try:
        with open(place, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - of another process
            for line in file:
                if line.startswith("NSpid:"):
                    return int(line.split()[-1])
    except OSError:
        pass
    return tid


def _address(data: bytes) -> str:
    if len(data) < 2:
        return "no address"
    (family,) = struct.unpack("H", data[:2])
    if family == socket.AF_INET and len(data) >= 8:
        return f"{socket.inet_ntop(socket.AF_INET, data[4:8])}:{int.from_bytes(data[2:4], 'big')}"
    if family == socket.AF_INET6 and len(data) >= 24:
        return f"[{socket.inet_ntop(socket.AF_INET6, data[8:24])}]:{int.from_bytes(data[2:4], 'big')}"
    if family == socket.AF_UNIX:
        name = data[2:]
        if name[:1] == b"\0":
            return "unix:@" + name[1:].rstrip(b"\0").decode("utf-8", "replace")
        return "unix:" + name.split(b"\0")[0].decode("utf-8", "replace")
    return f"address family {family}"
