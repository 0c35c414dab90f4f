"""System calls without libc's wrappers, as a payload makes them that wants to pass by hooks."""

from __future__ import annotations

import ctypes
import mmap
import os

LIBC = ctypes.CDLL(None, use_errno=True)
SYSCALL = LIBC.syscall
SYSCALL.restype = ctypes.c_long
_KEPT: list[object] = []


def call(number: int, *arguments: object) -> int:
    """Make one system call; integers, bytes and ctypes objects are passed as they are.

    Raises:
        OSError: It was refused.
    """
    ctypes.set_errno(0)
    passed = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = int(SYSCALL(ctypes.c_long(number), *passed))
    if result < 0:
        number_of_error = ctypes.get_errno()
        raise OSError(number_of_error, os.strerror(number_of_error))
    return result


def argv(*words: str) -> ctypes.Array[ctypes.c_char_p]:
    """A NULL-terminated array of strings."""
    array = (ctypes.c_char_p * (len(words) + 1))(*[word.encode() for word in words], None)
    _KEPT.append(array)
    return array


def machine_code(code: bytes) -> int:
    """Address of executable memory below 4 GiB that holds `code`."""
    protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    LIBC.mmap.restype = ctypes.c_void_p
    address = LIBC.mmap(None, 8192, protection, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40, -1, ctypes.c_long(0))
    if address in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "mmap")
    ctypes.memmove(address, code, len(code))
    return int(address)
