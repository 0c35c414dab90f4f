"""Results of copies on disk, each under a digest of everything that it depends on: an interrupted score goes on.

A result is whole or not there. What was measured with other code is measured again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.core.power import CopyResult
from harness.run.codedigest import code_digest
from harness.storage.store import UNREADABLE, digest_of, json_line, write_atomically

if TYPE_CHECKING:
    from harness.redteam.plan import Copy


class Ledger:
    """The results below one folder."""

    def __init__(self, folder: Path, basis: object) -> None:
        """Look at nothing yet.

        Args:
            folder: Where they lie.
            basis: Plain data of all that they depend on besides the copy: model, golden, suites, listener, sizes.
        """
        self._folder = folder
        self._basis = digest_of([basis, code_digest()])

    def key(self, copy: Copy) -> str:
        """Name of a copy's result."""
        return digest_of([self._basis, copy])[:32]

    def known(self, copy: Copy) -> CopyResult | None:
        """What came of a copy, if that was measured before."""
        try:
            return msgspec.json.decode(self._path(copy).read_bytes(), type=CopyResult)
        except (OSError, *UNREADABLE):
            return None

    def keep(self, copy: Copy, result: CopyResult) -> None:
        """Store what came of a copy.

        Raises:
            StorageError: The folder cannot be written.
        """
        write_atomically(self._path(copy), json_line(result))

    def _path(self, copy: Copy) -> Path:
        return self._folder / f"{self.key(copy)}.json"
