"""What workers were seen to do on any machine that shares: sent in the order in which it was seen, fetched in the same.

Each object names the one before it, so whoever fetches the latest has all of them. Knows no event's meaning.
"""

from __future__ import annotations

import itertools
import re
import threading
from pathlib import Path
from typing import Final

import msgspec

from harness.core.errors import IntegrityError, StorageError
from harness.core.text import printable
from harness.core.types import BehaviourEvent
from harness.storage.sealed import SealedObjects
from harness.storage.sealing import NONE, Broken, Seen, pack_seen, seen_digest, unpack_seen
from harness.storage.sent import Sent
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import write_atomically, writing

EVENTS: Final = "behaviour"
MOST_STEPS: Final = 10_000
"""Objects of what was seen of one model."""
MOST_SENT: Final = 1 << 20
"""Bytes of what was seen that one object holds."""
MOST_OWN: Final = 64 << 20
"""Bytes of one file of what was seen."""
_MODEL: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


class SharedSeen:
    """What workers were seen to do, in objects that machines share; safe for several threads and processes."""

    def __init__(self, objects: SealedObjects, root: Path, sent: Sent) -> None:
        """Remember; nothing is asked yet.

        Args:
            objects: What is shared.
            root: This machine's folder.
            sent: What of it the store has.
        """
        self._objects = objects
        self._root = root
        self._sent = sent
        self._lock = threading.Lock()

    def send(self, model: str) -> str:
        """Send what this machine has seen a model do and not sent yet.

        Args:
            model: Its digest.

        Returns:
            The latest object of what this machine knows of it, :data:`harness.storage.sealing.NONE` for nothing.

        Raises:
            StorageError: It cannot be written or read.
        """
        model = model[:32]
        with writing(self._root / EVENTS / model), self._lock, self._sent.alone():
            latest = self._sent.latest(model)
            while True:
                lines, ends = self._unsent(model)
                if not lines:
                    return latest
                content = pack_seen(Seen(after=latest, lines=lines))
                latest = seen_digest(content)
                self._objects.put(f"{EVENTS}/{model}/{latest}", content)
                self._sent.add_seen(model, latest, ends)

    def bring_all(self, model: str) -> None:
        """Fetch all that any machine has seen a model do.

        Raises:
            StorageError: It cannot be read.
            IntegrityError: Some of it is not whole: no verdict may do without it.
        """
        model = model[:32]
        if not _MODEL.fullmatch(model):
            return
        listed = itertools.islice(self._objects.list(f"{EVENTS}/{model}"), MOST_STEPS + 1)
        digests = [one.name.rpartition("/")[2] for one in listed]
        if len(digests) > MOST_STEPS:
            raise IntegrityError(
                f"{self._objects.place}: expected at most {MOST_STEPS:,} objects of what workers of a model were seen "
                "to do, got more; name another store"
            )
        for digest in digests:
            try:
                self.bring(model, digest)
            except Broken as broken:
                raise IntegrityError(
                    printable(
                        f"{self._objects.place}: {EVENTS}/{model}/{digest}: what workers were seen to do cannot be "
                        f"read ({broken}), and no verdict may do without it; find out who changed it, remove it, and "
                        "judge with --tts-fresh"
                    )
                ) from None

    def bring(self, model: str, digest: str) -> None:
        """Fetch something that was seen and all before it, the oldest first: what is here has all before it here.

        Args:
            model: Digest of the model.
            digest: Of the object, :data:`harness.storage.sealing.NONE` for nothing.

        Raises:
            Broken: Some of it is not whole, or gone.
            StorageError: It cannot be read.
        """
        model = model[:32]
        if not _MODEL.fullmatch(model):
            raise Broken("it is of no model")
        wanted: list[tuple[str, Seen]] = []
        while not self._has_seen(model, digest):
            if len(wanted) >= MOST_STEPS:
                raise Broken(f"more than {MOST_STEPS:,} objects of what was seen follow one another")
            name = f"{EVENTS}/{model}/{digest}"
            try:
                content = self._objects.get(name)
                if content is None:
                    raise Broken("which it names, is gone")
                seen = unpack_seen(digest, content)
                for line in filter(None, seen.lines.split(b"\n")):
                    msgspec.json.decode(line, type=BehaviourEvent)
            except (Broken, msgspec.DecodeError, UnicodeDecodeError) as error:
                raise Broken(f"{name}, {error}") from None
            wanted.append((digest, seen))
            digest = seen.after
        for digest, seen in reversed(wanted):
            path = self._seen_path(model, digest)
            with writing(path):
                self._sent.add_seen(model, None, {path.name: len(seen.lines)})  # it is no news of this machine's
            write_atomically(path, seen.lines)

    def _unsent(self, model: str) -> tuple[bytes, dict[str, int]]:
        """Whole lines that the store has not, as many as an object may hold, and up to where each file has them."""
        lines, ends = b"", dict[str, int]()
        for path in sorted((self._root / EVENTS / model).glob("*.jsonl")):
            start, room = self._sent.end_of(model, path.name), MOST_SENT - len(lines)
            if path.stat().st_size <= start:
                continue
            fresh = _own(path)[start:]
            whole = fresh[:room][: fresh[:room].rfind(b"\n") + 1]
            if not whole and len(fresh) > room == MOST_SENT:
                raise StorageError(
                    printable(f"{path}: expected lines of at most {MOST_SENT:,} bytes, got a longer one")
                )
            if whole:
                lines, ends[path.name] = lines + whole, start + len(whole)
        return lines, ends

    def _has_seen(self, model: str, digest: str) -> bool:
        is_here = digest == NONE or self._sent.is_own(model, digest)
        return is_here or self._seen_path(model, digest).is_file()

    def _seen_path(self, model: str, digest: str) -> Path:
        return self._root / EVENTS / model / f"{digest[:32]}.jsonl"


def _own(path: Path) -> bytes:
    try:
        return read_small(path, MOST_OWN)
    except TooLarge as error:
        raise StorageError(printable(f"{path}: what workers were seen to do cannot be shared ({error})")) from None
