"""What lies beside a voice without being part of it: sorted out by name and content, and told in one line each.

A name alone decides nothing here: what has a leftover's name and another content stays among the voice's files, to be
judged like them. Worker and engine see neither (:mod:`harness.core.leftovers`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from harness.admission.base import Flaw
from harness.admission.checks import directoryrules as rules
from harness.admission.checks.filekinds import HEAD_BYTES, Kind, look
from harness.admission.checks.repositories import find_programs
from harness.admission.tree import Entry, Tree
from harness.core.leftovers import (
    DOWNLOAD,
    EDITOR,
    FETCHED,
    LEFTOVERS,
    MACOS,
    NOTES,
    REPOSITORY,
    TRAINER,
    WINDOWS,
    Leftover,
    named_leftover,
)
from harness.core.text import printable

MAX_POINTER = 1024
"""Bytes of a Git LFS pointer, by its specification."""
MAX_NOTE = 64 << 10
"""Bytes of what a tool notes."""
MAX_SCRIPTS = 4
"""In a trainer's run: the script that began it, and those that went on with it."""
MAX_NAME = 120

_POINTER = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\r?\n(?:ext-\d-[^\n]{1,200}\r?\n)*"
    rb"oid sha256:[0-9a-f]{64}\r?\nsize (?P<size>\d{1,15})\s*"
)
MAX_OWNER = 1024
"""Bytes in which Office notes who has a document open."""
_FOLDER_VIEW = re.compile(rb"\[(\.shellclassinfo|localizedfilenames|viewstate|deleteoncopy)\]")
_APPLE_DOUBLE = (b"\0\5\x16\7", b"\0\5\x16\0")
_APPLE_STORE = b"\0\0\0\1Bud1"
_MD5 = re.compile(rb"\s*[0-9a-f]{32}\s*")
_LOG = re.compile(r"trainer_\d+_log\.txt")
_BLOB = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,127}")
_CACHE = frozenset({"blobs", "refs", "snapshots", ".no_exist"})
"""What a hub's cache of one model has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The files of a folder, the voice's own apart from the rest."""

    voice: Tree
    """What is judged as the voice's: everything that is nothing of the following."""
    beside: tuple[Entry, ...] = ()
    """Leftovers that are read like any file: what is hostile in one stays hostile."""
    flaws: tuple[Flaw, ...] = ()
    """One for each kind of leftover."""
    is_elsewhere: bool = False
    """Whether the weights are known to be somewhere else: not fetched, or in a cache."""


def sort_out(tree: Tree) -> Sorted:
    """Take a folder apart; a single file is its own voice."""
    if not tree.is_folder:
        return Sorted(voice=tree)
    is_run = any(named_leftover(entry.path) is TRAINER and not entry.path.endswith(".py") for entry in tree.files)
    scripts = sum(named_leftover(entry.path) is TRAINER and entry.path.endswith(".py") for entry in tree.files)
    paths = frozenset(entry.path for entry in tree.entries)
    left: dict[str, list[Entry]] = {}
    elsewhere: dict[str, list[str]] = {}
    kept: list[Entry] = []
    for entry in tree.entries:
        kind = named_leftover(entry.path)
        if kind is TRAINER and entry.path.endswith(".py") and not (is_run and scripts <= MAX_SCRIPTS):
            kind = None
        if kind is not None and _is_what_it_says(tree, entry, kind, paths):
            left.setdefault(kind.name, []).append(entry)
        elif (size := _pointer(tree, entry)) is not None:
            elsewhere.setdefault("pointer", []).append(f"{entry.path} ({size} bytes)")
        elif leads_into_cache(tree, entry):
            elsewhere.setdefault("cached", []).append(entry.path)
        else:
            kept.append(entry)
    if all(_LOG.fullmatch(entry.path) for entry in left.get(TRAINER.name, ())):
        kept += left.pop(TRAINER.name, [])  # a log alone is a document like others
    if _is_cache(tree):
        elsewhere.setdefault("cached", []).append("snapshots")
        kept = [entry for entry in kept if not _is_of_cache(tree, entry)]
    blobs = [entry for entry in kept if _is_cache(tree) and _is_blob(tree, entry)]
    kept = [entry for entry in kept if entry not in blobs]
    read = [entry for kind in LEFTOVERS if not kind.is_unread for entry in left.get(kind.name, ())]
    beside = [entry for entry in read if entry.is_file]
    flaws = (*find_programs(tree), *_not_here(tree, elsewhere), *_told(left))
    voice = replace(tree, entries=tuple(sorted(kept, key=lambda entry: entry.path)))
    return Sorted(voice=voice, beside=(*beside, *blobs), flaws=flaws, is_elsewhere=bool(elsewhere))


def leads_into_cache(tree: Tree, entry: Entry) -> bool:
    """Whether an entry is a link as a hub's client makes them in ``snapshots/REVISION``: to a file of ``blobs``."""
    if not entry.is_link:
        return False
    root = tree.root.absolute()
    if root.parent.name != "snapshots":
        return False
    try:
        target = (tree.root / entry.path).readlink()
    except OSError:
        return False
    blobs = root.parent.parent / "blobs"
    place = os.path.normpath(root / PurePosixPath(entry.path).parent / target)
    is_blob = os.path.dirname(place) == str(blobs) and _BLOB.fullmatch(target.name)  # noqa: PTH120 - text, no file
    return bool(is_blob) and not target.is_absolute() and not (blobs / target.name).is_symlink()


def _is_cache(tree: Tree) -> bool:
    folders = {entry.path for entry in tree.entries if entry.is_folder and "/" not in entry.path}
    return {"blobs", "snapshots"} <= folders and all(
        "/" in entry.path or entry.path in _CACHE for entry in tree.entries
    )


def _is_of_cache(tree: Tree, entry: Entry) -> bool:
    """Whether an entry of a hub's cache is one that its client makes, other than the blobs, which are read."""
    top, _, rest = entry.path.partition("/")
    if top == "snapshots" and entry.is_link:
        try:
            link = (tree.root / entry.path).readlink()
        except OSError:
            return False
        target = os.path.normpath(PurePosixPath(entry.path).parent / link)
        return target.startswith("blobs/") and bool(_BLOB.fullmatch(target[len("blobs/") :]))
    is_note = top in ("refs", ".no_exist") and (entry.is_folder or (entry.is_file and entry.size <= MAX_POINTER))
    return is_note or (entry.is_folder and not rest)


def _is_blob(tree: Tree, entry: Entry) -> bool:
    """Whether it is a file that a hub's cache keeps under its digest: of any kind but programs."""
    folder, _, name = entry.path.partition("/")
    if folder != "blobs" or not entry.is_file or not _BLOB.fullmatch(name):
        return False
    head = _head(tree, entry)
    return look(head, head, entry.size).kind not in (Kind.EXECUTABLE, Kind.SCRIPT, Kind.BYTECODE)


def _not_here(tree: Tree, elsewhere: dict[str, list[str]]) -> Iterator[Flaw]:
    if pointers := elsewhere.get("pointer"):
        found = f"a Git LFS pointer, not the file: {_counted(pointers, 'files')}"
        yield Flaw(rule=rules.POINTER, file=pointers[0].rpartition(" (")[0], found=found)
    if links := elsewhere.get("cached"):
        place = tree.root.name if links != ["snapshots"] else "snapshots/REVISION"
        yield Flaw(
            rule=rules.CACHED,
            file=links[0],
            found=_counted(links, "links"),
            remedy=printable(f"Judge a copy with links resolved: soundcheck scan --copy-voice OUT {place}.")[:200],
        )


def _told(left: dict[str, list[Entry]]) -> Iterator[Flaw]:
    for kind in LEFTOVERS:
        if entries := left.get(kind.name):
            names = [entry.path for entry in entries if not entry.is_folder] or [entries[0].path]
            first = entries[0].path if kind.is_unread else names[0]
            found = f"{kind.what}: {_counted(names, 'files')}"
            remedy = f"{kind.remedy[0].upper()}{kind.remedy[1:]}."
            yield Flaw(rule=rules.LEFTOVER, file=first, beside=tuple(names), found=found, remedy=remedy)


def _counted(names: Sequence[str], what: str) -> str:
    first = printable(names[0])[:MAX_NAME]
    return first if len(names) == 1 else f"{first} and {len(names) - 1} other {what}"


def _pointer(tree: Tree, entry: Entry) -> int | None:
    """How large a file would be of which only the pointer is here; None where it is no pointer."""
    if not entry.is_file or not 0 < entry.size <= MAX_POINTER:
        return None
    found = _POINTER.fullmatch(_head(tree, entry))
    return int(found["size"]) if found else None


def _is_what_it_says(tree: Tree, entry: Entry, kind: Leftover, paths: frozenset[str]) -> bool:
    """Whether what has a leftover's name is one, as far as a look at its beginning tells."""
    name = PurePosixPath(entry.path).name
    if kind is REPOSITORY:
        return _is_repository(tree, entry, paths)
    if kind is DOWNLOAD:
        return ".cache/huggingface" in paths or ".huggingface" in paths
    if entry.is_folder:
        return name in ("__MACOSX", ".AppleDouble", ".ipynb_checkpoints")
    if not entry.is_file:
        return False
    head = _head(tree, entry)
    seen = look(head, head, entry.size).kind
    is_note = seen in (Kind.TEXT, Kind.EMPTY) and entry.size <= MAX_NOTE
    if kind is MACOS and name == "Icon\r":
        return not head  # the picture lies beside it, in what macOS calls a resource
    if kind is MACOS:
        starts = (_APPLE_STORE,) if name == ".DS_Store" else _APPLE_DOUBLE
        return head.startswith(starts) or not head
    if kind is WINDOWS:
        return _is_of_windows(name.lower(), head, seen, is_note=is_note)
    if kind is FETCHED:
        return _MD5.fullmatch(head) is not None
    if kind is NOTES:
        return is_note
    if kind is TRAINER and name.endswith(".py"):
        return seen in (Kind.TEXT, Kind.SCRIPT, Kind.EMPTY)
    if kind is TRAINER:
        return seen in (Kind.TEXT, Kind.OTHER, Kind.EMPTY)
    return kind is EDITOR and seen in (Kind.TEXT, Kind.OTHER, Kind.EMPTY)


def _is_of_windows(name: str, head: bytes, seen: Kind, *, is_note: bool) -> bool:
    if name == "thumbs.db":
        return seen is Kind.DATABASE
    if name == "desktop.ini":  # Explorer fetches a picture from another machine, and tells it who asks
        words = head.replace(b"\0", b"").lower()
        return not head or (_FOLDER_VIEW.search(words) is not None and b"\\\\" not in words and b"//" not in words)
    if name.startswith("~$"):
        return len(head) <= MAX_OWNER and seen in (Kind.OTHER, Kind.TEXT, Kind.EMPTY)
    return not head or (is_note and b"ZoneTransfer" in head)


def _is_repository(tree: Tree, entry: Entry, paths: frozenset[str]) -> bool:
    """Whether the folder that an entry lies in is a repository: git's has a HEAD and objects; or a note where it is."""
    top = entry.path.partition("/")[0]
    if top == ".git":
        if {".git/HEAD", ".git/objects"} <= paths:
            return True
        return entry.is_file and entry.path == top and _head(tree, entry).startswith(b"gitdir: ")
    return {".hg": ".hg/requires", ".svn": ".svn/wc.db"}[top] in paths


def _head(tree: Tree, entry: Entry) -> bytes:
    try:
        with tree.open(entry) as stream:
            return stream.read(HEAD_BYTES)
    except OSError:
        return b"unreadable\0"
