"""Bytes of a file or of memory, read at a position. Knows no format; never maps a file, so memory stays small."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol


class ByteSource(Protocol):
    """Where a reader gets its bytes from."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer only at the end."""
        ...


@dataclass(frozen=True, slots=True)
class FileBytes:
    """An open file, by its descriptor; position-independent."""

    descriptor: int
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """See :class:`ByteSource`."""
        length = min(length, self.size - offset)
        if length <= 0 or offset < 0:
            return b""
        data = os.pread(self.descriptor, length, offset)
        while 0 < len(data) < length:
            more = os.pread(self.descriptor, length - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data


@dataclass(frozen=True, slots=True)
class MemoryBytes:
    """Bytes that are in memory already."""

    data: bytes

    @property
    def size(self) -> int:
        """See :class:`ByteSource`."""
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        """See :class:`ByteSource`."""
        return self.data[offset : offset + length] if offset >= 0 and length > 0 else b""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of another source, e.g. a stored member of an archive."""

    source: ByteSource
    start: int
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """See :class:`ByteSource`."""
        length = min(length, self.size - offset)
        return self.source.read(self.start + offset, length) if offset >= 0 and length > 0 else b""


@dataclass(slots=True)
class Unfolding:
    """What comes out of a decompressor, in order: reading on is cheap, going back begins anew.

    Memory is one piece, however much comes out.
    """

    size: int
    pieces: Callable[[], Iterator[bytes]]
    """Begins anew. Its end is reached where everything was read: what it looks at then is looked at."""
    _open: Iterator[bytes] | None = None
    _start: int = 0
    """Where what is held begins."""
    _held: bytearray = field(default_factory=bytearray)

    def read(self, offset: int, length: int) -> bytes:
        """See :class:`ByteSource`."""
        length = min(length, self.size - offset)
        if offset < 0 or length <= 0:
            return b""
        if self._open is None or offset < self._start:
            self._open, self._start = self.pieces(), 0
            self._held.clear()
        while self._start + len(self._held) < offset + length:
            if (piece := next(self._open, None)) is None:
                break
            self._let_go(offset)
            self._held += piece
        if self._start + len(self._held) >= self.size:
            next(self._open, None)
        at = offset - self._start
        return bytes(self._held[at : at + length])

    def _let_go(self, offset: int) -> None:
        """Forget what lies before a place."""
        done = min(len(self._held), max(0, offset - self._start))
        del self._held[:done]
        self._start += done
