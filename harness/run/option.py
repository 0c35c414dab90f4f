"""One option that both front doors share: its spellings, what it takes, its default, what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a value has to keep to."""

    wording: str
    """What is expected, as an error says it."""
    holds: Callable[[Any], bool]
    """Whether a value keeps to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One row of the table."""

    stem: str
    """What all its spellings share: ``memory-gb``."""
    help: str
    """What it means, without its default."""
    type: type[str | int | float | Path] = str
    """What its word is read as; bool where it takes no word."""
    default: str | float | None = None
    """None where nothing is chosen by default."""
    without: str | None = None
    """What happens without it, where its default does not say so."""
    metavar: str | None = None
    """Stands for its word in a help text."""
    choices: tuple[str, ...] = ()
    """All words that it takes; empty where any may do."""
    bounds: Bounds | None = None
    """What its value has to keep to."""
    only_typed: str | None = None
    """Why no ini key sets it; None where one does."""
    shapes_verdict: bool = False
    """Whether the run keeps it, has it in its id, and is repeated with it."""
    is_repeatable: bool = False

    @property
    def name(self) -> str:
        """In Python: ``memory_gb``, as an attribute of the settings and of a verb's options."""
        return self.stem.replace("-", "_")

    @property
    def flag(self) -> str:
        """As pytest spells it."""
        return f"--tts-{self.stem}"

    @property
    def verb_flag(self) -> str:
        """As a verb spells it."""
        return f"--{self.stem}"

    @property
    def key(self) -> str | None:
        """In an ini file, where it has a place there."""
        return None if self.only_typed else f"tts_{self.name}"

    @property
    def by_default(self) -> str | None:
        """What is so without it, in words."""
        if self.without is None and isinstance(self.default, float):
            return f"{self.default:g}"
        return self.without or (None if self.default is None else str(self.default))

    @property
    def full_help(self) -> str:
        """For a help text."""
        notes = [f"default: {self.by_default}"] if self.by_default else []
        notes += ["repeatable"] if self.is_repeatable else []
        return f"{self.help} ({'; '.join(notes)})" if notes else self.help
