"""Renderings that a worker was lost on, from process to process."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.types import BehaviourEvent
from harness.sandbox.outside.events import EventLog
from harness.speaking.doubts import Doubts

ONE, OTHER = "a" * 64, "b" * 64


class Processes:
    """Processes that work one after another below the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun = 0

    def __call__(self) -> Doubts:
        self._begun += 1
        doubts = Doubts()
        doubts.share(self._folder, f"{9 - self._begun}.jsonl")  # clocks of machines differ
        return doubts


@pytest.fixture
def process(tmp_path: Path) -> Processes:
    return Processes(tmp_path)


class TestDoubts:
    def test_are_known_to_every_later_process_until_one_has_said_so(self, process: Processes) -> None:
        process().begin(ONE)
        later = process()
        assert later.is_untold(ONE)
        assert not later.is_told(ONE)
        assert not later.is_untold(OTHER)
        assert process().is_untold(ONE)
        later.tell(ONE)
        assert process().is_told(ONE)

    def test_are_settled_by_who_speaks_what_was_told(self, process: Processes) -> None:
        process().begin(ONE)
        part = process()
        part.settle(ONE, told_only=True)  # spoken beside the process that judges, which is to hear of it
        judge = process()
        assert judge.is_untold(ONE)
        judge.tell(ONE)
        process().settle(ONE, told_only=True)
        after = process()
        assert not after.is_untold(ONE)
        assert not after.is_told(ONE)

    def test_are_settled_untold_where_nothing_of_earlier_runs_is_used(self, process: Processes) -> None:
        process().begin(ONE)
        process().settle(ONE, told_only=False)
        assert not process().is_untold(ONE)

    def test_of_this_process_are_not_settled_by_what_the_fresh_worker_says(self, process: Processes) -> None:
        own = process()
        own.begin(ONE)
        own.settle(ONE, told_only=False)
        assert own.is_untold(ONE)

    def test_are_withdrawn_one_at_a_time(self, process: Processes) -> None:
        own = process()
        own.begin(ONE)
        own.begin(ONE)
        own.withdraw(ONE)
        assert process().is_untold(ONE)
        own.withdraw(ONE)
        own.withdraw(ONE)
        assert not process().is_untold(ONE)

    def test_come_back_where_a_worker_is_lost_once_more(self, process: Processes) -> None:
        process().begin(ONE)
        process().tell(ONE)
        again = process()
        again.settle(ONE, told_only=True)
        again.begin(ONE)
        assert process().is_untold(ONE)

    def test_are_of_every_rendering_where_there_were_too_many_to_write_down(self, process: Processes) -> None:
        lost = process()
        for number in range(101):
            lost.begin(f"{number:064x}")
        assert process().is_untold(ONE)

    def test_are_known_to_a_process_that_works_beside(self, process: Processes) -> None:
        one, other = process(), process()
        one.begin(ONE)
        other.look()
        assert other.is_untold(ONE)
        one.withdraw(ONE)
        other.look()
        assert not other.is_untold(ONE)

    def test_are_no_matter_of_what_a_worker_was_seen_to_do(self, process: Processes, tmp_path: Path) -> None:
        seen = EventLog(tmp_path / "seen.jsonl")
        seen.note(BehaviourEvent(when="speaking", kind="network", what="connect", detail=ONE))
        assert not process().is_untold(ONE)
