"""Reads a tar archive's headers, for torch's oldest format and for whatever else comes as one. Knows ustar only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from harness.admission.reading.bytesource import ByteSource, Section
from harness.admission.reading.notebook import OutOfBudget

BLOCK: Final = 512
MAX_MEMBERS: Final = 1000
CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class TarMember:
    """One entry."""

    name: str
    """Hostile text."""
    data: Section
    """Its bytes."""


def is_tar(source: ByteSource) -> bool:
    """Whether the first block is a tar header: torch asks Python's tarfile first, which goes by the checksum."""
    return _checksum_holds(source.read(0, BLOCK))


def members_of(source: ByteSource) -> Iterator[TarMember]:
    """The entries, long names and links included as they lie.

    Raises:
        OutOfBudget: There are more than :data:`MAX_MEMBERS`, or something behind them that is none.
    """
    at = 0
    for number in itertools.count():
        if number >= MAX_MEMBERS and _checksum_holds(source.read(at, BLOCK)):
            raise OutOfBudget(f"more than {MAX_MEMBERS} members in a tar archive")
        header = source.read(at, BLOCK)
        if not _checksum_holds(header):
            _check_rest(source, at)
            return
        try:
            size = int(header[124:136].rstrip(b" \0") or b"0", 8)
        except ValueError:
            size = -1
        if size < 0:
            raise OutOfBudget(f"an entry of unknown size at byte 0x{at:x} of a tar archive")
        size = min(size, max(0, source.size - at - BLOCK))
        name = header[:100].rstrip(b"\0").decode("utf-8", "backslashreplace")
        yield TarMember(name, Section(source, at + BLOCK, size))
        at += BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK


def _check_rest(source: ByteSource, at: int) -> None:
    """Behind the last entry there are zeros, and nothing that another reader finds."""
    for place in range(at, source.size, CHUNK):
        if source.read(place, CHUNK).strip(b"\0"):
            raise OutOfBudget(f"what is no entry behind byte 0x{at:x} of a tar archive")


def _checksum_holds(header: bytes) -> bool:
    if len(header) < BLOCK or not any(header):
        return False
    try:
        wanted = int(header[148:156].strip(b" \0") or b"-", 8)
    except ValueError:
        return False
    blank = header[:148] + b" " * 8 + header[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in blank)
    return wanted in (sum(blank), signed)
