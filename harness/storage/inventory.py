"""How much of each kind lies in a folder of runs, or is shared, and since when. Reads names and sizes, no content."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.storage.listing import KINDS, LOCKS, Stored, half_written, locks_of, objects_of
from harness.storage.objects import Listed, Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is there of one kind."""

    kind: str
    objects: int
    """Files; of ``runs`` the runs."""
    bytes: int
    oldest: float | None
    """Seconds of the clock; None where there is none."""
    newest: float | None


def inventory(root: Path) -> list[Held]:
    """What a folder of runs holds: the store's kinds first, then the other folders by their names.

    Args:
        root: What ``--tts-dir`` names.
    """
    held = [held_of(kind, objects_of(root, kind)) for kind in KINDS]
    held += [held_of("half-written", half_written(root)), held_of(LOCKS, locks_of(root))]
    others = sorted(path for path in root.iterdir() if path.name not in {*KINDS, LOCKS} and not path.is_symlink())
    for path in others:
        if path.is_dir():
            of = held_of(path.name, _everything(path, path.name))
            runs = sum((run / "run.json").is_file() for run in path.iterdir()) if path.name == "runs" else None
            held.append(
                Held(
                    kind=of.kind,
                    objects=of.objects if runs is None else runs,
                    bytes=of.bytes,
                    oldest=of.oldest,
                    newest=of.newest,
                )
            )
    return held


def shared_inventory(objects: Objects) -> list[Held]:
    """What machines share, by the word of whoever keeps it.

    Args:
        objects: What they share.

    Raises:
        StorageError: It cannot be listed.
    """
    return [held_of(kind, objects.list(kind)) for kind in ("renderings", "takes", "behaviour")]


def held_of(kind: str, stored: Iterable[Stored | Listed]) -> Held:
    """Count objects of one kind."""
    objects = size = 0
    oldest = newest = None
    for one in stored:
        objects, size = objects + 1, size + one.bytes
        oldest = one.modified if oldest is None else min(oldest, one.modified)
        newest = one.modified if newest is None else max(newest, one.modified)
    return Held(kind=kind, objects=objects, bytes=size, oldest=oldest, newest=newest)


def _everything(folder: Path, kind: str) -> Iterator[Stored]:
    for above, _, names in os.walk(folder):
        for name in names:
            path = Path(above, name)
            about = path.lstat()
            if stat.S_ISREG(about.st_mode):
                yield Stored(path=path, kind=kind, bytes=about.st_size, modified=about.st_mtime)
