"""What several machines have spoken, heard and seen, in one place beside each machine's own folder.

A machine's folder is its cache: what was fetched once is there, and what was made there is sent once. What was seen of
a model goes before what the model has spoken, and is fetched before it: no machine uses a rendering without knowing how
its speaker behaved. What is in the store is believed as a cache is: see ``docs/scale.md``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from harness.core.errors import BadInput, IntegrityError, StorageError
from harness.core.text import printable
from harness.core.types import BehaviourEvent, Take
from harness.storage.objects import Listed, Objects
from harness.storage.sealing import (
    MOST_BYTES,
    NONE,
    Broken,
    OtherSeal,
    Seen,
    Spoken,
    pack_seen,
    pack_spoken,
    pack_take,
    seal,
    seen_digest,
    unpack_seen,
    unpack_spoken,
    unpack_take,
    unsealed,
)
from harness.storage.sent import Sent
from harness.storage.smallfile import TooLarge, read_small
from harness.storage.store import digest_of, write_atomically, writing

MOST_STEPS: Final = 10_000
"""Objects of what was seen that follow one another."""
MOST_OWN: Final = 64 << 20
"""Bytes of one file of what was seen."""
EVENTS: Final = "behaviour"
KEY_VARIABLE: Final = "SOUNDCHECK_STORE_KEY"
LEAST_KEY: Final = 32
"""Characters: whoever guesses the key may seal what he likes."""
_MODEL: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


class SharedStore:
    """Renderings, takes and what was seen, in objects that machines share; safe for several threads and processes."""

    def __init__(self, objects: Objects, root: Path, tell: Callable[[str], None], *, key: bytes = b"") -> None:
        """Remember; nothing is asked yet.

        Args:
            objects: What is shared.
            root: This machine's folder, which is the cache.
            tell: Told on one line what is not whole.
            key: A secret of all machines that share, with which objects are sealed; empty for none.
        """
        self._objects = objects
        self._key = key
        self._root = root
        self._tell = tell
        self._sent = Sent(root / "shared", objects.place)
        self._missing: set[str] = set()
        """Asked for by this process, and not there: who speaks them meanwhile speaks them a second time."""
        self._lock = threading.Lock()

    @property
    def place(self) -> str:
        """Where that is, for people."""
        return self._objects.place

    def spoken(self, digest: str) -> Spoken | None:
        """A rendering by the digest of its key, once what its speaker was seen to do is here; None where none is whole.

        Raises:
            StorageError: It cannot be read.
        """
        name = _name("renderings", digest)
        content = self._content(name)
        if content is None:
            return None
        try:
            found = unpack_spoken(content)
            if digest_of(found.rendering.key) != digest:
                raise Broken("it is another one than its name says")
            self._bring(found.rendering.key.model_digest[:32], found.seen)
        except Broken as broken:
            self._leave(name, str(broken))
            return None
        self._note(name)
        return found

    def take(self, digest: str) -> Take | None:
        """What was heard, by the digest of what was asked; None where none is whole.

        Raises:
            StorageError: It cannot be read.
        """
        name = _name("takes", digest)
        content = self._content(name)
        if content is None:
            return None
        try:
            found = unpack_take(content)
        except Broken as broken:
            self._leave(name, str(broken))
            return None
        self._note(name)
        return found

    def send_spoken(self, digest: str, spoken: Callable[[str], Spoken | None], model: str) -> None:
        """Send a rendering, and before it what its speaker was seen to do, unless it is there.

        Args:
            digest: Of its key.
            spoken: Makes the object, given what was seen; None where its audio is not whole.
            model: Digest of the speaker.

        Raises:
            StorageError: It cannot be written.
        """
        name = _name("renderings", digest)
        if name in self._sent:
            return
        made = spoken(self.send_seen(model))
        if made is not None:
            self._put(name, pack_spoken(made))

    def send_take(self, digest: str, take: Take) -> None:
        """Send what was heard, unless it is there.

        Raises:
            StorageError: It cannot be written.
        """
        name = _name("takes", digest)
        if name not in self._sent:
            self._put(name, pack_take(take))

    def send_seen(self, model: str) -> str:
        """Send what this machine has seen a model do and not sent yet.

        Args:
            model: Its digest.

        Returns:
            The latest object of what this machine knows of it, :data:`harness.storage.sealing.NONE` for nothing.

        Raises:
            StorageError: It cannot be written or read.
        """
        model = model[:32]
        folder = self._root / EVENTS / model
        with writing(folder), self._lock, self._sent.alone():
            latest = self._sent.latest(model)
            lines, ends = b"", {}
            for path in sorted(folder.glob("*.jsonl")):
                start = self._sent.end_of(model, path.name)
                if path.stat().st_size > start:
                    fresh = _own(path)[start:]
                    fresh = fresh[: fresh.rfind(b"\n") + 1]
                    lines, ends[path.name] = lines + fresh, start + len(fresh)
            if not lines:
                return latest
            content = pack_seen(Seen(after=latest, lines=lines))
            latest = seen_digest(content)
            self._objects.put(name := f"{EVENTS}/{model}/{latest}", seal(name, content, self._key))
            self._sent.add_seen(model, latest, ends)
        return latest

    def bring_seen(self, model: str) -> None:
        """Fetch all that any machine has seen a model do.

        Raises:
            StorageError: It cannot be read.
            IntegrityError: Some of it is not whole: no verdict may do without it.
        """
        model = model[:32]
        if not _MODEL.fullmatch(model):
            return
        for digest in [one.name.rpartition("/")[2] for one in self._objects.list(f"{EVENTS}/{model}")]:
            try:
                self._bring(model, digest)
            except Broken as broken:
                raise IntegrityError(
                    printable(
                        f"{self.place}: {EVENTS}/{model}/{digest}: what workers were seen to do cannot be read "
                        f"({broken}), and no verdict may do without it; find out who changed it, remove it, and judge "
                        "with --tts-fresh"
                    )
                ) from None

    def listed(self, kind: str) -> Iterator[Listed]:
        """What is there of a kind: ``renderings``, ``takes`` or ``behaviour``.

        Raises:
            StorageError: It cannot be listed.
        """
        return self._objects.list(kind)

    def _bring(self, model: str, digest: str) -> None:
        """Fetch something that was seen and all before it, the oldest first: what is here has all before it here."""
        if not _MODEL.fullmatch(model):
            raise Broken("it is of no model")
        wanted: list[tuple[str, Seen]] = []
        while not self._has_seen(model, digest):
            if len(wanted) >= MOST_STEPS:
                raise Broken(f"more than {MOST_STEPS:,} objects of what was seen follow one another")
            name = f"{EVENTS}/{model}/{digest}"
            try:
                data = self._objects.get(name, MOST_BYTES[EVENTS])
                if data is None:
                    raise Broken(f"{name}, which it names, is gone")
                seen = unpack_seen(digest, self._unsealed(name, data))
                for line in filter(None, seen.lines.split(b"\n")):
                    msgspec.json.decode(line, type=BehaviourEvent)
            except (TooLarge, msgspec.DecodeError, UnicodeDecodeError) as error:
                raise Broken(f"{name}: {error}") from None
            wanted.append((digest, seen))
            digest = seen.after
        for digest, seen in reversed(wanted):
            path = self._seen_path(model, digest)
            with writing(path):
                self._sent.add_seen(model, None, {path.name: len(seen.lines)})  # it is no news of this machine's
            write_atomically(path, seen.lines)

    def _has_seen(self, model: str, digest: str) -> bool:
        is_here = digest == NONE or self._sent.is_own(model, digest)
        return is_here or self._seen_path(model, digest).is_file()

    def _seen_path(self, model: str, digest: str) -> Path:
        return self._root / EVENTS / model / f"{digest[:32]}.jsonl"

    def _content(self, name: str) -> bytes | None:
        if name in self._missing:
            return None
        try:
            data = self._objects.get(name, MOST_BYTES[name.partition("/")[0]])
            if data is not None:
                return self._unsealed(name, data)
        except (TooLarge, Broken) as error:
            self._leave(name, str(error))
        self._missing.add(name)
        return None

    def _unsealed(self, name: str, data: bytes) -> bytes:
        try:
            return unsealed(name, data, self._key)
        except OtherSeal as error:
            wanted = f"{KEY_VARIABLE} gives one" if self._key else f"none is given in {KEY_VARIABLE}"
            raise IntegrityError(
                printable(
                    f"{self.place}: {name} {error}, and {wanted}; give all machines that share the same "
                    f"{KEY_VARIABLE}, or name another store"
                )
            ) from None

    def _leave(self, name: str, why: str) -> None:
        self._missing.add(name)
        self._tell(printable(f"{self.place}: {name} is not whole ({why}): left aside, and made anew here; remove it"))

    def _put(self, name: str, content: bytes) -> None:
        self._objects.put(name, seal(name, content, self._key))
        self._note(name)

    def _note(self, name: str) -> None:
        with writing(self._root):
            self._sent.add(name)


def _name(kind: str, digest: str) -> str:
    return f"{kind}/{digest[:2]}/{digest}"


def _own(path: Path) -> bytes:
    try:
        return read_small(path, MOST_OWN)
    except TooLarge as error:
        raise StorageError(printable(f"{path}: what workers were seen to do cannot be shared ({error})")) from None


def store_key(environment: Mapping[str, str]) -> bytes:
    """The secret that machines which share seal their objects with; empty where there is none.

    Args:
        environment: Of the process.

    Raises:
        BadInput: It is too short to stay a secret.
    """
    key = environment.get(KEY_VARIABLE, "").encode("utf-8", "surrogateescape")
    if 0 < len(key) < LEAST_KEY:
        raise BadInput(f"{KEY_VARIABLE}: expected {LEAST_KEY} characters or more (or none), got {len(key)}")
    return key
