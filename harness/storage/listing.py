"""What lies in a folder's store, by the names that a store gives: nothing else is looked at, and no link is followed.

Knows where each kind of object lies, not what it says.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KINDS: Final = ("audio", "renderings", "takes")
"""In the order in which they are brought elsewhere: nobody finds a rendering whose audio is still to come."""
LOCKS: Final = "locks"
DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PART: Final = re.compile(r"[0-9a-f]{2}", re.ASCII)
_HALF: Final = re.compile(r"\.[0-9a-f]{64}\.(?:flac|json)\.[0-9]+\.[0-9a-f]+", re.ASCII)
_SUFFIXES: Final = {"audio": ".flac", "renderings": ".json", "takes": ".json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file of a store."""

    path: Path
    kind: str
    """One of :data:`KINDS`, ``half-written`` or ``locks``."""
    bytes: int
    modified: float
    """Seconds of the clock: when it was written, or last used where that is noted."""

    @property
    def digest(self) -> str:
        """What it is known by."""
        return self.path.name.partition(".")[0]


def objects_of(root: Path, kind: str) -> Iterator[Stored]:
    """The objects of one kind, in the order of their names.

    Args:
        root: The folder of the store.
        kind: One of :data:`KINDS`.
    """
    for part in _folders(root / kind):
        for path, about in _regular(part):
            if path.suffix == _SUFFIXES[kind] and DIGEST.fullmatch(path.stem) and path.stem[:2] == part.name:
                yield _stored(path, kind, about)


def half_written(root: Path) -> Iterator[Stored]:
    """Files that a writer began and never gave their name."""
    for kind in KINDS:
        for part in _folders(root / kind):
            for path, about in _regular(part):
                if _HALF.fullmatch(path.name):
                    yield _stored(path, "half-written", about)


def locks_of(root: Path) -> Iterator[Stored]:
    """Files that processes lock while they work; a file that is there says nothing about whether one does."""
    for path, about in _regular(root / LOCKS):
        yield _stored(path, LOCKS, about)


def _stored(path: Path, kind: str, about: os.stat_result) -> Stored:
    return Stored(path=path, kind=kind, bytes=about.st_size, modified=about.st_mtime)


def _folders(folder: Path) -> Iterator[Path]:
    for name, about in _entries(folder):
        if stat.S_ISDIR(about.st_mode) and _PART.fullmatch(name):
            yield folder / name


def _regular(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for name, about in _entries(folder):
        if stat.S_ISREG(about.st_mode):
            yield folder / name, about


def _entries(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Names in a folder that is no link, with what they are; what goes meanwhile is left out."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        try:
            yield path.name, path.lstat()
        except FileNotFoundError:
            continue
