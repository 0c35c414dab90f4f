"""A part of a command: what a node is told of it, and how it is started."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

PYTEST: Final = "pytest"
COMMAND: Final = "harness.cli.main"
MODULES: Final = (PYTEST, COMMAND)
"""What parts are done by."""
ADDED: Final = "PYTEST_ADDOPTS"
"""Variable whose words belong to pytest's command line."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a node is told."""

    code: str
    """Digest of the Soundcheck that gave the command."""
    module: str
    """One of :data:`MODULES`."""
    arguments: tuple[str, ...]
    folder: str
    """Where the command was given; on a file system that all nodes share."""
    log: str
    """Where what it says goes; there as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A command as it was given."""

    module: str
    """One of :data:`MODULES`."""
    arguments: Sequence[str]
    ending: int
    """Exit code of a part that was done."""
    is_shared: bool = False
    """Whether two processes that are at the same part share its work."""


def command_of(part: Part) -> list[str]:
    """How a part is started."""
    return [sys.executable, "-P", "-m", part.module, *part.arguments]
