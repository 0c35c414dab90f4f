"""How long a worker is waited for, by a played clock and played meters."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, replace

import pytest

from harness.core.errors import MachineShort
from harness.sandbox.inside.protocol import Channel, Done
from harness.sandbox.outside.deadline import STARVED_TIMES, Deadline
from harness.sandbox.outside.meter import Reading

BEFORE = Reading(cpu_seconds=7.0, queued_seconds={1: 50.0, 2: 3.0}, throttled_seconds=9.0)


@dataclass
class Machine:
    """What the clock and the meters say."""

    now: float = 100.0
    meters: Reading = BEFORE

    def passes(self, seconds: float, *, worked: float = 0.0, queued: float = 0.0, throttled: float = 0.0) -> None:
        """Time goes by, in which the worker's second thread did that."""
        meters = self.meters
        self.now += seconds
        self.meters = replace(
            meters,
            cpu_seconds=meters.cpu_seconds + worked,
            queued_seconds={1: 50.0, 2: meters.queued_seconds[2] + queued},
            throttled_seconds=meters.throttled_seconds + throttled,
        )

    def deadline(self, threads: int = 1) -> Deadline:
        return Deadline(60.0, doing="speaking", threads=threads, reading=lambda: self.meters, clock=lambda: self.now)


def has_passed(machine: Machine, deadline: Deadline) -> bool:
    return deadline() <= machine.now


def test_meters_are_not_read_before_the_clock_says_so() -> None:
    asked: list[float] = []
    machine = Machine()

    def reading() -> Reading:
        asked.append(machine.now)
        return machine.meters

    deadline = Deadline(60.0, doing="speaking", threads=1, reading=reading, clock=lambda: machine.now)
    machine.passes(59)
    assert deadline() == 160.0
    assert asked == [100.0]


def test_who_sleeps_has_its_seconds_by_the_clock() -> None:
    machine = Machine()
    deadline = machine.deadline()
    machine.passes(60)
    assert has_passed(machine, deadline)


def test_who_works_on_a_free_machine_has_them_too() -> None:
    machine = Machine()
    deadline = machine.deadline()
    machine.passes(60, worked=59.0, queued=0.4)
    machine.passes(1, worked=1.0)
    assert has_passed(machine, deadline)


@pytest.mark.parametrize("why", ["queued", "throttled"])
def test_time_without_a_processor_is_not_the_workers(why: str) -> None:
    machine = Machine()
    deadline = machine.deadline()
    machine.passes(60, worked=10.0, **{why: 50.0})
    assert deadline() == pytest.approx(machine.now + 50.0)
    machine.passes(50, worked=25.0, **{why: 25.0})
    assert deadline() == pytest.approx(machine.now + 25.0)
    machine.passes(25, worked=25.0)
    assert has_passed(machine, deadline)


def test_who_drips_has_the_meters_read_once_a_look() -> None:
    asked: list[float] = []
    machine = Machine()

    def reading() -> Reading:
        asked.append(machine.now)
        return machine.meters

    deadline = Deadline(60.0, doing="speaking", threads=1, reading=reading, clock=lambda: machine.now)
    machine.passes(60, worked=59.5, queued=30.0)
    for _ in range(100):
        assert not has_passed(machine, deadline)
        machine.passes(0.009)
    assert asked == [100.0, 160.0]
    machine.passes(0.2, worked=0.5)
    assert has_passed(machine, deadline)


def test_threads_that_queue_for_each_other_have_worked() -> None:
    machine = Machine()
    deadline = machine.deadline()
    machine.passes(60, worked=120.0, queued=58.0)
    assert has_passed(machine, deadline)


def test_as_many_processors_as_it_may_use_are_one_second_a_second() -> None:
    machine = Machine()
    deadline = machine.deadline(threads=4)
    machine.passes(60, worked=100.0, queued=35.0)
    assert not has_passed(machine, deadline)


def test_a_machine_that_leaves_it_nothing_is_to_blame_in_the_end() -> None:
    machine = Machine()
    deadline = machine.deadline()
    for _ in range(int(STARVED_TIMES) - 1):
        machine.passes(60, worked=1.0, queued=59.0)
        assert not has_passed(machine, deadline)
    machine.passes(60, worked=1.0, queued=59.0)
    with pytest.raises(
        MachineShort, match="no processor for the model: it waited for one for most of 300 s of speaking"
    ):
        deadline()


def test_a_message_that_comes_after_the_first_look_is_received() -> None:
    ours, theirs = socket.socketpair()
    looks = iter((0.02, 0.02, 5.0))

    def deadline() -> float:
        wait = next(looks, 5.0)
        if wait == 5.0:
            Channel(theirs).send(Done(batch=3))
        return time.monotonic() + wait

    with ours, theirs:
        message, _ = Channel(ours).receive(deadline=deadline)
    assert message == Done(batch=3)
