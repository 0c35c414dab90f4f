"""Sound for the page: small Opus clips as data URIs within a budget, links to files beyond it."""

from __future__ import annotations

import base64
import io
import os
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

    from harness.core.types import GoldenRecord
    from harness.report import AudioSource

RATE: Final = 24_000
"""Hz. One of the rates that Opus knows, and enough for speech."""
LONGEST_SECONDS: Final = 60
"""A longer file is linked: a model that does not stop speaking must not hold up its own report."""

_SERIAL: Final = 0x50554F53
_CRC_POLYNOMIAL: Final = 0x04C11DB7


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Something to listen to."""

    label: str
    """Who speaks, for people."""
    source: str = ""
    """Data URI, or ``""`` where only a link is offered."""
    link: str = ""
    """URL of the file relative to the page, or ``""`` where there is no file."""
    note: str = ""
    """Why there is no player, or ``""``."""


@dataclass(slots=True, kw_only=True)
class Clips:
    """Makes clips until the budget is spent. The caller asks for the most important ones first."""

    audio: AudioSource
    folder: Path
    """Folder that the page lies in: links are relative to it."""
    budget: int = 20 * 1024 * 1024
    """Characters of data URIs that the page may still take."""
    _made: dict[Path, tuple[str, str]] = field(default_factory=dict)

    def candidate(self, sha256: str, label: str) -> Clip:
        """A rendering of the candidate."""
        return self._clip(self.audio.path(sha256), label, f"no file for {sha256[:12]}")

    def golden(self, record: GoldenRecord, label: str) -> Clip:
        """The typical repeat of the golden."""
        return self._clip(self.audio.golden_path(record), label, "the golden holds no audio for it")

    def _clip(self, path: Path | None, label: str, absent: str) -> Clip:
        if path is None:
            return Clip(label=label, note=absent)
        link = quote(os.path.relpath(path, self.folder))
        if path not in self._made:
            self._made[path] = self._source(path)
        source, note = self._made[path]
        return Clip(label=label, source=source, link=link, note=note)

    def _source(self, path: Path) -> tuple[str, str]:
        """Data URI, or why there is none."""
        if self.budget <= 0:
            return "", "not embedded: the page is large enough"
        try:
            data = _opus(path)
        except (OSError, RuntimeError, ValueError) as error:  # soundfile's errors are RuntimeErrors
            return "", f"cannot be read: {error}"
        if data is None:
            return "", f"not embedded: longer than {LONGEST_SECONDS} s"
        source = "data:audio/ogg;base64," + base64.b64encode(data).decode("ascii")
        if len(source) > self.budget:
            return "", "not embedded: the page is large enough"
        self.budget -= len(source)
        return source, ""


def _opus(path: Path) -> bytes | None:
    """The file as Opus in Ogg, mono; None where it is too long."""
    # Here, because a run that needs no page need not load libsndfile.
    import numpy as np
    import soundfile
    import soxr

    found = soundfile.info(str(path))
    if found.duration > LONGEST_SECONDS:
        return None
    if found.format == "OGG" and found.subtype == "OPUS":
        return path.read_bytes()
    samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, RATE)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(mono, -1.0, 1.0), RATE, format="OGG", subtype="OPUS")
    return with_fixed_serial(buffer.getvalue())


def with_fixed_serial(ogg: bytes) -> bytes:
    """The same stream with a fixed serial number in every page, so that equal audio gives equal bytes.

    libsndfile draws the number at random and offers no way to set it (as of 1.2.2). Page layout and checksum:
    RFC 3533, section 6.
    """
    data = bytearray(ogg)
    start = 0
    while start + 27 <= len(data) and data[start : start + 4] == b"OggS":
        segments = data[start + 26]
        end = start + 27 + segments + sum(data[start + 27 : start + 27 + segments])
        struct.pack_into("<I", data, start + 14, _SERIAL)
        struct.pack_into("<I", data, start + 22, 0)  # the checksum is taken with its own field at 0
        struct.pack_into("<I", data, start + 22, _crc(data[start:end]))
        start = end
    return bytes(data)


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        register = byte << 24
        for _ in range(8):
            register = (register << 1) ^ (_CRC_POLYNOMIAL if register & 0x80000000 else 0)
        table.append(register & 0xFFFFFFFF)
    return tuple(table)


_TABLE: Final = _crc_table()


def _crc(page: bytes | bytearray) -> int:
    """Ogg's CRC: unreflected, starting at 0 (zlib's is another)."""
    register = 0
    for byte in page:
        register = ((register << 8) & 0xFFFFFFFF) ^ _TABLE[(register >> 24) ^ byte]
    return register
