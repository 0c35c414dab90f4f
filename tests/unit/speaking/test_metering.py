"""Meters of workers: what an order cost, from outside, whatever the worker says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.costs.machine import Contention, Watch, calibrate, machine_class
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.fault import WorkerFault
from harness.sandbox.outside.meter import Reading, reading_of
from harness.speaking.metered import Metered
from harness.speaking.metering import Meter
from harness.speaking.renderer import Renderer
from tests.unit.speaking.test_renderer import BOUNDS, Bench, rules

WORK = {"kind": "burn", "seconds": 0.1, "when": "osprey"}


def patience(renderer: Renderer) -> Bounds:
    """Deadlines that the next worker would get."""
    return renderer._blame.patience(BOUNDS, renderer.metered)


class PlayedWorker:
    """A worker whose meters are a script."""

    def __init__(self, *seconds: float) -> None:
        self._readings = [Reading(cpu_seconds=value, resident_bytes=100, peak_bytes=150) for value in seconds]
        self.resets = 0
        self.is_tidy = False

    def start(self, on_prepared: Callable[[], None]) -> str:
        on_prepared()
        return "loaded"

    def reading(self) -> Reading:
        return self._readings.pop(0)

    def reset_peak(self) -> bool:
        self.resets += 1
        return False

    def render(self, items, on_speech, *, speaker: str = "") -> None:
        assert items


class TestMeter:
    def test_reads_before_and_after_each_order(self) -> None:
        meter = Meter(PlayedWorker(3.0, 3.0, 3.5, 3.5, 3.6), 7)  # type: ignore[arg-type]
        meter.start()
        meter.speak([("a", 1)], lambda *_: None)
        meter.speak([("b", 1), ("c", 2)], lambda *_: None)
        assert [one.cpu_seconds for one in meter.records] == pytest.approx([3.0, 0.5, 0.1])
        assert [(one.worker, one.call) for one in meter.records] == [(7, 0), (7, 1), (7, 2)]
        assert meter.records[2].texts == ("b", "c")
        assert not meter.records[1].is_own_peak

    def test_counts_work_behind_one_s_back_for_the_order_before_it(self) -> None:
        meter = Meter(PlayedWorker(3.0, 3.0, 3.5, 5.5, 5.6), 1)  # type: ignore[arg-type]
        meter.start()
        meter.speak([("a", 1)], lambda *_: None)
        meter.speak([("b", 1)], lambda *_: None)
        assert [one.cpu_seconds for one in meter.records] == pytest.approx([3.0, 2.5, 0.1])

    def test_takes_for_blocked_what_no_crowd_of_threads_queued_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter([0.0, 0.4, 1.0, 10.0, 15.0])
        monkeypatch.setattr("harness.speaking.metering.time.monotonic", lambda: next(clock))
        worker = PlayedWorker(0.5, 0.5, 1.0)
        crowd = [{}, dict.fromkeys(range(100), 0.0), dict.fromkeys(range(100), 0.05)]
        worker._readings = [replace(one, queued_seconds=q) for one, q in zip(worker._readings, crowd, strict=True)]
        meter = Meter(worker, 1)  # type: ignore[arg-type]
        meter.start()
        meter.speak([("a", 1)], lambda *_: None)
        assert [one.blocked_seconds for one in meter.records] == pytest.approx([0.0, 4.45])

    def test_takes_for_blocked_no_time_that_a_quota_took(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter([0.0, 0.4, 1.0, 10.0, 15.0])
        monkeypatch.setattr("harness.speaking.metering.time.monotonic", lambda: next(clock))
        worker = PlayedWorker(0.5, 0.5, 1.0)
        told = [(0.0, 7.0), (0.0, 7.0), (1.0, 10.0)]
        worker._readings = [
            replace(one, queued_seconds={1: queued}, throttled_seconds=throttled)
            for one, (queued, throttled) in zip(worker._readings, told, strict=True)
        ]
        meter = Meter(worker, 1)  # type: ignore[arg-type]
        meter.start()
        meter.speak([("a", 1)], lambda *_: None)
        assert meter.records[1].blocked_seconds == pytest.approx(5.0 - 0.5 - 3.0)

    def test_a_load_is_charged_with_no_throttling_from_before_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter([0.0, 3.0, 12.0])
        monkeypatch.setattr("harness.speaking.metering.time.monotonic", lambda: next(clock))
        monkeypatch.setattr("harness.speaking.metering.throttled_seconds", lambda: 3_600.0)
        worker = PlayedWorker(0.5)
        worker._readings = [replace(worker._readings[0], queued_seconds={1: 0.0}, throttled_seconds=3_601.0)]
        meter = Meter(worker, 1)  # type: ignore[arg-type]
        meter.start()
        assert meter.records[0].blocked_seconds == pytest.approx(12.0 - 0.5 - 1.0)

    def test_never_counts_backwards(self) -> None:
        meter = Meter(PlayedWorker(3.0, 2.0, 1.0, 0.0, 3.1), 1)  # type: ignore[arg-type]
        meter.start()
        meter.speak([("a", 1)], lambda *_: None)
        meter.speak([("b", 1)], lambda *_: None)
        assert [one.cpu_seconds for one in meter.records] == pytest.approx([3.0, 0.0, 0.1])


class TestReading:
    def test_of_a_process_that_is_gone_is_zero(self) -> None:
        assert replace(reading_of(2**22 + 1), throttled_seconds=0.0) == Reading(pid=2**22 + 1)

    def test_takes_the_group_s_clock_where_there_is_one(self) -> None:
        assert reading_of(2**22 + 1, group_seconds=7.0).cpu_seconds == 7.0


class TestRenderer:
    def test_meters_every_order_and_tells_audio_by_itself(self, tmp_path: Path) -> None:
        with Bench(tmp_path, WORK) as bench:
            made = bench.made(("open the door", 1), ("an osprey", 2))
            load, order = bench.renderer.metered
            assert (load.texts, load.call) == ((), 0)
            assert load.cpu_seconds > 0.01
            assert load.resident_bytes > 1 << 20
            assert order.texts == ("open the door", "an osprey")
            seconds = [one.facts.seconds for one in made.values() if not isinstance(one, WorkerFault)]
            assert order.audio_seconds == pytest.approx(sum(seconds))
            assert order.cpu_seconds >= 0.1
            assert order.tasks >= 1
            assert order.files >= 1

    def test_tells_sleep_from_work_and_from_waiting_for_a_processor(self, tmp_path: Path) -> None:
        with Bench(tmp_path, WORK, {"kind": "doze", "seconds": 1.0, "when": "crane"}) as bench:
            busy, asleep = bench.renderer.borrow(lambda speak: (speak("an osprey", 1), speak("a crane", 1))).result(30)
            assert busy.cpu_seconds >= 0.1
            assert 0.95 < asleep.blocked_seconds < asleep.wall_seconds
            assert busy.blocked_seconds < asleep.blocked_seconds
            assert asleep.cpu_seconds < asleep.blocked_seconds

    def test_lends_a_worker_that_keeps_nothing(self, tmp_path: Path) -> None:
        with Bench(tmp_path, WORK) as bench:
            calm, busy = bench.renderer.borrow(lambda speak: (speak("a door", 1), speak("an osprey", 1))).result(30)
            assert isinstance(calm, Metered)
            assert busy.cpu_seconds > calm.cpu_seconds
            assert bench.renderer.known([("a door", 1)]) == {}
            bench.renderer.borrow(lambda speak: speak("a door", 2), is_fresh=True).result(30)
            assert bench.launcher.starts == 2

    def test_lends_a_worker_of_its_own_that_gives_memory_back_and_ends_it(self, tmp_path: Path) -> None:
        def held_back(bench: Bench) -> int:
            """Bytes that may lie free in the heap of the worker that is started last."""
            variables = Path(f"/proc/{bench.launcher.processes[-1].pid}/environ").read_bytes().split(b"\0")
            return int(dict(one.split(b"=", 1) for one in variables if one)[b"MALLOC_TRIM_THRESHOLD_"])

        tidy: list[int] = []
        with Bench(tmp_path, WORK) as bench:
            bench.renderer.borrow(lambda speak: speak("a door", 1)).result(30)
            assert held_back(bench) > 1 << 30
            bench.renderer.borrow(
                lambda speak: (speak("a door", 1), tidy.append(held_back(bench))), is_tidy=True
            ).result(30)
            assert tidy == [64 << 10]
            bench.renderer.borrow(lambda speak: speak("a door", 1)).result(30)
            assert bench.launcher.starts == 3
            assert held_back(bench) > 1 << 30

    def test_replaces_a_lent_worker_that_was_lost(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "exit", "when": "osprey"}) as bench:

            def work(speak):
                with pytest.raises(WorkerFault, match="exited"):
                    speak("an osprey", 1)
                return speak("a door", 1)

            assert bench.renderer.borrow(work).result(30).worker == 3


class TestGuiltyTexts:
    def test_cost_their_loss_once_whatever_the_seed(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "exit", "when": "osprey"}) as bench:
            assert rules(bench.made(("osprey", 1), ("osprey", 2))) == {
                ("osprey", seed): "worker.crashed" for seed in (1, 2)
            }
            assert bench.launcher.starts == 2
            assert rules(bench.made(("osprey", 3))) == {("osprey", 3): "worker.crashed"}
            assert bench.launcher.starts == 2
            assert list(bench.renderer.guilty) == ["osprey"]

    def test_make_the_renderer_wary_so_that_each_further_one_costs_one_worker(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "exit", "when": "osprey"}) as bench:
            bench.made(("osprey 1", 1))
            bench.made(("osprey 2", 1))
            before = bench.launcher.starts
            made = bench.made(("a door", 1), ("osprey 3", 1), ("a window", 1), ("osprey 4", 1), ("a wall", 1))
            assert list(rules(made).values()) == ["spoken", "worker.crashed"] * 2 + ["spoken"]
            assert bench.launcher.starts - before == 3

    def test_shorten_the_deadline_of_the_next_worker(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "exit", "when": "osprey"}) as bench:
            assert patience(bench.renderer) == BOUNDS
            bench.made(("osprey 1", 1))
            bench.made(("osprey 2", 1))
            assert patience(bench.renderer).batch_seconds == 10.0

    def test_are_not_those_that_an_engine_refuses(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "fail", "when": "osprey"}) as bench:
            bench.made(("osprey", 1))
            assert bench.renderer.guilty == {}


class TestMachine:
    def test_is_of_a_class(self) -> None:
        assert machine_class("cpu").endswith(", cpu")
        assert machine_class("cpu") != machine_class("cuda")

    def test_can_be_calibrated(self) -> None:
        assert 0 < calibrate() < 5

    def test_is_watched_for_others(self) -> None:
        contention = Watch().contention(0.0)
        assert contention.others is None or contention.others >= 0
        assert contention.told

    def test_is_contended_where_others_work_or_compute_on_its_gpu(self) -> None:
        calm = {"seconds": 1.0, "others": 0.1, "stolen": 0.0, "processors": 2}
        assert not Contention(**calm).is_contended
        assert Contention(**calm | {"stolen": 0.3}).is_contended
        busy = Contention(**calm | {"gpu_others": 2, "joules": 12.0})
        assert busy.is_contended
        assert "2 processes of others were on the GPU, the processors drew 12 J" in busy.told
        assert not Contention(**calm | {"others": None}).is_contended
