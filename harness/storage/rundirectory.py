"""A run's own directory: what it is about, and outcomes and events as they came.

Records are appended line by line by each process on its own; a torn last line (``kill -9``, full disk) is ignored, and
whatever it said is measured again by the next run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from pathlib import Path
from typing import Any

import msgspec

from harness.core.errors import BadInput, IntegrityError
from harness.core.findings import Outcome
from harness.core.text import printable
from harness.core.types import BehaviourEvent
from harness.core.verdict import RunInfo, RunResult
from harness.storage import runseal
from harness.storage.older import upgraded
from harness.storage.store import UNREADABLE, json_line, write_atomically, writing
from harness.storage.versions import UnknownVersion, require_version

VERSION = 2
"""Of a run directory: ``run.json``, ``records/`` and ``behaviour/``. Raised when a field of what lies there changes its
meaning, goes, or comes without a default: records that cannot be decoded are passed over as torn ones are."""
AFTER = ".after"
"""While a run that had ended goes on: the head of its last list of digests."""
OLDER = (1,)
"""Read as well, see :mod:`harness.storage.older`."""


class RunDirectory:
    """Everything about one run: what it is about, and outcomes and events as they came."""

    def __init__(self, root: Path, run_id: str) -> None:
        self.path = root / "runs" / run_id

    @classmethod
    def at(cls, folder: Path) -> RunDirectory:
        """The run that lies in a folder, wherever that was brought."""
        directory = cls(folder.parent, folder.name)
        directory.path = folder
        return directory

    def begin(self, info: RunInfo, planned: int) -> None:
        """Say what the run is about. The same inputs continue the same run.

        Raises:
            IntegrityError: It had ended, and was edited since.
        """
        if head := runseal.head_of(self.path):
            write_atomically(self.path / AFTER, head.encode())
            (self.path / runseal.NAME).unlink(missing_ok=True)
        content: dict[str, Any] = {"version": VERSION, "info": info, "planned": planned}
        write_atomically(self.path / "run.json", json_line(content))

    def end(self) -> None:
        """Take the digests of all files, when every process has ended: what is edited later shows."""
        after = self.path / AFTER
        head = after.read_text("ascii") if after.is_file() else ""
        data = runseal.listing(self.path, *([head] if head else [])).encode()
        write_atomically(self.path / runseal.NAME, data)
        after.unlink(missing_ok=True)

    def record(self, writer: str, outcome: Outcome) -> None:
        """Append what was decided about one item."""
        self._append(writer, {"outcome": outcome})

    def event(self, writer: str, line: str) -> None:
        """Append something that happened on the way."""
        self._append(writer, {"event": line})

    def result(self) -> RunResult:
        """Everything recorded so far; of several outcomes for one item the latest counts.

        Raises:
            IntegrityError: This is no run directory, one of another version, or was edited after its end.
        """
        runseal.head_of(self.path)
        try:
            data = (self.path / "run.json").read_bytes()
            require_version(
                data,
                "a run",
                reads=VERSION,
                also=OLDER,
                older="run again, or use the Soundcheck that made it",
            )
            begun = msgspec.json.decode(data, type=Begun)
        except UnknownVersion as error:
            raise IntegrityError(printable(f"{self.path / 'run.json'}: {error}")) from None
        except (OSError, *UNREADABLE) as error:
            raise IntegrityError(f"{self.path}: no run lies here ({error})") from None
        outcomes: dict[tuple[str, str], Outcome] = {}
        events: list[str] = []
        for line in self._lines():
            if line.outcome is not None:
                suite = line.outcome.probe.source if line.outcome.probe else ""
                outcomes[suite, line.outcome.subject] = line.outcome
            if line.event is not None and line.event not in events:
                events.append(line.event)
        ordered = sorted(outcomes.values(), key=_place)
        return RunResult(
            info=begun.info,
            outcomes=tuple(ordered),
            planned=begun.planned,
            events=tuple(events),
            behaviour=self._behaviour(),
        )

    def _behaviour(self) -> tuple[BehaviourEvent, ...]:
        """What the workers were seen to try, from the observers' own files; repeats are added up."""
        found: dict[tuple[str, str, str, str], BehaviourEvent] = {}
        for file in sorted((self.path / "behaviour").glob("*.jsonl")):
            for line in file.read_bytes().split(b"\n"):
                with contextlib.suppress(*UNREADABLE):
                    event = msgspec.json.decode(line, type=BehaviourEvent)
                    key = (event.when, event.kind, event.what, event.detail)
                    count = event.count + (found[key].count if key in found else 0)
                    found[key] = dataclasses.replace(found.get(key, event), count=count)
        return tuple(found.values())

    def moments(self) -> tuple[int, ...]:
        """When each record was written: nanoseconds of that machine's clock, oldest first."""
        return tuple(line.at for line in self._lines() if line.at)

    def _append(self, writer: str, record: dict[str, object]) -> None:
        path = self.path / "records" / f"{writer}.jsonl"
        data = json_line({"at": time.time_ns(), **record})
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                # A torn line of an earlier process must not swallow this one.
                file.write(b"\n" + data)

    def _lines(self) -> list[Line]:
        """All records of all writers, oldest first."""
        lines = []
        for file in sorted((self.path / "records").glob("*.jsonl")):
            for line in file.read_bytes().split(b"\n"):
                with contextlib.suppress(*UNREADABLE):
                    if line:
                        lines.append(_line(line))
        return sorted(lines, key=lambda line: line.at)


def read_run(folder: Path) -> RunResult:
    """Everything that a run recorded.

    Args:
        folder: The run directory, e.g. ``.soundcheck/runs/3f2a9c01d7e4``, or a copy of it.

    Raises:
        BadInput: There is no run.
        IntegrityError: Its records are not whole.
    """
    if not (folder / "run.json").is_file():
        raise BadInput(printable(f"{folder}: expected a run directory, such as .soundcheck/runs/ID, got no run there"))
    return RunDirectory.at(folder).result()


class Begun(msgspec.Struct):
    """What ``run.json`` holds."""

    version: int
    """See :data:`VERSION`."""
    info: RunInfo
    """What the run is about."""
    planned: int
    """Items that a complete run has."""


class Line(msgspec.Struct):
    """What a line of ``records/*.jsonl`` holds: an outcome or an event."""

    at: int = 0
    """When it was written: nanoseconds of this machine's clock."""
    outcome: Outcome | None = None
    """What was decided about an item."""
    event: str | None = None
    """Something that happened on the way, in one line."""


def _line(data: bytes) -> Line:
    """One record.

    Raises:
        msgspec.DecodeError: It is none, of this version or an older one.
    """
    try:
        return msgspec.json.decode(data, type=Line)
    except msgspec.ValidationError:
        return msgspec.convert(upgraded(msgspec.json.decode(data)), type=Line)


def _place(outcome: Outcome) -> tuple[int, str, int, str]:
    """Model-wide checks first, then probes by suite and line."""
    if outcome.probe is None:
        return 0, "", 0, outcome.subject
    return 1, outcome.probe.source, outcome.probe.line, outcome.subject
