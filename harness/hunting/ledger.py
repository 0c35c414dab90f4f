"""Scores of what was read, kept by content, so that a hunt that was stopped goes on where it was.

A folder for each voice, reference and space; a file for each part of it that was read whole. A torn file, or one that
is not as it must be, is read anew.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import UNREADABLE, digest_of, json_line, write_atomically

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

MAX_BYTES: Final = 1 << 20
VERSION: Final = 2
"""Raised when a score means something else."""


UNKNOWN: Final = "worker.crashed"
"""What stands for a fault whose record is torn: that a worker was lost is known by its being there."""


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker of the candidate did that no honest one does."""

    rule: str
    what: str
    detail: str = ""


class Ledger:
    """Of one hunt."""

    def __init__(self, root: Path, digest: str) -> None:
        """Name the folder.

        Args:
            root: Where runs and renderings lie.
            digest: Of all that the scores depend on.
        """
        self._folder = root / "hunts" / f"{VERSION}-{digest[:32]}"

    def known(self, part: str, count: int) -> Scores | None:
        """Scores and signals of a part, of the rest of each sentence and of the word's own sounds, shape [4, count].

        None where it was not read.
        """
        try:
            data = read_small(self._folder / f"{part}.npy", MAX_BYTES)
            found = np.load(io.BytesIO(data), allow_pickle=False)
        except (OSError, TooLarge, ValueError, EOFError):
            return None
        return found if found.dtype == np.float32 and found.shape == (4, count) else None

    def faults(self) -> list[Lost]:
        """What the candidate's workers did while other processes read a part."""
        found = []
        for path in sorted(self._folder.glob("fault-*.json")):
            try:
                found.append(msgspec.json.decode(read_small(path, MAX_BYTES), type=Lost))
            except (OSError, TooLarge, *UNREADABLE):
                found.append(Lost(rule=UNKNOWN, what="did something of which the record cannot be read"))
        return found

    def keep_fault(self, lost: Lost) -> None:
        """Keep what a worker did, for whoever hunts and reads what was read here.

        Raises:
            StorageError: The folder cannot be written.
        """
        write_atomically(self._folder / f"fault-{digest_of([lost])[:16]}.json", json_line(lost))

    def keep(self, part: str, scores: Scores) -> None:
        """Keep a part.

        Raises:
            StorageError: The folder cannot be written.
        """
        whole = io.BytesIO()
        np.save(whole, scores.astype(np.float32), allow_pickle=False)
        write_atomically(self._folder / f"{part}.npy", whole.getvalue())
