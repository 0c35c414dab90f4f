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
_MAGIC: Final = b"\x93NUMPY\x01\x00"
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
                data = archive.read(f"{name}.npy")[-4 * WIDTH * count :]
                return np.frombuffer(data, "<f4").astype(np.float32).reshape(count, WIDTH)
    raise ValueError(printable(f"expected a speaker {speaker!r}, got none"))


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, struct.error, EOFError) as error:
        raise ValueError(f"expected numpy's archive, got none ({error})") from None


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, int]]:
    """Name and number of rows of each speaker."""
    members = archive.infolist()
    if not 0 < len(members) <= MAX_SPEAKERS:
        raise ValueError(f"expected 1 to {MAX_SPEAKERS} speakers, got {len(members)}")
    seen: set[str] = set()
    for member in members:
        shown = printable(repr(member.filename[:80]))
        name = _NAME.fullmatch(member.filename)
        if name is None or name[1] in seen:
            raise ValueError(f"expected names of speakers, each once, such as af_heart.npy, got {shown}")
        seen.add(name[1])
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise ValueError(f"{shown}: expected an array as it is, got one that is packed")
        yield name[1], _rows(archive, member, shown)


def _rows(archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str) -> int:
    try:
        with archive.open(member) as stream:
            start = stream.read(len(_MAGIC) + 2)
            length = int.from_bytes(start[len(_MAGIC) :], "little")
            header = _HEADER.fullmatch(stream.read(min(length, 1024)).decode("latin-1"))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise ValueError(f"{shown}: cannot be read ({error})") from None
    if not start.startswith(_MAGIC) or header is None or int(header["rows"]) > MAX_LENGTHS:
        raise ValueError(f"{shown}: expected float32 of up to [{MAX_LENGTHS}, 1, {WIDTH}], got another array")
    rows = int(header["rows"])
    if member.file_size != len(start) + length + 4 * WIDTH * rows:
        raise ValueError(f"{shown}: expected {rows} rows of {WIDTH} numbers, got {member.file_size} bytes")
    return rows
