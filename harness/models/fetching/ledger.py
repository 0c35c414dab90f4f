"""What was fetched before, and what it was: ``soundcheck-sources.json`` beside ``pyproject.toml``, to be committed."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from harness.core.errors import BadInput
from harness.core.plainjson import NotStrict, loads
from harness.core.text import printable
from harness.storage.pinned import building
from harness.storage.smallfile import read_input
from harness.storage.store import write_atomically
from harness.storage.versions import UnknownVersion, require_version

NAME: Final = "soundcheck-sources.json"
VERSION: Final = 1
_MAX_BYTES: Final = 1 << 20


class Ledger:
    """Source as typed -> digest of the model's directory when it was first fetched."""

    def __init__(self, root: Path) -> None:
        self.path = root / NAME

    def digest(self, spec: str) -> str | None:
        """``sha256:HEX``, None for what was never fetched.

        Raises:
            BadInput: The file is not one of ours.
        """
        found = self._read().get(spec)
        return found.digest if found else None

    def record(self, spec: str, digest: str, now: datetime) -> None:
        """Remember a first fetch; what is remembered is never changed here.

        Raises:
            BadInput: Another process recorded another digest meanwhile.
            StorageError: The file cannot be written.
        """
        with building(self.path):
            entries = self._read()
            before = entries.get(spec)
            if before is not None:
                if before.digest != digest:
                    raise BadInput(printable(f"{self.path}: {spec} was recorded with another digest meanwhile"))
                return
            entries[spec] = Source(digest=digest, first_fetched=f"{now:%Y-%m-%dT%H:%M:%SZ}")
            content = {"version": VERSION, "sources": {name: msgspec.to_builtins(one) for name, one in entries.items()}}
            text = json.dumps(content, sort_keys=True, indent=2, allow_nan=False) + "\n"
            write_atomically(self.path, text.encode())

    def _read(self) -> dict[str, Source]:
        try:
            if not self.path.exists():
                return {}
            data = read_input(self.path, _MAX_BYTES, "a list of sources")
            content = loads(data, max_bytes=_MAX_BYTES)
        except NotStrict as error:
            raise BadInput(printable(f"{self.path}: {error}")) from None
        try:
            require_version(data, "a list of sources", reads=VERSION, older="restore the file from version control")
            return dict(msgspec.convert(content, type=Sources).sources)
        except UnknownVersion as error:
            raise BadInput(printable(f"{self.path}: {error}")) from None
        except msgspec.ValidationError as error:
            raise BadInput(printable(f"{self.path}: expected what soundcheck writes: {error}")) from None


class Source(msgspec.Struct, forbid_unknown_fields=True):
    """One model that was fetched."""

    digest: str
    """``sha256:`` and the digest of its directory in hex."""
    first_fetched: str
    """When: RFC 3339, UTC."""

    def __post_init__(self) -> None:
        hexadecimal = self.digest.removeprefix("sha256:")
        if len(hexadecimal) != 64 or hexadecimal.strip("0123456789abcdef") or hexadecimal == self.digest:
            raise ValueError("expected sha256: and 64 lower-case hex digits")


class Sources(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    """See :data:`VERSION`."""
    sources: dict[str, Source]
    """By the source as it was typed."""
