"""What was chosen of the table of options, typed or in an ini file, and what a path in it is relative to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import BadInput
from harness.core.paths import expanded
from harness.goldens.places import golden_folders
from harness.run.option import Option
from harness.run.options import BY_STEM, OPTIONS

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen for one option."""

    value: object
    name: str
    """What it was chosen by: ``--tts-takes``, or ``tts_takes`` in an ini file."""

    @property
    def is_typed(self) -> bool:
        """On the command line, not in an ini file."""
        return self.name.startswith("--")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What was chosen of the table of options; of an option that is not in it, its default."""

    by_stem: Mapping[str, Choice]
    project: Path
    """What a path in an ini file is relative to."""
    here: Path
    """What a path on the command line is relative to."""

    def text(self, stem: str) -> str:
        """A word, ``""`` for none."""
        value = self._value(stem)
        return "" if value is None else str(value)

    def number(self, stem: str) -> float | None:
        """A number, None for none."""
        value = self._value(stem)
        return value if isinstance(value, int | float) else None

    def is_set(self, stem: str) -> bool:
        """Whether a flag was typed."""
        return bool(self._value(stem))

    def path(self, stem: str) -> Path | None:
        """A file, None for none."""
        if stem not in self.by_stem:
            return None
        return self.base(stem) / str(self.by_stem[stem].value)

    def base(self, stem: str) -> Path:
        """What a path that was chosen for an option is relative to."""
        is_written = stem in self.by_stem and not self.by_stem[stem].is_typed
        return self.project if is_written else self.here

    def model(self, stem: str) -> str:
        """A model, ``""`` for none; one that an ini file names by a relative path lies below the project."""
        return placed_model(self.by_stem[stem], self.project, self.here) if stem in self.by_stem else ""

    def golden(self) -> str:
        """A golden, ``""`` for none; one that an ini file names is looked for in the project only."""
        word = self.text("golden")
        if not self._is_elsewhere("golden") or not word:
            return word
        folders = (self.project, *self.golden_folders())
        found = (folder / expanded(word) for folder in folders)
        return str(next((path for path in found if (path / "manifest.json").is_file()), self.project / word))

    def golden_folders(self) -> tuple[Path, ...]:
        """Where a golden is looked for by name."""
        name = self.text("golden-dir")
        places = (self.project,) if self._is_elsewhere("golden-dir") else (self.project, self.here)
        return golden_folders(*(place / name for place in places))

    def asr(self) -> str:
        """The transcriber; weights that an ini file names by a relative path lie below the project."""
        word = self.text("asr")
        kind, _, weights = word.partition(":")
        path = self.project / expanded(weights) if weights else self.project
        is_file = "/" in weights or weights.endswith(".pt") or (weights and path.exists())
        return f"{kind}:{path}" if is_file and self._is_elsewhere("asr") else word

    def _is_elsewhere(self, stem: str) -> bool:
        """Whether it is written in an ini file that does not lie in the current folder."""
        return stem in self.by_stem and not self.by_stem[stem].is_typed and self.project != self.here

    def words(self, stem: str) -> tuple[str, ...]:
        """All that was chosen of an option that is repeatable.

        Raises:
            BadInput: A word is empty.
        """
        words = self._value(stem)
        listed = tuple(str(word) for word in words) if isinstance(words, list | tuple) else ()
        if "" in listed:
            what = f"expected {BY_STEM[stem].metavar}, got an empty word; is a variable unset?"
            raise BadInput(f"{self.name(stem)}: {what}")
        return listed

    def reports(self) -> tuple[str, ...]:
        """Formats to write the run in."""
        listed = list(self.words("report"))
        if "report" in self.by_stem and not self.by_stem["report"].is_typed:
            parts = [word.partition("=") for word in listed]
            listed = [f"{name}={self.project / path}" if path else name + equals for name, equals, path in parts]
        return tuple(listed)

    def name(self, stem: str) -> str:
        """What somebody who chose wrongly has to change."""
        return self.by_stem[stem].name if stem in self.by_stem else BY_STEM[stem].flag

    def _value(self, stem: str) -> object:
        return self.by_stem[stem].value if stem in self.by_stem else BY_STEM[stem].default


def choices_of(config: pytest.Config) -> Choices:
    """What was chosen for a session of pytest: typed, else in its ini file.

    Raises:
        BadInput: The ini file has something else where a number belongs, or an empty word was typed.
    """
    typed = {option.stem: config.getoption(f"tts_{option.name}", None) for option in OPTIONS}
    chosen = {one.stem: choice for one in OPTIONS if (choice := chosen_of(config, one, typed[one.stem]))}
    return Choices(by_stem=chosen, project=project_of(config), here=config.invocation_params.dir)


def project_of(config: pytest.Config) -> Path:
    """What a path in the ini file is relative to: its folder; the current one where there is no ini file.

    Without an ini file pytest takes the common ancestor of all that it was given for its root.
    """
    return config.inipath.parent if config.inipath and config.inipath.is_file() else config.invocation_params.dir


def placed_model(choice: Choice, project: Path, here: Path | None = None) -> str:
    """A model that was chosen, with the project before its path where an ini file names it by a relative one.

    Args:
        choice: Of a model.
        project: What a path in the ini file is relative to.
        here: The current folder: a path that is relative to it stays as it is.
    """
    word = str(choice.value)
    if choice.is_typed or project == here:
        return word
    from harness.models.judged import placed

    return placed(word, project)


def chosen_of(config: pytest.Config, option: Option, typed: object) -> Choice | None:
    """What was chosen for an option: what was typed, else what the ini file says, else nothing.

    Raises:
        BadInput: The ini file has something else where a number belongs, or an empty word was typed.
    """
    if typed == "" and option.key:
        # Most often an unset variable of a pipeline; the ini file's choice would be another than was meant.
        raise BadInput(f"{option.flag}: expected {option.metavar or 'a word'}, got an empty word; is a variable unset?")
    if typed is not None and typed is not False:
        return Choice(value=typed, name=option.flag)
    written = config.getini(option.key) if option.key else None
    if not option.key or not written:
        return None
    if option.type not in (int, float):
        return Choice(value=written, name=option.key)
    try:
        return Choice(value=option.type(written), name=option.key)
    except ValueError:
        expected = option.bounds.wording if option.bounds else "a number"
        raise BadInput(f"{option.key}: expected {expected}, got {written!r}") from None
