"""Audits of one fleet, each in a file of its own: what was found then, so that it can be said what is new.

An audit that was interrupted goes on as the same one: until its file and its reports are written it has begun and not
ended, and what came before it stays what it was.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from harness.core.fleet import FleetReport
from harness.core.grades import Verdict
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import UNREADABLE, json_line, write_atomically

VERSION: Final = 1
FOLDER: Final = "audits"
BEGUN: Final = "begun.json"
LAST: Final = 12
"""Audits that a row's history shows, and that are kept."""
MAX_BYTES: Final = 64 << 20
Kind = TypeVar("Kind")
_FILE: Final = re.compile(r"(\d{6})\.json")


class PastRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model, as an audit found it."""

    name: str
    verdict: Verdict
    ending: int
    """Exit code of its gate."""
    run_id: str
    """The run that judged it, ``""`` where none did."""
    parts: dict[str, str]
    """All that its verdict depended on; empty where it had none."""


class PastAudit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One audit that has ended."""

    version: int = VERSION
    """See :data:`VERSION`."""
    number: int
    """From 1."""
    begun: str
    """When it began (UTC)."""
    rows: tuple[PastRow, ...]
    """In the order of the list."""


class Begun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One audit that has not ended."""

    number: int
    begun: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What earlier audits say of one model."""

    last: PastRow | None = None
    """In the one before; None where it was not in it."""
    verdicts: tuple[Verdict, ...] = ()
    """In the last ones, oldest first."""


class Audits:
    """Those of one fleet, oldest first. One that cannot be read counts as none: nothing is decided by it."""

    def __init__(self, folder: Path) -> None:
        """Read them.

        Args:
            folder: The fleet's, below the folder of runs.
        """
        self._folder = folder
        found = {number: path for path in folder.glob(f"{FOLDER}/*.json") if (number := _number(path))}
        begun = _read(folder / BEGUN, Begun)
        self._begun = begun
        self.number = begun.number if begun and begun.number > 0 else max(found, default=0) + 1
        """Of the audit that begins or goes on now."""
        earlier = [number for number in sorted(found) if number < self.number]
        read = (_read(found[number], PastAudit) for number in earlier[-LAST:])
        self.past = [one for one in read if one is not None and one.version == VERSION]
        self._rows = [{row.name: row for row in one.rows} for one in self.past]

    def begin(self, now: str) -> None:
        """Say that the audit has begun; one that goes on has.

        Raises:
            StorageError: The folder cannot be written.
        """
        if self._begun is None:
            self._begun = Begun(number=self.number, begun=now)
            write_atomically(self._folder / BEGUN, json_line(self._begun))

    def of(self, name: str) -> Past:
        """What is known of a model by its name."""
        verdicts = tuple(rows[name].verdict for rows in self._rows if name in rows)
        return Past(last=self._rows[-1].get(name) if self._rows else None, verdicts=verdicts)

    def gone(self, names: Sequence[str]) -> tuple[str, ...]:
        """Names of the audit before that are none of these."""
        known = set(names)
        return tuple(name for name in (self._rows[-1] if self._rows else ()) if name not in known)

    def end(self, report: FleetReport, parts: Sequence[dict[str, str]]) -> None:
        """Keep the audit; with that it has ended.

        Args:
            report: What it found.
            parts: Of each row, all that its verdict depends on.

        Raises:
            StorageError: The folder cannot be written.
        """
        rows = tuple(
            PastRow(name=row.name, verdict=row.verdict, ending=row.ending, run_id=row.run_id, parts=own)
            for row, own in zip(report.rows, parts, strict=True)
        )
        began = self._begun.begun if self._begun else ""
        audit = PastAudit(number=self.number, begun=began, rows=rows)
        write_atomically(self._folder / FOLDER / f"{self.number:06}.json", json_line(audit))
        (self._folder / BEGUN).unlink(missing_ok=True)
        for path in self._folder.glob(f"{FOLDER}/*.json"):
            if 0 < _number(path) <= self.number - LAST:
                path.unlink(missing_ok=True)


def _read(path: Path, kind: type[Kind]) -> Kind | None:
    with contextlib.suppress(OSError, TooLarge, *UNREADABLE):
        return msgspec.json.decode(read_small(path, MAX_BYTES), type=kind)
    return None


def _number(path: Path) -> int:
    """Of an audit, by its file; 0 for another file."""
    found = _FILE.fullmatch(path.name)
    return int(found[1]) if found else 0
