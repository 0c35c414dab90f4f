"""The directory of a zip archive and the record at its end, read so that every reader must find the same members.

Knows names, sizes and places of members, not what lies there: that is held against it by
:mod:`harness.admission.reading.ziparchive`. Sections refer to APPNOTE.TXT, the .ZIP File Format Specification.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from harness.admission.reading import rules
from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.notebook import Notebook
from harness.core.places import Place

MAX_DIRECTORY: Final = 16 << 20
MAX_MEMBERS: Final = 60_000
MAX_VERSION: Final = 63
"""Of the specification; Python refuses what is later."""
MAX_END_RECORDS: Final = 8
"""Places that look like an archive's end; a file with so many is taken for an archive."""

_END = struct.Struct("<4s4H2LH")  # 4.3.16
_END64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15
_CENTRAL = struct.Struct("<4s6H3L5H2L")  # 4.3.12
_EXTRAS: Final = {0x0001, 0x000A, 0x5455, 0x7875, 0x4246, 0x7855}
"""Zip64, NTFS and Unix times and owners, and torch's padding: none changes a name or content."""
_PADDING: Final = 0x4246


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry of the central directory."""

    name: str
    """Decoded. Hostile text."""
    raw_name: bytes
    """As stored."""
    method: int
    """0 stored, 8 deflated."""
    flags: int
    """General purpose bits (4.4.4)."""
    crc: int
    """CRC-32 of the unpacked bytes."""
    packed: int
    """Bytes in the file."""
    size: int
    """Bytes unpacked."""
    header: int
    """Where its local header begins."""
    start: int = 0
    """Where its data begins; known after the local header was read."""
    begin: bytes = b""
    """Its first bytes, where they came with the header."""


class Malformed(Exception):
    """The archive's frame cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The members of an archive, and what of the file it does not describe."""

    members: tuple[Member, ...]
    start: int
    """Where the directory begins."""
    end: int
    """Where the archive ends."""


def read_directory(source: ByteSource, notebook: Notebook, where: Place) -> Directory:
    """Read an archive's end record and its directory.

    Args:
        source: The file.
        notebook: Where flaws go.
        where: What is read, within the file.

    Raises:
        Malformed: They cannot be read in one way.
    """
    count, start, size, end = _read_end(source, notebook, where)
    return Directory(members=tuple(_central(source.read(start, size), count)), start=start, end=end)


def has_directory(source: ByteSource) -> bool:
    """Whether a zip reader would find an archive in what does not begin as one."""
    tail_start = max(0, source.size - _END.size - 0xFFFF)
    tail = source.read(tail_start, source.size - tail_start)
    places = _end_records(tail, tail_start)
    if len(places) >= MAX_END_RECORDS:
        return True
    for place in places:
        _, _, _, _, count, size, _, comment = _END.unpack_from(tail, place - tail_start)
        if place + _END.size + comment > source.size:
            continue
        if count == 0 and size == 0:
            if place + _END.size + comment == source.size:
                return True
        elif (size <= place and source.read(place - size, 4) == b"PK\x01\x02") or size == 0xFFFFFFFF or count == 0xFFFF:
            return True
        if place >= _LOCATOR.size and source.read(place - _LOCATOR.size, 4) == b"PK\x06\x07":
            return True  # torch writes long records between the directory and the end
    return False


def _read_end(source: ByteSource, notebook: Notebook, where: Place) -> tuple[int, int, int, int]:
    """Number of members, start and size of the directory, and where the archive ends."""
    tail_start = max(0, source.size - _END.size - 0xFFFF)
    tail = source.read(tail_start, source.size - tail_start)
    places = _end_records(tail, tail_start)
    if not places:
        raise Malformed("expected an end record, got none: the archive is truncated")
    if len(places) > 1:
        notebook.add(rules.ZIP_HIDDEN, where.byte(places[0]), f"{len(places)} end records",
                     effect="readers pick different directories")  # fmt: skip
    place = places[-1]
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(tail, place - tail_start)
    end = place + _END.size
    if comment:
        notebook.add(rules.ZIP_HIDDEN, where.byte(end), f"a comment of {comment} bytes")
        end = min(end + comment, source.size)
    if disk or first_disk or here != count:
        raise Malformed("expected one archive, got a part of several")
    before = place
    locator = source.read(place - _LOCATOR.size, _LOCATOR.size) if place >= _LOCATOR.size else b""
    if locator[:4] == b"PK\x06\x07":
        _, disk, where64, disks = _LOCATOR.unpack(locator)
        record = source.read(where64, _END64.size)
        if len(record) < _END64.size or record[:4] != b"PK\x06\x06" or disk or disks > 1:
            raise Malformed("expected a zip64 end record where its locator points, got none")
        _, length, _, _, disk, first_disk, here64, count64, size64, start64 = _END64.unpack(record)
        if length != _END64.size - 12 or where64 + _END64.size != place - _LOCATOR.size or disk or first_disk:
            raise Malformed("expected a plain zip64 end record right before its locator, got another")
        narrow = ((count, 0xFFFF, count64), (size, 0xFFFFFFFF, size64), (start, 0xFFFFFFFF, start64))
        if here64 != count64 or any(small not in (limit, wide) for small, limit, wide in narrow):
            notebook.add(rules.ZIP_DISAGREE, where.byte(where64), "the two end records disagree",
                         effect="readers pick different directories")  # fmt: skip
        count, size, start, before = count64, size64, start64, where64
    elif count == 0xFFFF or 0xFFFFFFFF in (size, start):
        raise Malformed("expected a zip64 end record, got none")
    if start + size != before:
        shown = f"the directory of {size} bytes does not reach its end record"
        notebook.add(rules.ZIP_HIDDEN, where.byte(start), shown, effect="readers shift offsets, or do not")
        raise Malformed(f"expected the directory to end at byte {before}, got {start + size}")
    if size > MAX_DIRECTORY or count > MAX_MEMBERS or size < count * _CENTRAL.size:
        raise Malformed(f"expected at most {MAX_MEMBERS} members, got {count} in {size} bytes")
    return count, start, size, end


def _end_records(tail: bytes, base: int) -> list[int]:
    """Places that a reader may take for the end record: the last one, and earlier ones that fit."""
    found: list[int] = []
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0 and len(found) < MAX_END_RECORDS:
        if at + _END.size <= len(tail):
            _, _, _, _, _, size, _, comment = _END.unpack_from(tail, at)
            is_last = not found
            is_fit = at + _END.size + comment == len(tail) or (
                size <= at and tail[at - size : at - size + 4] == b"PK\x01\x02"
            )
            if is_last or is_fit:
                found.append(base + at)
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return found[::-1]


def _central(data: bytes, count: int) -> Iterator[Member]:
    at = 0
    for _ in range(count):
        if len(data) - at < _CENTRAL.size or data[at : at + 4] != b"PK\x01\x02":
            raise Malformed("expected as many directory entries as promised, got fewer")
        fields = _CENTRAL.unpack_from(data, at)
        _, _, version, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length = fields[:13]
        disk, header = fields[13], fields[16]
        if disk or version & 0xFF > MAX_VERSION:
            raise Malformed(f"expected one disk and a version up to {MAX_VERSION}, got {disk} and {version & 0xFF}")
        at += _CENTRAL.size
        raw = data[at : at + name_length]
        extra = data[at + name_length : at + name_length + extra_length]
        at += name_length + extra_length + comment_length
        if at > len(data):
            raise Malformed("expected whole directory entries, got a cut one")
        if comment_length:
            raise Malformed("expected members without comments, got one with a comment")
        size, packed, header = widen(extra, [size, packed, header])
        yield Member(
            name=decode(raw),
            raw_name=raw,
            method=method,
            flags=flags,
            crc=crc,
            packed=packed,
            size=size,
            header=header,
        )
    if at != len(data):
        raise Malformed(f"expected {count} directory entries, got {len(data) - at} bytes more")


def widen(extra: bytes, values: list[int]) -> list[int]:
    """Replace values of 0xFFFFFFFF by those of the zip64 extra field (4.5.3)."""
    at = 0
    seen: set[int] = set()
    while at < len(extra):
        if len(extra) - at < 4:
            raise Malformed("expected whole extra fields, got a cut one")
        kind, length = struct.unpack_from("<2H", extra, at)
        body = extra[at + 4 : at + 4 + length]
        if len(body) < length:
            raise Malformed("expected whole extra fields, got a cut one")
        if kind not in _EXTRAS or kind in seen:
            raise Malformed(f"expected known extra fields once each, got 0x{kind:04x}")
        seen.add(kind)
        if kind == _PADDING and body.strip(b"Z\0"):
            raise Malformed("expected torch's padding of Zs, got other bytes in it")
        if kind == 0x0001:
            wide = list(struct.unpack_from(f"<{length // 8}Q", body))
            values = [wide.pop(0) if value == 0xFFFFFFFF and wide else value for value in values]
        at += 4 + length
    return values


def decode(raw: bytes) -> str:
    """A member's name as text: UTF-8, or what zip had before."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")
