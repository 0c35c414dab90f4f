"""What a worker may use: each bound, just within and just beyond. No worker runs here."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from harness.sandbox.outside import limits as limits_module
from harness.sandbox.outside.limits import TICK_SECONDS, Limits, LimitWatch, hungry_threads
from harness.sandbox.outside.meter import Turn, Usage, turns_of

MIB = 1 << 20
BOUNDS = Limits(memory_bytes=1000 * MIB, address_bytes=4000 * MIB, threads=2, tasks=10, files=5, refusals=3)


@dataclass
class Stage:
    """A worker whose use is a script, and a clock that is turned by hand."""

    usage: Usage = field(default_factory=Usage)
    turns: dict[int, Turn] = field(default_factory=dict)
    scratch: tuple[int, int] = (0, 0)
    now: float = 100.0
    told: list[tuple[str, str]] = field(default_factory=list)
    ends: int = 0

    def watch(self, bounds: Limits = BOUNDS, *, refused_tasks: bool = False) -> LimitWatch:
        watched = SimpleNamespace(
            pid=1,
            layout=SimpleNamespace(scratch="/tmp/scratch", home="/tmp/home"),
            scratch=None,
            group=SimpleNamespace(refused_tasks=lambda: refused_tasks),
        )
        return LimitWatch(watched, bounds, lambda kind, what, _: self.told.append((kind, what)), self.end)  # type: ignore[arg-type]

    def end(self) -> None:
        self.ends += 1

    def tick(self, watch: LimitWatch, seconds: float = TICK_SECONDS, **used: object) -> None:
        self.now += seconds
        self.usage = replace(self.usage, **used)
        watch.measure(is_sealed=True)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage = Stage()
    monkeypatch.setattr(limits_module, "usage_of", lambda pid, before: stage.usage)
    monkeypatch.setattr(limits_module, "turns_of", lambda pid: dict(stage.turns))
    monkeypatch.setattr(limits_module, "scratch_of", lambda pid, folders, is_own: stage.scratch)
    monkeypatch.setattr(limits_module.time, "monotonic", lambda: stage.now)
    return stage


class TestBounds:
    @pytest.mark.parametrize(
        ("within", "beyond", "what"),
        [
            ({"resident_bytes": 900 * MIB}, {"resident_bytes": 901 * MIB}, "memory"),
            ({"tasks": 10}, {"tasks": 11}, "tasks"),
        ],
    )
    def test_of_its_use_end_it_and_are_told(self, stage: Stage, within: dict, beyond: dict, what: str) -> None:
        watch = stage.watch()
        stage.tick(watch, **within)
        assert (stage.told, stage.ends) == ([], 0)
        stage.tick(watch, **beyond)
        assert (stage.told, stage.ends) == ([("limits", what)], 1)

    @pytest.mark.parametrize(
        ("within", "beyond", "what"), [((256 * MIB, 5), (256 * MIB + 1, 5), "scratch"), ((0, 5), (0, 6), "files")]
    )
    def test_of_its_files_end_it_and_are_told(self, stage: Stage, within: tuple, beyond: tuple, what: str) -> None:
        watch = stage.watch()
        stage.scratch = within
        stage.tick(watch)
        assert stage.told == []
        stage.scratch = beyond
        stage.tick(watch)
        assert (stage.told, stage.ends) == ([("limits", what)], 1)

    def test_of_address_space_are_told_once_and_end_nothing_for_the_kernel_holds_them(self, stage: Stage) -> None:
        watch = stage.watch()
        for _ in range(3):
            stage.tick(watch, address_bytes=3950 * MIB)
        assert (stage.told, stage.ends) == ([("limits", "memory")], 0)

    def test_of_nothing_are_none(self, stage: Stage) -> None:
        stage.tick(stage.watch(Limits()), resident_bytes=1 << 50, address_bytes=1 << 50)
        assert stage.told == []

    def test_that_the_control_group_held_are_told_too(self, stage: Stage) -> None:
        stage.tick(stage.watch(refused_tasks=True))
        assert (stage.told, stage.ends) == ([("limits", "tasks")], 1)


class TestSystemCalls:
    def test_in_a_burst_end_it(self, stage: Stage) -> None:
        watch = stage.watch(replace(BOUNDS, notifications=100))
        for _ in range(101):
            watch.count_call()
        stage.tick(watch)
        assert (stage.told, stage.ends) == ([("limits", "notifications")], 1)

    def test_over_a_long_time_do_not(self, stage: Stage) -> None:
        watch = stage.watch(replace(BOUNDS, notifications=100))
        for _ in range(10):
            for _ in range(50):
                watch.count_call()
            stage.tick(watch, 1.5)
        assert stage.told == []

    def test_that_are_refused_are_told_once_when_they_are_too_many(self, stage: Stage) -> None:
        watch = stage.watch()
        for _ in range(5):
            watch.count_refusal()
        assert (stage.told, stage.ends) == ([("limits", "refusals")], 1)


class TestProcessorTime:
    def work(self, stage: Stage, watch: LimitWatch, busy: float, ticks: int = 40) -> None:
        for _ in range(ticks):
            stage.tick(watch, cpu_seconds=stage.usage.cpu_seconds + busy * TICK_SECONDS)

    @pytest.mark.parametrize("threads", [1, 2, 4, 16])
    def test_of_as_many_processors_as_were_ordered_is_fine(self, stage: Stage, threads: int) -> None:
        self.work(stage, stage.watch(replace(BOUNDS, threads=threads)), threads + 0.1)
        assert stage.told == []

    @pytest.mark.parametrize("threads", [1, 2, 4, 16])
    def test_of_a_third_of_a_processor_more_than_were_ordered_is_told(self, stage: Stage, threads: int) -> None:
        self.work(stage, stage.watch(replace(BOUNDS, threads=threads)), threads + 0.33)
        assert set(stage.told) == {("limits", "cpu")}
        assert stage.ends == 0

    @pytest.mark.parametrize(("busy", "told"), [(0.1, set()), (0.33, {("limits", "cpu")})])
    def test_while_nothing_was_ordered_is_told(self, stage: Stage, busy: float, told: set[tuple[str, str]]) -> None:
        watch = stage.watch(replace(BOUNDS, threads=4))
        watch.ask(is_nothing=True)
        self.work(stage, watch, busy)
        assert set(stage.told) == told

    def test_is_not_more_where_the_harness_was_held_up_while_it_read(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def held_up(pid: int, before: Usage) -> Usage:
            usage = stage.usage
            stage.now += 0.5  # the meter was read, and the clock only then
            return usage

        monkeypatch.setattr(limits_module, "usage_of", held_up)
        watch = stage.watch()
        for seconds in (0.5, *[0.1] * 40):
            stage.tick(watch, seconds, cpu_seconds=stage.usage.cpu_seconds + 2.0 * (seconds + 0.5))
        assert stage.told == []

    def test_is_counted_anew_when_something_is_ordered(self, stage: Stage) -> None:
        watch = stage.watch()
        self.work(stage, watch, 2.0, ticks=15)
        watch.ask(is_nothing=True)
        self.work(stage, watch, 0.0, ticks=15)
        assert stage.told == []

    def test_of_an_order_that_came_and_went_while_the_harness_was_held_up_is_not_told(self, stage: Stage) -> None:
        watch = stage.watch()
        watch.ask(is_nothing=True)
        self.work(stage, watch, 0.0)
        watch.ask(is_nothing=False)
        watch.ask(is_nothing=True)
        stage.turns[0] = Turn(ran=1.0, waited=2.0)
        stage.tick(watch, 3.0, cpu_seconds=stage.usage.cpu_seconds + 2.0)
        self.work(stage, watch, 0.0)
        assert stage.told == []
        self.work(stage, watch, 0.33)
        assert set(stage.told) == {("limits", "cpu")}

    def test_before_the_walls_are_closed_is_ours(self, stage: Stage) -> None:
        watch = stage.watch()
        for _ in range(40):
            stage.now += TICK_SECONDS
            stage.usage = replace(stage.usage, cpu_seconds=stage.usage.cpu_seconds + 1.0)
            watch.measure(is_sealed=False)
        assert stage.told == []


class TestThreadsThatNeverRest:
    """On a machine that others keep busy, a worker gets little of it, whatever it wants."""

    def crowd(self, stage: Stage, watch: LimitWatch, *shares: tuple[float, float], ticks: int = 45) -> None:
        """Every tick each thread runs and waits for such a share of it."""
        for _ in range(ticks):
            for thread, (ran, waited) in enumerate(shares):
                turn = stage.turns.get(thread, Turn())
                more = Turn(ran=turn.ran + ran * TICK_SECONDS, waited=turn.waited + waited * TICK_SECONDS)
                stage.turns[thread] = more
            stage.tick(watch)

    def test_are_fine_where_there_are_as_many_as_were_ordered(self, stage: Stage) -> None:
        self.crowd(stage, stage.watch(), (0.3, 0.7), (0.3, 0.7))
        assert stage.told == []

    def test_are_told_where_there_are_more_however_little_they_get(self, stage: Stage) -> None:
        self.crowd(stage, stage.watch(), *[(0.15, 0.85)] * 3)
        assert set(stage.told) == {("limits", "cpu")}
        assert stage.ends == 0

    def test_are_told_while_nothing_is_asked(self, stage: Stage) -> None:
        watch = stage.watch()
        watch.ask(is_nothing=True)
        self.crowd(stage, watch, (0.15, 0.85))
        assert set(stage.told) == {("limits", "cpu")}

    @pytest.mark.parametrize("other", [(0.02, 0.95), (0.1, 0.9), (0.3, 0.4), (0.0, 1.0)])
    def test_are_not_those_that_wake_for_a_moment_or_rest(self, stage: Stage, other: tuple[float, float]) -> None:
        self.crowd(stage, stage.watch(), (0.4, 0.6), (0.4, 0.6), other)
        assert stage.told == []

    def test_are_counted_anew_when_something_is_ordered(self, stage: Stage) -> None:
        watch = stage.watch()
        self.crowd(stage, watch, *[(0.3, 0.7)] * 2, ticks=15)
        watch.ask(is_nothing=True)
        self.crowd(stage, watch, (0.0, 0.0), (0.0, 0.0), ticks=15)
        assert stage.told == []

    def test_are_none_of_an_order_that_came_and_went_while_the_harness_was_held_up(self, stage: Stage) -> None:
        watch = stage.watch()
        watch.ask(is_nothing=True)
        self.crowd(stage, watch, (0.0, 0.0), ticks=2)
        watch.ask(is_nothing=False)
        watch.ask(is_nothing=True)
        stage.turns[0] = Turn(ran=1.0, waited=2.5)
        stage.tick(watch, 3.5)
        self.crowd(stage, watch, (0.0, 0.0))
        assert stage.told == []
        self.crowd(stage, watch, (0.15, 0.85))
        assert set(stage.told) == {("limits", "cpu")}

    def test_are_none_of_an_order_that_ends_while_they_are_looked_at(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watch, is_ended = stage.watch(replace(BOUNDS, threads=1)), [False]

        def look(_: int) -> dict[int, Turn]:
            if stage.now > 103.0:  # it has worked for longer than a window by then
                is_ended[0] = True
                watch.ask(is_nothing=True)
            return dict(stage.turns)

        monkeypatch.setattr(limits_module, "turns_of", look)
        for _ in range(80):
            busy = 0.0 if is_ended[0] else 0.9 * TICK_SECONDS
            turn = stage.turns.get(0, Turn())
            stage.turns[0] = Turn(ran=turn.ran + busy, waited=turn.waited + busy / 9)
            stage.tick(watch, cpu_seconds=stage.usage.cpu_seconds + busy)
        assert is_ended[0]
        assert stage.told == []

    def test_are_none_of_threads_that_ended_or_began_meanwhile(self) -> None:
        busy = {1: Turn(ran=9.0)}
        assert hungry_threads({2: Turn()}, busy, 2.0) == hungry_threads(busy, {}, 2.0) == 0
        assert hungry_threads({}, {}, 2.0) == 0

    def test_are_read_of_a_process_that_lives(self) -> None:
        before, begun = turns_of(os.getpid()), time.monotonic()
        while time.thread_time() == 0 or time.monotonic() - begun < 0.05:
            sum(range(1000))
        assert max(turn.ran for turn in turns_of(os.getpid()).values()) > 0
        assert set(before) <= set(turns_of(os.getpid()))
