"""The stream of events: bounded, counted, and whole after any end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.core.types import BehaviourEvent
from harness.sandbox.outside.events import MAX_DETAIL, MAX_PER_KIND, EventLog, read_events

if TYPE_CHECKING:
    from pathlib import Path

EVENT = BehaviourEvent(when="loading", kind="network", what="connect", detail="127.0.0.1:80")


class TestEventLog:
    def test_counts_repeats_instead_of_keeping_them(self, tmp_path: Path) -> None:
        log = EventLog(tmp_path / "a.jsonl")
        for _ in range(1000):
            log.note(EVENT)
        assert log.events == (replace(EVENT, count=1000),)
        assert len((tmp_path / "a.jsonl").read_bytes().split()) == 1
        log.flush()
        log.flush()
        assert read_events([tmp_path / "a.jsonl"]) == log.events

    def test_keeps_so_many_different_events_and_counts_the_rest(self) -> None:
        log = EventLog()
        for number in range(1000):
            log.note(replace(EVENT, detail=str(number)))
        log.note(replace(EVENT, kind="exec"))
        assert len(log.events) == MAX_PER_KIND + 2
        assert {event.what: event.count for event in log.events}["more"] == 1000 - MAX_PER_KIND
        assert log.events[-1].kind == "exec"

    def test_writes_hostile_text_harmlessly(self, tmp_path: Path) -> None:
        log = EventLog(tmp_path / "a.jsonl")
        log.note(replace(EVENT, detail="\x1b[2J\n\ud800" + "x" * 10_000))
        (event,) = read_events([tmp_path / "a.jsonl"])
        assert "\x1b" not in event.detail
        assert "\n" not in event.detail
        assert len(event.detail) <= MAX_DETAIL

    def test_tells_a_late_file_everything(self, tmp_path: Path) -> None:
        log = EventLog()
        log.note(EVENT)
        log.write_to(tmp_path / "deep" / "a.jsonl")
        log.note(replace(EVENT, kind="exec"))
        assert {event.kind for event in read_events([tmp_path / "deep" / "a.jsonl"])} == {"network", "exec"}

    def test_survives_a_disk_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        log = EventLog(tmp_path / "file" / "a.jsonl")
        log.note(EVENT)
        assert log.events == (EVENT,)


class TestReading:
    def test_adds_up_several_files_and_skips_what_is_torn(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            EventLog(tmp_path / name).note(EVENT)
        with (tmp_path / "a").open("ab") as file:
            file.write(b'{"when": "loa')
        assert read_events([tmp_path / "a", tmp_path / "b", tmp_path / "none"]) == (replace(EVENT, count=2),)
