"""The wire format of protocol buffers: the fields of a message, each length held against its message. Knows no message.

Bytes are read where a field begins, and what a field holds is a place until somebody reads it, so memory stays small
whatever the lengths. What a lenient parser passes over is refused: readers differ there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.notebook import Budget

VARINT: Final = 0
FIXED64: Final = 1
COUNTED: Final = 2
FIXED32: Final = 5
FIELD_COST: Final = 32
"""Operations of a file's budget that one field takes."""
_WIDTHS: Final = {FIXED64: 8, FIXED32: 4}
_HEAD: Final = 20
"""Bytes of the longest tag and the longest number behind it."""
_BLOCK: Final = 1 << 14


class Misshapen(ValueError):
    """Bytes that break the format, or the rules of a message; ``str`` says how."""

    def __init__(self, what: str, at: int) -> None:
        """Say what is wrong, and at which byte."""
        super().__init__(what)
        self.at = at


class Field(NamedTuple):
    """One field as it stands."""

    number: int
    wire: int
    """How it is written: :data:`VARINT` and its siblings."""
    value: int
    """Of a varint; 0 of all else."""
    start: int
    """Where its content begins."""
    end: int
    """The byte behind it."""


@dataclass(slots=True)
class Blocks:
    """A byte source of which a block is kept: short reads that follow each other cost one."""

    source: ByteSource
    _start: int = 0
    _kept: bytes = b""

    @property
    def size(self) -> int:
        """See :class:`ByteSource`."""
        return self.source.size

    def read(self, offset: int, length: int) -> bytes:
        """See :class:`ByteSource`."""
        at = offset - self._start
        if at < 0 or at + length > len(self._kept):
            if length > _BLOCK:
                return self.source.read(offset, length)
            self._start, self._kept, at = offset, self.source.read(offset, _BLOCK), 0
        return self._kept[at : at + length]


def varint(data: bytes, at: int, base: int) -> tuple[int, int]:
    """A number of up to ten bytes, and where it ends.

    Args:
        data: Where it stands.
        at: Where it begins there.
        base: Of the first byte of `data` in the file, for errors.

    Raises:
        Misshapen: It does not end, is longer than it has to be, or has more than 64 bits.
    """
    value = shift = 0
    for end in range(at, min(at + 10, len(data))):
        byte = data[end]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64 or (not byte and end > at):
                raise Misshapen("a number that is longer than it has to be", base + at)
            return value, end + 1
        shift += 7
    raise Misshapen("a number without an end", base + at)


def fields(source: ByteSource, start: int, end: int, budget: Budget) -> Iterator[Field]:
    """The fields of a message, in order; nothing of what they hold is read.

    Args:
        source: Where it lies.
        start: Its first byte.
        end: The byte behind it.
        budget: What each field takes from.

    Raises:
        Misshapen: Something there is no field, or reaches beyond the message.
        OutOfBudget: There are too many.
    """
    at = base = start
    data = b""
    while at < end:
        budget.spend_operations(FIELD_COST)
        place = at - base
        if place + _HEAD > len(data) and base + len(data) < end:
            data, base, place = source.read(at, min(_BLOCK, end - at)), at, 0
        if place >= len(data):
            raise Misshapen("the file ends within a message", at)
        tag = data[place]
        place += 1
        if tag > 0x7F:
            tag, place = varint(data, place - 1, base)
        number, wire, value = tag >> 3, tag & 7, 0
        if not 0 < number < 1 << 29:
            raise Misshapen(f"field {number}, which cannot be", at)
        if wire in _WIDTHS:
            size = _WIDTHS[wire]
        elif wire in (VARINT, COUNTED):
            size, place = varint(data, place, base)
            if wire == VARINT:
                value, size = size, 0
        else:
            raise Misshapen(f"field {number} of a kind that nobody writes ({wire})", at)
        begin = base + place
        if begin + size > end:
            raise Misshapen(f"field {number} of {size} bytes where {end - begin} are left", at)
        yield Field(number, wire, value, at if wire == VARINT else begin, begin + size)
        at = begin + size


def numbers(source: ByteSource, field: Field, most: int) -> Iterator[int]:
    """The numbers of a repeated field, whether they are packed or one of them stands alone.

    Raises:
        Misshapen: There are more than `most` bytes of them, or something there is no number.
    """
    if field.wire == VARINT:
        yield field.value
        return
    if field.end - field.start > most:
        raise Misshapen(f"{field.end - field.start} bytes of numbers, expected at most {most}", field.start)
    data = source.read(field.start, field.end - field.start)
    at = 0
    while at < len(data):
        value, at = varint(data, at, field.start)
        yield value


def signed(value: int) -> int:
    """A varint as a whole number of 64 bits with a sign."""
    return value - (1 << 64) if value >> 63 else value
