"""``fleet.toml``: which models are judged, by which suites, golden and policy, with which options, in which order.

Read strictly. Its keys are the gate's own options without their dashes; what the fleet itself decides (the model,
where runs lie) and what somebody has to say each time are none of them. Which folders are meant is the business of
:mod:`harness.fleet.members`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from harness.core.paths import shown
from harness.core.plaintoml import Table, parse_toml
from harness.core.plaintoml import shown as value_shown
from harness.core.text import cut, printable
from harness.models.fetching.spec import is_remote
from harness.run.choices import Choice
from harness.run.option import Option
from harness.run.options import OPTIONS
from harness.storage.smallfile import read_input_text

FORMAT_VERSION: Final = 1
MAX_BYTES: Final = 1 << 20
MAX_ENTRIES: Final = 1000
PRIORITIES: Final = (-1000, 1000)
NOT_OF_A_FLEET: Final = (
    *("model", "model-name", "dir", "log", "report"),  # decided for each gate
    *("shard", "on", "shards", "fresh", "allow-unsandboxed", "salt"),  # typed each time, or a secret
)
"""Options of the gate that no fleet file says."""
CHOSEN: Final = {option.stem: option for option in OPTIONS if option.stem not in NOT_OF_A_FLEET}
"""Options of the gate that it may say, by the key that says them."""
SHARED: Final = ("suites", *CHOSEN)
"""Keys that ``[defaults]`` and each ``[[model]]`` may have."""
OWN: Final = ("path", "glob", "except", "name", "priority")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ``[[model]]``."""

    heading: str
    """For errors: ``fleet.toml:12``."""
    spec: str
    """A model as it would be typed, or a pattern of folders."""
    is_glob: bool
    left_out: tuple[str, ...] = ()
    """Folders that the pattern has and the fleet has not, as they are written."""
    name: str = ""
    """What the model is called, ``""`` where it is called by its path."""
    priority: int = 0
    """Larger ones are gated first."""
    suites: tuple[str, ...] = ()
    """Files of probes, or folders that hold some."""
    choices: Mapping[str, Choice] = field(default_factory=dict)
    """What it says of the gate's options, defaults included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A fleet file that was read."""

    path: Path
    name: str
    """Names its folder of audits."""
    title: str
    entries: tuple[Entry, ...]
    """None where it only has uploads."""
    uploads: Entry | None = None
    """What ``[serve]`` says of models that are handed in one by one; its `spec` is the folder that they lie in."""

    @property
    def folder(self) -> Path:
        """What paths in it are relative to, and where its gates are started."""
        return self.path.parent


def read_fleet(path: Path) -> Fleet:
    """Read a fleet file; nothing that it names is looked at.

    Raises:
        BadInput: It cannot be read, or a key is unknown, missing or of another kind.
    """
    path = path.absolute()
    source, _ = read_input_text(path, MAX_BYTES, "a fleet file")
    document = parse_toml(source, shown(path))
    top = Table(document=document, place=(), heading="", root=path.parent, values=document.content)
    top.only("version", "name", "title", "defaults", "model", "serve")
    version = document.content.get("version")
    if type(version) is not int or version != FORMAT_VERSION:
        raise top.error("version", f"expected version = {FORMAT_VERSION}, got {value_shown(version)}")
    name = top.text("name", path.name.removesuffix(".toml"))
    if not _NAME.fullmatch(name):
        raise top.error("name", f"expected a name of letters, digits, '.', '-' and '_', got {value_shown(name)}")
    defaults = document.content.get("defaults", {})
    if not isinstance(defaults, dict):
        raise top.error("defaults", f"expected a table, got {type(defaults).__name__}")
    shared = Table(document=document, place=("defaults",), heading="[defaults]", root=path.parent, values=defaults)
    shared.only(*SHARED)
    models = document.content.get("model", [])
    if not isinstance(models, list) or not all(isinstance(one, dict) for one in models):
        raise top.error("model", "expected tables [[model]], got something else")
    uploads = _uploads(shared, document.content["serve"]) if "serve" in document.content else None
    if not (0 if uploads else 1) <= len(models) <= MAX_ENTRIES:
        raise top.error("model", f"expected 1 to {MAX_ENTRIES} tables [[model]], got {len(models)}")
    entries = tuple(_entry(shared, one, number) for number, one in enumerate(models, start=1))
    title = cut(printable(top.text("title", name)), 200)
    return Fleet(path=path, name=name, title=title, entries=entries, uploads=uploads)


def _uploads(shared: Table, values: object) -> Entry:
    """What ``[serve]`` says."""
    if not isinstance(values, dict):
        raise shared.document.error(("serve",), f"expected a table, got {type(values).__name__}")
    own = Table(document=shared.document, place=("serve",), heading="[serve]", root=shared.root, values=values)
    own.only("uploads", *SHARED)
    folder = own.text("uploads", "").rstrip("/")
    if not folder or is_remote(folder) or ".." in PurePosixPath(folder).parts:
        raise own.error("uploads", "expected uploads, a folder, without '..', got " + value_shown(folder or None))
    # "./" so that no folder's name reads as a source, an engine or an option.
    return _entry_of(own, shared, spec=folder if folder.startswith("/") else f"./{folder}", is_glob=True)


def _entry(shared: Table, values: dict[str, Any], number: int) -> Entry:
    place = (f"model#{number}",)
    own = Table(document=shared.document, place=place, heading=f"[[model]] {number}", root=shared.root, values=values)
    own.only(*OWN, *SHARED)
    spec, glob = own.text("path", ""), own.text("glob", "")
    if bool(spec) == bool(glob):
        raise own.error("", "expected a path or a glob, got " + ("both" if spec else "none"))
    if glob and "name" in values:
        raise own.error("name", "expected no name beside a glob: each of its folders is called by its path")
    if spec and "except" in values:
        raise own.error("except", "expected a glob beside it, got a path")
    least, most = PRIORITIES
    priority = own.number("priority", 0, least=least, most=most)
    if priority != int(priority):
        raise own.error("priority", f"expected a whole number, got {priority:g}")
    return _entry_of(
        own,
        shared,
        spec=spec or glob,
        is_glob=bool(glob),
        left_out=own.texts("except"),
        name=own.text("name", ""),
        priority=int(priority),
    )


def _entry_of(own: Table, shared: Table, **about: Any) -> Entry:
    """An entry, by what it says of how it is judged and what is said for all."""
    suites = own.texts("suites") if "suites" in own.values else shared.texts("suites")
    if not suites or "" in suites:
        raise own.error("suites", "expected suites, here or in [defaults]; got none")
    choices = {
        stem: _choice(where, option)
        for stem, option in CHOSEN.items()
        for where in (own if stem in own.values else shared,)
        if stem in where.values
    }
    line = own.document.line(own.place)
    heading = f"{own.document.name}:{line}" if line else own.document.name
    return Entry(heading=heading, suites=suites, choices=choices, **about)


def _choice(table: Table, option: Option) -> Choice:
    """What a key says, of the kind that the option takes.

    Raises:
        BadInput: It is of another kind.
    """
    value = table.values[option.stem]
    line = table.document.line((*table.place, option.stem))
    name = f"{table.document.name}:{line} {option.stem}" if line else f"{table.document.name} {option.stem}"
    if option.is_repeatable:
        words = (value,) if isinstance(value, str) else table.texts(option.stem)
        return Choice(value=list(words), name=name)
    if option.type in (int, float):
        if isinstance(value, bool) or not isinstance(value, int | float if option.type is float else int):
            expected = option.bounds.wording if option.bounds else "a number"
            raise table.error(option.stem, f"{option.stem}: expected {expected}, got {value_shown(value)}")
        return Choice(value=float(value) if option.type is float else value, name=name)
    word = table.text(option.stem, "")
    if not word:
        raise table.error(option.stem, f"{option.stem}: expected {option.metavar or 'a word'}, got an empty word")
    return Choice(value=word, name=name)
