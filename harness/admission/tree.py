"""A model's files as they lie on disk: listed and opened without following a link out of the directory."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.core.errors import BadInput
from harness.core.identity import FileIdentity, Files
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
class Gap:
    """A folder that was not listed to its end."""

    path: str
    """As an entry's; ``""`` for the tree itself."""
    why: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The entries of a model directory, or a single file as a tree of one."""

    root: Path
    entries: tuple[Entry, ...]
    """Sorted by path, folders included, the root itself not."""
    gaps: tuple[Gap, ...] = ()
    """What else there is, and is not known."""
    is_folder: bool = True
    """Whether it is a directory; a single file is a tree of one entry."""
    known: Files | None = None
    """Which files they must be, where they were read before: no other one is opened."""

    @staticmethod
    def of(path: Path, *, may_have_gaps: bool = False) -> Tree:
        """List a directory, or take one file.

        Args:
            path: The directory or file.
            may_have_gaps: Whoever asks refuses a tree with gaps himself, and tells what is wrong with the rest.

        Raises:
            BadInput: It is not there, cannot be read, or is larger than any model directory.
        """
        try:
            about = path.stat()
            if stat.S_ISREG(about.st_mode):
                return Tree(path.parent, (Entry(path.name, about.st_mode, about.st_size),), is_folder=False)
            if not stat.S_ISDIR(about.st_mode):
                raise BadInput(printable(f"{path}: expected a model directory or a file, got something else"))
            tree = _walk(path)
        except OSError as error:
            raise BadInput(printable(f"{path}: cannot be read ({error.strerror})")) from None
        if tree.gaps and not may_have_gaps:
            raise BadInput(printable(f"{path / tree.gaps[0].path}: {tree.gaps[0].why}"))
        return tree

    def of_known(self, known: Files | None) -> Tree:
        """The same, of which no file is opened that is not one of these; None for any."""
        return dataclasses.replace(self, known=known)

    @property
    def files(self) -> tuple[Entry, ...]:
        """The regular files."""
        return tuple(entry for entry in self.entries if entry.is_file)

    def open(self, entry: Entry) -> IO[bytes]:
        """Open a regular file for reading; a link put in its place meanwhile is refused.

        Raises:
            OSError: It cannot be opened, is a link, or another file than is known.
        """
        descriptor = os.open(self.root / entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise OSError(f"{entry.path}: no regular file any more")
            if self.known is not None and self.known.get(entry.path) != FileIdentity.of(about):
                raise OSError(f"{entry.path}: another file than a moment ago; find out who writes there")
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise


def _walk(root: Path) -> Tree:
    """List folder by folder: what lies beside the configuration comes before what lies below it."""
    found: list[Entry] = []
    gaps: list[Gap] = []
    way = deque([("", 0)])
    while way:
        below, depth = way.popleft()
        try:
            folders = _list(root, below, found)
        except OSError as error:
            if not below:
                raise
            gaps.append(Gap(below, f"cannot be read ({error.strerror})"))
            continue
        if folders is None:
            gaps.append(Gap(below, f"expected at most {MAX_ENTRIES} entries in a model, got more"))
            break
        if folders and depth >= MAX_DEPTH:
            gaps.append(Gap(folders[0], f"expected at most {MAX_DEPTH} levels in a model, got more"))
            continue
        way += [(folder, depth + 1) for folder in folders]
    return Tree(root, tuple(sorted(found, key=lambda entry: entry.path)), tuple(gaps))


def _list(root: Path, below: str, found: list[Entry]) -> list[str] | None:
    """List one folder; the folders in it, None where there are too many entries."""
    folders = []
    with os.scandir(root / below) as entries:
        for one in entries:
            if len(found) >= MAX_ENTRIES:
                return None
            about = one.stat(follow_symlinks=False)
            path = f"{below}/{one.name}" if below else one.name
            found.append(Entry(path, about.st_mode, about.st_size))
            if stat.S_ISDIR(about.st_mode):
                folders.append(path)
    return sorted(folders)
