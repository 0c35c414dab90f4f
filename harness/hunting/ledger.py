"""Scores of what was read, kept by content, so that a hunt that was stopped goes on where it was.

A folder for each voice, reference and space; a file for each part of it that was read whole. A torn file, or one that
is not as it must be, is read anew.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import write_atomically

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

MAX_BYTES: Final = 1 << 20
VERSION: Final = 1
"""Raised when a score means something else."""


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
        """Scores and signals of a part, shape [2, count]; None where it was not read."""
        try:
            data = read_small(self._folder / f"{part}.npy", MAX_BYTES)
            found = np.load(io.BytesIO(data), allow_pickle=False)
        except (OSError, TooLarge, ValueError, EOFError):
            return None
        return found if found.dtype == np.float32 and found.shape == (2, count) else None

    def keep(self, part: str, scores: Scores) -> None:
        """Keep a part.

        Raises:
            StorageError: The folder cannot be written.
        """
        whole = io.BytesIO()
        np.save(whole, scores.astype(np.float32), allow_pickle=False)
        write_atomically(self._folder / f"{part}.npy", whole.getvalue())
