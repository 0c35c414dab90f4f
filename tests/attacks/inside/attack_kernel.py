"""Payloads that ask the kernel for what a voice never needs. Each tells the judge's token where it was granted."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Any

import attack_native as native


def unshare_user(engine: Any, world: dict[str, Any]) -> bytes:
    """A user namespace of its own: the door to half of all kernel holes."""
    # unshare(CLONE_NEWUSER) is refused to a process with threads; a namespace for UTS and mounts is not.
    if not _try(272, 0x10000000):
        native.call(272, 0x04000000 | 0x08000000)
    return world["token"].encode()


def unshare_network(engine: Any, world: dict[str, Any]) -> bytes:
    native.call(272, 0x40000000)
    return world["token"].encode()


def mount_over(engine: Any, world: dict[str, Any]) -> bytes:
    """A file system of its own over the bait's folder, in its own mount namespace so that it stays inert."""
    native.call(272, 0x00020000)
    native.call(165, b"none", b"/", 0, 0x44000, 0)
    native.call(165, b"tmpfs", world["reach"].encode(), b"tmpfs", 0, 0)
    return world["token"].encode()


def open_tree(engine: Any, world: dict[str, Any]) -> bytes:
    """The new mount calls, which filters on mount forget: a copy of a mount."""
    native.call(428, -100, b"/", 1 | 0o2000000)
    return world["token"].encode()


def new_filesystem(engine: Any, world: dict[str, Any]) -> bytes:
    """fsopen(2)."""
    native.call(430, b"tmpfs", 0)
    return world["token"].encode()


def enter_namespace(engine: Any, world: dict[str, Any]) -> bytes:
    """setns into the harness's namespaces, by its handle."""
    handle = native.call(434, world["harness"], 0)
    native.call(308, handle, 0x04000000)
    return world["token"].encode()


def change_root(engine: Any, world: dict[str, Any]) -> bytes:
    """chroot(2): where a second chroot leads out of the first."""
    native.call(161, b"/")
    return world["token"].encode()


def add_key(engine: Any, world: dict[str, Any]) -> bytes:
    """A key in the kernel's keyring, shared with every process of the user."""
    native.call(248, b"user", world["name"].encode(), b"x", 1, -3)
    return world["token"].encode()


def fault_handler(engine: Any, world: dict[str, Any]) -> bytes:
    """userfaultfd: holds a kernel thread still for as long as it likes."""
    native.call(323, 0o2000000 | 1)
    return world["token"].encode()


def berkeley_filter(engine: Any, world: dict[str, Any]) -> bytes:
    """A map for a program in the kernel."""
    native.call(321, 0, (ctypes.c_uint32 * 18)(2, 4, 4, 1), 72)
    return world["token"].encode()


def performance_counter(engine: Any, world: dict[str, Any]) -> bytes:
    """perf_event_open on the process itself: a clock for side channels."""
    attributes = (ctypes.c_uint32 * 28)(1, 112, 0)
    native.call(298, attributes, 0, -1, -1, 0)
    return world["token"].encode()


def load_module(engine: Any, world: dict[str, Any]) -> bytes:
    """init_module with rubbish: an answer other than 'you may not' means that it looked."""
    try:
        native.call(175, b"rubbish", 7, b"")
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS, errno.EACCES):
            return b""
    return world["token"].encode()


def change_personality(engine: Any, world: dict[str, Any]) -> bytes:
    """Addresses without randomness for whatever is started next."""
    before = native.call(135, 0xFFFFFFFF)
    native.call(135, 0x0040000)
    if native.call(135, 0xFFFFFFFF) != 0x0040000:
        return b""
    native.call(135, before)
    return world["token"].encode()


def own_filter(engine: Any, world: dict[str, Any]) -> bytes:
    """A seccomp filter of its own with a listener, to answer for the observer."""
    native.LIBC.prctl(38, 1, 0, 0, 0)
    instruction = (ctypes.c_uint64 * 1)(0x7FFF000000000006)
    program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(instruction))
    native.call(317, 1, 8, ctypes.byref(program))
    return world["token"].encode()


def ports(engine: Any, world: dict[str, Any]) -> bytes:
    """iopl(2)/ioperm(2): the machine's own ports."""
    native.call(173, 0x80, 1, 1)
    native.call(173, 0x80, 1, 0)
    return world["token"].encode()


def host_name(engine: Any, world: dict[str, Any]) -> bytes:
    """sethostname(2), to the name that it has."""
    name = os.uname().nodename.encode()
    native.call(170, name, len(name))
    return world["token"].encode()


def kernel_log(engine: Any, world: dict[str, Any]) -> bytes:
    """What the kernel said: addresses, devices, other people's crashes."""
    buffer = ctypes.create_string_buffer(2000)
    count = native.call(103, 3, buffer, 2000)
    return world["token"].encode() if count else b""


def become_root(engine: Any, world: dict[str, Any]) -> bytes:
    """setresuid to another user than it is."""
    native.call(117, 12345, 12345, 12345)
    return world["token"].encode()


def watch_everything(engine: Any, world: dict[str, Any]) -> bytes:
    """fanotify: every opening of a file on the machine."""
    native.call(300, 0, 0)
    return world["token"].encode()


def _try(number: int, *arguments: object) -> bool:
    try:
        native.call(number, *arguments)
    except OSError:
        return False
    return True
