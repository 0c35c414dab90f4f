"""Renderings in batches, ahead of who asks for them, shared with other processes. No worker runs here."""

from __future__ import annotations

from concurrent.futures import Future
from io import BytesIO
from typing import IO, TYPE_CHECKING

import pytest

from harness.core.shard import Shard
from harness.speaking.schedule import AHEAD, BATCH, WINDOW, Schedule
from tests.campaign_samples import HANGS, DrawnVoice, FreeLocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.core.seeds import Request
    from harness.speaking.voice import Made


class Shared(FreeLocks):
    """Locks of which another process holds some, until it is asked for the last of them so many times."""

    def __init__(self, taken: int) -> None:
        self.names: list[str] = []
        self._taken = taken

    def try_lock(self, name: str) -> IO[bytes] | None:
        if name not in self.names and len(self.names) < self._taken:
            self.names.append(name)
            return None
        self.names.append(name)
        return BytesIO()


def requests(count: int, text: str = "phrase") -> list[Request]:
    return [(f"{text} {place:03}", place) for place in range(count)]


def scheduled(wanted: list[Request], voice: DrawnVoice, locks: FreeLocks | None = None):
    batches: list[dict[Request, Made]] = []
    told: list[str] = []
    made = Schedule(wanted, voice, locks or FreeLocks(), on_batch=batches.append, progress=told.append)
    return made, batches, told


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


class TestShards:
    def test_make_each_batch_once_and_the_same_as_one_machine(self) -> None:
        wanted = requests(3 * WINDOW + 5)
        whole, batches, _ = scheduled(wanted, DrawnVoice(workers=2))
        whole.ensure(wanted)
        parts: list[dict[Request, Made]] = []
        for number in (1, 2, 3):
            part = Schedule(
                wanted,
                DrawnVoice(workers=2),
                FreeLocks(),
                on_batch=parts.append,
                progress=lambda _: None,
                shard=Shard(number, 3),
            )
            for one in wanted:  # as items ask, whoever their batch is of
                part.ensure([one])
        assert sorted(map(sorted, parts)) == sorted(map(sorted, batches))

    def test_wait_for_no_batch_of_another(self) -> None:
        voice = DrawnVoice()
        Schedule(
            requests(2 * BATCH), voice, FreeLocks(), on_batch=lambda _: None, progress=lambda _: None, shard=Shard(2, 2)
        ).ensure(requests(BATCH))
        assert voice.asked == []


class TestBatches:
    def test_nothing_is_spoken_before_it_is_wanted(self) -> None:
        voice = DrawnVoice()
        scheduled(requests(20), voice)
        assert voice.asked == []

    def test_what_is_wanted_comes_with_its_batch_and_some_ahead_for_each_worker(self) -> None:
        voice = DrawnVoice(workers=2)
        made, batches, told = scheduled(requests(40), voice)
        made.ensure(requests(1))
        assert len(voice.asked) == (1 + 2 * AHEAD) * BATCH
        assert [len(batch) for batch in batches] == [BATCH]
        assert told == ["rendering batch 1 of 10"]
        assert set(made.made) == set(requests(BATCH))

    def test_what_is_spoken_ahead_keeps_each_worker_at_one_batch(self) -> None:
        """What is done and not yet wanted lets its worker go on; what is not done does not."""
        slow: list[Future[dict[Request, Made]]] = []

        class Slow(DrawnVoice):
            def submit(self, requests: Sequence[Request], *, later: int = 0) -> Future[dict[Request, Made]]:
                done = super().submit(requests, later=later)
                if len(self.asked) == BATCH:
                    return done
                slow.append(Future())
                return slow[-1]

        made, _, _ = scheduled(requests(10 * BATCH), Slow(workers=2))
        made.ensure(requests(1))
        assert len(slow) == 2

    def test_workers_go_on_while_nobody_waits_as_long_as_anything_is_left(self) -> None:
        slow: list[Future[dict[Request, Made]]] = []

        class Slow(DrawnVoice):
            def submit(self, requests: Sequence[Request], *, later: int = 0) -> Future[dict[Request, Made]]:
                slow.append(Future())
                return slow[-1] if len(slow) > 1 else super().submit(requests, later=later)

        made, _, _ = scheduled(requests(5 * BATCH), Slow(workers=2))
        made.ensure(requests(1))
        assert (made.go_on(), len(slow)) == (True, 1 + 2)
        for one in slow[1:]:
            one.set_result({})
        assert (made.go_on(), len(slow)) == (True, 1 + 2 + 2)
        for one in slow[3:]:
            one.set_result({})
        assert (made.go_on(), len(slow)) == (False, 1 + 2 + 2)

    def test_who_goes_on_while_nobody_waits_leaves_something_for_other_processes(self) -> None:
        voice = DrawnVoice(workers=2)
        made, _, _ = scheduled(requests(40 * BATCH), voice)
        made.ensure(requests(1))
        for _ in range(5):
            made.go_on()
        assert len(voice.asked) == (1 + 2 * 2 * AHEAD) * BATCH

    def test_what_is_wanted_next_is_spoken_next(self) -> None:
        """However long it is: a worker that goes on with what nobody wants yet is a worker that is missing."""
        mixed = [(f"{'long ' * (place % 5)}{place:03}", place) for place in range(WINDOW)]
        voice = DrawnVoice(workers=0)
        made, batches, _ = scheduled(mixed, voice)
        made.ensure(mixed)
        first = [min(mixed.index(request) for request in batch) for batch in batches]
        assert first == sorted(first)

    def test_everything_is_spoken_once_whatever_the_order(self) -> None:
        voice = DrawnVoice()
        wanted = requests(30)
        made, batches, _ = scheduled([*wanted, *wanted], voice)
        for request in reversed(wanted):
            made.ensure([request])
        assert sorted(voice.asked) == sorted(wanted)
        assert sum(map(len, batches)) == 30

    def test_batches_hold_texts_of_one_length_within_a_window(self) -> None:
        short, long = requests(WINDOW // 2, "a"), requests(WINDOW // 2, "a much longer phrase")
        mixed = [request for pair in zip(short, long, strict=True) for request in pair]
        voice = DrawnVoice(workers=0)
        made, batches, _ = scheduled(mixed, voice)
        made.ensure(mixed)
        assert {len({len(text) for text, _ in batch}) for batch in batches} == {1}

    def test_an_earlier_window_is_never_kept_waiting_for_a_later_one(self) -> None:
        late = requests(WINDOW, "b")
        voice = DrawnVoice(workers=0)
        made, _, _ = scheduled([*requests(WINDOW, "a longer phrase"), *late], voice)
        made.ensure(requests(1, "a longer phrase"))
        assert not set(voice.asked) & set(late)

    def test_a_fault_is_a_value_like_any_other(self) -> None:
        made, batches, _ = scheduled(requests(4), DrawnVoice(faults={"phrase 001": HANGS}))
        made.ensure(requests(4))
        assert made.made["phrase 001", 1] is HANGS
        assert batches[0]["phrase 001", 1] is HANGS

    def test_what_was_never_planned_is_not_spoken(self) -> None:
        made, _, _ = scheduled(requests(4), DrawnVoice())
        with pytest.raises(KeyError):
            made.ensure([("something else", 1)])


class TestSharing:
    def test_who_finds_a_batch_taken_speaks_another_meanwhile(self) -> None:
        voice = DrawnVoice(workers=0)
        made, batches, _ = scheduled(requests(3 * BATCH), voice, Shared(taken=1))
        made.ensure(requests(1))
        assert [sorted(batch)[0] for batch in batches] == [("phrase 004", 4), ("phrase 000", 0)]

    def test_who_finds_everything_taken_waits_for_it(self) -> None:
        voice = DrawnVoice(workers=2)
        made, batches, _ = scheduled(requests(2 * BATCH), voice, Shared(taken=2))
        made.ensure(requests(2 * BATCH))
        assert sum(map(len, batches)) == 2 * BATCH

    def test_locks_are_released_when_a_batch_was_heard_and_when_all_ends(self) -> None:
        class Kept(FreeLocks):
            def __init__(self) -> None:
                self.given: list[BytesIO] = []

            def try_lock(self, name: str) -> IO[bytes] | None:
                self.given.append(BytesIO())
                return self.given[-1]

        locks = Kept()
        made, _, _ = scheduled(requests(3 * BATCH), DrawnVoice(workers=1), locks)
        made.ensure(requests(1))
        assert [lock.closed for lock in locks.given] == [True, False, False]
        made.close()
        assert all(lock.closed for lock in locks.given)
