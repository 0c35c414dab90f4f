"""Takes the arguments of operations from a byte source: numbers, lines, counted bytes. Keeps one block in memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.escapes import decoded
from harness.admission.reading.symbols import KEPT_TEXT, Blob, Writing

CHUNK: Final = 1 << 18
MAX_LINE: Final = 1 << 16
_DOUBLE: Final = struct.Struct(">d")


class Broken(Exception):
    """The stream cannot be followed further: an unpickler stops here too, after executing what came before."""


class Bomb(Exception):
    """The stream makes something no loader should make."""


class Cursor:
    """A place in a byte source that moves on as it is read."""

    def __init__(self, source: ByteSource, start: int) -> None:
        """Begin at a byte."""
        self.source = source
        self._buffer = b""
        self._base = start
        self._at = 0

    @property
    def end(self) -> int:
        """The byte after what was read last."""
        return self._base + self._at

    def move_to(self, offset: int) -> None:
        """Go on reading elsewhere, e.g. after raw bytes between streams."""
        self._base, self._at, self._buffer = offset, 0, b""

    def _fill(self, count: int) -> None:
        self._base += self._at
        self._at = 0
        self._buffer = self.source.read(self._base, max(count, CHUNK))
        if len(self._buffer) < count:
            raise Broken(f"expected {count} more bytes, got the end of the data")

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._buffer):
            self._fill(count)
        start = self._at
        self._at += count
        return self._buffer[start : self._at]

    def _skip(self, count: int) -> None:
        target = self._base + self._at + count
        if target > self.source.size:
            raise Broken(f"expected {count} more bytes, got the end of the data")
        if target <= self._base + len(self._buffer):
            self._at += count
        else:
            self.move_to(target)

    def _line(self) -> bytes:
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            self._base += self._at
            self._at = 0
            self._buffer = self.source.read(self._base, MAX_LINE)
            end = self._buffer.find(b"\n")
        if end < 0 and len(self._buffer) < MAX_LINE:
            raise Broken("expected the end of a line, got the end of the data")
        if end < 0 or end - self._at > MAX_LINE:
            raise Bomb(f"a line of more than {MAX_LINE} bytes")
        line = self._buffer[self._at : end]
        self._at = end + 1
        return line

    def _escaped_line(self, writing: Writing) -> bytes | Blob:
        """A line as it is written; a long one as a place."""
        end = self._buffer.find(b"\n", self._at, self._at + KEPT_TEXT + 1)
        if end >= 0:
            line = self._buffer[self._at : end]
            self._at = end + 1
            return line
        start = self._base + self._at
        self.move_to(start)
        length, last = 0, b""
        try:
            for piece in decoded(self._rest_of_line(), writing):
                length += len(piece)
                last = piece[-1:] or last
        except ValueError:
            raise Broken("expected a text's escapes, got others") from None
        size = self.end - 1 - start
        if writing is Writing.UNICODE:
            return Blob("text", start, size, writing, length)
        quote = self.source.read(start, 1)
        if quote not in (b"'", b'"') or last != quote:
            raise Broken(f"expected a quoted string, got {size} bytes without quotes")
        return Blob("bytes", start + 1, size - 2, writing, length - 2)

    def _rest_of_line(self) -> Iterator[bytes]:
        """The line from here on, block by block; ends behind its newline."""
        while True:
            self._fill(1)
            end = self._buffer.find(b"\n")
            yield self._buffer if end < 0 else self._buffer[:end]
            self._at = len(self._buffer) if end < 0 else end + 1
            if end >= 0:
                return

    def _u1(self) -> int:
        if self._at >= len(self._buffer):
            self._fill(1)
        value = self._buffer[self._at]
        self._at += 1
        return value

    def _u2(self) -> int:
        return int.from_bytes(self._take(2), "little")

    def _bytes4(self) -> bytes | Blob:
        """The commonest argument, without detours."""
        start = self._at + 4
        size = int.from_bytes(self._buffer[self._at : start], "little")
        end = start + size
        if size > KEPT_TEXT or end > len(self._buffer):
            return self._sized(self._u4())
        self._at = end
        return self._buffer[start:end]

    def _i4(self) -> int:
        return int.from_bytes(self._take(4), "little", signed=True)

    def _u4(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def _u8(self) -> int:
        return int.from_bytes(self._take(8), "little")

    def _f8(self) -> float:
        return float(_DOUBLE.unpack(self._take(8))[0])

    def _two_lines(self) -> tuple[bytes, bytes]:
        return self._line(), self._line()

    def _sized(self, size: int) -> bytes | Blob:
        if size < 0:
            raise Broken(f"expected a length from 0, got {size}")
        if size <= KEPT_TEXT:
            return self._take(size)
        blob = Blob("bytes", self._base + self._at, size)
        self._skip(size)
        return blob
