"""The speakers of a Kokoro voice: style vectors, one row for each length of a text. As admission and engine read them.

The file is numpy's archive, nothing in it packed: for each speaker ``NAME.npy`` with float32 of ``[lengths, 1, 256]``.
Source: ``voices-v1.0.bin`` of kokoro-onnx.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from typing import IO, Final

import numpy as np

from harness.core.text import printable

PATTERN: Final = "voices*.bin"
"""What the file is called."""
WIDTH: Final = 256
"""Numbers of one row: half say how it sounds, half how it is spoken."""
MAX_SPEAKERS: Final = 512
MAX_LENGTHS: Final = 1024
"""Rows of one speaker; released voices have 510."""
MAX_DIRECTORY: Final = 1 << 18
"""Bytes of the archive's own list, which is read whole."""
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_START: Final = len(_MAGIC) + 2
MAX_HEADER: Final = 1024
_END: Final = struct.Struct("<4s4H2LH")
"""What ends an archive; :data:`_LOCATOR` bytes before it stand where it is larger than any voice's."""
_LOCATOR: Final = 20
_BROKEN: Final = (zipfile.BadZipFile, NotImplementedError, RuntimeError, struct.error, EOFError)
_NAME: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,63})\.npy")
_HEADER: Final = re.compile(
    r"\{'descr': '<f4', 'fortran_order': False, 'shape': \((?P<rows>[1-9]\d{0,3}), (?:1, )?256\), \} *\n"
)

Rows = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def speakers_of(file: IO[bytes]) -> tuple[str, ...]:
    """Names of the speakers, sorted. Everything but the numbers is read.

    Raises:
        ValueError: It is no such file; ``str`` says why.
    """
    with _opened(file) as archive:
        return tuple(sorted(name for name, _ in _members(archive)))


def rows_of(file: IO[bytes], speaker: str) -> Rows:
    """The rows of one speaker.

    Raises:
        ValueError: It is no such file, or has no such speaker.
    """
    with _opened(file) as archive:
        for name, count in _members(archive):
            if name == speaker:
                data = _content(archive, f"{name}.npy", -1)[-4 * WIDTH * count :]
                return np.frombuffer(data, "<f4").astype(np.float32).reshape(count, WIDTH)
    raise ValueError(printable(f"expected a speaker {speaker!r}, got none"))


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    """The archive, once its end says that its list is short: what lists it makes an object of each entry."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LOCATOR - _END.size))
    tail = file.read()
    before, end = tail[: -_END.size], tail[-_END.size :]
    if len(end) != _END.size:
        raise ValueError("expected numpy's archive, got fewer bytes than one has")
    mark, _, _, _, count, listed, _, comment = _END.unpack(end)
    if mark != b"PK\5\6" or comment or before.startswith(b"PK\6\7") or listed > MAX_DIRECTORY:
        raise ValueError("expected numpy's archive, got none")
    if not 0 < count <= MAX_SPEAKERS:
        raise ValueError(f"expected 1 to {MAX_SPEAKERS} speakers, got {count}")
    try:
        return zipfile.ZipFile(file)
    except _BROKEN as error:
        raise ValueError(f"expected numpy's archive, got none ({printable(str(error))[:80]})") from None


def _content(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo, most: int) -> bytes:
    """The first bytes of a member; all of them where `most` is -1."""
    try:
        with archive.open(name) as stream:
            return stream.read(most)
    except _BROKEN as error:
        raise ValueError(f"a speaker's array cannot be read ({printable(str(error))[:80]})") from None


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, int]]:
    """Name and number of rows of each speaker."""
    seen: set[str] = set()
    for member in archive.infolist():
        shown = printable(repr(member.filename[:80]))
        name = _NAME.fullmatch(member.filename)
        if name is None or name[1] in seen:
            raise ValueError(f"expected names of speakers, each once, such as af_heart.npy, got {shown}")
        seen.add(name[1])
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise ValueError(f"{shown}: expected an array as it is, got one that is packed")
        yield name[1], _rows(archive, member, shown)


def _rows(archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str) -> int:
    head = _content(archive, member, MAX_HEADER)
    length = int.from_bytes(head[len(_MAGIC) : _START], "little")
    header = _HEADER.fullmatch(head[_START : _START + length].decode("latin-1"))
    if not head.startswith(_MAGIC) or header is None or int(header["rows"]) > MAX_LENGTHS:
        raise ValueError(f"{shown}: expected float32 of up to [{MAX_LENGTHS}, 1, {WIDTH}], got another array")
    rows = int(header["rows"])
    if member.file_size != _START + length + 4 * WIDTH * rows:
        raise ValueError(f"{shown}: expected {rows} rows of {WIDTH} numbers, got {member.file_size} bytes")
    return rows
