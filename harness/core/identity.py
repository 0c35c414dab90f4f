"""Which file a file is: device, inode, size and dates, so that another one in its place is told from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import os
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIdentity:
    """One file as it was when it was read."""

    device: int
    inode: int
    size: int
    modified_ns: int
    """Last change of its content; whoever may write can set it back."""
    changed_ns: int
    """Last change of the inode; only the machine's clock sets it."""

    @classmethod
    def of(cls, about: os.stat_result) -> FileIdentity:
        """From what the system says of an open file, or of a path whose links were followed."""
        return cls(
            device=about.st_dev,
            inode=about.st_ino,
            size=about.st_size,
            modified_ns=about.st_mtime_ns,
            changed_ns=about.st_ctime_ns,
        )


Files: TypeAlias = Mapping[str, FileIdentity]
"""A folder's files: path below it, with ``/`` -> which file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A folder beside the model that speaks with it: a vocoder's."""

    path: Path
    """The folder."""
    digest: str
    """sha256 over its files, taken as a model's."""
    files: Files
    """The files that the digest was taken of. No other ones are given to a worker."""
