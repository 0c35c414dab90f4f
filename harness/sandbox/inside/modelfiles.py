"""A model's files held against those that were read at the door: another one in the place of one is never opened.

Used on both sides of the walls. Inside, each file is opened once before the model is loaded, and Landlock is told the
open file, not its path; so a folder that is exchanged later leads nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.core.identity import FileIdentity, Files


class ModelExchanged(Exception):
    """A file is not the one that was read. The message is its path below the model; hostile text."""


def opened(model: str, files: Files) -> Iterator[int]:
    """Each file of a model as a descriptor that can be asked about and granted, and not be read. One at a time.

    Raises:
        ModelExchanged: One is another, was written to, or is gone.
    """
    for name, identity in files.items():
        try:
            place = os.open(f"{model}/{name}", os.O_PATH | os.O_CLOEXEC)
        except OSError:
            raise ModelExchanged(name) from None
        try:
            if FileIdentity.of(os.fstat(place)) != identity:
                raise ModelExchanged(name)
            yield place
        finally:
            os.close(place)


def require_same(model: str, files: Files) -> None:
    """Look whether a model's files are still those that were read.

    Raises:
        ModelExchanged: One is another, was written to, or is gone.
    """
    for _ in opened(model, files):
        pass


def files_of(model: Path) -> dict[str, FileIdentity]:
    """The files of a folder as they are now, for who has not read them before."""
    found = {}
    for folder, _, names in os.walk(model):
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file():
                found[path.relative_to(model).as_posix()] = FileIdentity.of(path.stat())
    return found
