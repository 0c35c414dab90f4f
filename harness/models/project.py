"""The project's own say in ``pyproject.toml``: the tables under ``[tool.soundcheck]``, read strictly.

A misspelt key of a security setting must not be a setting that is silently off: every key has to be asked for.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.text import printable
from harness.storage.smallfile import read_input_text

MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the file, or an empty one where it is not there."""

    place: str
    """``FILE [tool.soundcheck.NAME]``: begins every refusal."""
    root: Path
    """The project's folder; relative paths are below it."""
    values: dict[str, object]

    def only(self, *keys: str) -> None:
        """Refuse every other key.

        Raises:
            BadInput: There is one.
        """
        for key in self.values:
            if key not in keys:
                raise self.refusal(f"unknown key {key!r}; expected one of {', '.join(keys)}")

    def text(self, key: str, default: str) -> str:
        """A string."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.refusal(f"{key}: expected a string, got {type(value).__name__}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.refusal(f"{key}: expected a list of strings, got {type(value).__name__}")
        return tuple(value)

    def paths(self, key: str) -> tuple[Path, ...]:
        """A list of files."""
        return tuple(self.root / one for one in self.texts(key))

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.refusal(f"{key}: expected true or false, got {type(value).__name__}")
        return value

    def number(self, key: str, default: float, *, least: float, most: float) -> float:
        """A number within bounds."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refusal(f"{key}: expected a number, got {type(value).__name__}")
        if not least <= value <= most:
            raise self.refusal(f"{key}: expected {least:g} to {most:g}, got {value:g}")
        return float(value)

    def refusal(self, what: str) -> BadInput:
        """An error that names the table."""
        return BadInput(printable(f"{self.place}: {what}"))


def table(root: Path, name: str) -> Table:
    """Read ``[tool.soundcheck.NAME]`` of the project at `root`.

    Raises:
        BadInput: The file cannot be read or is no TOML, or what has that name is no table.
    """
    path = root / "pyproject.toml"
    place = f"{path} [tool.soundcheck.{name}]"
    if not path.exists():
        return Table(place, root, {})
    source, _ = read_input_text(path, MAX_BYTES, "a project file")
    try:
        content: object = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        raise BadInput(printable(f"{path}: expected TOML ({error})")) from None
    for key in ("tool", "soundcheck", name):
        if not isinstance(content, dict):
            raise BadInput(printable(f"{place}: expected a table, got {type(content).__name__}"))
        content = content.get(key, {})
    if not isinstance(content, dict):
        raise BadInput(printable(f"{place}: expected a table, got {type(content).__name__}"))
    return Table(place, root, content)


def find_project(start: Path) -> Path:
    """The nearest folder at or above `start` that has a ``pyproject.toml``; `start` where none has."""
    start = start.absolute()
    return next((folder for folder in (start, *start.parents) if (folder / "pyproject.toml").is_file()), start)
