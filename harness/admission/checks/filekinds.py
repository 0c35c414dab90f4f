"""What a file is by its content: a look at its head and its tail, and what stands in between where it is no tensor's.

Pure; nothing is parsed further or executed.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.tensorformats import format_of

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 64 * 1024 + 22
"""A zip archive's end lies within these."""
BLOCK_BYTES = 1 << 20
_OVERLAP = 4096
"""Bytes of one block that are looked at again with the next: what is looked for is shorter."""
_ISO_AT = 32_769
"""Where the image of a disc says what it is."""


class Kind(StrEnum):
    """Kinds of content, as far as a model directory is concerned."""

    EXECUTABLE = "a program"
    SCRIPT = "a script"
    BYTECODE = "Python bytecode"
    ZIP = "a zip archive"
    ARCHIVE = "an archive"
    TAR = "a tar archive"
    PICKLE = "a pickle"
    NUMPY = "a numpy array"
    TENSORS = "tensors alone"
    AUDIO = "a recording"
    IMAGE = "an image"
    PDF = "a PDF"
    DATABASE = "a database or an office document"
    MARKUP = "HTML or SVG"
    TEXT = "text"
    EMPTY = "nothing"
    OTHER = "unknown bytes"


_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x7fELF", Kind.EXECUTABLE),
    (b"\xfe\xed\xfa\xce", Kind.EXECUTABLE),
    (b"\xfe\xed\xfa\xcf", Kind.EXECUTABLE),
    (b"\xce\xfa\xed\xfe", Kind.EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", Kind.EXECUTABLE),
    (b"\xca\xfe\xba\xbe", Kind.EXECUTABLE),
    (b"\xca\xfe\xba\xbf", Kind.EXECUTABLE),
    (b"\0asm", Kind.EXECUTABLE),
    (b"dex\n", Kind.EXECUTABLE),
    (b"!<arch>\n", Kind.EXECUTABLE),
    (b"L\0\0\0\x01\x14\x02\0", Kind.EXECUTABLE),  # a Windows shortcut
    (b"BC\xc0\xde", Kind.EXECUTABLE),  # LLVM bitcode
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"PK\x07\x08", Kind.ZIP),
    (b"\x1f\x8b", Kind.ARCHIVE),
    (b"\x1f\x9d", Kind.ARCHIVE),
    (b"BZh", Kind.ARCHIVE),
    (b"\xfd7zXZ\0", Kind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE),
    (b"Rar!\x1a\x07", Kind.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Kind.ARCHIVE),
    (b"\x04\x22\x4d\x18", Kind.ARCHIVE),
    (b"MSCF\0\0\0\0", Kind.ARCHIVE),
    (b"xar!", Kind.ARCHIVE),
    (b"\x93NUMPY", Kind.NUMPY),
    (b"%PDF-", Kind.PDF),
    (b"\x89PNG\r\n\x1a\n", Kind.IMAGE),
    (b"\xff\xd8\xff", Kind.IMAGE),
    (b"GIF87a", Kind.IMAGE),
    (b"GIF89a", Kind.IMAGE),
    (b"fLaC", Kind.AUDIO),
    (b"OggS", Kind.AUDIO),
    (b"ID3", Kind.AUDIO),
    (b"\xff\xfb", Kind.AUDIO),
    (b"\xff\xf3", Kind.AUDIO),
    (b"\xff\xf2", Kind.AUDIO),
    (b"\xff\xfa", Kind.AUDIO),
    (b"\x89HDF\r\n\x1a\n", Kind.DATABASE),
    (b"SQLite format 3\0", Kind.DATABASE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.DATABASE),
    (b"{\\rtf", Kind.DATABASE),
)
_MARKUP = re.compile(
    rb"\s*+(?:(?><!--.*?-->)\s*+)*+(?:<!doctype\s+(?:html|svg)|<html|<head|<body|<svg|<\?xml|<script|<math|<iframe)",
    re.I | re.S,
)
_SCRIPT = re.compile(rb"#!\s*/|#!\S*(sh|python|perl|ruby|node)|@echo off|<\?php", re.I)
_PYTHON = re.compile(
    rb"^[ \t]*(import[ \t]+[A-Za-z_]|from[ \t]+[\w.]+[ \t]+import|exec[ \t]*\(|eval[ \t]*\(|__import__)", re.M
)
_ACTIVE = re.compile(
    rb"<\s*script|javascript\s*:|\son[a-z]{3,20}\s*=|<\s*(iframe|object|embed|foreignobject|applet|base|meta\s+http-equiv)"
    rb"|<!entity|srcdoc\s*=|data\s*:\s*text/html|xlink:href\s*=\s*[\"']\s*(?!#)",
    re.I,
)
_ACTIVE_PDF = re.compile(rb"/(JavaScript|JS|Launch|OpenAction|EmbeddedFile|AA|RichMedia)\b")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_EMBEDDED = re.compile(rb"<\?php|<script", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the first look at a file shows."""

    kind: Kind
    also: Kind | None = None
    """A second format in the same bytes."""
    is_python: bool = False
    """Text with lines that Python would import or execute (also those of a ``.pth`` in site-packages)."""
    is_active: bool = False
    """Markup with scripts, frames, handlers or outside references; a PDF with actions."""
    magic: bytes = b""
    """The first bytes."""
    is_whole: bool = True
    """Whether all of it was looked at that has to be."""


def look(head: bytes, tail: bytes, size: int) -> Look:
    """Say what a file is.

    Args:
        head: Its first :data:`HEAD_BYTES`.
        tail: Its last :data:`TAIL_BYTES`.
        size: Of the whole file.
    """
    kind = _kind(head, size)
    also = _second(kind, head, tail, size)
    is_text = kind in (Kind.TEXT, Kind.SCRIPT, Kind.MARKUP)
    is_active = is_text and _ACTIVE.search(head + tail) is not None
    if kind is Kind.PDF:
        is_active = _ACTIVE_PDF.search(head + tail) is not None
    return Look(
        kind=kind,
        also=also,
        is_python=is_text and _PYTHON.search(head) is not None,
        is_active=is_active,
        magic=head[:16],
    )


READ_WHOLE = frozenset({Kind.TEXT, Kind.MARKUP, Kind.PDF, Kind.IMAGE, Kind.AUDIO})
"""Kinds in which something may stand anywhere that makes them another. Programs are refused whatever they hold."""


def look_on(seen: Look, blocks: Iterable[bytes], *, most: int) -> Look:
    """Say what a file of :data:`READ_WHOLE` is once all of it was read.

    Args:
        seen: The first look.
        blocks: Its bytes.
        most: How many of them are read at most.
    """
    kind, also, read, before = seen.kind, seen.also, 0, b""
    is_python, is_active = seen.is_python, seen.is_active
    decoder = codecs.getincrementaldecoder("utf-8")()
    for block in blocks:
        read += len(block)
        if read > most:
            return replace(seen, is_whole=False)
        data = before + block
        begin = 1 if before else 0  # a line that began in the block before has begun
        if seen.kind in (Kind.TEXT, Kind.MARKUP):
            if kind is Kind.TEXT and not _goes_on(decoder, block):
                kind = Kind.OTHER
            kind = Kind.SCRIPT if b"<?php" in data else kind
            is_python = is_python or _PYTHON.search(data, begin) is not None
            is_active = is_active or _ACTIVE.search(data) is not None
        elif seen.kind is Kind.PDF:
            is_active = is_active or _ACTIVE_PDF.search(data) is not None
        elif also is None and _EMBEDDED.search(data):
            also = Kind.SCRIPT
        if kind is Kind.SCRIPT:
            break
        before = data[-_OVERLAP:]
    return replace(seen, kind=kind, also=also, is_python=is_python, is_active=is_active)


def _goes_on(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    """Whether text goes on in a block."""
    try:
        return not _CONTROL.search(decoder.decode(block))
    except UnicodeDecodeError:
        return False


def _kind(head: bytes, size: int) -> Kind:
    if not head:
        return Kind.EMPTY
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return Kind.EXECUTABLE
    if head.startswith((b"RIFF", b"RF64")):
        return {b"WAVE": Kind.AUDIO, b"WEBP": Kind.IMAGE}.get(head[8:12], Kind.OTHER)
    if head[2:4] == b"\r\n" and 2900 <= int.from_bytes(head[:2], "little") <= 3999 and len(head) >= 16:
        return Kind.BYTECODE
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return Kind.PICKLE
    if head[257:262] == b"ustar":
        return Kind.TAR
    if format_of(MemoryBytes(head)) is not None:
        return Kind.TENSORS
    return _text_kind(head, size)


def _text_kind(head: bytes, size: int) -> Kind:
    if _SCRIPT.match(head.lstrip(b"\xef\xbb\xbf \t\r\n")):
        return Kind.SCRIPT
    if not is_text(head, is_cut=size > len(head)):
        return Kind.OTHER
    if _MARKUP.match(head.lstrip(b"\xef\xbb\xbf")):
        return Kind.MARKUP
    return Kind.SCRIPT if b"<?php" in head else Kind.TEXT


def is_text(data: bytes, *, is_cut: bool = False) -> bool:
    """Whether it is UTF-8 without control characters; the last character may be cut off."""
    if b"\0" in data:
        return False
    for cut in range(4 if is_cut else 1):
        try:
            text = data[: len(data) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return not _CONTROL.search(text)
    return False


def _second(kind: Kind, head: bytes, tail: bytes, size: int) -> Kind | None:
    if kind is not Kind.ZIP and _ends_as_zip(tail, size):
        return Kind.ZIP
    if kind is not Kind.TAR and head[257:262] == b"ustar" and kind not in (Kind.TEXT, Kind.OTHER):
        return Kind.TAR
    if kind not in (Kind.PDF, Kind.TEXT, Kind.MARKUP) and re.search(rb"%PDF-[12]\.\d", head[:1024]):
        return Kind.PDF
    if head[_ISO_AT : _ISO_AT + 5] == b"CD001":
        return Kind.ARCHIVE
    if kind in (Kind.IMAGE, Kind.AUDIO) and (is_text(head, is_cut=size > len(head)) or _EMBEDDED.search(head + tail)):
        return Kind.SCRIPT
    if kind in (Kind.IMAGE, Kind.AUDIO, Kind.PDF):
        rest = _behind(head, tail, size)
        if rest:
            found = _kind(rest, len(rest))
            if found not in (Kind.OTHER, Kind.EMPTY, Kind.TEXT) or _PYTHON.search(rest):
                return Kind.SCRIPT if found is Kind.TEXT else found
    return None


def _behind(head: bytes, tail: bytes, size: int) -> bytes:
    """What follows the end that a format itself names, where it is near the end of the file."""
    if head.startswith(b"\x89PNG"):
        at = tail.rfind(b"IEND\xaeB`\x82")
        return tail[at + 8 :] if at >= 0 else b""
    if head.startswith(b"\xff\xd8\xff"):
        at = tail.rfind(b"\xff\xd9")
        return tail[at + 2 :] if at >= 0 else b""
    if head.startswith(b"GIF8"):
        at = tail.find(b"\0;")
        return tail[at + 2 :] if at >= 0 and size <= len(tail) else b""
    if head.startswith(b"%PDF"):
        at = tail.rfind(b"%%EOF")
        return tail[at + 5 :].lstrip(b"\r\n") if at >= 0 else b""
    if head.startswith(b"RIFF"):
        end = 8 + int.from_bytes(head[4:8], "little")
        end += end & 1
        start = end - (size - len(tail))
        return tail[start:] if 0 <= start < len(tail) else b""
    return b""


def _ends_as_zip(tail: bytes, size: int) -> bool:
    """Whether a zip reader would find an archive in it: the end record, its comment and its directory fit together."""
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        record = tail[at : at + 22]
        if len(record) == 22:
            entries, length, _, comment = struct.unpack("<HIIH", record[10:22])
            directory = size - len(tail) + at - length
            is_whole = at + 22 + comment <= len(tail)
            start = directory - (size - len(tail))
            is_there = entries == 0 or start < 0 or tail[start : start + 4] == b"PK\x01\x02"
            has_long_record = tail[max(0, at - 20) : at][:4] == b"PK\x06\x07"  # as torch writes it, in between
            if is_whole and (has_long_record or (directory >= 0 and is_there)):
                return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False
