"""Landlock: what this process may open and change from now on, kept by the kernel whatever paths it is tricked into.

Written on ctypes: three system calls and three structures (linux/landlock.h); a library would be as long to check.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

CREATE, ADD, RESTRICT = 444, 445, 446
"""The same on every architecture."""
VERSION_FLAG = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
TRUNCATE = 1 << 14
IOCTL_DEV = 1 << 15
FILE_RIGHTS = WRITE_FILE | READ_FILE | TRUNCATE
FS_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
"""File system rights that each ABI can handle; ABI 5 adds ioctl on devices."""
NET_RIGHTS = 0b11
"""TCP bind and connect, since ABI 4. None is ever granted."""
SCOPES = 0b11
"""Abstract unix sockets and signals to processes outside, since ABI 6. None is ever granted."""
PR_SET_NO_NEW_PRIVS = 38


def abi() -> int:
    """Version of the kernel's interface, 0 where there is none."""
    found = _libc().syscall(ctypes.c_long(CREATE), None, ctypes.c_size_t(0), ctypes.c_long(VERSION_FLAG))
    return max(0, int(found))


def restrict(
    readable: Iterable[str],
    writable: Iterable[str],
    *,
    devices: Iterable[str] = (),
    listed: Iterable[str] = (),
    opened: Iterable[int] = (),
) -> int:
    """Confine this thread and all that it starts.

    Args:
        readable: Folders and files that may be read. What does not exist is left out.
        writable: Folders below which files may be made, changed and removed; files that may be written.
        devices: Device nodes that may be read, written and spoken to by ioctl.
        listed: Folders whose names, and those of the folders below, may be listed.
        opened: Open files that may be read, whatever lies at their paths later.

    Returns:
        The ABI in force, 0 where the kernel has no Landlock.

    Raises:
        OSError: The kernel has it and refuses.
    """
    version = abi()
    if not version:
        return 0
    handled = FS_RIGHTS.get(version, (1 << 16) - 1)
    attributes = struct.pack("QQQ", handled, NET_RIGHTS if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    libc = _libc()
    ruleset = _checked(libc.syscall(ctypes.c_long(CREATE), attributes, ctypes.c_size_t(size), ctypes.c_long(0)))
    try:
        everything = handled & ~(EXECUTE | IOCTL_DEV)
        for paths, rights in (
            (readable, READ_FILE | READ_DIR),
            (writable, everything),
            (devices, FILE_RIGHTS | IOCTL_DEV),
            (listed, READ_DIR),
        ):
            for path in paths:
                _grant(libc, ruleset, path, rights & handled)
        for place in opened:
            _add(libc, ruleset, place, READ_FILE)
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "no_new_privs was refused")
        _checked(libc.syscall(ctypes.c_long(RESTRICT), ctypes.c_long(ruleset), ctypes.c_long(0)))
    finally:
        os.close(ruleset)
    return version


def _grant(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= FILE_RIGHTS | IOCTL_DEV
        _add(libc, ruleset, place, rights)
    finally:
        os.close(place)


def _add(libc: ctypes.CDLL, ruleset: int, place: int, rights: int) -> None:
    rule = struct.pack("=Qi", rights, place)
    _checked(
        libc.syscall(ctypes.c_long(ADD), ctypes.c_long(ruleset), ctypes.c_long(PATH_BENEATH), rule, ctypes.c_long(0))
    )


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock was refused ({os.strerror(error)})")
    return int(result)
