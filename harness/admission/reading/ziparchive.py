"""Reads a zip archive so strictly that every reader of it must see the same members, or says where they would not.

The members, the directory and the end record must partition the file: no byte before, between or after them, no name
twice, and local headers, data descriptors and the central directory must agree. Knows zip, not what members mean.
Sections refer to APPNOTE.TXT, the .ZIP File Format Specification.
"""

from __future__ import annotations

import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from harness.admission.reading import rules
from harness.admission.reading.bytesource import ByteSource, Section, Unfolding
from harness.admission.reading.notebook import WHOLE, Notebook
from harness.core.places import Place
from harness.core.rules import Rule

STORED: Final = 0
DEFLATED: Final = 8
MAX_DIRECTORY: Final = 16 << 20
MAX_MEMBERS: Final = 60_000
MAX_NAME: Final = 512
MAX_VERSION: Final = 63
"""Of the specification; Python refuses what is later."""
MAX_RATIO: Final = 200
"""Deflate reaches 1032; weights hardly reach 2, sparse ones 50."""
RATIO_MATTERS: Final = 1 << 20
CHUNK: Final = 1 << 20
MAX_END_RECORDS: Final = 8
"""Places that look like an archive's end; a file with so many is taken for an archive."""

_END = struct.Struct("<4s4H2LH")  # 4.3.16
_END64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15
_CENTRAL = struct.Struct("<4s6H3L5H2L")  # 4.3.12
_LOCAL = struct.Struct("<4s5H3L2H")  # 4.3.7
_HAS_DESCRIPTOR: Final = 0x08
_HARMLESS_FLAGS: Final = 0x0806 | _HAS_DESCRIPTOR  # deflate's effort, a data descriptor, UTF-8 names
_ENCRYPTED_FLAGS: Final = 0x2041
_EXTRAS: Final = {0x0001, 0x000A, 0x5455, 0x7875, 0x4246, 0x7855}
"""Zip64, NTFS and Unix times and owners, and torch's padding: none changes a name or content."""
_PADDING: Final = 0x4246
_NESTED: Final = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"BZh9")


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


@dataclass(slots=True)
class ZipArchive:
    """An archive whose directory was read."""

    source: ByteSource
    notebook: Notebook
    members: tuple[Member, ...]
    """In the order of their data."""
    where: Place = WHOLE
    """Prefix of places."""

    def section(self, member: Member) -> Section:
        """A member's bytes in the file, packed or not."""
        return Section(self.source, member.start, member.packed)

    def content(self, member: Member) -> ByteSource:
        """A member's bytes unpacked, to be read from the beginning to the end. As :meth:`blocks` where it is packed."""
        return self.section(member) if member.method == STORED else Unfolding(member.size, lambda: self.blocks(member))

    def blocks(self, member: Member) -> Iterator[bytes]:
        """A member's unpacked bytes, checked against its size, ratio and CRC; what is wrong is written down.

        Raises:
            OutOfBudget: More comes out than may be unpacked.
        """
        crc = total = 0
        try:
            for block in self._unpacked(member):
                crc = zlib.crc32(block, crc)
                total += len(block)
                if total > member.size:
                    break
                yield block
        except zlib.error as error:
            self._note(rules.ZIP_BROKEN, member, f"deflated data that cannot be unpacked ({error})")
            return
        if total != member.size:
            self._note(
                rules.ZIP_DISAGREE,
                member,
                f"{member.size} bytes promised, {'more' if total > member.size else total} there",
            )
        elif crc != member.crc:
            self._note(rules.ZIP_CRC, member, f"CRC {crc:08x}, expected {member.crc:08x}")

    def plain_blocks(self, member: Member) -> Iterator[bytes]:
        """A stored member's bytes as they are, for who has its sum from elsewhere."""
        section = self.section(member)
        for offset in range(0, section.size, CHUNK):
            yield section.read(offset, CHUNK)

    def _unpacked(self, member: Member) -> Iterator[bytes]:
        if member.method == STORED:
            yield from self.plain_blocks(member)
            return
        section = self.section(member)
        offset = 0
        unpacker = zlib.decompressobj(-15)
        while block := section.read(offset, CHUNK >> 2):
            offset += len(block)
            while block:
                out = unpacker.decompress(block, CHUNK)
                self.notebook.budget.spend_inflated(len(out))
                if out:
                    yield out
                block = unpacker.unconsumed_tail
            if unpacker.eof:
                if unpacker.unused_data or offset < section.size:
                    self._note(rules.ZIP_HIDDEN, member, "bytes after the end of its deflated data")
                return
        yield unpacker.flush()
        self._note(rules.ZIP_BROKEN, member, "deflated data without an end")

    def _note(self, rule: Rule, member: Member, found: str, effect: str = "") -> None:
        self.notebook.add(rule, self.where.member(member.name), found, effect=effect)


def read_archive(source: ByteSource, notebook: Notebook, *, where: Place = WHOLE) -> ZipArchive | None:
    """Read and check an archive's directory and headers.

    Args:
        source: The file.
        notebook: Where flaws go.
        where: What is read, within the file.

    Returns:
        The archive; None where it cannot be read at all.

    Raises:
        OutOfBudget: It has too many members.
    """
    try:
        count, start, size, end = _read_end(source, notebook, where)
        found = list(_central(source.read(start, size), count))
    except Malformed as problem:
        notebook.add(
            rules.ZIP_BROKEN,
            where if where.inside else where.at("end record"),
            str(problem),
            effect="readers recover differently",
        )
        return None
    notebook.budget.spend_members(len(found))
    archive = ZipArchive(source, notebook, (), where)
    _check_names(archive, found)
    found.sort(key=lambda member: (member.header, member.raw_name))
    placed: list[Member] = []
    reached = 0
    for member in found:
        ready = _check_member(archive, member, start)
        if member.header < reached:
            archive._note(rules.ZIP_OVERLAP, member, f"begins at byte {member.header}, before {reached}")
        elif member.header > reached:
            archive._note(rules.ZIP_HIDDEN, member, f"{member.header - reached} bytes before its header")
        if ready is None:
            reached = max(reached, member.header + _LOCAL.size)
            continue
        done, stop = ready
        placed.append(done)
        reached = max(reached, stop)
    if reached != start:
        notebook.add(rules.ZIP_HIDDEN if reached < start else rules.ZIP_OVERLAP, where.byte(reached),
                     f"{abs(start - reached)} bytes between the last member and the directory")  # fmt: skip
    if end != source.size:
        notebook.add(rules.ZIP_HIDDEN, where.byte(end), f"{source.size - end} bytes after the end")
    archive.members = tuple(placed)
    return archive


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
        size, packed, header = _widen(extra, [size, packed, header])
        yield Member(
            name=_decode(raw),
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


def _widen(extra: bytes, values: list[int]) -> list[int]:
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


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _check_names(archive: ZipArchive, found: list[Member]) -> None:
    folded: dict[str, str] = {}
    for member in found:
        name = member.name
        parts = name.split("/")
        if (
            not name
            or len(member.raw_name) > MAX_NAME
            or name.startswith("/")
            or ".." in parts
            or "." in parts
            or "" in parts[:-1]
            or "\\" in name
            or ":" in name
            or not name.isprintable()
            or not name.isascii()
        ):
            archive._note(rules.ZIP_NAME, member, name, "is written or found elsewhere than it seems")
        key = unicodedata.normalize("NFKC", name.rstrip("/. ")).casefold()
        if key in folded:
            archive._note(
                rules.ZIP_DUPLICATE, member, f"{name} and {folded[key]}", "torch and Python load different ones"
            )
        folded[key] = name


def _check_member(archive: ZipArchive, member: Member, limit: int) -> tuple[Member, int] | None:
    """Read the local header; the member with its data's place, and where it ends."""
    header = archive.source.read(member.header, 256)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        archive._note(rules.ZIP_DISAGREE, member, f"no local header at byte {member.header}", "readers differ")
        return None
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack_from(header)
    length = name_length + extra_length
    rest = header[_LOCAL.size : _LOCAL.size + length]
    if len(rest) < length:
        rest = archive.source.read(member.header + _LOCAL.size, length)
    name, extra = rest[:name_length], rest[name_length:]
    start = member.header + _LOCAL.size + name_length + extra_length
    try:
        size, packed = _widen(extra, [size, packed])
    except Malformed as problem:
        archive._note(rules.ZIP_BROKEN, member, str(problem))
    if (flags | member.flags) & _ENCRYPTED_FLAGS:
        archive._note(
            rules.ZIP_ENCRYPTED, member, f"flags 0x{flags:04x} and 0x{member.flags:04x}", "hides it from scanners"
        )
    elif (flags | member.flags) & ~_HARMLESS_FLAGS:
        archive._note(rules.ZIP_METHOD, member, f"flags 0x{flags:04x} and 0x{member.flags:04x}")
    if member.method not in (STORED, DEFLATED):
        archive._note(rules.ZIP_METHOD, member, f"compression method {member.method}")
        return None
    wrong = []
    if name != member.raw_name:
        wrong.append(f"name {_decode(name)}")
    if method != member.method:
        wrong.append(f"method {method} and {member.method}")
    if flags != member.flags:
        wrong.append(f"flags 0x{flags:04x} and 0x{member.flags:04x}")
    for what, local, central in (
        ("CRC", crc, member.crc),
        ("packed size", packed, member.packed),
        ("size", size, member.size),
    ):
        if local != central and not (flags & _HAS_DESCRIPTOR and local == 0):
            wrong.append(f"{what} {local} and {central}")
    if member.method == STORED and member.packed != member.size:
        wrong.append(f"stored in {member.packed} bytes, but {member.size} long")
    if wrong:
        archive._note(rules.ZIP_DISAGREE, member, "; ".join(wrong), "one reader sees other bytes than another")
    stop = start + member.packed
    if stop > limit:
        archive._note(rules.ZIP_OVERLAP, member, f"ends at byte {stop}, behind the directory at {limit}")
        return None
    if member.size > MAX_RATIO * max(member.packed, 1) and member.size > RATIO_MATTERS:
        archive._note(rules.ZIP_RATIO, member, f"{member.packed} bytes unpack to {member.size}", "exhausts memory")
        return None
    done = Member(
        name=member.name, raw_name=member.raw_name, method=member.method, flags=member.flags, crc=member.crc,
        packed=member.packed, size=member.size, header=member.header, start=start,
        begin=header[start - member.header :][: min(8, member.packed)],
    )  # fmt: skip
    if flags & _HAS_DESCRIPTOR:
        stop += _check_descriptor(archive, done, stop)
    return done, stop


def _check_descriptor(archive: ZipArchive, member: Member, place: int) -> int:
    """Bytes of the data descriptor (4.3.9)."""
    data = archive.source.read(place, 26)
    if data[:4] == b"PK\x07\x08":
        for layout in ("<3L", "<L2Q"):
            length = 4 + struct.calcsize(layout)
            is_whole = len(data) >= length and data[length : length + 2] == b"PK"
            if is_whole and struct.unpack_from(layout, data, 4) == (member.crc, member.packed, member.size):
                return length
    archive._note(
        rules.ZIP_DISAGREE, member, "a data descriptor that disagrees", "one reader sees other bytes than another"
    )
    return 0


def check_nesting(archive: ZipArchive, member: Member) -> None:
    """Write down a member that is an archive itself."""
    begin = member.begin or archive.section(member).read(0, 8)
    if member.method == STORED and begin.startswith(_NESTED):
        archive._note(rules.ZIP_NESTED, member, "begins like an archive", "hides its members from scanners")


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
