"""What this machine knows a shared store to have, so that nothing is sent twice: a file of lines, appended to.

Knows names, no content. A line that is torn is passed over, and whatever it said is sent again, which changes nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from harness.storage.sealing import NONE

BELIEVED_SECONDS: Final = 7 * 86_400.0
"""For how long a store is believed to still have an object: somebody may have it expire what is old."""


class Sent:
    """What was sent to one store from one folder, or fetched from there. For several threads and processes."""

    def __init__(self, folder: Path, place: str) -> None:
        """Remember; nothing is read yet.

        Args:
            folder: Where the file lies; several stores have a file each.
            place: The store.
        """
        self._path = folder / f"{hashlib.sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.sent"
        self._names: dict[str, float] = {}
        self._latest: dict[str, str] = {}
        self._own: set[tuple[str, str]] = set()
        self._ends: dict[tuple[str, str], int] = {}
        self._read_to = 0
        self._lock = threading.RLock()

    def __contains__(self, name: object) -> bool:
        with self._lock:
            if name not in self._names:
                self._read()
            at = self._names.get(str(name))
        return at is not None and time.time() - at < BELIEVED_SECONDS

    def add(self, name: str) -> None:
        """The store has that object."""
        with self._lock:
            if name not in self:
                self._append([f"has {name} {time.time():.0f}"])

    def latest(self, model: str) -> str:
        """The last object of what was seen of a model that was sent from here."""
        with self._lock:
            return self._latest.get(model, NONE)

    def is_own(self, model: str, digest: str) -> bool:
        """Whether an object of what was seen was sent from here: all that it says is here."""
        with self._lock:
            if (model, digest) not in self._own:
                self._read()
            return (model, digest) in self._own

    def end_of(self, model: str, file: str) -> int:
        """Up to where a file of what was seen of a model is known to the store, in bytes."""
        with self._lock:
            return self._ends.get((model, file), 0)

    def add_seen(self, model: str, latest: str | None, ends: Mapping[str, int]) -> None:
        """The store knows these files up to these ends; None where nothing was sent, but fetched."""
        lines = [f"seen {model} {quote(file)} {end}" for file, end in ends.items()]
        with self._lock:
            self._append([*lines, *([f"latest {model} {latest}"] if latest else [])])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While its block lasts no other process of this folder sends what was seen; what they have sent is known."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self._lock:
                self._read()
            yield

    def _append(self, lines: list[str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        data = "".join(f"\n{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)
        for line in lines:
            self._take_in(line)

    def _read(self) -> None:
        """Take in what was appended since, by whichever process."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data.rfind(b"\n") + 1
        self._read_to += whole
        for line in data[:whole].decode("utf-8", "surrogateescape").split("\n"):
            self._take_in(line)

    def _take_in(self, line: str) -> None:
        words = line.split(" ")
        try:
            if words[0] == "has" and len(words) == 3:
                self._names[words[1]] = float(words[2])
            elif words[0] == "latest" and len(words) == 3 and len(words[2]) == 64:
                self._latest[words[1]] = words[2]
                self._own.add((words[1], words[2]))
            elif words[0] == "seen" and len(words) == 4:
                self._ends[words[1], unquote(words[2])] = int(words[3])
        except ValueError:
            return
