"""What several machines have spoken, heard and seen, in one place beside each machine's own folder.

A machine's folder is its cache: what was fetched once is there, and what was made there is sent once. What was seen of
a model goes before what the model has spoken, and is fetched before it: no machine uses a rendering without knowing how
its speaker behaved. What is in the store is believed as a cache is: see ``docs/scale.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from harness.core.text import printable
from harness.core.types import Take
from harness.storage.objects import Listed, Objects
from harness.storage.sealed import SealedObjects
from harness.storage.sealing import Broken, Spoken, pack_spoken, pack_take, unpack_spoken, unpack_take
from harness.storage.sent import Sent
from harness.storage.sharedseen import SharedSeen
from harness.storage.store import digest_of, writing


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
        self._objects = SealedObjects(objects, key)
        self._root = root
        self._tell = tell
        self._sent = Sent(root / "shared", objects.place)
        self.seen = SharedSeen(self._objects, root, self._sent)
        """What workers were seen to do."""
        self._missing: set[str] = set()
        """Asked for by this process, and not there: who speaks them meanwhile speaks them a second time."""

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
            self.seen.bring(found.rendering.key.model_digest, found.seen)
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
        made = spoken(self.seen.send(model))
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

    def listed(self, kind: str) -> Iterator[Listed]:
        """What is there of a kind: ``renderings``, ``takes`` or ``behaviour``.

        Raises:
            StorageError: It cannot be listed.
        """
        return self._objects.list(kind)

    def _content(self, name: str) -> bytes | None:
        if name in self._missing:
            return None
        try:
            if (content := self._objects.get(name)) is not None:
                return content
        except Broken as error:
            self._leave(name, str(error))
        self._missing.add(name)
        return None

    def _leave(self, name: str, why: str) -> None:
        self._missing.add(name)
        self._tell(printable(f"{self.place}: {name} is not whole ({why}): left aside, and made anew here; remove it"))

    def _put(self, name: str, content: bytes) -> None:
        self._objects.put(name, content)
        self._note(name)

    def _note(self, name: str) -> None:
        with writing(self._root):
            self._sent.add(name)


def _name(kind: str, digest: str) -> str:
    return f"{kind}/{digest[:2]}/{digest}"
