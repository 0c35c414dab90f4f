"""Who takes a batch, and when another worker is started. No worker runs here: a slot's is a stand-in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import pytest

from harness.models.files import open_model
from harness.speaking import queue as queues
from harness.speaking.metered import Metered
from harness.speaking.pool import Slot, WorkerPool
from harness.speaking.queue import BatchQueue
from tests.fake_voices import WatchedLauncher, fake_voice

START = 6.0
"""Seconds that a worker took to be ready."""


def order(call: int, seconds: float, *texts: str) -> Metered:
    return Metered(texts=texts, worker=1, call=call, cpu_seconds=seconds, wall_seconds=seconds)


class Ready:
    """A worker, as far as a slot needs to know."""

    def stop(self) -> None:
        """End."""


class Pool(WorkerPool):
    """What its workers took is what it is told."""

    orders: tuple[Metered, ...] = ()

    @property
    def metered(self) -> tuple[Metered, ...]:
        return self.orders


class Bench:
    """A queue for two slots, the first with a worker, and what was done in which."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.queue = BatchQueue(pool)
        self.done: list[tuple[Slot, str]] = []
        self.started: list[Slot] = []
        self.is_starting, self.may_start = threading.Event(), threading.Event()
        with pool.slot() as slot:
            slot.worker = Ready()  # type: ignore[assignment]
            self.first = slot

    def start(self, slot: Slot) -> None:
        self.started.append(slot)
        self.is_starting.set()
        assert self.may_start.wait(20)
        slot.worker = Ready()  # type: ignore[assignment]

    def submit(self, name: str, *, later: int = 0, after: threading.Event | None = None) -> Future[Any]:
        def work(slot: Slot) -> str:
            assert after is None or after.wait(20)
            slot.worker = slot.worker or Ready()  # type: ignore[assignment]
            self.done.append((slot, name))
            return name

        return self.queue.submit(work, self.start, size=4, later=later)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    pool = Pool(open_model(str(fake_voice(tmp_path / "voice"))), WatchedLauncher(), workers=2)
    made = Bench(pool)
    yield made
    made.may_start.set()
    made.queue.close()
    pool.close()


def test_a_worker_that_starts_keeps_no_batch_waiting(bench: Bench) -> None:
    bench.pool.orders = (order(0, START), order(2, 4.0, "a", "b"))
    asked = [bench.submit(str(place), later=100, after=bench.is_starting) for place in range(6)]
    assert [one.result(20) for one in asked] == [str(place) for place in range(6)]
    assert {slot for slot, _ in bench.done} == {bench.first}
    assert len(bench.started) == 1  # and is not ready yet


@pytest.mark.parametrize(("later", "starts"), [(0, 0), (6, 1)])
def test_another_one_is_started_where_that_ends_sooner(bench: Bench, later: int, starts: int) -> None:
    """One of two seconds each, of which half are saved, against six."""
    bench.pool.orders = (order(0, START), order(2, 4.0, "a", "b"))
    bench.may_start.set()
    hold = threading.Event()
    first = bench.submit("first", later=4 + later, after=hold)
    second = bench.submit("second", later=later)
    if starts:
        assert second.result(20) == "second"  # while the first one still runs
    hold.set()
    assert (first.result(20), second.result(20)) == ("first", "second")
    assert len(bench.started) == starts


def test_what_the_first_took_is_waited_for(bench: Bench) -> None:
    bench.pool.orders = (order(0, START),)
    bench.may_start.set()
    hold = threading.Event()
    first = bench.submit("first", after=hold)
    asked = [bench.submit(str(place), later=400) for place in range(3)]
    assert not bench.started
    bench.pool.orders += (order(1, 2.0, "a", "b", "c", "d"),)
    hold.set()
    assert [one.result(20) for one in (first, *asked)] == ["first", "0", "1", "2"]
    assert len(bench.started) <= 1


def test_one_that_takes_long_tells_before_it_has_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "PAUSE", 0.01)
    bench.pool.orders = (order(0, 0.001),)
    bench.may_start.set()
    hold = threading.Event()
    first = bench.submit("first", after=hold)
    assert bench.submit("second", later=400).result(20) == "second"  # while the first one still runs
    assert not first.done()
    hold.set()
    assert first.result(20) == "first"
    assert {slot for slot, name in bench.done if name == "second"} == set(bench.started)


def test_a_worker_is_started_by_the_batch_itself_where_none_is(bench: Bench) -> None:
    bench.first.worker = None
    assert bench.submit("alone").result(20) == "alone"
    assert not bench.started


def test_who_takes_the_last_batch_is_there_for_the_next(bench: Bench) -> None:
    """However soon it comes: no worker is started because the one that is there was just about to be free."""
    for place in range(200):
        assert bench.submit(str(place)).result(20) == str(place)
    assert {slot for slot, _ in bench.done} == {bench.first}


def test_what_a_batch_raises_is_its_own(bench: Bench) -> None:
    def fails(_: Slot) -> None:
        raise OSError("full")

    failing = bench.queue.submit(fails, bench.start, size=1, later=0)
    with pytest.raises(OSError, match="full"):
        failing.result(20)
    assert bench.submit("next").result(20) == "next"


def test_what_nobody_has_begun_is_given_up_at_the_end(bench: Bench) -> None:
    hold = threading.Event()
    first, second = bench.submit("first", after=hold), bench.submit("second")
    while first.running() is False:
        pass
    bench.queue.close()
    hold.set()
    assert first.result(20) == "first"
    with pytest.raises(CancelledError):
        second.result(20)
