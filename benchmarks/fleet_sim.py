"""What a service of a fleet would do on a cluster: measured times of one machine, put through a queue of events.

Three steps:

* real services (``soundcheck fleet serve``, voices of the fake engine) with one and two gates at a time: seconds of the
  driver for each model, of each gate, of what follows it; once before and once after the next step, as a machine that
  others use is not the same for long;
* the same services with other models that come at other times: what the simulation says of that, beside what it took;
* questions that no machine here can try: a thousand models an hour, a hundred thousand uploads a day, where it breaks.

Run it with ``make bench-fleet-sim``; ``QUICK=1`` judges fewer voices. Exit 1 where a prediction is off by more than
:data:`GOAL` of what was measured.
"""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.fleet import ROOT, phrase, voice
from benchmarks.queueing import Found, Plant, busy_hours, poisson, simulate
from benchmarks.size import SMALLEST, by_size
from harness.fleet.course import Way
from harness.fleet.looking import Terms
from harness.fleet.serving.answers import Answer, Reasons
from harness.fleet.serving.rules import Rules
from harness.fleet.serving.service import Service
from harness.models.files import digest_of_directory
from harness.placing.local import LocalPlaces
from harness.placing.tasks import Task

PROBES: Final = by_size(40, quick=20, smallest=2)
MODELS: Final = by_size(24, quick=8, smallest=2)
"""Of each real run."""
DRAWS: Final = by_size(400, quick=200, smallest=20)
"""Simulations of a real run, of which the median is the prediction."""
HOURS: Final = by_size(24.0, quick=8.0, smallest=0.5)
"""That a question is simulated for."""
GOAL: Final = 0.25
"""Share of the measured seconds by which a prediction may be off."""
HASHED: Final = by_size(512, quick=128, smallest=1) << 20
"""Bytes of a file whose digest is timed."""
READS: Final = 3
"""How often a model's bytes are read before its gate: for its digest, to see that it is the same, by admission."""
SEED: Final = 20261130
GATE_SECONDS: Final = (25.0, 50.0, 100.0)
"""Of a real voice: the demo's took 25 s of one processor each."""
LOST: Final = 0.01
"""Share of gates that are lost in the questions; none was in what is measured here."""
LIST: Final = """\
version = 1
[defaults]
suites = ["plain.probes.yaml"]
asr = "fake"
cost = "off"
[serve]
uploads = "uploads"
"""


@dataclass(slots=True, kw_only=True)
class Times:
    """Seconds that were measured."""

    take: list[float] = field(default_factory=list)
    settle: list[float] = field(default_factory=list)
    gate: list[float] = field(default_factory=list)
    lost: int = 0

    def plant(self, slots: int) -> Plant:
        """A queue with these times."""
        return Plant(slots=slots, take=self.take, settle=self.settle, gate=self.gate)


class TimedGates(LocalPlaces):
    """Processes that are timed."""

    def __init__(self, times: Times) -> None:
        super().__init__()
        self._times = times
        self._begun: dict[str, float] = {}

    def begin(self, task: Task) -> None:
        """Start one."""
        self._begun[task.name] = time.monotonic()
        super().begin(task)

    def wait(self, seconds: float | None = None) -> tuple[Task, int] | None:
        """Wait for any of them."""
        ended = super().wait(seconds)
        if ended:
            self._times.gate.append(time.monotonic() - self._begun.pop(ended[0].name))
            self._times.lost += ended[1] < 0
        return ended


def uploads(folder: Path, count: int, first: int) -> list[str]:
    """Voices of the fake engine by digest, none of which was there before."""
    found = []
    for number in range(first, first + count):
        place = folder / "uploads" / f"new-{number}"
        voice(place, number)
        found.append(digest_of_directory(place))
        place.rename(place.with_name(found[-1]))
    return found


def served(folder: Path, digests: Sequence[str], comes: Sequence[float], slots: int) -> tuple[Times, float]:
    """A real service that is handed models at these times: what took how long, and all of it."""
    times, answers = Times(), list[Answer]()
    quiet: Callable[[str], None] = lambda _: None  # noqa: E731 - with its type
    way = Way(tell=quiet, progress=quiet, now="", jobs=slots)
    terms = Terms(folder=folder / ".soundcheck")
    service = Service(Rules(folder / "fleet.toml", terms, quiet), terms, way, most=1000, reasons=Reasons.ALL)
    service.begin()
    _time(service, "_take", times.take)
    _time(service._course, "_take", times.settle)
    waiting = list(zip(comes, digests, strict=True))
    begun = time.monotonic()
    with TimedGates(times) as gates:
        while len(answers) < len(digests):
            while waiting and waiting[0][0] <= time.monotonic() - begun:
                service.queue.hand_in(waiting.pop(0)[1], "")
            service.turn(gates, answers.append)
    seconds = time.monotonic() - begun
    if wrong := [one for one in answers if one.state.value == "error"]:
        raise SystemExit(f"a gate gave no verdict: {wrong[0].reason}")
    return times, seconds


def _time(owner: object, name: str, times: list[float]) -> None:
    """Have a method's seconds noted, but for calls that find nothing to do."""
    method = getattr(owner, name)

    def timed(*arguments: object) -> object:
        begun = time.monotonic()
        found = method(*arguments)
        if found is not False:
            times.append(time.monotonic() - begun)
        return found

    setattr(owner, name, timed)


def predicted(times: Times, comes: Sequence[float], slots: int) -> float:
    """Seconds that a run is to take: the median of many simulations."""
    rng = random.Random(SEED)
    return statistics.median(simulate(comes, times.plant(slots), rng).end for _ in range(DRAWS))


def validated(folder: Path) -> tuple[Times, bool]:
    """Hold predictions against real runs, and print both.

    Returns:
        What was measured with two gates at a time, and whether every prediction is within the goal.
    """
    first, is_near, last = 0, True, Times()
    rng = random.Random(SEED)
    for slots in (1, 2):
        all_at_once = [0.0] * MODELS
        times = Times()

        def measure(times: Times = times, slots: int = slots, comes: Sequence[float] = all_at_once) -> None:
            nonlocal first
            found, _ = served(folder, uploads(folder, MODELS, first), comes, slots)
            first += MODELS
            for name in ("take", "settle", "gate"):
                getattr(times, name).extend(getattr(found, name))

        measure()
        # As far apart as one gate takes on average: now and then a slot is idle, now and then somebody waits.
        mean = statistics.mean(times.gate) / slots
        comes = sorted(rng.uniform(0, mean * MODELS) for _ in range(MODELS))
        _, seconds = served(folder, uploads(folder, MODELS, first), comes, slots)
        first += MODELS
        if not SMALLEST:
            measure()
        expected = predicted(times, comes, slots)
        off = expected / seconds - 1
        is_near &= abs(off) <= GOAL or SMALLEST
        print(f"{slots} at a time, {MODELS} models within {comes[-1]:.0f} s: predicted {expected:6.1f} s, measured "
              f"{seconds:6.1f} s, {off:+.1%}   (take {_mean(times.take)}, gate {_mean(times.gate)}, settle "
              f"{_mean(times.settle)})", flush=True)  # fmt: skip
        last = times
    return last, is_near


def _mean(seconds: Sequence[float]) -> str:
    return f"{statistics.mean(seconds):.3f} s"


def hash_rate(folder: Path) -> float:
    """Bytes a second of reading a file that is in memory for its digest."""
    place = folder / "large"
    place.mkdir()
    (place / "fake.json").write_bytes(os.urandom(1 << 20) * (HASHED >> 20))
    best = min(_seconds(lambda: digest_of_directory(place)) for _ in range(3))
    return HASHED / best


def _seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def scaled(times: Sequence[float], mean: float) -> list[float]:
    """Times of the same shape around another mean."""
    factor = mean / statistics.mean(times)
    return [factor * one for one in times]


def _short(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.1f}"


def answered(found: Found) -> str:
    """Within which time how many had their answer."""
    return " | ".join(f"{_short(found.quantile(share))} s" for share in (0.5, 0.95, 0.99))


ANSWERED: Final = "answered within: half | 95 % | 99 %"


def thousand_an_hour(times: Times) -> None:
    """A thousand models an hour, one in twenty of them known already, one gate in a hundred lost."""
    print(f"\n1,000 models an hour for {HOURS:g} h, 5 % known, {LOST:.0%} of gates lost\n"
          f"| a gate takes | slots | {ANSWERED} | slots busy | driver busy | slot-seconds paid a verdict | late |\n"
          "|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for mean in GATE_SECONDS:
        for slots in (8, 16, 32):
            rng = random.Random(SEED)
            plant = Plant(slots=slots, take=times.take, settle=times.settle, gate=scaled(times.gate, mean),
                          known=0.05, lost=LOST)  # fmt: skip
            found = simulate(poisson(1000 / 3600, 3600 * HOURS, rng), plant, rng)
            span = max(found.end, 3600 * HOURS)
            late = found.end / 3600 - HOURS
            print(f"| {mean:g} s | {slots} | {answered(found)} | {found.slots_busy / (slots * span):.0%} | "
                  f"{found.driver_busy / span:.1%} | {slots * span / len(found.waits):,.0f} | "
                  f"{f'{late:.1f} h' if late > 0.1 * HOURS else ''} |", flush=True)  # fmt: skip


def uploads_a_day(times: Times, rate: float) -> None:
    """A hundred thousand uploads a day, read and admitted and no more, by size."""
    days = by_size(2, quick=1, smallest=1)
    print(f"\n100,000 uploads a day, admission alone, by one driver, twice as many at noon\n"
          f"| megabytes | seconds each | {ANSWERED} | driver busy | waited at most | most in a day |\n"
          "|---|---|---|---|---|---|---|---|")  # fmt: skip
    for megabytes in (0, 50, 100, 200, 300, 400):
        each = statistics.mean(times.take) + READS * megabytes * 1e6 / rate
        rng = random.Random(SEED)
        plant = Plant(slots=0, take=scaled(times.take, each), settle=[0.0], gate=())
        arriving = by_size(100_000, quick=100_000, smallest=200)
        arrivals = busy_hours(arriving / 86_400, 86_400 * days, rng)
        found = simulate(arrivals, plant, rng)
        busy = found.driver_busy / max(found.end, 86_400 * days)
        print(f"| {megabytes} | {each:.2f} | {answered(found)} | {busy:.0%} | {found.longest:,} | "
              f"{86_400 / each:,.0f} |", flush=True)  # fmt: skip


def breaks(times: Times, rate: float) -> None:
    """Where it breaks first: models an hour at which slots, and at which the driver, have nothing left."""
    print("\nmost models an hour: what the slots take, and what the driver takes, which is one process\n"
          "| a gate takes | megabytes | 8 slots | 16 | 32 | 64 | the driver |\n"
          "|---|---|---|---|---|---|---|")  # fmt: skip
    for mean in GATE_SECONDS:
        for megabytes in (100, 400):
            own = statistics.mean(times.take) + statistics.mean(times.settle) + READS * megabytes * 1e6 / rate
            slots = " | ".join(f"{3600 * count / mean:,.0f}" for count in (8, 16, 32, 64))
            print(f"| {mean:g} s | {megabytes} | {slots} | {3600 / own:,.0f} |")


def project(folder: Path) -> None:
    """A list that only has uploads, and its suite."""
    lines = [f"  - id: phrase-{place}\n    family: carriers\n    text: {phrase(place)}\n" for place in range(PROBES)]
    head = "version: 1\ntitle: Plain phrases\nlanguage: en\nprobes:\n"
    (folder / "plain.probes.yaml").write_text(head + "".join(lines), "utf-8")
    (folder / "fleet.toml").write_text(LIST, "utf-8")
    (folder / "uploads").mkdir()


def main() -> int:
    """Measure, predict, and answer the questions.

    Returns:
        0 where every prediction is within the goal, else 1.
    """
    os.environ["PYTHONPATH"] = str(ROOT)  # of gates, which begin in a folder of their own
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path(name)
        project(folder)
        times, is_near = validated(folder)
        rate = hash_rate(folder)
    print(f"digests: {rate / 1e6:,.0f} MB/s; a model is read {READS} times before its gate begins")
    thousand_an_hour(times)
    uploads_a_day(times, rate)
    breaks(times, rate)
    print(f"\nfleet-sim: predictions within {GOAL:.0%} of what was measured: {'reached' if is_near else 'FELL SHORT'}")
    return 0 if is_near else 1


if __name__ == "__main__":
    sys.exit(main())
