"""The approvals of a folder of goldens: who vouched for which golden, when and why. Append-only, each line chained.

``approvals.jsonl`` lies beside the goldens. Every line holds the sha256 of the line before, so that a line that was
changed, removed from the middle or put in later is noticed when the log is read. Lines cut off at the end are noticed
by whoever compares the last one with the golden itself. Knows nothing of what a golden holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from harness.core.errors import BadInput, IntegrityError
from harness.core.text import printable
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import UNREADABLE, json_line, write_atomically, writing
from harness.storage.versions import UnknownVersion, require_version

FILE = "approvals.jsonl"
VERSION = 1
GENESIS = "0" * 64
"""What the first line holds for the sha256 of the line before."""
MAX_BYTES = 16 << 20
MAX_REASON = 2000
MAX_APPROVER = 200


class Approval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the log."""

    version: int
    """See :data:`VERSION`."""
    number: int
    """From 1, without gaps."""
    at: str
    """When: ISO 8601, UTC."""
    action: Literal["accept", "prune"]
    """What was done with the golden."""
    golden: str
    """Name of the golden."""
    digest: str
    """Of the golden that was vouched for: sha256 of its manifest."""
    previous: str
    """Digest of the golden that it replaced, or ``""``."""
    reason: str
    """Why it is trusted, in the approver's words."""
    approver: str
    """Who vouches for it."""
    before: str
    """sha256 of the line before, :data:`GENESIS` in the first."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides, when and why: what a person adds to an approval."""

    at: str
    reason: str
    approver: str

    def check(self) -> None:
        """Refuse what says nothing.

        Raises:
            BadInput: A part is empty or too long.
        """
        for option, text, most in (("--reason", self.reason, MAX_REASON), ("--approver", self.approver, MAX_APPROVER)):
            if not text.strip() or len(text) > most:
                raise BadInput(f"{option}: expected 1 to {most} characters, got {len(text.strip())}")


def read_approvals(folder: Path) -> tuple[Approval, ...]:
    """The log of a folder, oldest first; empty where there is none.

    Raises:
        IntegrityError: It cannot be read, or its chain is broken.
    """
    path = folder / FILE
    return tuple(approval for approval, _ in _read(path))


def last_approval(approvals: Sequence[Approval], name: str) -> Approval | None:
    """The latest approval of a golden."""
    return next((one for one in reversed(approvals) if one.golden == name), None)


def append_approval(
    folder: Path,
    decision: Decision,
    *,
    action: Literal["accept", "prune"],
    golden: str,
    digest: str,
    previous: str,
) -> Approval:
    """Add a line. The whole log is written anew and renamed, so no reader and no crash meets half a line.

    The caller holds :func:`locked`.

    Raises:
        BadInput: The decision says nothing.
        IntegrityError: The log so far is not whole: it is left as it is.
        StorageError: It cannot be written.
    """
    decision.check()
    path = folder / FILE
    known = _read(path)
    before = hashlib.sha256(known[-1][1]).hexdigest() if known else GENESIS
    made = Approval(
        version=VERSION,
        number=len(known) + 1,
        at=decision.at,
        action=action,
        golden=golden,
        digest=digest,
        previous=previous,
        reason=decision.reason,
        approver=decision.approver,
        before=before,
    )
    before_it = b"".join(line + b"\n" for _, line in known)
    write_atomically(path, before_it + json_line(made), option="--golden-dir")
    return made


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other approvers out of a folder; the lock ends with the process.

    Raises:
        BadInput: Somebody else is at it.
        StorageError: The folder cannot be opened or locked.
    """
    with writing(folder, "--golden-dir"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"{folder}: another soundcheck changes goldens here; try again when it is done") from None
        except OSError:
            with writing(folder, "--golden-dir"):
                raise
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> list[tuple[Approval, bytes]]:
    """Approvals with the bytes of their lines."""
    try:
        data = read_small(path, MAX_BYTES)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise IntegrityError(f"{path}: cannot be read ({error.strerror})") from None
    except TooLarge as error:
        raise IntegrityError(f"{path}: expected approvals of {error}; archive the file and begin a new one") from None
    *lines, rest = data.split(b"\n")
    if rest:
        raise IntegrityError(f"{path}:{len(lines) + 1}: half a line; restore the file from version control")
    found: list[tuple[Approval, bytes]] = []
    before = GENESIS
    for number, line in enumerate(lines, start=1):
        try:
            require_version(line, "an approval", reads=VERSION, older="restore the file from version control")
            approval = msgspec.json.decode(line, type=Approval)
        except UnknownVersion as error:
            raise IntegrityError(printable(f"{path}:{number}: {error}")) from None
        except UNREADABLE as error:
            raise IntegrityError(printable(f"{path}:{number}: no approval ({error}); restore the file")) from None
        if (approval.number, approval.before) != (number, before):
            raise IntegrityError(
                f"{path}:{number}: does not follow from the line before, so the log was changed after it was written;"
                " restore the file from version control"
            )
        before = hashlib.sha256(line).hexdigest()
        found.append((approval, line))
    return found
