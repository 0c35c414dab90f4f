"""Copies of a folder what its voice needs, and leaves what tools, trainers and caches put beside it.

Bytes are copied, nothing is loaded; links of a hub's cache are followed to their blobs, no others. What is copied is to
be scanned where it then lies. Knows no command line.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from harness.admission.checks import directoryrules as rules
from harness.admission.checks.directory import DirectoryCheck
from harness.admission.checks.filenames import SIGNATURES
from harness.admission.checks.leftovers import leads_into_cache, sort_out
from harness.admission.tree import Entry, Tree
from harness.core.errors import BadInput, StorageError
from harness.core.text import printable
from harness.core.voice import Voice
from harness.engines.coqui.layout import checkpoints, find_voice

BEST: Final = "best_model.pth"
"""What a trainer calls its best checkpoint, among those that it saved before and after."""
_HARMLESS: Final = frozenset({rules.MODE, rules.LEFTOVER, rules.POINTER, rules.CACHED})
"""What does not keep a file from being copied: a copy gets a mode of its own, the others are sorted out already."""
_VOUCHING: Final = frozenset({"sha256sums", "sha256sums.txt"})
"""Lists of the whole folder: they do not fit a part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What was copied."""

    path: Path
    """The new folder."""
    files: tuple[str, ...]
    """Paths below it, in order."""
    left: tuple[str, ...]
    """Files of the source that were left there, in order. Hostile text."""


def check_folder(out: Path) -> None:
    """See whether a folder can be made there.

    Raises:
        BadInput: Something is there already, or the folder above is not.
    """
    shown = printable(str(out))
    if os.path.lexists(out):
        raise BadInput(f"{shown}: exists already, and nothing is overwritten; name another folder")
    if not out.absolute().parent.is_dir():
        raise BadInput(f"{shown}: expected a folder to write to, got none")


def copy_voice(source: Path, out: Path, *, checkpoint: str = "") -> Copy:
    """Copy configuration, checkpoint and what stands beside them. Whether it is hostile must have been seen before.

    Args:
        source: A folder: a trainer's run, a clone, a revision in a hub's cache.
        out: The folder to make.
        checkpoint: Which checkpoint is the voice's, where there are several.

    Raises:
        BadInput: `out` cannot be made, see :func:`check_folder`; or there is no checkpoint, or several.
        StorageError: Writing failed; nothing is left behind.
    """
    check_folder(out)
    if out.resolve().is_relative_to(source.resolve()):
        raise BadInput(printable(f"{out}: expected a folder outside of {source}, got one in it"))
    tree = Tree.of(source)
    wanted = _wanted(tree, _chosen(source, checkpoint))
    files = tuple(entry.path for entry in wanted)
    temporary = None
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name[:64]}-", dir=out.absolute().parent))
        for entry in wanted:
            place = temporary / entry.path
            place.parent.mkdir(parents=True, exist_ok=True)
            with _opened(tree, entry) as read, place.open("xb") as written:
                shutil.copyfileobj(read, written, 1 << 20)
        temporary.chmod(0o755)
        check_folder(out)
        temporary.rename(out)
    except OSError as error:
        raise StorageError(printable(f"{out}: cannot be written ({error.strerror or error})")) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    left = tuple(entry.path for entry in tree.entries if not entry.is_folder and entry.path not in files)
    return Copy(path=out, files=files, left=left)


def _chosen(source: Path, checkpoint: str) -> str:
    if not checkpoint and BEST in checkpoints(source):
        return BEST
    return find_voice(source, Voice(checkpoint=checkpoint)).checkpoint


def _wanted(tree: Tree, chosen: str) -> list[Entry]:
    """The voice's files: one checkpoint, and all whose kind a model needs."""
    found = sort_out(tree)
    spare = set(checkpoints(tree.root)) - {chosen}
    odd = {flaw.file for flaw in DirectoryCheck().examine(tree).flaws if flaw.rule not in _HARMLESS}
    cached = [entry for entry in tree.entries if leads_into_cache(tree, entry)]
    wanted = [
        entry for entry in (*found.voice.files, *cached) if entry.path not in spare | odd and not _vouches(entry.path)
    ]
    if chosen and chosen not in {entry.path for entry in wanted}:  # a model of several files has no one checkpoint
        raise BadInput(printable(f"{tree.root / chosen}: cannot be copied, it was not fetched or is no checkpoint"))
    return sorted(wanted, key=lambda entry: entry.path)


def _vouches(path: str) -> bool:
    place = PurePosixPath(path.lower())
    return place.suffix in SIGNATURES or place.name in _VOUCHING


def _opened(tree: Tree, entry: Entry) -> IO[bytes]:
    if not entry.is_link:
        return tree.open(entry)
    blobs = tree.root.absolute().parent.parent / "blobs"
    blob = (tree.root / entry.path).readlink().name
    return Tree(blobs, ()).open(Entry(blob, entry.mode, entry.size))
