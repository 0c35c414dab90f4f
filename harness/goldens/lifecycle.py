"""The life of a golden after it was recorded: proposed, looked at, accepted, pruned. Nothing is lost on the way.

``FOLDER/NAME`` is the golden that gates; ``FOLDER/.proposed/NAME`` waits for a decision;
``FOLDER/.previous/NAME-DIGEST`` is what was replaced. The folders with a dot are never found by name.
The steps of a replacement are

1. the new golden moves to ``FOLDER/.NAME.incoming``,
2. the approval is logged,
3. both folders change places in one system call,
4. the old golden moves to ``.previous``.

Whoever reads meets the old golden or the new one, whole. After an interruption the next command sees by the log which
steps are left.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import glob
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from harness.core.errors import BadInput, IntegrityError
from harness.core.text import printable
from harness.goldens.approvals import Approval, Decision, append_approval, last_approval, locked, read_approvals
from harness.goldens.folder import BOUND, Golden, Manifest, check_files, read_golden, write_golden
from harness.storage.digests import file_sha256
from harness.storage.store import writing

PROPOSED = ".proposed"
PREVIOUS = ".previous"
AT_FDCWD = -100
RENAME_EXCHANGE = 2  # linux/fs.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What came of a decision."""

    approval: Approval
    kept: Path | None
    """Where the golden lies that was replaced; None where nothing was."""


def proposal_path(path: Path) -> Path:
    """Where a golden that is to replace the one at `path` waits."""
    return path.parent / PROPOSED / path.name


def accept(path: Path, decision: Decision, *, digest: str = "") -> Replacement:
    """Put the proposal in the golden's place; without a proposal, vouch for the golden as it lies there.

    Args:
        path: The golden's folder.
        decision: Who, when and why.
        digest: First digits of the digest that was looked at, ``""`` for whichever lies there.

    Raises:
        BadInput: There is nothing to decide, or the proposal is another one than was looked at.
        IntegrityError: The proposal, or the log, is not whole.
        StorageError: Something cannot be written; nothing is lost.
    """
    decision.check()
    with locked(path.parent):
        if finished := _recover(path):
            return finished
        proposed = proposal_path(path)
        waits = proposed.is_dir()
        fresh = _whole(proposed if waits else path, path.name)
        if digest and not fresh.digest.startswith(digest.removeprefix("sha256:")):
            raise BadInput(
                f"{fresh.path}: expected digest {printable(digest)}, got {fresh.digest[:12]}; review what is there"
            )
        last = last_approval(read_approvals(path.parent), path.name)
        if not waits:
            if last and last.digest == fresh.digest:
                raise BadInput(f"{path}: nothing to accept: no proposal waits, and this golden is approved already")
            return Replacement(approval=_log(path, decision, "accept", fresh.digest, ""), kept=None)
        if fresh.digest == _digest(path):
            raise BadInput(f"{proposed}: the same as the golden itself; remove it")
        with writing(path, "--golden-dir"):
            proposed.rename(_incoming(path))
        with contextlib.suppress(OSError):
            proposed.parent.rmdir()  # unless others wait there
        return _replace(path, decision, "accept", fresh.digest)


def prune(golden: Golden, stale: Collection[str], decision: Decision) -> Replacement:
    """Remove probes from a golden.

    Raises:
        BadInput: Nothing would be left.
        IntegrityError: The golden, or the log, is not whole.
        StorageError: Something cannot be written; nothing is lost.
    """
    decision.check()
    path = golden.path
    with locked(path.parent):
        if finished := _recover(path):
            return finished
        current = _whole(path, path.name)
        kept = [record for name, record in current.records.items() if name not in stale]
        if not kept:
            raise BadInput(f"{path}: no suite names any of its probes; nothing would be left, so remove the folder")
        audio = {record.audio: file.read_bytes() for record in kept if (file := current.audio(record))}
        prints = current.prints.without(stale)
        fresh = write_golden(_incoming(path), current.manifest, kept, prints, audio)
        return _replace(path, decision, "prune", fresh.digest)


def kept_golden(path: Path, digest: str) -> Golden | None:
    """The golden of that digest among those that the one at `path` has replaced; None where it is not kept whole."""
    for kept in sorted((path.parent / PREVIOUS).glob(f"{glob.escape(path.name)}-{digest[:12]}*")):
        with contextlib.suppress(IntegrityError):
            golden = read_golden(kept)
            if golden.digest == digest:
                return golden
    return None


def differing_conditions(old: Manifest, new: Manifest) -> list[tuple[str, str, str]]:
    """What two goldens were recorded with, where it differs: name, before, after."""
    before, after = _conditions(old), _conditions(new)
    names = [*before, *(name for name in after if name not in before)]
    return [(n, before.get(n, ""), after.get(n, "")) for n in names if before.get(n) != after.get(n)]


def _conditions(manifest: Manifest) -> dict[str, str]:
    """Everything in a manifest but the digests of its own files, flat."""
    told: dict[str, str] = {}
    for name, value in msgspec.structs.asdict(manifest).items():
        title = name.replace("_", " ")
        if isinstance(value, dict) and name != "audio_sha256":
            told |= {f"{title}: {key}": str(inner) for key, inner in sorted(value.items())}
        elif name not in BOUND and name != "audio_sha256":
            told[title] = str(value)
    return told


def is_interrupted(path: Path) -> bool:
    """Whether a replacement of this golden was begun and not finished."""
    return _incoming(path).is_dir()


def _whole(path: Path, name: str) -> Golden:
    golden = read_golden(path)
    check_files(golden)
    if golden.name != name:
        raise IntegrityError(
            printable(f"{path}: expected a golden named {name!r}, got one named {golden.name!r}; record it again")
        )
    return golden


def _recover(path: Path) -> Replacement | None:
    """Take up what an interruption left: finish it if it was approved, undo it if not.

    Returns:
        What was finished now; None where nothing was left to do, or it had not been approved.
    """
    incoming = _incoming(path)
    if not incoming.is_dir():
        return None
    last = last_approval(read_approvals(path.parent), path.name)
    staged = _digest(incoming)
    if last and last.digest == staged:
        return _swap(path, last)
    if last and last.digest == _digest(path):
        return Replacement(approval=last, kept=_keep(path, staged))
    proposed = proposal_path(path)
    if proposed.exists():
        _keep(path, staged)
        return None
    with writing(path, "--golden-dir"):
        proposed.parent.mkdir(exist_ok=True)
        incoming.rename(proposed)
    return None


def _replace(path: Path, decision: Decision, action: Literal["accept", "prune"], digest: str) -> Replacement:
    """Steps 2 to 4."""
    return _swap(path, _log(path, decision, action, digest, _digest(path)))


def _log(path: Path, decision: Decision, action: Literal["accept", "prune"], digest: str, previous: str) -> Approval:
    return append_approval(path.parent, decision, action=action, golden=path.name, digest=digest, previous=previous)


def _swap(path: Path, approval: Approval) -> Replacement:
    """Steps 3 and 4."""
    incoming = _incoming(path)
    old = _digest(path)
    with writing(path, "--golden-dir"):
        if not path.exists():
            incoming.rename(path)
            return Replacement(approval=approval, kept=None)
        if exchange(incoming, path):
            return Replacement(approval=approval, kept=_keep(path, old))
        # A file system that cannot exchange: for a moment there is no golden, which no reader takes for a pass.
        kept = _place(path, old)
        path.rename(kept)
        incoming.rename(path)
        return Replacement(approval=approval, kept=kept)


def _keep(path: Path, digest: str) -> Path:
    """Move what was replaced to where it is kept."""
    kept = _place(path, digest)
    with writing(path, "--golden-dir"):
        _incoming(path).rename(kept)
    return kept


def _place(path: Path, digest: str) -> Path:
    """A free place for a replaced golden."""
    folder = path.parent / PREVIOUS
    with writing(path, "--golden-dir"):
        folder.mkdir(exist_ok=True)
    name = f"{path.name}-{digest[:12] or 'broken'}"
    taken = {entry.name for entry in folder.iterdir()}
    return folder / next(one for n in range(len(taken) + 1) if (one := f"{name}-{n}" if n else name) not in taken)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where this system cannot.

    Raises:
        OSError: It can, and something else is wrong.
    """
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    done = call(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), ctypes.c_uint(RENAME_EXCHANGE))
    if done == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number), os.fspath(other))


def _incoming(path: Path) -> Path:
    return path.parent / f".{path.name}.incoming"


def _digest(path: Path) -> str:
    """Digest of what lies there, whole or not; ``""`` for nothing readable. A broken golden may be replaced, too."""
    try:
        return file_sha256(path / "manifest.json")
    except OSError:
        return ""
