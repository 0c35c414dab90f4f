"""What workers were seen to do: one bounded stream of events, kept in memory and appended to files as JSON lines.

A million repeats of one thing are one event with a count; a million different things are the first few hundred and a
count of the rest. Any thread may note.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from harness.core.text import printable
from harness.core.types import BehaviourEvent

MAX_EVENTS = 500
"""Different events kept for one process of the harness. What exceeds them is counted under one name per kind."""
MAX_PER_KIND = 100
MAX_DETAIL = 400

_Key = tuple[str, str, str, str]


class EventLog:
    """Events of all workers of one process of the harness."""

    def __init__(self, *files: Path) -> None:
        self._files = list(files)
        self._events: dict[_Key, BehaviourEvent] = {}
        self._written: dict[_Key, int] = {}
        self._lock = threading.Lock()

    @property
    def events(self) -> tuple[BehaviourEvent, ...]:
        """What was seen so far, in the order in which it was first seen."""
        with self._lock:
            return tuple(self._events.values())

    def write_to(self, file: Path) -> None:
        """Append to this file too from now on, and what was seen before."""
        with self._lock:
            self._files.append(file)
            _append([file], self._events.values())

    def note(self, event: BehaviourEvent) -> None:
        """Keep an event; the first of its kind is written at once."""
        event = dataclasses.replace(event, what=printable(event.what)[:60], detail=printable(event.detail)[:MAX_DETAIL])
        key = (event.when, event.kind, event.what, event.detail)
        with self._lock:
            if key not in self._events:
                kept = sum(other[1] == event.kind for other in self._events)
                if kept >= MAX_PER_KIND or len(self._events) >= MAX_EVENTS:
                    event = dataclasses.replace(event, what="more", detail="further events, too many to keep")
                    key = (event.when, event.kind, event.what, event.detail)
            known = self._events.get(key)
            if known is not None:
                self._events[key] = dataclasses.replace(known, count=known.count + event.count)
                return
            self._events[key] = event
            self._written[key] = event.count
            _append(self._files, [event])

    def flush(self) -> None:
        """Write the repeats that were counted since each event was written."""
        with self._lock:
            late = []
            for key, event in self._events.items():
                if more := event.count - self._written[key]:
                    late.append(dataclasses.replace(event, count=more))
                    self._written[key] = event.count
            _append(self._files, late)


def read_events(files: Iterable[Path]) -> tuple[BehaviourEvent, ...]:
    """Events of all these files, repeats added up; a torn line is skipped."""
    found: dict[_Key, BehaviourEvent] = {}
    for file in files:
        with contextlib.suppress(OSError):
            for line in file.read_bytes().split(b"\n"):
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    event = msgspec.json.decode(line, type=BehaviourEvent)
                    key = (event.when, event.kind, event.what, event.detail)
                    known = found.get(key)
                    found[key] = dataclasses.replace(known, count=known.count + event.count) if known else event
    return tuple(found.values())


def lines_of(events: Iterable[BehaviourEvent]) -> bytes:
    """Events as a file has them: each begins a line of its own, whatever was torn off before it."""
    return b"".join(b"\n" + msgspec.json.encode(event, order="sorted") + b"\n" for event in events)


def _append(files: Iterable[Path], events: Iterable[BehaviourEvent]) -> None:
    data = lines_of(events)
    if not data:
        return
    for path in files:
        # The log is a copy: what was seen is judged from memory too, and a full disk fails the run elsewhere.
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(data)
