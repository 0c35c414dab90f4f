"""A service of a fleet as a queue: arrivals, a driver, slots for gates, gates that are lost. Pure; a heap and a clock.

The driver does one thing at a time, as :mod:`harness.fleet.serving.service` does: it ends what a gate has left before
it looks at another model, and looks at most as many ahead as there are slots. Times are drawn from what was measured.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

ARRIVAL: Final = "arrival"
ADMITTED: Final = "admitted"
GATED: Final = "gated"
SETTLED: Final = "settled"
WOKEN: Final = "woken"
TRIES: Final = 2
"""Gates of one model that may be lost, as :data:`harness.fleet.course.TRIES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """What models pass through. Each sequence is drawn from, with replacement; all are seconds."""

    slots: int
    """Gates at a time."""
    take: Sequence[float]
    """The driver's for one model: digest, verdict, admission."""
    settle: Sequence[float]
    """The driver's for one gate that has ended."""
    gate: Sequence[float]
    """A gate's, in a slot. Empty where models are admitted and no more."""
    known: float = 0.0
    """Share of models that have a verdict already: the driver looks at them, and no gate is begun."""
    lost: float = 0.0
    """Share of gates that something ends half way."""
    pause: float = 0.5
    """How often an idle driver looks whether anything has come."""


@dataclass(slots=True, kw_only=True)
class Found:
    """What came of it."""

    waits: list[float] = field(default_factory=list)
    """From coming to an answer, in the order of answers."""
    end: float = 0.0
    """When the last answer was given, from the first arrival's clock."""
    driver_busy: float = 0.0
    slots_busy: float = 0.0
    """Seconds of all slots together."""
    longest: int = 0
    """Most models that waited for the driver."""
    errors: int = 0
    """Models whose gates were lost as often as is tried."""

    def quantile(self, share: float) -> float:
        """Seconds within which this share of models had its answer."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Day:
    """One simulation."""

    def __init__(self, plant: Plant, rng: random.Random) -> None:
        self.plant = plant
        self.rng = rng
        self.found = Found()
        self.events: list[tuple[float, int, str, int]] = []
        self.numbers = itertools.count()
        self.queue: deque[int] = deque()
        self.ended: deque[int] = deque()
        self.admitted: deque[int] = deque()
        self.running = 0
        self.is_driving = False
        self.is_napping = False
        self.came: dict[int, float] = {}
        self.tries: dict[int, int] = {}

    def at(self, when: float, kind: str, model: int) -> None:
        heapq.heappush(self.events, (when, next(self.numbers), kind, model))

    def happens(self, now: float, kind: str, model: int) -> None:
        was_idle = not self.is_driving and not self.is_napping and not self.queue
        if kind == ARRIVAL:
            self.came[model] = now
            self.queue.append(model)
            self.found.longest = max(self.found.longest, len(self.queue))
            if was_idle and self.plant.pause:  # nobody looks before the pause is over, or a gate ends
                self.is_napping = True
                self.at(now + self.rng.uniform(0, self.plant.pause), WOKEN, model)
        elif kind == WOKEN:
            self.is_napping = False
        elif kind == GATED:
            self.running -= 1
            self.ended.append(model)
            self.is_napping = False
        else:
            self.is_driving = False
            if kind == ADMITTED:
                self.admit(now, model)
            elif kind == SETTLED:
                self.settle(now, model)
        self.drive(now)

    def admit(self, now: float, model: int) -> None:
        if not self.plant.gate or self.rng.random() < self.plant.known:
            self.answer(now, model)
        else:
            self.admitted.append(model)

    def settle(self, now: float, model: int) -> None:
        if self.rng.random() >= self.plant.lost:
            self.answer(now, model)
            return
        self.tries[model] = self.tries.get(model, 0) + 1
        if self.tries[model] < TRIES:
            self.admitted.appendleft(model)
        else:
            self.found.errors += 1
            self.answer(now, model)

    def answer(self, now: float, model: int) -> None:
        self.found.waits.append(now - self.came.pop(model))
        self.found.end = now

    def drive(self, now: float) -> None:
        """What a driver does that has nothing else to do: begin gates, end those that have ended, take the next."""
        if self.is_driving or self.is_napping:
            return
        while self.admitted and self.running + len(self.ended) < self.plant.slots:
            model = self.admitted.popleft()
            self.running += 1
            seconds = self.rng.choice(self.plant.gate)
            self.found.slots_busy += seconds
            self.at(now + seconds, GATED, model)
        if self.ended:
            self.work(now, SETTLED, self.ended.popleft(), self.rng.choice(self.plant.settle))
        elif self.queue and (not self.plant.gate or len(self.admitted) < self.plant.slots):
            self.work(now, ADMITTED, self.queue.popleft(), self.rng.choice(self.plant.take))

    def work(self, now: float, kind: str, model: int, seconds: float) -> None:
        self.is_driving = True
        self.found.driver_busy += seconds
        self.at(now + seconds, kind, model)


def simulate(arrivals: Sequence[float], plant: Plant, rng: random.Random) -> Found:
    """What becomes of models that come at these times.

    Args:
        arrivals: Seconds.
        plant: What they pass through.
        rng: Draws times and losses.
    """
    day = _Day(plant, rng)
    for model, when in enumerate(arrivals):
        day.at(when, ARRIVAL, model)
    while day.events:
        now, _, kind, model = heapq.heappop(day.events)
        day.happens(now, kind, model)
    return day.found


def poisson(rate: float, seconds: float, rng: random.Random) -> list[float]:
    """Arrivals of many who do not know of each other.

    Args:
        rate: A second.
        seconds: For how long.
        rng: Draws them.
    """
    found, now = [], rng.expovariate(rate)
    while now < seconds:
        found.append(now)
        now += rng.expovariate(rate)
    return found


def busy_hours(rate: float, seconds: float, rng: random.Random) -> list[float]:
    """The same as people do it: twice the rate in the busiest hours of a day, none in the quietest (1 - cos)."""
    import math

    day = 86_400.0
    return [
        one for one in poisson(2 * rate, seconds, rng) if rng.random() < (1 - math.cos(2 * math.pi * one / day)) / 2
    ]
