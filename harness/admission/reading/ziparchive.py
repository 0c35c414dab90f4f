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
from harness.admission.reading.zipdirectory import Malformed, Member, decode, read_directory, widen
from harness.core.places import Place
from harness.core.rules import Rule

STORED: Final = 0
DEFLATED: Final = 8
MAX_NAME: Final = 512
MAX_RATIO: Final = 200
"""Deflate reaches 1032; weights hardly reach 2, sparse ones 50."""
RATIO_MATTERS: Final = 1 << 20
CHUNK: Final = 1 << 20
_LOCAL = struct.Struct("<4s5H3L2H")  # 4.3.7
_HAS_DESCRIPTOR: Final = 0x08
_HARMLESS_FLAGS: Final = 0x0806 | _HAS_DESCRIPTOR  # deflate's effort, a data descriptor, UTF-8 names
_ENCRYPTED_FLAGS: Final = 0x2041
_NESTED: Final = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"BZh9")


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
        directory = read_directory(source, notebook, where)
    except Malformed as problem:
        notebook.add(
            rules.ZIP_BROKEN,
            where if where.inside else where.at("end record"),
            str(problem),
            effect="readers recover differently",
        )
        return None
    found = list(directory.members)
    notebook.budget.spend_members(len(found))
    archive = ZipArchive(source, notebook, (), where)
    _check_names(archive, found)
    found.sort(key=lambda member: (member.header, member.raw_name))
    placed: list[Member] = []
    reached = 0
    for member in found:
        ready = _check_member(archive, member, directory.start)
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
    if reached != directory.start:
        notebook.add(rules.ZIP_HIDDEN if reached < directory.start else rules.ZIP_OVERLAP, where.byte(reached),
                     f"{abs(directory.start - reached)} bytes between the last member and the directory")  # fmt: skip
    if directory.end != source.size:
        notebook.add(rules.ZIP_HIDDEN, where.byte(directory.end), f"{source.size - directory.end} bytes after the end")
    archive.members = tuple(placed)
    return archive


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
        size, packed = widen(extra, [size, packed])
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
        wrong.append(f"name {decode(name)}")
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
