"""A small file, read whole within bounds. Knows no format: what the bytes mean is for whoever asked.

A file that somebody else may have put there can be endless, a pipe that never answers, or a link to somewhere else. So
whoever reads one says how much it may hold, and only a regular file is read, never waited for. A link is followed, and
a pipe read, where a person named the path.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.text import printable


class TooLarge(ValueError):
    """A file holds more than it may. ``str`` says how much it may, without naming it."""


def read_head(path: Path, count: int, *, follow_links: bool = False, pipes: bool = False) -> bytes:
    """The first bytes of a regular file.

    Args:
        path: The file.
        count: How many bytes at most.
        follow_links: Take what a link at that place leads to; links above it are always followed.
        pipes: Take a pipe or a terminal as well, for what a shell hands over as ``<(command)``.

    Raises:
        OSError: It cannot be read, or is something else. ``strerror`` is set.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | (0 if follow_links else os.O_NOFOLLOW) | (0 if pipes else os.O_NONBLOCK)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OSError(errno.ELOOP, "expected a regular file, got a link") from None
        raise
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode) and not pipes:
            raise OSError(errno.EINVAL, "expected a regular file, got something else")
        return file.read(count)


def read_small(path: Path, most: int, *, follow_links: bool = False, pipes: bool = False) -> bytes:
    """All bytes of a regular file; the arguments are those of :func:`read_head`.

    Raises:
        OSError: It cannot be read, or is something else. ``strerror`` is set.
        TooLarge: It has more than `most` bytes.
    """
    data = read_head(path, most + 1, follow_links=follow_links, pipes=pipes)
    if len(data) > most:
        raise TooLarge(f"at most {most} bytes, got more")
    return data


def read_input(path: Path, most: int, what: str, *, advice: str = "") -> bytes:
    """All bytes of a file that a person named; a link is followed and a pipe is read.

    Args:
        path: The file.
        most: How many bytes it may have.
        what: What it should be, with its article.
        advice: What to do about one that is too long.

    Raises:
        BadInput: It cannot be read or is too long: one line that begins with the path.
    """
    try:
        return read_small(path, most, follow_links=True, pipes=True)
    except OSError as error:
        raise BadInput(printable(f"{path}: cannot be read ({error.strerror})")) from None
    except TooLarge as error:
        more = f"; {advice}" if advice else ""
        raise BadInput(printable(f"{path}: expected {what} of {error}{more}")) from None


def read_input_text(path: Path, most: int, what: str, *, advice: str = "") -> tuple[str, bytes]:
    """The text of a file that a person named, and its bytes; see :func:`read_input`.

    Raises:
        BadInput: It cannot be read, is too long, or is no UTF-8: one line that begins with the path.
    """
    data = read_input(path, most, what, advice=advice)
    try:
        return data.decode("utf-8"), data
    except UnicodeDecodeError as error:
        line = f"{path}: expected UTF-8, got byte {data[error.start]:#04x} at offset {error.start}"
        raise BadInput(printable(line)) from None
