"""Bytes of a file or of memory, read at a position. Knows no format; never maps a file, so memory stays small."""

from __future__ import annotations

import os
from dataclasses import dataclass
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
