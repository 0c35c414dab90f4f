"""The way of members to their verdicts: admitted, gated some at a time, begun anew where something came between.

Each verdict is stored as soon as its gate has ended. Who is looked at, and what becomes of a verdict, is for whoever
holds the course: an audit of a list, or a service that is asked for one model after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.core.text import counted
from harness.fleet.basis import code_at_first, code_now
from harness.fleet.ended import Gated, Problem, read_ended
from harness.fleet.file import Fleet
from harness.fleet.gating import gate_task
from harness.fleet.looking import CHANGED, Eye, Looked, Terms
from harness.fleet.verdicts import StoredVerdict, Verdicts
from harness.placing.local import LocalPlaces
from harness.placing.tasks import Places, Task

TRIES: Final = 2
"""How often a gate is begun that something ended, or whose model was changed meanwhile."""

OTHER_CODE: Final = "Soundcheck was changed while it judged; give the same command again"

Make = Callable[[Fleet, Terms, Looked, Path, int], Task]


Begin = Callable[[int, Callable[[str], None]], Places]
"""Makes such a place, given the driver's lock and who is told what is going on."""


def here(lock: int, tell: Callable[[str], None]) -> Places:
    """Gates on this machine."""
    return LocalPlaces([lock], tell=tell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How members are judged, apart from which they are."""

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
class State:
    """What is known by now."""

    looked: list[Looked]
    """Of each member, in the order in which they are told."""
    verdicts: dict[str, StoredVerdict] = field(default_factory=dict)
    """By key."""
    flaws: dict[str, str] = field(default_factory=dict)
    """Why a member has no verdict, by its name."""


class Course:
    """Gates of members, some at a time."""

    def __init__(self, eye: Eye, way: Way, state: State, verdicts: Verdicts, folder: Path) -> None:
        """Begin none.

        Args:
            eye: Looks at members.
            way: How they are judged.
            state: What is known of them, kept up to date here.
            verdicts: Where what is found is stored.
            folder: Whose ``gates`` has what gates say, until they have given a verdict.
        """
        self._eye = eye
        self._way = way
        self._state = state
        self._verdicts = verdicts
        self._place = folder / "gates"
        self._waiting: list[Looked] = []
        self._running: dict[str, Looked] = {}
        self._tries: dict[str, int] = {}
        self._judged = 0
        self._planned = 0

    @property
    def waiting(self) -> int:
        """How many are admitted, and their gate has not begun."""
        return len(self._waiting)

    @property
    def running(self) -> list[str]:
        """Names of those whose gate runs."""
        return [one.member.name for one in self._running.values()]

    def all_gates(self, lock: int) -> int:
        """Admit all that has no verdict, then gate it; how many gates gave one."""
        todo = self._todo()
        for place, one in enumerate(todo, 1):
            self._way.progress(f"admission of {place} of {counted(len(todo), 'model')}: {one.member.name}")
            self.offer(one)
        if not self._waiting:
            return 0  # no place is looked for where nothing is to be gated
        with self._way.begin(lock, self._way.tell) as gates:
            while self._waiting or len(gates):
                self.step(gates)
        return self._judged

    def offer(self, looked: Looked) -> None:
        """Admit a member of the state that has neither verdict nor flaw; it waits for its gate then."""
        admitted: Looked | None = self._eye.admit(looked)
        if admitted and admitted.flaw == CHANGED:
            admitted = self._again(looked)
        elif admitted and admitted.flaw:
            self._fail(looked, admitted.flaw)
            admitted = None
        if admitted:
            self._waiting.append(admitted)
            self._planned += 1

    def step(self, gates: Places, seconds: float | None = None) -> None:
        """Begin as many gates as may run, and wait for one of them to end, for so long."""
        while self._waiting and len(gates) < self._way.jobs:
            self._begin(gates, self._waiting.pop(0))
        if ended := gates.wait(seconds):
            self._take(*ended)

    def renew(self, eye: Eye) -> None:
        """Go on by other rules: who waits was read by the old ones, and is let go. Gates that run end as they do."""
        self._eye = eye
        self._waiting.clear()

    def forget(self, name: str) -> None:
        """Know nothing more of a member that has been told."""
        gone = [one for one in self._state.looked if one.member.name == name]
        self._state.looked = [one for one in self._state.looked if one.member.name != name]
        self._state.flaws.pop(name, None)
        self._tries.pop(name, None)
        for one in gone:
            self._state.verdicts.pop(one.key, None)

    def _todo(self) -> list[Looked]:
        """One member for each key without a verdict, those of the highest priority first."""
        open_ = {one.key: one for one in reversed(self._state.looked) if one.key not in self._state.verdicts}
        kept = [one for one in self._state.looked if one.key and not one.flaw and open_.get(one.key) is one]
        return sorted(kept, key=lambda one: -one.member.entry.priority)

    def _again(self, looked: Looked) -> Looked | None:
        """Look at a member anew whose files are others by now, once; None where nothing is to be gated then."""
        if not self._try(looked):
            self._fail(looked, CHANGED)
            return None
        self._way.tell(f"{looked.member.name}: its files were changed; they are read and admitted anew")
        found = self._eye.look(looked.member)
        self._replace(looked, found)
        is_asked = not found.flaw and not self._eye.terms.is_fresh
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
        gates.begin(self._way.make(self._eye.fleet, self._eye.terms, looked, place, self._way.jobs))

    def _take(self, task: Task, status: int) -> None:
        looked = self._running.pop(task.name)
        results = task.log.with_suffix(".json")
        found = read_ended(self._gated(looked, results, task.log), status)
        if code_now() != code_at_first():  # gates that began since are of other rules than their keys say
            found = Problem(reason=OTHER_CODE)
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
            folder=self._eye.terms.folder,
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
