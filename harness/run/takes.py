"""Takes of one run: spoken and heard ahead of the probes that will ask for them, or anew where one looks odd.

It knows what is wanted of each probe and what its takes are held against, from the comparison; it judges nothing.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from harness.core.seeds import FRESH_PURPOSE, REFERENCE_PURPOSE, Request, seed_for
from harness.core.shard import Shard
from harness.core.types import Probe, Rendering, Take
from harness.hearing.listening import Expected, Listening
from harness.judging.comparisons import Comparison
from harness.judging.comparisons.base import FreshTakes, Role
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.schedule import BATCH, Locks, Schedule
from harness.speaking.voice import Made, Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Who speaks and who listens in one run."""

    candidate: Voice
    listener: Listening
    store: Locks
    """Holds the locks on batches: several processes may share a run."""
    reference: Voice | None = None
    """A live reference, for a comparison that asks for one."""
    shard: Shard | None = None
    """Whose part only is spoken and heard; None for all of it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Fresh takes of one probe that a worker speaks in one go."""

    probe: Probe
    start: int
    stop: int
    """The first that it has, and the first that it has not."""
    requests: tuple[Request, ...]


_Begun = tuple[_Part, Future[dict[Request, Made]]]


class Takes:
    """Has the takes of one run made."""

    def __init__(self, comparison: Comparison, tools: Tools, progress: Callable[[str], None]) -> None:
        """Plan; nothing is started yet.

        Args:
            comparison: Says what is wanted of each of its probes.
            tools: Who speaks and listens.
            progress: Told on one line what is going on.
        """
        self._comparison = comparison
        self._tools = tools
        self._expected: dict[tuple[str, str], dict[tuple[str | None, str], Expected]] = {}
        requests: dict[str, list[Request]] = {}
        for probe in comparison.basis.probes:
            expected = comparison.expected(probe)
            self._expected.setdefault((probe.speaker, probe.text), {})[expected.key] = expected
            requests.setdefault(probe.speaker, []).extend(comparison.first_requests(probe))
        voices = {Role.CANDIDATE: tools.candidate}
        if comparison.is_paired and tools.reference is not None:
            voices[Role.REFERENCE] = tools.reference
        self._schedules = {
            (role, speaker): Schedule(
                wanted,
                voice.as_speaker(speaker),
                tools.store,
                on_batch=partial(self._hear, role, speaker),
                progress=progress,
                shard=tools.shard,
            )
            for role, voice in voices.items()
            for speaker, wanted in requests.items()
        }
        self._heard: dict[tuple[Role, str, Request, tuple[str | None, str]], Take] = {}
        self._ahead: dict[tuple[Role, str], _Begun] = {}
        """Fresh takes that are spoken before anybody has asked for them, by probe."""

    def getting_ready(self) -> AbstractContextManager[None]:
        """While its block lasts, load what listens, if anything will have to be heard: the first probe tells."""
        if self._tools.candidate.has_loaded or not self._comparison.basis.probes:
            return contextlib.nullcontext()
        probe = self._comparison.basis.probes[0]
        wanted = self._comparison.first_requests(probe)
        known = self._tools.candidate.as_speaker(probe.speaker).known(wanted)
        is_all_known = all(request in known for request in wanted)
        return contextlib.nullcontext() if is_all_known else self._tools.listener.getting_ready()

    def first(self, probe: Probe, role: Role = Role.CANDIDATE) -> list[Take] | WorkerFault:
        """The takes that the comparison wants first, or the fault of the first one that could not be spoken.

        A reference's are of the same seeds; it is asked for them only where the comparison is paired.
        """
        wanted = self._comparison.first_requests(probe)
        schedule = self._schedules[role, probe.speaker]
        with self.getting_ready():
            schedule.ensure(wanted)
        for request in wanted:
            if isinstance(fault := schedule.made[request], WorkerFault):
                return fault
        key = self._comparison.expected(probe).key
        return [self._heard[role, probe.speaker, request, key] for request in wanted]

    def prepare(self, probe: Probe) -> None:
        """Have what :meth:`first` will want spoken and heard, of a shard its part; a fault is left to who judges."""
        with self.getting_ready():
            self._schedules[Role.CANDIDATE, probe.speaker].ensure(self._comparison.first_requests(probe))

    def heard(self, probe: Probe) -> tuple[Take, ...]:
        """Those of the first takes that are there, whatever became of the others."""
        key = self._comparison.expected(probe).key
        wanted = self._comparison.first_requests(probe)
        places = ((Role.CANDIDATE, probe.speaker, request, key) for request in wanted)
        return tuple(take for place in places if (take := self._heard.get(place)))

    def fresh(self, wanted: FreshTakes) -> dict[str, list[Take]] | WorkerFault:
        """Takes that no screening has seen, by probe, or the fault of the first one that could not be spoken.

        All workers speak them. While they are heard, workers go on with first takes; where none are left, with what of
        these may be wanted later, a batch for each probe.
        """
        spoken = [one for probe in wanted.probes for one in self._begin_fresh(probe, wanted)]
        heard: dict[str, list[Take]] = {probe.id: [] for probe in wanted.probes}
        waiting: list[tuple[Probe, Rendering]] = []
        for place, (part, future) in enumerate(spoken, start=1):
            made = future.result()
            for request in part.requests:
                if isinstance(one := made[request], WorkerFault):
                    return one
                waiting.append((part.probe, one))
            if place == len(spoken) and not self._go_on():
                self._begin_later(wanted)
            if place == len(spoken) or len(waiting) >= BATCH:
                expected = [self._comparison.expected(probe) for probe, _ in waiting]
                takes = self._tools.listener.takes([one for _, one in waiting], expected)
                for (probe, _), take in zip(waiting, takes, strict=True):
                    heard[probe.id].append(take)
                waiting = []
        return heard

    def close(self) -> None:
        """Release the locks."""
        for schedule in self._schedules.values():
            schedule.close()

    def _begin_fresh(self, probe: Probe, wanted: FreshTakes) -> list[_Begun]:
        """What is wanted of one probe, shared out among the workers; what was begun before comes first."""
        begun, start = [], wanted.start
        ahead = self._ahead.pop((wanted.role, probe.id), None)
        if ahead and ahead[0].start == start and ahead[0].stop <= wanted.stop:
            begun, start = [ahead], ahead[0].stop
        size = min(BATCH, max(1, math.ceil((wanted.stop - start) / self._voice(wanted.role).workers)))
        for first in range(start, wanted.stop, size):
            begun.append(self._begin(probe, wanted.role, first, min(first + size, wanted.stop)))
        return begun

    def _begin_later(self, wanted: FreshTakes) -> None:
        """Begin what may be wanted after these."""
        stop = min(wanted.stop + BATCH, wanted.most)
        if stop > wanted.stop:
            for probe in wanted.probes:
                self._ahead[wanted.role, probe.id] = self._begin(probe, wanted.role, wanted.stop, stop)

    def _go_on(self) -> bool:
        """Have workers go on with first takes; whether any are left."""
        return any(schedule.go_on() for schedule in self._schedules.values())

    def _voice(self, role: Role) -> Voice:
        voice = self._tools.reference if role is Role.REFERENCE else self._tools.candidate
        if voice is None:
            raise RuntimeError("a comparison that asks for a live reference is chosen only where there is one")
        return voice

    def _begin(self, probe: Probe, role: Role, start: int, stop: int) -> _Begun:
        is_own = role is Role.REFERENCE and not self._comparison.is_paired
        purpose, seed = REFERENCE_PURPOSE if is_own else FRESH_PURPOSE, self._comparison.basis.screening.seed
        requests = tuple((probe.text, seed_for(purpose, seed, probe.text, take)) for take in range(start, stop))
        part = _Part(probe=probe, start=start, stop=stop, requests=requests)
        return part, self._voice(role).as_speaker(probe.speaker).submit(requests)

    def _hear(self, role: Role, speaker: str, made: dict[Request, Made]) -> None:
        # Probes may share a text and yet have goldens of their own: each is held against its own.
        orders = [
            (request, expected, rendering)
            for request, rendering in made.items()
            if isinstance(rendering, Rendering)
            for expected in self._expected[speaker, request[0]].values()
        ]
        takes = self._tools.listener.takes([one for _, _, one in orders], [expected for _, expected, _ in orders])
        self._heard |= {
            (role, speaker, request, one.key): take for (request, one, _), take in zip(orders, takes, strict=True)
        }
