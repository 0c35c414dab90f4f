"""CRC-32 of an archive's stored members, taken by a thread of its own while something else is done with the same bytes.

Both read the file from beginning to end, so whoever comes second reads from memory. Knows nothing of what members mean.
"""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from harness.admission.reading import rules
from harness.admission.reading.ziparchive import STORED, ZipArchive
from harness.admission.reading.zipdirectory import Member

CHUNK: Final = 1 << 18
"""Bytes read at once: what was read is still near the processor when it is counted."""
WORTH_A_THREAD: Final = 8 << 20
SWITCH_SECONDS: Final = 2e-4
"""How long the interpreter lets one thread have its lock while another waits for it; 5 ms unless told. The thread needs
the lock for moments, once per chunk, and a chunk takes a tenth of a millisecond."""


class Checksums:
    """A context in which sums are taken; what does not match is written down when it ends, by whoever ends it."""

    def __init__(self, archive: ZipArchive, members: Sequence[Member]) -> None:
        """Lay out what is to be done.

        Args:
            archive: Its directory has been read and checked.
            members: Stored ones.
        """
        self._archive = archive
        self._members = members
        self._found: list[int] = []
        self._problem: BaseException | None = None
        self._is_stopped = False
        self._thread: threading.Thread | None = None
        self._switch_seconds = sys.getswitchinterval()

    def __enter__(self) -> Self:
        """Begin."""
        if sum(member.size for member in self._members) >= WORTH_A_THREAD:
            self._thread = threading.Thread(target=self._take, name="soundcheck-checksums", daemon=True)
            sys.setswitchinterval(SWITCH_SECONDS)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the sums, and write down which members do not match theirs.

        Raises:
            OSError: The file cannot be read.
        """
        self._is_stopped = kind is not None
        if self._thread is not None:
            self._thread.join()
            sys.setswitchinterval(self._switch_seconds)
        elif kind is None:
            self._take()
        if kind is not None:
            return
        if self._problem is not None:
            raise self._problem
        for member, found in zip(self._members, self._found, strict=True):
            if found != member.crc:
                place = self._archive.where.member(member.name)
                self._archive.notebook.add(rules.ZIP_CRC, place, f"CRC {found:08x}, expected {member.crc:08x}")

    def _take(self) -> None:
        try:
            for member in self._members:
                self._found.append(self._sum(member))
        except BaseException as problem:  # noqa: BLE001 - of a thread: raised where it is waited for
            self._problem = problem

    def _sum(self, member: Member) -> int:
        section, crc = self._archive.section(member), 0
        for at in range(0, section.size, CHUNK):
            if self._is_stopped:
                break
            crc = zlib.crc32(section.read(at, CHUNK), crc)
        return crc


def are_stored(member: Member) -> bool:
    """Whether a member's sum can be taken here: its bytes lie in the file as they are."""
    return member.method == STORED and member.packed == member.size
