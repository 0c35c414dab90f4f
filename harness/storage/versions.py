"""The version of a file that Soundcheck wrote: which one is read, and the one line that is said of another.

A number that nobody looks at protects nobody: records of another version may decode and mean something else. Which
formats there are, and how long each is read: ``docs/compatibility.md``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from harness.core.text import printable
from harness.storage.smallfile import read_small

MOST_BYTES: Final = 4 << 20
"""Of a file that lies beside others and is looked at for its version only."""


class UnknownVersion(ValueError):
    """A file is of a version that is not read here. ``str`` says which and what to do, without naming the file."""


class _Versioned(msgspec.Struct):
    """What each version of each format says."""

    version: int


def require_version(data: bytes, what: str, *, reads: int, older: str, also: Collection[int] = ()) -> None:
    """Look at the version before anything else, for the other fields are that version's own.

    Args:
        data: JSON: an object with ``version``.
        what: What it should be, with its article.
        reads: The version that is written now.
        older: What to do about an older one.
        also: Older versions that are read as well.

    Raises:
        UnknownVersion: It is another one.
        msgspec.DecodeError: It is no JSON, or says no version.
        UnicodeDecodeError: It is no text (msgspec 0.20).
    """
    got = msgspec.json.decode(data, type=_Versioned).version
    if got != reads and got not in also:
        advice = "a newer Soundcheck wrote it: install that one" if got > reads else older
        raise UnknownVersion(f"expected {what} of version {reads}, got {got}; {advice}")


def unread(path: Path, what: str, *, reads: int, older: str) -> str | None:
    """Why a file that only informs is left unread, in one line; None where it can be read or says no version."""
    with contextlib.suppress(OSError, ValueError, msgspec.DecodeError):
        data = read_small(path, MOST_BYTES)
        try:
            require_version(data, what, reads=reads, older=older)
        except UnknownVersion as error:
            return printable(f"{path}: {error}; until then nothing in it counts")
    return None
