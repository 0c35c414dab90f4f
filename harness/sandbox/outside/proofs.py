"""Evidence that our own attacks failed at a level, kept for a day: where all is the same, nothing is attacked anew.

What must be the same is :func:`circumstances`: kernel, boot, user, privileges, namespaces, programs and the code of the
walls. The evidence lies in a folder that nobody but this user may write to; anybody who can write there can change
the harness itself. Only that a level holds is kept, never that one does not.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import secrets
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import harness
from harness.core.errors import BadInput
from harness.core.paths import cache_root
from harness.sandbox.inside import landlock
from harness.sandbox.outside import bubblewrap, cgroups
from harness.sandbox.outside.layout import readable_paths

FOLDER = "walls"
"""Below the cache's folder."""
VERSION = 1
MOST_SECONDS = 86_400.0
"""Age of evidence from which it is gathered anew."""
MAX_BYTES = 1 << 16
CODE = ("sandbox", "core")
"""Rooms whose code builds, attacks and watches the walls."""
KERNEL_FILES = (
    "/proc/sys/kernel/random/boot_id",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/sys/kernel/yama/ptrace_scope",
    "/proc/sys/kernel/seccomp/actions_avail",
    "/proc/sys/user/max_user_namespaces",
    "/proc/self/attr/current",
    "/proc/self/cgroup",
    "/proc/self/uid_map",
    "/sys/kernel/security/lsm",
    "/sys/kernel/security/lockdown",
)
STATUS = ("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp")
"""Beginnings of the lines of /proc/self/status that say what this process may do."""
NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONPATH")

Evidence = Mapping[str, list[str]]
"""What was tried and seen, as :mod:`harness.sandbox.outside.selftest` tells it."""


def circumstances(level: str) -> dict[str, str]:
    """Everything that must be the same for evidence of a level to count, by name; ``""`` for what is not there."""
    system = os.uname()
    status = [line for line in _text("/proc/self/status").splitlines() if line.startswith(STATUS)]
    return {
        "version": str(VERSION),
        "level": level,
        "kernel": f"{system.sysname} {system.release} {system.version} {system.machine} {system.nodename}",
        "status": "\n".join(status),
        **{name: _text(name) for name in KERNEL_FILES},
        **{f"namespace {name}": _link(f"/proc/self/ns/{name}") for name in NAMESPACES},
        **{f"variable {name}": os.environ.get(name, "") for name in VARIABLES},
        "landlock": str(landlock.abi()),
        "groups": " ".join(f"{name}={folder}" for name, folder in sorted(cgroups.parents().items())),
        "interpreter": f"{sys.version} {_identity(sys.executable)}",
        "bubblewrap": _identity(str(bubblewrap.find() or "")),
        "readable": "\n".join(readable_paths()),
        "temporary": tempfile.gettempdir(),
        "code": _code(),
    }


def known(level: str, *, now: Callable[[], float] = time.time) -> Evidence | None:
    """Evidence for a level that was gathered in these very circumstances; None where there is none to be trusted.

    Args:
        level: Which.
        now: The time, as seconds since the epoch.
    """
    wanted = circumstances(level)
    if not wanted["/proc/sys/kernel/random/boot_id"]:
        return None
    try:
        kept = json.loads(_own_file(_path(wanted)))
        age = now() - float(kept["at"])
        if kept["circumstances"] != wanted or not 0 <= age <= MOST_SECONDS:
            return None
        return {str(name): [str(line) for line in lines] for name, lines in kept["evidence"].items()}
    except (BadInput, OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def keep(level: str, evidence: Evidence, *, now: Callable[[], float] = time.time) -> None:
    """Keep evidence that a level holds; where that is not possible, the next process gathers it again.

    Args:
        level: Which.
        evidence: What was tried and seen.
        now: The time, as seconds since the epoch.
    """
    here = circumstances(level)
    content = {"circumstances": here, "evidence": dict(evidence), "at": now()}
    with contextlib.suppress(BadInput, OSError):
        path = _path(here)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _is_ours(path.parent.lstat(), stat.S_ISDIR):
            return
        fresh = path.with_name(f".{secrets.token_hex(8)}")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, sort_keys=True)
                file.write("\n")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        _sweep(path.parent, now())


def _sweep(folder: Path, now: float) -> None:
    """Remove what is too old to be believed: circumstances change with every boot and session."""
    for file in folder.iterdir():
        with contextlib.suppress(OSError):
            if now - file.lstat().st_mtime > MOST_SECONDS:
                file.unlink()


def _path(here: Mapping[str, str]) -> Path:
    return cache_root() / FOLDER / f"{here['level']}-{_digest(json.dumps(here, sort_keys=True).encode())[:32]}.json"


def _own_file(path: Path) -> bytes:
    """What a file holds that nobody else could have written.

    Raises:
        OSError: It is not there, is too large, or others may write it or its folder.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not _is_ours(path.parent.lstat(), stat.S_ISDIR) or not _is_ours(os.fstat(handle), stat.S_ISREG):
            raise PermissionError(f"{path}: others may write it")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(f"{path}: too large")
    return data


def _is_ours(found: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Whether it is of a kind, and only this user may write it."""
    return is_kind(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _identity(path: str) -> str:
    """A program as the file that it is."""
    try:
        found = os.stat(path)  # noqa: PTH116 - "" for none
    except OSError:
        return path
    return f"{path} {os.path.realpath(path)} {found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns}"


@functools.cache
def _code() -> str:
    """sha256 over the code that builds, attacks and watches the walls."""
    root, total = Path(harness.__file__).parent, hashlib.sha256()
    for room in CODE:
        for path in sorted((root / room).rglob("*.py")):
            total.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _text(name: str) -> str:
    try:
        return Path(name).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _link(name: str) -> str:
    try:
        return os.readlink(name)  # noqa: PTH115 - it leads to no file
    except OSError:
        return ""
