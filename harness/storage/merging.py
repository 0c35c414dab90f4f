"""Brings together what several machines have spoken and heard, each in a folder of its own.

What is in a folder is believed as the machine's own is: a rendering has to fit its name and its audio, but what was
heard is its writer's word. Nothing that is there is overwritten, so merging again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from harness.core.errors import BadInput, IntegrityError
from harness.core.text import printable
from harness.core.types import BehaviourEvent, Rendering, Take
from harness.storage.listing import DIGEST, KINDS
from harness.storage.objects import FolderObjects, Objects
from harness.storage.shared import SharedStore
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import AT_A_TIME, UNREADABLE, Store, digest_of, write_atomically

MOST_AUDIO: Final = 256 << 20
MOST_RECORD: Final = 16 << 20
MOST_EVENTS: Final = 64 << 20
EVENTS: Final = "behaviour"
_MODEL: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(slots=True, kw_only=True)
class Merged:
    """What became of one folder's files."""

    folder: str
    """Or the address of what machines share."""
    brought: int = 0
    """Renderings and takes that were not there before."""
    known: int = 0
    """Those that were, whatever they say: the first counts."""
    broken: int = 0
    """Files that are not what their name says, or half written: left out, and spoken or heard again."""
    events: int = 0
    """Files of what workers were seen to do."""


def merge(target: Path, folder: Path, *, say: Callable[[str], None] = lambda _: None) -> Merged:
    """Bring what lies in a folder of runs into another one.

    Args:
        target: Where to.
        folder: Where from; it stays as it is.
        say: Told what is brought.

    Raises:
        BadInput: It is no folder of runs, or the target itself.
        IntegrityError: What workers were seen to do cannot be read: no verdict may do without it.
        StorageError: The target cannot be written.
    """
    if not any((folder / kind).is_dir() for kind in (*KINDS, EVENTS)):
        got = "nothing of the kind" if folder.is_dir() else "no folder"
        raise BadInput(printable(f"{folder}: expected a folder of runs, as --tts-dir names it, got {got}"))
    if target.exists() and target.samefile(folder):
        raise BadInput(printable(f"{folder}: expected another folder than the one that is merged into"))
    if next(FolderObjects(folder).list("renderings"), None):
        raise BadInput(
            printable(
                f"{folder}: expected a folder of runs, got one that --tts-store names; say file://{folder.resolve()}"
            )
        )
    made = Merged(folder=str(folder))
    for path, model in _event_files(folder):
        _bring_events(target, path, model)
        made.events += 1
    for kind in KINDS:
        say(f"{folder}: {kind}")
        for path in _files(folder / kind):
            _bring(target, kind, path, made)
    return made


def merge_shared(
    target: Path,
    objects: Objects,
    *,
    tell: Callable[[str], None],
    say: Callable[[str], None],
    key: bytes = b"",
) -> Merged:
    """Bring all that machines share into a folder of runs, what workers were seen to do first.

    Args:
        target: Where to.
        objects: What they share.
        tell: Told on one line what is not whole.
        say: Told what is brought.
        key: What it has to be sealed with; empty for no key.

    Raises:
        IntegrityError: What workers were seen to do is not whole: no verdict may do without it. Or the key is another.
        StorageError: It cannot be read, or the target cannot be written.
    """
    shared = SharedStore(objects, target, tell, key=key)
    store = Store(target, shared)
    made = Merged(folder=objects.place)
    say(f"{objects.place}: {EVENTS}")
    names = [one.name.split("/") for one in shared.listed(EVENTS)]
    made.events = len(names)
    for model in sorted({model for _, model, _ in names}):
        shared.seen.bring_all(model)
    for kind, fetch in (("renderings", store.fetch_rendering), ("takes", store.fetch_take)):
        digests = [one.name.rpartition("/")[2] for one in shared.listed(kind)]
        wanted = [digest for digest in digests if not store.has(kind, digest)]
        made.known += len(digests) - len(wanted)
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            for place, found in enumerate(pool.map(fetch, wanted)):
                say(f"{objects.place}: {kind}, {place + 1} of {len(wanted)}")
                made.brought += found is not None
                made.broken += found is None
    return made


def _bring(target: Path, kind: str, path: Path, made: Merged) -> None:
    data = _whole(kind, path)
    place = target / kind / path.parent.name / path.name
    if data is None:
        made.broken += 1
    elif not place.is_file():
        write_atomically(place, data, option="--dir")
        made.brought += kind != "audio"
    else:
        made.known += kind != "audio"


def _whole(kind: str, path: Path) -> bytes | None:
    """A file's bytes, None where they are not what its name says."""
    try:
        data = read_small(path, MOST_AUDIO if kind == "audio" else MOST_RECORD)
        if kind == "audio":
            return data if hashlib.sha256(data).hexdigest() == path.stem else None
        if kind == "takes":
            msgspec.json.decode(data, type=Take)
            return data
        found = msgspec.json.decode(data, type=Rendering)
        has_name = digest_of(found.key) == path.stem and bool(DIGEST.fullmatch(found.audio_sha256))
    except (OSError, TooLarge, *UNREADABLE):
        return None
    return data if has_name and Store(path.parents[2]).audio_path(found.audio_sha256).is_file() else None


def _files(folder: Path) -> Iterator[Path]:
    """Files of a store, by their names; what is called otherwise is a half-written one or somebody else's."""
    for path in sorted(folder.glob("??/*")):
        if DIGEST.fullmatch(path.stem) and path.suffix in (".flac", ".json") and path.parent.name == path.stem[:2]:
            yield path


def _event_files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted((folder / EVENTS).glob("*/*.jsonl")):
        if _MODEL.fullmatch(path.parent.name):
            yield path, path.parent.name


def _bring_events(target: Path, path: Path, model: str) -> None:
    """What workers were seen to do, under a name by its content: brought once, however often it is merged."""
    try:
        data = read_small(path, MOST_EVENTS)
        for line in filter(None, data.split(b"\n")):
            msgspec.json.decode(line, type=BehaviourEvent)
    except (OSError, TooLarge, *UNREADABLE) as error:
        why = getattr(error, "strerror", None) or error
        raise IntegrityError(printable(f"{path}: what workers were seen to do cannot be read ({why})")) from None
    place = target / EVENTS / model / f"{hashlib.sha256(data).hexdigest()[:32]}.jsonl"
    if not place.is_file():
        write_atomically(place, data, option="--dir")
