"""Which models a fleet file names: each entry's one, or the folders that its pattern has. Reads no file of theirs.

A pattern may have folders that strangers filled. A link among them is never followed: it is a member that cannot be
looked at, and so is a folder whose name reads as another's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from harness.core.errors import BadInput
from harness.core.paths import shown
from harness.core.text import counted, cut, printable
from harness.fleet.file import Entry, Fleet
from harness.models.fetching.spec import is_remote

MAX_MEMBERS: Final = 20_000
NOT_THERE: Final = "no folder among the uploads is called by this digest"
NAME_LIMIT: Final = 200
"""Characters of a name; the middle of no name is a secret, and its end tells folders apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One model of a fleet."""

    name: str
    """Unique in the fleet, and fit to be shown."""
    spec: str
    """As it is named to the gate: a path below the fleet's folder, ``ENGINE:FOLDER``, or a source."""
    entry: Entry
    flaw: str = ""
    """Why it cannot be looked at; ``""`` where it can."""
    digest: str = ""
    """What the sha256 over its files has to be, ``""`` where nobody has said."""


def members_of(fleet: Fleet) -> tuple[Member, ...]:
    """All members, in the order of the file, those of a pattern by name.

    Raises:
        BadInput: A pattern has no folder, there are too many, or two entries name one model.
    """
    if not fleet.entries:
        raise BadInput(printable(f"{shown(fleet.path)}: expected tables [[model]], got [serve]: fleet serve takes it"))
    found: dict[str, Member] = {}
    for entry in fleet.entries:
        for one in _of_pattern(fleet, entry) if entry.is_glob else (_of_path(entry),):
            other = found.get(one.name)
            if other is not None and (other.spec == one.spec or not (one.entry.is_glob and other.entry.is_glob)):
                told = f"{one.name} is named at {other.entry.heading} already; give one of them a name, or leave it out"
                raise BadInput(printable(f"{entry.heading}: {told}{' (except)' if entry.is_glob else ''}"))
            if other is not None:
                one = _unlike(one, found)
            found[one.name] = one
            if len(found) > MAX_MEMBERS:
                raise BadInput(f"{entry.heading}: expected at most {MAX_MEMBERS:,} models, got more")
    return tuple(found.values())


def submitted(entry: Entry, folder: Path, digest: str) -> Member:
    """A model that was handed in: the folder of that digest among the uploads.

    Args:
        entry: What the fleet file says of uploads.
        folder: The fleet's.
        digest: sha256 over the model's files (64 hex digits), and the only word of whoever handed it in.
    """
    place = folder / entry.spec / digest
    flaw = ""
    if place.is_symlink():
        flaw = "expected a folder among the uploads, got a link; what strangers leave there is not followed"
    elif not place.is_dir():
        flaw = NOT_THERE
    return Member(name=digest, spec=f"{entry.spec}/{digest}", entry=entry, flaw=flaw, digest=digest)


def _of_path(entry: Entry) -> Member:
    return Member(name=_name(entry.name or entry.spec), spec=entry.spec, entry=entry)


def _of_pattern(fleet: Fleet, entry: Entry) -> Iterator[Member]:
    pattern = PurePosixPath(entry.spec)
    if ".." in pattern.parts or "**" in pattern.parts or is_remote(entry.spec):
        raise BadInput(f"{entry.heading}: expected a pattern of folders such as voices/*, without '..' and '**'")
    base = Path(pattern.anchor) if pattern.is_absolute() else fleet.folder
    left_out = {os.path.normpath(one) for one in entry.left_out}
    matched = [
        path.relative_to(base)
        for path in base.glob(str(pattern.relative_to(pattern.anchor)))
        if path.is_dir() or path.is_symlink()
    ]
    # A hidden folder is what tools leave: .git, a trainer's cache. Who means one names it.
    wanted = [one for one in matched if not one.name.startswith(".") or pattern.name.startswith(".")]
    words = sorted(os.path.join(pattern.anchor, one) for one in wanted)  # noqa: PTH118 - text, as it is typed
    kept = [word for word in words if word not in left_out]
    if missed := left_out.difference(words):
        raise BadInput(printable(f"{entry.heading}: except: {min(missed)} is no folder of {entry.spec}"))
    if not kept:
        raise BadInput(printable(f"{entry.heading}: expected folders like {entry.spec}, got none"))
    if len(kept) > MAX_MEMBERS:
        got = counted(len(kept), "folder")
        raise BadInput(printable(f"{entry.heading}: expected at most {MAX_MEMBERS:,} models, got {got}"))
    for word in kept:
        # "./" so that no folder's name reads as a source, an engine or an option.
        spec = word if word.startswith("/") else f"./{word}"
        yield Member(name=_name(word), spec=spec, entry=entry, flaw=_linked(base, Path(word)))


def _linked(base: Path, path: Path) -> str:
    """Why a folder that a pattern has is not looked at: it, or one above it that the pattern chose, is a link."""
    place = base / path
    while place not in (base, place.parent):
        if place.is_symlink():
            return "expected a folder, got a link; what a pattern has is not followed: name the folder by its path"
        place = place.parent
    return ""


def _unlike(one: Member, found: dict[str, Member]) -> Member:
    """A folder whose name reads as another's: told, and not looked at."""
    number = next(number for number in range(2, MAX_MEMBERS + 3) if f"{one.name} ~{number}" not in found)
    flaw = one.flaw or f"its name reads as that of another model, {one.name}; rename the folder"
    return Member(name=f"{one.name} ~{number}", spec=one.spec, entry=one.entry, flaw=flaw)


def _name(word: str) -> str:
    return cut(printable(word), NAME_LIMIT)
