"""Which folders are judged: a candidate, a reference, and what is fetched. Nothing in them configures who judges.

Knows nothing of projects, pytest or verbs; those ask it before they read a file that configures them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.paths import cache_root, expanded, shown
from harness.core.text import printable
from harness.engines.registry import ENGINES
from harness.models.fetching.spec import is_remote

FETCHED = "what was fetched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Folders and files that are judged."""

    names: dict[tuple[int, int], str]
    """What each is called in a message, by its device and inode: by whatever path it is reached."""
    models: tuple[tuple[str, Path], ...] = ()
    """Those that were typed: what each is called, and its folder."""

    @classmethod
    def of(cls, **models: str | Path) -> Judged:
        """Judged are these models, named as a message names them, and the cache of fetched ones.

        Args:
            models: Each as typed: a folder, ``engine:folder``, a source; ``""`` for none.
        """
        places = [(name, folder_of(spec)) for name, spec in models.items()]
        typed = tuple((f"the {name}", place) for name, place in places if place is not None)
        known = list(typed)
        with contextlib.suppress(BadInput):  # no cache, and nothing was fetched
            known.append((FETCHED, cache_root() / "sources"))
        names: dict[tuple[int, int], str] = {}
        for name, place in known:
            if (key := _key(place)) is not None:
                names.setdefault(key, name)
        return cls(names=names, models=typed)

    def holding(self, path: Path) -> str | None:
        """What is judged and holds this path, as it is written or as its links lead; None where nothing does."""
        return next((self.names[key] for key in map(_key, _way(path)) if key in self.names), None)

    def first_held(self, files: Iterable[Path]) -> tuple[Path, str] | None:
        """The first of these files that is held, and by what; the way up from a folder is gone once for all in it."""
        owners: dict[Path, str | None] = {}
        for file in files:
            if file.is_symlink():
                owner = self.holding(file)
            else:
                if file.parent not in owners:
                    owners[file.parent] = self.holding(file.parent)
                owner = owners[file.parent] or self.names.get(_key(file) or (0, 0))
            if owner:
                return file, owner
        return None


def refuse_inside(judged: Judged, asked: Iterable[tuple[str, Path]]) -> None:
    """Refuse what says how to judge and lies in what is judged, however it was named.

    Args:
        judged: The folders.
        asked: What each file or folder is chosen by, and where it lies; what is not there is for others to miss.

    Raises:
        BadInput: One line.
    """
    for name, path in asked:
        if path.exists() and (owner := judged.holding(path)):
            line = f"{name}: {shown(path)} lies in {owner}, which may not say how it is judged; keep your own elsewhere"
            raise BadInput(printable(line))


def folder_of(spec: str | Path) -> Path | None:
    """Where a model that was typed lies; None for a source, and where none was typed."""
    word = os.fspath(spec)
    if not word or is_remote(word):
        return None
    return expanded(_parts(word)[1]).absolute()


def placed(word: str, base: Path) -> str:
    """A model as an ini file in `base` names it: with that folder before its path, where its path is relative."""
    if not word or is_remote(word):
        return word
    engine, path = _parts(word)
    return engine + os.fspath(base / expanded(path))


def _parts(word: str) -> tuple[str, str]:
    """``engine:`` (or nothing), and the path behind it."""
    engine, colon, path = word.partition(":")
    return (engine + colon, path) if colon and engine in ENGINES else ("", word)


def _way(path: Path) -> Iterator[Path]:
    """A path and what holds it, from link to link: written so, and resolved."""
    for end in dict.fromkeys((Path(os.path.abspath(path)), path.absolute(), path.resolve())):  # noqa: PTH100 - without ".."
        yield end
        yield from end.parents


def _key(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
