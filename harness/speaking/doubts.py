"""Renderings that are in doubt: a worker was lost on each, and a fresh one spoke it.

Whoever judges is to say so, in whichever process or on whichever machine it happened; then the rendering is spoken
anew, and what is spoken without a loss is in doubt no more. Written among what workers were seen to do, which travels
with the renderings.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from harness.core.types import BehaviourEvent
from harness.sandbox.outside.events import EventLog, read_events

KIND: Final = "retried"
"""Of the events that tell of doubts. They are no behaviour: no check judges them."""
BEGUN: Final = "begun"
TOLD: Final = "told"
SETTLED: Final = "settled"
_COURSE: Final = (BEGUN, TOLD, SETTLED)


class Doubts:
    """Which renderings of one model are in doubt, by the digests of their keys. Any thread may ask."""

    def __init__(self) -> None:
        """Begin without any."""
        self._log = EventLog()
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._states: dict[str, dict[str, int]] = {}
        """How far each loss of a worker has come, as a place in :data:`_COURSE`, by rendering and loss."""
        self._is_full = False
        self._folder: Path | None = None
        self._sizes: dict[str, int] = {}
        """Of the files there, when they were read."""
        self._lock = threading.Lock()

    def share(self, folder: Path, name: str) -> None:
        """Know what all processes that work with the model have noted in a folder, now and later, and note it there.

        Args:
            folder: Of this model.
            name: Of this process's own file.
        """
        self._folder = folder
        self.look()
        self._log.write_to(folder / name)

    def look(self) -> None:
        """Take in what others have noted since the last look, in any order. What tells of no doubt is passed over."""
        if self._folder is None:
            return
        for file in self._folder.glob("*.jsonl"):
            with contextlib.suppress(FileNotFoundError):
                if (size := file.stat().st_size) != self._sizes.get(file.name):
                    self._sizes[file.name] = size
                    self._learn(read_events([file]))

    def _learn(self, events: Iterable[BehaviourEvent]) -> None:
        for event in events:
            if event.kind == KIND:
                self._read(event)

    def begin(self, digest: str) -> None:
        """A worker was lost on a rendering."""
        self._write(BEGUN, digest, f"{self._process}.{next(self._numbers)}")

    def withdraw(self, digest: str) -> None:
        """The last one was another rendering's fault."""
        own = [loss for loss in self._at(digest, BEGUN, TOLD) if loss.startswith(self._process)]
        if own:
            self._write(SETTLED, digest, own[-1])

    def tell(self, digest: str) -> None:
        """Somebody who judges has said of a rendering that it is in doubt."""
        for loss in self._at(digest, BEGUN):
            self._write(TOLD, digest, loss)

    def settle(self, digest: str, *, told_only: bool) -> None:
        """A rendering was spoken anew and without a loss.

        Args:
            digest: Which.
            told_only: Leave what nobody has said yet.
        """
        for loss in self._at(digest, TOLD) if told_only else self._at(digest, BEGUN, TOLD):
            if not loss.startswith(self._process):
                self._write(SETTLED, digest, loss)

    def is_untold(self, digest: str) -> bool:
        """Whether a rendering is in doubt and nobody who judges has said so."""
        return self._is_full or bool(self._at(digest, BEGUN))

    def is_told(self, digest: str) -> bool:
        """Whether a rendering is in doubt and that has been said: it is to be spoken anew."""
        return bool(self._at(digest, TOLD)) and not self.is_untold(digest)

    def _at(self, digest: str, *states: str) -> list[str]:
        """Losses of a rendering that have come so far."""
        with self._lock:
            return [loss for loss, state in self._states.get(digest, {}).items() if _COURSE[state] in states]

    def _write(self, state: str, digest: str, loss: str) -> None:
        event = BehaviourEvent(when="speaking", kind=KIND, what=state, detail=f"{digest} {loss}")
        self._read(event)
        self._log.note(event)

    def _read(self, event: BehaviourEvent) -> None:
        if event.what not in _COURSE:  # there were more than a log of events holds: any rendering may be in doubt
            self._is_full = True
            return
        digest, _, loss = event.detail.partition(" ")
        with self._lock:
            losses = self._states.setdefault(digest, {})
            losses[loss] = max(losses.get(loss, 0), _COURSE.index(event.what))
