"""Stages as lines of the file that --tts-log names."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

from harness.core.stages import Stage
from harness.run.stagelog import append_stages, process_begun, worker_stages
from tests.metered_samples import order


def test_a_process_began_before_now_and_not_before_the_machine() -> None:
    assert 0.0 < process_begun() < time.monotonic()
    assert process_begun() == process_begun()


def test_workers_start_load_and_speak() -> None:
    load = replace(order("", worker=2, call=0, cpu=3.0), begun=10.0, wall_seconds=5.0, starting_seconds=4.0)
    spoke = replace(order("a phrase", worker=2), begun=16.0, wall_seconds=0.5)
    assert worker_stages([load, spoke], "candidate") == [
        Stage(lane="candidate's worker 2", what="starting and importing", start=10.0, end=14.0),
        Stage(lane="candidate's worker 2", what="loading the model", start=14.0, end=15.0, cpu_seconds=3.0),
        Stage(lane="candidate's worker 2", what="speaking 1 text", start=16.0, end=16.5, cpu_seconds=0.2),
    ]


def test_a_load_that_took_no_time_ends_when_it_began() -> None:
    """Starting is timed by the worker's client, the whole by whoever meters it."""
    load = replace(order("", worker=1, call=0), begun=10.0, wall_seconds=1.0, starting_seconds=1.002)
    assert [(stage.start, stage.end) for stage in worker_stages([load], "candidate")] == [(10.0, 11.0), (11.0, 11.0)]


def test_lines_are_appended_as_seconds_of_the_process(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "log.jsonl"
    log.parent.mkdir()
    log.write_text('{"kind":"network"}', "utf-8")
    spoke = Stage(lane="worker 1", what="speaking 1 text", start=106.0, end=107.0, cpu_seconds=0.25)
    append_stages(log, [spoke, Stage(lane="whisper", what="loading", start=103.25, end=104.5)], begun=100.0)
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line]
    assert lines[1] == {"stage": "loading", "lane": "whisper", "start": 3.25, "end": 4.5}
    assert lines[2] == {"stage": "speaking 1 text", "lane": "worker 1", "start": 6.0, "end": 7.0, "cpu": 0.25}


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    append_stages(tmp_path, [Stage(lane="whisper", what="loading", start=0.0, end=1.0)], begun=0.0)
