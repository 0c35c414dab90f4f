"""Verdicts on disk, each under the key of all that it depends on: an unchanged model costs nothing at the next audit.

They lie in the folder of runs, beside the runs that gave them, and never in a model's. One is whole or not there; one
whose run is gone or was edited is no verdict either, for nothing stands behind it any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from harness.core.errors import IntegrityError, StorageError
from harness.core.grades import Verdict
from harness.fleet.basis import key_of
from harness.storage import runseal
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import UNREADABLE, json_line, write_atomically
from harness.storage.versions import UnknownVersion, require_version

FOLDER: Final = "verdicts"
"""Below the folder of runs."""
VERSION: Final = 1
MAX_BYTES: Final = 64 << 10
RUN_ID_LENGTH: Final = 12


class StoredVerdict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a gate decided, and about what."""

    version: int = VERSION
    """See :data:`VERSION`."""
    parts: dict[str, str]
    """All that it depends on, see :data:`harness.fleet.basis.PARTS`; their digest names it."""
    verdict: Verdict
    """Pass, fail or inconclusive: what the harness could not do is no verdict."""
    ending: int
    """Exit code of the gate."""
    reason: str
    """Why, in one line."""
    counts: dict[Verdict, int]
    """Items of the run by verdict."""
    run_id: str
    """The run, below the same folder of runs."""
    run_head: str
    """Head of the list of digests that the run ended with: another one, and it was edited or went on."""
    isolation: str
    """How the candidate was kept apart."""

    @property
    def key(self) -> str:
        """Names it: digest of all that it depends on."""
        return key_of(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known under a key."""

    verdict: StoredVerdict | None
    why: str = ""
    """Why what lies there is no verdict; ``""`` where nothing lies there, or one does."""


class Verdicts:
    """Those below one folder of runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, parts: Mapping[str, str]) -> Known:
        """The verdict that depends on these parts, if there is one, whole, with its run behind it."""
        key = key_of(parts)
        try:
            data = read_small(self._path(key), MAX_BYTES)
        except FileNotFoundError:
            return Known(verdict=None)
        except (OSError, TooLarge):
            return Known(verdict=None, why="its stored verdict cannot be read")
        line, _, sealed = data.partition(b"\n")
        if sealed != _seal(key, line):
            return Known(verdict=None, why="its stored verdict was changed, or is not whole")
        try:
            require_version(line, "a verdict", reads=VERSION, older="judge again")
            found = msgspec.json.decode(line, type=StoredVerdict)
        except UnknownVersion:
            return Known(verdict=None, why="its stored verdict is of another version")
        except UNREADABLE:
            return Known(verdict=None, why="its stored verdict was changed, or is not whole")
        if key_of(found.parts) != key or not _is_run_id(found.run_id):
            return Known(verdict=None, why="its stored verdict was changed, or is not whole")
        try:
            head = runseal.head_of(self._folder / "runs" / found.run_id)
        except IntegrityError:
            return Known(verdict=None, why="its run was edited")
        if head != found.run_head:
            return Known(verdict=None, why="its run went on, or is gone")
        return Known(verdict=found)

    def keep(self, verdict: StoredVerdict) -> None:
        """Store one.

        Raises:
            StorageError: The folder cannot be written.
        """
        key = key_of(verdict.parts)
        line = json_line(verdict).rstrip(b"\n")
        write_atomically(self._path(key), line + b"\n" + _seal(key, line))

    def given_at(self, verdict: StoredVerdict) -> float:
        """When it was stored, in seconds since 1970.

        Raises:
            StorageError: It is there no more.
        """
        try:
            return self._path(verdict.key).stat().st_mtime
        except OSError:
            raise StorageError(f"{self._folder / FOLDER}: a verdict went while it was read; who clears it?") from None

    def _path(self, key: str) -> Path:
        return self._folder / FOLDER / key[:2] / f"{key}.json"


def _seal(key: str, line: bytes) -> bytes:
    """A digest over the name and the content: it shows what is torn, changed by accident, or put under another key."""
    return hashlib.sha256(f"{key}\n".encode() + line).hexdigest().encode() + b"\n"


def _is_run_id(text: str) -> bool:
    return len(text) == RUN_ID_LENGTH and not text.strip("0123456789abcdef")
