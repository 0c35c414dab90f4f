"""What was handed in and has no answer yet: one file for each digest, which a hub may write as well as we do.

A file stays until its answer is written, so whatever ends a service loses nothing. Names are digests; what is called
otherwise is left alone, and what a file says is never used as a path.
"""

from __future__ import annotations

import heapq
import os
import re
import stat
import time
from collections.abc import Container
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from harness.core.errors import BadInput
from harness.core.strictjson import Malformed, read_json
from harness.core.text import cut, printable
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import json_line, write_atomically, writing

Kind = TypeVar("Kind")
VERSION: Final = 1
MAX_BYTES: Final = 4 << 10
NAME_LIMIT: Final = 200
SETTLE_SECONDS: Final = 2.0
"""What a file may take to become whole that somebody writes in place."""
MOST_STRAYS: Final = 20
"""Files of other names that are told, of all that lie there."""
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FILE: Final = re.compile(rf"({DIGEST.pattern})\.json")
_OURS: Final = re.compile(rf"\.{DIGEST.pattern}\.json\.\d+\.[0-9a-f]{{8}}")
"""What :func:`harness.storage.store.write_atomically` was about to rename."""


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that was handed in: the digest is its file's name."""

    version: int = VERSION
    """See :data:`VERSION`."""
    name: str = ""
    """What it is called, for people; nothing is looked for by it."""


def parse(data: bytes, kind: type[Kind], version: int | None = None) -> Kind:
    """Strict JSON as a record: one reading of it, no key twice, none that is unknown.

    Args:
        data: The text.
        kind: Of the record.
        version: Which one it has to be of, where it says so; looked at before any other field.

    Raises:
        BadInput: It is something else.
    """
    try:
        document = read_json(data.decode("utf-8"))
        if document.oddities:
            raise BadInput(printable(f"expected plain JSON, got a {document.oddities[0].quirk.value}"))
        said = document.value.get("version", version) if isinstance(document.value, dict) else version
        if said != version:
            raise BadInput(printable(f"expected version {version}, got {cut(str(said), 20)}"))
        return msgspec.convert(document.value, type=kind)
    except (Malformed, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise BadInput(printable(f"expected JSON as docs/fleet.md has it ({cut(str(error), 120)})")) from None


def named(text: str) -> str:
    """What a submission is called.

    Raises:
        BadInput: It is too long.
    """
    if len(text) > NAME_LIMIT:
        raise BadInput(f"name: expected at most {NAME_LIMIT} characters, got {len(text)}")
    return printable(text)


class Queue:
    """One folder of submissions."""

    def __init__(self, folder: Path, most: int) -> None:
        """Look at nothing yet.

        Args:
            folder: Where they lie.
            most: How many may wait.
        """
        self._folder = folder
        self._most = most

    def begin(self) -> None:
        """Make the folder, and take away what a service that was killed had begun to write there.

        Raises:
            StorageError: The folder cannot be written.
        """
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            for entry in os.scandir(self._folder):
                if _OURS.fullmatch(entry.name):
                    Path(entry).unlink(missing_ok=True)

    def has(self, digest: str) -> bool:
        """Whether a digest waits, or is being judged."""
        return os.path.lexists(self._path(digest))

    def __len__(self) -> int:
        return sum(1 for entry in os.scandir(self._folder) if _is_submission(entry))

    def hand_in(self, digest: str, name: str) -> bool:
        """Have a digest wait; False where too many do.

        Raises:
            StorageError: The folder cannot be written.
        """
        if not self.has(digest):
            if len(self) >= self._most:
                return False
            write_atomically(self._path(digest), json_line(Submission(name=name)))
        return True

    def waiting(self, count: int, without: Container[str]) -> list[str]:
        """The digests that have waited longest.

        Args:
            count: How many.
            without: Digests that are none of them.
        """
        found = []
        for entry in os.scandir(self._folder):
            if _is_submission(entry) and (digest := entry.name[:64]) not in without:
                try:
                    found.append((entry.stat(follow_symlinks=False).st_mtime_ns, digest))
                except FileNotFoundError:
                    continue  # it was taken back
        return [digest for _, digest in heapq.nsmallest(count, found)]

    def strays(self) -> list[str]:
        """What lies there and is no submission."""
        wrong = (entry.name for entry in os.scandir(self._folder) if not _is_submission(entry))
        return heapq.nsmallest(MOST_STRAYS, (printable(name) for name in wrong if not name.startswith(".")))

    def read(self, digest: str) -> Submission | None:
        """A submission; None where it is being written, or gone.

        Raises:
            BadInput: It is none.
        """
        path = self._path(digest)
        try:
            made = path.lstat().st_mtime
            found = parse(read_small(path, MAX_BYTES), Submission, VERSION)
            return Submission(name=named(found.name))
        except FileNotFoundError:
            return None
        except (BadInput, OSError, TooLarge) as error:
            if abs(time.time() - made) < SETTLE_SECONDS:
                return None
            told = error.strerror if isinstance(error, OSError) else str(error)
            raise BadInput(printable(f"its submission cannot be read: {told}")) from None

    def done(self, digest: str) -> None:
        """Let a digest go that has its answer.

        Raises:
            StorageError: The folder cannot be written.
        """
        path = self._path(digest)
        with writing(path):
            path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.json"


def _is_submission(entry: os.DirEntry[str]) -> bool:
    """A file, or what somebody put in its place: a folder could not be taken away."""
    return bool(_FILE.fullmatch(entry.name)) and not stat.S_ISDIR(_mode(entry))


def _mode(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mode
    except OSError:
        return stat.S_IFDIR
