"""Sponges take what is said of them, on a fast machine as on a slow one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from harness.engines.fake import sponges


def seconds_of(fault: dict[str, Any], text: str = "") -> float:
    """Processor time of this thread that a fault took."""
    begun = time.thread_time()
    sponges.soak_up(fault, text, [])
    return time.thread_time() - begun


class TestBurn:
    def test_takes_the_processor_time_that_is_stated(self) -> None:
        assert 0.05 <= seconds_of({"kind": "burn", "seconds": 0.05}) < 0.1

    def test_takes_it_whatever_a_unit_of_work_costs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sponges, "UNIT_VALUES", sponges.UNIT_VALUES // 8)  # as on a machine eight times as fast
        assert 0.05 <= seconds_of({"kind": "burn", "seconds": 0.05}) < 0.1

    def test_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sponges, "MOST_SECONDS", 0.01)
        assert seconds_of({"kind": "burn", "seconds": 1e9}) < 0.06

    def test_by_the_square_of_the_length_takes_what_is_stated_for_a_hundred_characters(self) -> None:
        fault = {"kind": "quadratic", "seconds": 0.02}
        assert 0.02 <= seconds_of(fault, "x" * 100) < 0.07
        assert 0.08 <= seconds_of(fault, "x" * 200) < 0.13


class TestWork:
    def test_is_the_same_number_of_sines_wherever_it_runs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        taken: list[int] = []
        monkeypatch.setattr(sponges.np, "sin", lambda values: taken.append(len(values)) or values)
        sponges.soak_up({"kind": "work", "units": 2.5}, "", [])
        assert sum(taken) == 2.5 * sponges.UNIT_VALUES


class TestOthers:
    def test_leave_what_they_say(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        kept: list[Any] = []
        sponges.soak_up({"kind": "leak", "bytes": 1000}, "", kept)
        sponges.soak_up({"kind": "litter", "bytes": 2000}, "", kept)
        assert [len(one) for one in kept] == [1000]
        assert [path.stat().st_size for path in tmp_path.iterdir()] == [2000]

    def test_of_a_kind_that_is_not_known_do_nothing(self) -> None:
        kept: list[Any] = []
        sponges.soak_up({"kind": "drop-word", "word": "not"}, "", kept)
        assert kept == []
