"""A model's files as they lie on disk: listed and opened without following a link out of the directory."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.core.errors import BadInput
from harness.core.text import printable

MAX_ENTRIES = 4000
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One directory entry."""

    path: str
    """Below the tree's root, POSIX separators. Hostile text; undecodable bytes are surrogates."""
    mode: int
    """``st_mode`` of the entry itself, links not followed."""
    size: int
    """Bytes, for regular files."""

    @property
    def is_file(self) -> bool:
        """A regular file; not a link to one."""
        return stat.S_ISREG(self.mode)

    @property
    def is_link(self) -> bool:
        """A symbolic link, wherever it leads."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_folder(self) -> bool:
        """A directory."""
        return stat.S_ISDIR(self.mode)


@dataclass(frozen=True, slots=True)
class Tree:
    """The entries of a model directory, or a single file as a tree of one."""

    root: Path
    entries: tuple[Entry, ...]
    """Sorted by path, folders included, the root itself not."""

    @staticmethod
    def of(path: Path) -> Tree:
        """List a directory, or take one file.

        Raises:
            BadInput: It is not there, cannot be read, or is larger than any model directory.
        """
        try:
            about = path.stat()
            if stat.S_ISREG(about.st_mode):
                return Tree(path.parent, (Entry(path.name, about.st_mode, about.st_size),))
            if not stat.S_ISDIR(about.st_mode):
                raise BadInput(printable(f"{path}: expected a model directory or a file, got something else"))
            found: list[Entry] = []
            _walk(path, "", 0, found)
            return Tree(path, tuple(sorted(found, key=lambda entry: entry.path)))
        except OSError as error:
            raise BadInput(printable(f"{path}: cannot be read ({error.strerror})")) from None

    @property
    def files(self) -> tuple[Entry, ...]:
        """The regular files."""
        return tuple(entry for entry in self.entries if entry.is_file)

    def open(self, entry: Entry) -> IO[bytes]:
        """Open a regular file for reading; a link put in its place meanwhile is refused.

        Raises:
            OSError: It cannot be opened, or is a link.
        """
        descriptor = os.open(self.root / entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(f"{entry.path}: no regular file any more")
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise


def _walk(root: Path, below: str, depth: int, found: list[Entry]) -> None:
    with os.scandir(root / below) as entries:
        for one in entries:
            if len(found) >= MAX_ENTRIES or depth > MAX_DEPTH:
                raise BadInput(
                    printable(f"{root}: expected at most {MAX_ENTRIES} entries and {MAX_DEPTH} levels in a model")
                )
            about = one.stat(follow_symlinks=False)
            path = f"{below}{one.name}"
            found.append(Entry(path, about.st_mode, about.st_size))
            if stat.S_ISDIR(about.st_mode):
                _walk(root, f"{path}/", depth + 1, found)
