"""One audit of a fleet: all members are read, those without a verdict are gated, and a report is made of all.

Before the first gate starts, every file of every member was read. Each verdict is stored as soon as its gate has ended,
so that an audit that is killed goes on, judges nothing twice, and ends with the same report.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, Self

from harness import __version__
from harness.core.ending import Ending
from harness.core.errors import StorageError
from harness.core.fleet import NEW, FleetReport, FleetRow
from harness.core.grades import Verdict
from harness.core.text import counted, printable
from harness.fleet.audits import Audits, Past
from harness.fleet.basis import changed_parts
from harness.fleet.ended import Gated, read_ended
from harness.fleet.file import Fleet
from harness.fleet.gates import Gates, Task
from harness.fleet.gating import gate_task
from harness.fleet.looking import CHANGED, Eye, Looked, Terms
from harness.fleet.members import members_of
from harness.fleet.verdicts import StoredVerdict, Verdicts
from harness.storage.leases import lock_alone
from harness.storage.store import writing

FOLDER: Final = "fleets"
"""Below the folder of runs."""
TRIES: Final = 2
"""How often a gate is begun that something ended, or whose model was changed meanwhile."""
WAIT_SECONDS: Final = 45.0
"""For gates of a driver that was killed to end; one that lives has the fleet for longer."""
LOOK_SECONDS: Final = 0.2

Make = Callable[[Fleet, Terms, Looked, Path, int], Task]


class Places(Protocol):
    """Where gates run: on this machine, or on others. A context: whatever way it is left, none of them goes on."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def __len__(self) -> int: ...

    def begin(self, task: Task) -> None:
        """Start one."""
        ...

    def wait(self) -> tuple[Task, int]:
        """Wait for any of them; which one has ended, and with which code (negative: by which signal)."""
        ...


Begin = Callable[[int, Callable[[str], None]], Places]
"""Makes such a place, given the driver's lock and who is told what is going on."""


def here(lock: int, tell: Callable[[str], None]) -> Places:
    """Gates on this machine."""
    return Gates([lock], tell=tell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an audit is made, apart from what is audited."""

    tell: Callable[[str], None]
    """Told what is going on, for people."""
    progress: Callable[[str], None]
    """Told news that replace each other."""
    now: str
    """When it begins (UTC)."""
    jobs: int = 1
    """Gates at a time."""
    make: Make = gate_task
    """Makes the command of a gate."""
    begin: Begin = here
    """Where gates run."""


@dataclass(slots=True, kw_only=True)
class _State:
    """What is known by now."""

    looked: list[Looked]
    """Of each member, in the order of the list."""
    verdicts: dict[str, StoredVerdict] = field(default_factory=dict)
    """By key."""
    flaws: dict[str, str] = field(default_factory=dict)
    """Why a member has no verdict, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What came of an audit."""

    report: FleetReport
    folder: Path
    """Where its report lies."""
    judged: int
    """Gates that gave a verdict just now; the other verdicts were stored."""


def fleet_folder(fleet: Fleet, terms: Terms) -> Path:
    """Where a fleet's audits and reports lie."""
    return terms.folder / FOLDER / fleet.name


def audit(fleet: Fleet, terms: Terms, way: Way, write: Callable[[FleetReport, Path], None]) -> Audit:
    """Audit a fleet. The current folder is the fleet's.

    Args:
        fleet: Which.
        terms: What holds for all members.
        way: How.
        write: Writes the report into a folder.

    Raises:
        SoundcheckError: It cannot begin or go on; what was judged is stored.
    """
    folder = fleet_folder(fleet, terms)
    with _alone(folder, way.tell) as lock:
        audits, verdicts = Audits(folder), Verdicts(terms.folder)
        audits.begin(way.now)
        state = look_at_all(Eye(fleet, terms, way.tell), fleet, verdicts, way, is_fresh=terms.is_fresh)
        judged = _Gating(fleet, terms, way, state, verdicts, folder).all_gates(lock)
        report = _report(fleet, state, audits)
        write(report, folder)
        audits.end(report, [one.parts or {} for one in state.looked])
    return Audit(report=report, folder=folder, judged=judged)


def look_at_all(eye: Eye, fleet: Fleet, verdicts: Verdicts, way: Way, *, is_fresh: bool) -> _State:
    """Read all members' files, and look their verdicts up."""
    members = members_of(fleet)
    state = _State(looked=[])
    for place, member in enumerate(members, 1):
        way.progress(f"reading {place} of {counted(len(members), 'model')}: {member.name}")
        looked = eye.look(member)
        state.looked.append(looked)
        if looked.flaw:
            state.flaws[member.name] = looked.flaw
        elif looked.parts and not is_fresh:
            known = verdicts.find(looked.parts)
            if known.verdict:
                state.verdicts[looked.key] = known.verdict
            elif known.why:
                way.tell(f"{member.name}: {known.why}; it is judged again")
    return state


class _Gating:
    """The gates of one audit."""

    def __init__(self, fleet: Fleet, terms: Terms, way: Way, state: _State, verdicts: Verdicts, folder: Path) -> None:
        self._fleet = fleet
        self._terms = terms
        self._way = way
        self._state = state
        self._verdicts = verdicts
        self._place = folder / "gates"
        self._eye = Eye(fleet, terms, way.tell)
        self._waiting: list[Looked] = []
        self._running: dict[str, Looked] = {}
        self._tries: dict[str, int] = {}
        self._judged = 0
        self._planned = 0

    def all_gates(self, lock: int) -> int:
        """Admit all that has no verdict, then gate it; how many gates gave one."""
        todo = self._todo()
        admitted = [self._admitted(one, place, len(todo)) for place, one in enumerate(todo, 1)]
        self._waiting = [one for one in admitted if one]
        self._planned = len(self._waiting)
        if not self._waiting:
            return 0  # no place is looked for where nothing is to be gated
        with self._way.begin(lock, self._way.tell) as gates:
            while self._waiting or len(gates):
                while self._waiting and len(gates) < self._way.jobs:
                    self._begin(gates, self._waiting.pop(0))
                if len(gates):
                    self._take(*gates.wait())
        return self._judged

    def _todo(self) -> list[Looked]:
        """One member for each key without a verdict, those of the highest priority first."""
        open_ = {one.key: one for one in reversed(self._state.looked) if one.key not in self._state.verdicts}
        kept = [one for one in self._state.looked if one.key and not one.flaw and open_.get(one.key) is one]
        return sorted(kept, key=lambda one: -one.member.entry.priority)

    def _admitted(self, looked: Looked, place: int, of: int) -> Looked | None:
        """A member that is to be gated; None where nothing is."""
        self._way.progress(f"admission of {place} of {counted(of, 'model')}: {looked.member.name}")
        admitted = self._eye.admit(looked)
        if admitted.flaw == CHANGED:
            return self._again(looked)
        if admitted.flaw:
            self._fail(looked, admitted.flaw)
        return None if admitted.flaw else admitted

    def _again(self, looked: Looked) -> Looked | None:
        """Look at a member anew whose files are others by now, once; None where nothing is to be gated then."""
        if not self._try(looked):
            self._fail(looked, CHANGED)
            return None
        self._way.tell(f"{looked.member.name}: its files were changed; they are read and admitted anew")
        found = self._eye.look(looked.member)
        self._replace(looked, found)
        is_asked = not found.flaw and not self._terms.is_fresh
        known = self._verdicts.find(found.parts or {}).verdict if is_asked else None
        if known:
            self._state.verdicts[found.key] = known
        if known or found.key in {one.key for one in (*self._waiting, *self._running.values())}:
            return None  # it is as another one by now, which is gated
        admitted = self._eye.admit(found)
        if admitted.flaw:
            self._fail(found, admitted.flaw)
        return None if admitted.flaw else admitted

    def _begin(self, gates: Places, looked: Looked) -> None:
        place = self._place / looked.key[:32]
        place.with_name(f"{place.name}.json").unlink(missing_ok=True)
        self._running[looked.key] = looked
        self._say("judging", looked)
        gates.begin(self._way.make(self._fleet, self._terms, looked, place, self._way.jobs))

    def _take(self, task: Task, status: int) -> None:
        looked = self._running.pop(task.name)
        results = task.log.with_suffix(".json")
        found = read_ended(self._gated(looked, results, task.log), status)
        results.unlink(missing_ok=True)
        if isinstance(found, StoredVerdict):
            self._verdicts.keep(found)
            task.log.unlink(missing_ok=True)
            self._state.verdicts[looked.key] = found
            self._judged += 1
            self._way.tell(f"{looked.member.name}: {found.verdict.value.upper()}, {found.reason}")
        elif found.is_changed:
            anew = self._again(looked)
            self._waiting += [anew] if anew else []
        elif found.is_again and self._try(looked):
            self._way.tell(f"{looked.member.name}: {found.reason}; it goes on")
            self._waiting.insert(0, looked)
        else:
            self._fail(looked, found.reason)

    def _gated(self, looked: Looked, results: Path, log: Path) -> Gated:
        assert looked.parts
        assert looked.settings
        assert looked.material
        return Gated(
            parts=looked.parts,
            places=looked.places,
            material=looked.material,
            policy=looked.settings.policy,
            folder=self._terms.folder,
            results=results,
            log=log,
        )

    def _try(self, looked: Looked) -> bool:
        """Whether a gate may be begun once more."""
        self._tries[looked.member.name] = self._tries.get(looked.member.name, 0) + 1
        return self._tries[looked.member.name] < TRIES

    def _fail(self, looked: Looked, why: str) -> None:
        """Note that a member, and those that are the same, have no verdict."""
        same = [one for one in self._state.looked if one is looked or (one.key and one.key == looked.key)]
        self._state.flaws |= {one.member.name: why for one in same}
        self._way.tell(f"{looked.member.name}: ERROR, {why}")

    def _replace(self, old: Looked, new: Looked) -> None:
        looked = self._state.looked
        looked[next(place for place, one in enumerate(looked) if one is old)] = new

    def _say(self, what: str, looked: Looked) -> None:
        done = self._planned - len(self._waiting) - len(self._running)
        beside = f", {len(self._running) - 1} beside it" if len(self._running) > 1 else ""
        self._way.progress(f"{done} of {counted(self._planned, 'gate')} ended; {what} {looked.member.name}{beside}")


def _report(fleet: Fleet, state: _State, audits: Audits) -> FleetReport:
    rows = tuple(_row(one, state, audits.of(one.member.name)) for one in state.looked)
    return FleetReport(
        version=__version__,
        name=fleet.name,
        title=fleet.title,
        number=audits.number,
        rows=rows,
        gone=audits.gone([row.name for row in rows]),
    )


def _row(looked: Looked, state: _State, past: Past) -> FleetRow:
    """A member's row; without a verdict it is an error, whatever was known of it before."""
    name = looked.member.name
    parts: Mapping[str, str] = looked.parts or {}
    before = past.last.parts if past.last else {}
    changed = changed_parts(before, parts) if before and parts else ()
    row = FleetRow(
        name=name,
        model=printable(looked.member.spec),
        model_digest=looked.digest,
        verdict=Verdict.ERROR,
        ending=int(Ending.BROKEN),
        reason=state.flaws.get(name, "no gate of it has ended"),
        key=looked.key,
        golden=printable(looked.material.golden) if looked.material else "",
        suites=tuple(one.suite.name for one in looked.material.suites) if looked.material else (),
        changed=changed if past.last else (NEW,),
        history=past.verdicts,
    )
    known = state.verdicts.get(looked.key)
    if known is None or name in state.flaws:
        return row
    return dataclasses.replace(
        row,
        verdict=known.verdict,
        ending=known.ending,
        reason=known.reason,
        counts=known.counts,
        run_id=known.run_id,
        isolation=known.isolation,
        alpha=looked.settings.alpha if looked.settings else 0.0,
    )


@contextlib.contextmanager
def _alone(folder: Path, tell: Callable[[str], None]) -> Iterator[int]:
    """Hold the fleet; the gates of a driver that was killed hold it until they have ended.

    Raises:
        StorageError: Somebody else has it, or the folder cannot be written.
    """
    path, until, is_told = folder / "lock", time.monotonic() + WAIT_SECONDS, False
    while True:
        with writing(path):
            lock = lock_alone(path)
        if lock is not None:
            break
        if time.monotonic() > until:
            raise StorageError(printable(f"{folder}: another process audits this fleet; wait until it has ended"))
        if not is_told:
            tell("another process has this fleet; waiting for it, or for the gates that it left, to end")
        is_told = True
        time.sleep(LOOK_SECONDS)
    try:
        yield lock
    finally:
        os.close(lock)
