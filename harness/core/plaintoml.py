"""TOML read strictly: each key that stands there is one that somebody asks for, and an error names its line.

A misspelt key of a security setting must not be a setting that is silently off. Opens no file; which keys there are is
for whoever reads them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.core.errors import BadInput
from harness.core.suggest import did_you_mean
from harness.core.text import cut, printable

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?")
_BARE: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*[=.]""")

Place = tuple[str, ...]
"""Keys from the top of a document downwards; the third ``[[waiver]]`` is ``waiver#3``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text that is TOML."""

    name: str
    """Of the file, used in errors."""
    content: dict[str, Any]
    lines: Mapping[Place, int] = field(repr=False)
    """Of tables and keys, as far as each stands on a line of its own."""

    def line(self, place: Place) -> int:
        """Line of the innermost part of a place that can be found, 0 for none."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 0)

    def error(self, place: Place, what: str, heading: str = "") -> BadInput:
        """An error of one line that says where: ``name:line heading: what``."""
        line = self.line(place)
        where = f"{self.name}:{line}" if line else self.name
        return BadInput(printable(f"{where} {heading}: {what}" if heading else f"{where}: {what}"))


def parse_toml(source: str, name: str) -> Document:
    """Read a document.

    Args:
        source: Text of the file.
        name: Its name, used in errors.

    Raises:
        BadInput: It is no TOML.
    """
    try:
        content = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(printable(f"{name}: expected TOML ({str(error)[:200]})")) from None
    except (RecursionError, ValueError):  # nested without end; an integer of thousands of digits
        raise BadInput(printable(f"{name}: expected TOML, got nesting or a number without end")) from None
    return Document(name=name, content=content, lines=_lines_of(source))


def unknown_key(key: str, known: Sequence[str]) -> str:
    """What to say of a key that nobody asks for."""
    return f"unknown key {shown(key)}; {did_you_mean(key, known) or 'expected one of ' + ', '.join(known)}"


def shown(value: object) -> str:
    """A value as an error names it: ASCII, and not too long."""
    return cut("nothing" if value is None else ascii(value), 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a document, or an empty one where it is not there."""

    document: Document
    place: Place
    heading: str
    """The table as it is written, such as ``[tool.soundcheck.signing]``, ``""`` for the whole document."""
    root: Path
    """Folder below which relative paths are."""
    values: Mapping[str, object]

    def only(self, *keys: str) -> None:
        """Refuse every other key.

        Raises:
            BadInput: There is one.
        """
        for key in self.values:
            if key not in keys:
                raise self.error(key, unknown_key(key, keys))

    def text(self, key: str, default: str) -> str:
        """A string."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"{key}: expected a string, got {type(value).__name__}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(key, f"{key}: expected a list of strings, got {type(value).__name__}")
        return tuple(value)

    def paths(self, key: str) -> tuple[Path, ...]:
        """A list of files."""
        return tuple(self.root / one for one in self.texts(key))

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"{key}: expected true or false, got {type(value).__name__}")
        return value

    def number(self, key: str, default: float, *, least: float, most: float) -> float:
        """A number within bounds."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"{key}: expected a number, got {type(value).__name__}")
        if not least <= value <= most:
            raise self.error(key, f"{key}: expected {least:g} to {most:g}, got {value:g}")
        return float(value)

    def error(self, key: str, what: str) -> BadInput:
        """An error of one line that names the table; its line is the key's, or the table's where `key` is ``""``."""
        return self.document.error((*self.place, key), what, self.heading)


def _lines_of(source: str) -> dict[Place, int]:
    """Line of each table and of each key in it, as far as they are written one to a line.

    The text was parsed already: this only finds what an error is about, and a wrong guess costs a line number.
    """
    found: dict[Place, int] = {}
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(source.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            if header[1] == "[[":
                counts[table] = counts.get(table, 0) + 1
                table = (*table[:-1], f"{table[-1]}#{counts[table]}")
            for depth in range(1, len(table) + 1):
                found.setdefault(table[:depth], number)
        elif key := _BARE.match(line):
            found.setdefault((*table, next(part for part in key.groups() if part is not None)), number)
    return found
