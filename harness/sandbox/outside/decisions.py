"""What a worker's notified system calls mean: which are let through, which are answered, and what is worth telling.

Default deny: a call without a rule here is refused and told. What is let through (``CONTINUE``) may be changed by the
worker between this look and the kernel's, so it is let through only where the mounts and Landlock hold anyway.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.core.leftovers import named_leftover
from harness.sandbox.inside.seccomp import CLONE_THREAD
from harness.sandbox.outside.bait import bait_names
from harness.sandbox.outside.layout import (
    DEVICE_FILES,
    PROC_FILES,
    PROC_FOLDERS,
    PROC_SELF,
    SYS_FOLDERS,
    SYSTEM_FILES,
    Layout,
)
from harness.sandbox.outside.tracee import Tracee, Undecodable

CONTINUE, DECOY = "continue", "decoy"

Arguments = Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One notified system call."""

    tid: int
    """The calling thread, as this machine counts."""
    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a call is answered, and what is told of it."""

    answer: str = ""
    """``continue``, ``decoy`` (a socket that leads to the observer), or ``""`` for `value` and `error`."""
    error: int = 0
    """errno of a refusal."""
    value: int = 0
    """What the call returns where it is answered in the kernel's place."""
    kind: str = ""
    """Kind of the event, ``""`` where there is nothing to tell."""
    what: str = ""
    detail: str = ""
    data: bytes = b""
    """Bytes that would have left, to be searched for canaries."""

    @property
    def is_allowed(self) -> bool:
        """Whether the kernel does what was asked for."""
        return self.answer == CONTINUE


QUIET_CONNECTS = ("unix:/var/run/nscd/socket", "unix:/run/nscd/socket")
"""glibc asks the name cache whenever a user is looked up."""
_KINDS = {
    "filesystem-write": "mknod mknodat mount umount2 move_mount fsopen fsmount open_tree mount_setattr pivot_root "
    "chroot swapon swapoff quotactl sync syncfs fspick fsconfig",
    "filesystem-read": "open_by_handle_at name_to_handle_at lookup_dcookie inotify_init inotify_init1 fanotify_init",
    "exec": "execve execveat memfd_create memfd_secret uselib",
    "network": "bind listen accept accept4",
}
KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""Kinds of refused calls; all others are about processes."""
_ARITY = {
    "kill": 2,
    "tkill": 2,
    "tgkill": 3,
    "pidfd_open": 2,
    "prctl": 2,
    "fork": 0,
    "vfork": 0,
    "clone": 1,
    "listen": 2,
}
"""Arguments worth showing."""
_FCNTL_LOCKS = {
    **{5: "F_GETLK", 6: "F_SETLK", 7: "F_SETLKW", 36: "F_OFD_GETLK", 37: "F_OFD_SETLK", 38: "F_OFD_SETLKW"},
    **{1024: "F_SETLEASE", 1025: "F_GETLEASE", 1026: "F_NOTIFY"},
}
"""Commands of fcntl that tie a file, or ask who did: all who have it open are concerned, whoever may write to it."""
_ASKING = (5, 36, 1025)
_UNKNOWN = re.compile(r"syscall-\d+")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | (os.O_TMPFILE & ~os.O_DIRECTORY)

_CHANGES: dict[str, tuple[tuple[int | None, int], ...]] = {
    "mkdir": ((None, 0),),
    "mkdirat": ((0, 1),),
    "rmdir": ((None, 0),),
    "unlink": ((None, 0),),
    "unlinkat": ((0, 1),),
    "rename": ((None, 0), (None, 1)),
    "renameat": ((0, 1), (2, 3)),
    "renameat2": ((0, 1), (2, 3)),
    "link": ((None, 0), (None, 1)),
    "linkat": ((0, 1), (2, 3)),
    "truncate": ((None, 0),),
}
"""Calls that change names -> (argument of the folder's file descriptor, argument of the path). Walls hold for them."""
_ATTRIBUTES: dict[str, tuple[int | None, int | None]] = {
    "chmod": (None, 0),
    "fchmod": (0, None),
    "fchmodat": (0, 1),
    "fchmodat2": (0, 1),
    "chown": (None, 0),
    "lchown": (None, 0),
    "fchown": (0, None),
    "fchownat": (0, 1),
    "utime": (None, 0),
    "utimes": (None, 0),
    "futimesat": (0, 1),
    "utimensat": (0, 1),
    "setxattr": (None, 0),
    "lsetxattr": (None, 0),
    "fsetxattr": (0, None),
    "removexattr": (None, 0),
    "lremovexattr": (None, 0),
    "fremovexattr": (0, None),
}
"""Calls that change attributes. Landlock knows none of them: they are never let through, but below scratch they
succeed without effect."""


class Policy:
    """The rules of one worker."""

    def __init__(self, layout: Layout, tracee: Tracee) -> None:
        self._tracee = tracee
        self._home = layout.home
        self._shown = tuple(folder for folder in (layout.model, layout.beside) if folder)
        self._writable = layout.writable
        self._readable = (
            *layout.readable,
            *layout.import_paths,
            *layout.writable,
            *self._shown,
            *DEVICE_FILES,
            *layout.devices,
            *SYS_FOLDERS,
            *SYSTEM_FILES,
            *(f"/proc/{name}" for name in (*PROC_FILES, *PROC_FOLDERS)),
        )
        self._bait = tuple(f"{layout.home}/{name}" for name in bait_names())
        self._handlers: dict[str, Callable[[Call], Decision]] = {
            "open": lambda call: self._open(call, None, 0, call.arguments[1]),
            "creat": lambda call: self._open(call, None, 0, os.O_CREAT | os.O_WRONLY),
            "openat": lambda call: self._open(call, 0, 1, call.arguments[2]),
            "openat2": self._openat2,
            "symlink": lambda call: self._symlink(call, None, 1),
            "symlinkat": lambda call: self._symlink(call, 1, 2),
            "socket": self._socket,
            "socketpair": self._socketpair,
            "connect": self._connect,
            "bind": self._connect,
            "sendto": self._sendto,
            "sendmsg": self._sendmsg,
            "sendmmsg": self._sendmsg,
            "execve": lambda call: self._exec(call, None, 0, 1),
            "execveat": lambda call: self._exec(call, 0, 1, 2),
            "clone3": self._clone3,
            "flock": lambda call: self._lock(call, "LOCK"),
            "fcntl": self._fcntl,
            "sched_setaffinity": self._affinity,
            **dict.fromkeys(("sched_setscheduler", "sched_setparam", "sched_setattr"), self._priority),
            **dict.fromkeys(("setpriority", "ioprio_set"), self._priority),
            **dict.fromkeys(_CHANGES, self._change),
            **dict.fromkeys(_ATTRIBUTES, self._attribute),
        }

    def decide(self, call: Call) -> Decision:
        """Judge one call."""
        handler = self._handlers.get(call.name)
        try:
            return handler(call) if handler else self._refuse(call)
        except Undecodable as error:
            detail = f"{call.name}: cannot read {error}"
            return Decision(error=errno.EPERM, kind="observer", what="undecodable", detail=detail)

    def _refuse(self, call: Call) -> Decision:
        words = ", ".join(
            f"{value:#x}" if value > 1 << 22 else str(value) for value in call.arguments[: _ARITY.get(call.name, 4)]
        )
        # glibc asks for calls that a kernel may lack: those must look as if they were missing.
        error = errno.ENOSYS if _UNKNOWN.fullmatch(call.name) or call.name.startswith("io_uring") else errno.EPERM
        kind = KIND_OF.get(call.name, "process")
        return Decision(error=error, kind=kind, what=call.name, detail=f"{call.name}({words})")

    def _open(self, call: Call, folder: int | None, place: int, flags: int) -> Decision:
        path = self._path(call, folder, place)
        writes = bool(flags & _WRITES)
        if bait := self._baited(path):
            if not writes:
                return Decision(
                    answer=CONTINUE, kind="secrets", what="bait-read", detail=bait, data=path.encode(errors="replace")
                )
            return Decision(error=errno.EACCES, kind="secrets", what="bait-changed", detail=f"{bait} (opened to write)")
        is_ours = _below(path, self._writable) or (path in DEVICE_FILES) if writes else self._may_read(path)
        if is_ours:
            return Decision(answer=CONTINUE, data=path.encode(errors="replace") if flags & os.O_CREAT else b"")
        kind = "filesystem-write" if writes else "filesystem-read"
        error = errno.EACCES if writes else errno.ENOENT
        return Decision(error=error, kind=kind, what=call.name, detail=path, data=path.encode(errors="replace"))

    def _openat2(self, call: Call) -> Decision:
        (flags,) = struct.unpack("Q", self._tracee.read(call.arguments[2], 8))
        return self._open(call, 0, 1, flags)

    def _may_read(self, path: str) -> bool:
        if path.startswith("/proc/"):
            _, _, owner, *rest = path.split("/")
            if owner in ("self", "thread-self", str(self._tracee.inner_pid), str(self._tracee.pid)):
                if len(rest) >= 2 and rest[0] == "task":
                    rest = rest[2:]
                return (rest[0] if rest else "") in PROC_SELF and not (len(rest) > 1 and rest[0] == "fd")
        for folder in self._shown:
            if path.startswith(f"{folder}/") and named_leftover(path[len(folder) + 1 :]) is not None:
                return False  # no part of the voice: admission may not have looked into it
        return _below(path, self._readable) or any(
            _below(one, (path,)) for one in self._readable if path != "/" and path != "/proc"
        )

    def _change(self, call: Call) -> Decision:
        paths = [self._path(call, folder, place) for folder, place in _CHANGES[call.name]]
        return self._changes(call, paths, CONTINUE)

    def _attribute(self, call: Call) -> Decision:
        folder, place = _ATTRIBUTES[call.name]
        address = 0 if place is None else call.arguments[place]
        path = self._tracee.path(call.tid, None if folder is None else call.arguments[folder], address)
        return self._changes(call, [path], "")

    def _fcntl(self, call: Call) -> Decision:
        command = _FCNTL_LOCKS.get(call.arguments[1] & 0xFFFFFFFF)
        return self._lock(call, command) if command else self._refuse(call)

    def _lock(self, call: Call, command: str) -> Decision:
        """No lock is ever let through: the file may be another when the kernel looks. On its own files, it need not be.

        A worker is one process, and nobody else opens its scratch: there, a lock that does nothing does what it should.
        """
        path = self._tracee.path(call.tid, call.arguments[0], 0)
        if _below(path, self._writable):
            return Decision(error=errno.ENOLCK if call.name == "fcntl" and call.arguments[1] in _ASKING else 0)
        detail = f"{call.name}({path}, {command})"
        return Decision(error=errno.EPERM, kind="filesystem-write", what=call.name, detail=detail)

    def _symlink(self, call: Call, folder: int | None, place: int) -> Decision:
        target, link = self._tracee.string(call.arguments[0]), self._path(call, folder, place)
        leads = os.path.normpath(f"{os.path.dirname(link)}/{target}" if not target.startswith("/") else target)  # noqa: PTH120 - of the worker
        if not self._may_read(leads):
            detail = f"{link} -> {target}"
            return Decision(error=errno.EPERM, kind="filesystem-write", what=call.name, detail=detail)
        return self._changes(call, [link], CONTINUE)

    def _changes(self, call: Call, paths: Sequence[str], answer: str) -> Decision:
        data = "\n".join(paths).encode(errors="replace")
        for path in paths:
            if bait := self._baited(path):
                detail = f"{call.name} {bait}"
                return Decision(error=errno.EACCES, kind="secrets", what="bait-changed", detail=detail, data=data)
        if all(_below(path, self._writable) and path not in self._writable for path in paths):
            return Decision(answer=answer, data=data)
        if call.name.startswith("mkdir") and all(self._may_read(path) for path in paths):
            return Decision(error=errno.EEXIST)  # makedirs asks for every parent
        detail = " -> ".join(paths)
        return Decision(error=errno.EACCES, kind="filesystem-write", what=call.name, detail=detail, data=data)

    def _socket(self, call: Call) -> Decision:
        domain, style = call.arguments[0], call.arguments[1] & 0xF
        if domain == socket.AF_UNIX:
            return Decision(answer=DECOY)
        families = {int(family): family.name for family in socket.AddressFamily}
        styles = {int(kind): kind.name for kind in socket.SocketKind}
        detail = f"{families.get(domain, f'family {domain}')} {styles.get(style, f'type {style}')}"
        if domain not in (socket.AF_INET, socket.AF_INET6):
            return Decision(error=errno.EAFNOSUPPORT, kind="network", what="socket", detail=detail)
        return Decision(answer=DECOY, kind="network", what="socket", detail=detail)

    def _socketpair(self, call: Call) -> Decision:
        return Decision(answer=CONTINUE) if call.arguments[0] == socket.AF_UNIX else self._refuse(call)

    def _connect(self, call: Call) -> Decision:
        place = self._tracee.address(call.arguments[1], call.arguments[2])
        if place in QUIET_CONNECTS:
            return Decision(error=errno.ECONNREFUSED)
        return Decision(kind="network", what=call.name, detail=place, data=place.encode(errors="replace"))

    def _sendto(self, call: Call) -> Decision:
        _, pointer, length, _, name, name_length = call.arguments
        place = self._tracee.address(name, name_length)
        data = self._tracee.read(pointer, min(length, 4096)) if length else b""
        return _sent(call.name, place, data, length)

    def _sendmsg(self, call: Call) -> Decision:
        place, data, total = self._tracee.message(call.arguments[1])
        return _sent(call.name, place, data, call.arguments[2] if call.name == "sendmmsg" else total)

    def _exec(self, call: Call, folder: int | None, place: int, words: int) -> Decision:
        name = self._path(call, folder, place)
        argv = self._tracee.strings(call.arguments[words]) if call.arguments[words] else []
        detail = f"{name} {argv}"
        return Decision(
            error=errno.EPERM, kind="exec", what=call.name, detail=detail, data=detail.encode(errors="replace")
        )

    def _clone3(self, call: Call) -> Decision:
        (flags,) = struct.unpack("Q", self._tracee.read(call.arguments[0], 8))
        if flags & CLONE_THREAD:
            return Decision(error=errno.ENOSYS)  # glibc falls back on clone, whose flags the filter can see
        return Decision(error=errno.EPERM, kind="process", what="clone3", detail=f"clone3(flags {flags:#x})")

    def _affinity(self, call: Call) -> Decision:
        # The thread id is in a register: it cannot change after this look.
        return Decision(answer=CONTINUE) if self._tracee.is_own_thread(call.arguments[0]) else self._refuse(call)

    def _priority(self, call: Call) -> Decision:
        """Libraries try to be nice: refused, and told only where it is about somebody else or about going first."""
        is_polite = call.name != "sched_setscheduler" or call.arguments[1] in (0, 3, 5)  # other, batch, idle
        subject = call.arguments[0 if call.name.startswith("sched") else 1]
        if is_polite and (not subject or self._tracee.is_own_thread(subject)):
            return Decision(error=errno.EPERM)
        return self._refuse(call)

    def _path(self, call: Call, folder: int | None, place: int) -> str:
        address = call.arguments[place]
        if not address:
            raise Undecodable("a null path")
        return self._tracee.path(call.tid, None if folder is None else call.arguments[folder], address)

    def _baited(self, path: str) -> str:
        """The bait that a path touches, as ``~/...``; the folder that holds it counts, HOME itself does not."""
        for bait in self._bait:
            if path == bait or (
                bait.startswith(path + "/") and len(path) > len(self._home) and path.startswith(self._home)
            ):
                return "~" + path.removeprefix(self._home)
        return ""


def _sent(what: str, place: str, data: bytes, length: int) -> Decision:
    detail = f"{place or 'its peer'}: {data[:80]!r}"
    return Decision(value=length, kind="network", what=what, detail=detail, data=data)


def _below(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)
