"""The way of parts: some at work at a time, a lost one begun anew, a late one shared by a second process."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from harness.core.text import counted, cut, printable
from harness.placing.tasks import Places, Task
from harness.run.part import Given, Part

TWIN: Final = " once more"
"""After the name of a part that a second process shares."""
OWN_LINE: Final = "soundcheck: "
"""How lines of a log begin that are for people who wait."""
LOOK_SECONDS: Final = 5.0
"""How often it is looked whether a part is late."""
LATE_TIMES: Final = 1.5
LATE_SECONDS: Final = 60.0
"""A part that takes so many times as long as others did, and so long, is late."""
MAX_LOG_BYTES: Final = 64 << 10


def in_parts(
    places: Places,
    tasks: Sequence[Task],
    given: Given,
    *,
    at_once: int,
    tell: Callable[[str], None],
    progress: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Have parts done; one that something ended is begun once more, and what else goes wrong is told.

    Args:
        places: Where.
        tasks: Which.
        given: Of which command.
        at_once: How many may be at work.
        tell: Told what went wrong, for people.
        progress: Told on one line how far it is.
        clock: Gives seconds.
    """
    course = _Course(places, tasks, given, clock)
    while course.open:
        course.begin(at_once)
        progress(course.line())
        if (ended := places.wait(LOOK_SECONDS)) and (problem := course.take(*ended)):
            tell(printable(problem))


class _Course:
    """Parts on their way: which wait, which are at work and since when, which are still open."""

    def __init__(self, places: Places, tasks: Sequence[Task], given: Given, clock: Callable[[], float]) -> None:
        self.open = {task.name: task for task in tasks}
        self._places, self._given, self._clock = places, given, clock
        self._waiting = deque(tasks)
        self._whole = len(tasks)
        self._at_work: dict[str, tuple[Task, float]] = {}
        """Those that are, and when they were begun, by the task's name."""
        self._took: list[float] = []
        self._again: set[str] = set()
        """Parts that were begun a second time."""

    def begin(self, at_once: int) -> None:
        """Begin what waits; where nothing does and there is room, share out what one part has left."""
        while self._waiting and len(self._places) < at_once:
            self._start(self._waiting.popleft())
        if self._given.is_shared and len(self._places) < at_once and (late := self._late()):
            self._again.add(late.name)
            self._start(_twin(late))

    def take(self, task: Task, status: int) -> str:
        """Take one that has ended; what is to be told of it, else nothing."""
        name = task.name.removesuffix(TWIN)
        _, begun = self._at_work.pop(task.name)
        if name not in self.open:
            return ""
        if status == self._given.ending:
            del self.open[name]
            self._took.append(self._clock() - begun)
            task.log.unlink(missing_ok=True)
            return ""
        if name in self._at_work or name + TWIN in self._at_work:
            return ""  # another process is at it
        if status < 0 and name not in self._again:
            self._again.add(name)
            self._waiting.append(task)
            return f"part {name} was ended by signal {-status}; it is begun once more"
        del self.open[name]
        return f"part {name} ended with {status}{_last_words(task.log)}; what it left is done here"

    def line(self) -> str:
        """How far it is, with what the part says that spoke last."""
        line = f"{self._whole - len(self.open)} of {counted(self._whole, 'part')} done; {len(self._places)} at work"
        said = [(changed, task) for task, _ in self._at_work.values() if (changed := _changed(task.log))]
        if said and (news := _last_words(max(said, key=lambda one: one[0])[1].log, OWN_LINE)):
            line += news.replace(OWN_LINE, "")
        return line

    def _start(self, task: Task) -> None:
        self._at_work[task.name] = (task, self._clock())
        self._places.begin(task)

    def _late(self) -> Task | None:
        """The part that has been at work for longest, where that is much longer than others took."""
        running = [
            (begun, name) for name, (_, begun) in self._at_work.items() if name in self.open.keys() - self._again
        ]
        if not running or not self._took:
            return None
        begun, first = min(running)
        limit = max(LATE_SECONDS, LATE_TIMES * statistics.median(self._took))
        return self.open[first] if self._clock() - begun > limit else None


def _twin(task: Task) -> Task:
    """The same part for another process, with a log of its own: the other one holds that of the first."""
    log = task.log.with_stem(f"{task.log.stem}-again")
    part = msgspec.json.decode(task.order, type=Part)
    order = msgspec.json.encode(msgspec.structs.replace(part, log=str(log)))
    return replace(task, name=task.name + TWIN, log=log, order=order)


def _changed(log: Path) -> float:
    """When a log was last written to, 0 where there is none."""
    try:
        return log.stat().st_mtime
    except OSError:
        return 0.0


def _last_words(log: Path, beginning: str = "") -> str:
    """The last line of a log that says something, and begins so."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - MAX_LOG_BYTES))
            lines = file.read(MAX_LOG_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    said = next((text for line in reversed(lines) if (text := line.strip(" =")) and text.startswith(beginning)), "")
    return f" ({cut(said, 160)})" if said else ""
