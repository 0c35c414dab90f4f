"""Texts that are only read, by a real worker: its answer, and every answer that no honest one gives."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.core.latents import Unspoken
from harness.core.types import Rendering
from harness.sandbox.inside.protocol import Channel, Done, Figures
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.fault import WorkerFault
from tests.unit.sandbox.inside.test_worker import WireLauncher, loading
from tests.unit.speaking.test_renderer import Bench

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = [Unspoken(text="open the door", seed=1), Unspoken(text="osprey", seed=2), Unspoken(text="", ids=(97, 98))]


class TestReading:
    def test_gives_ids_and_figures_and_frames_of_the_very_rendering(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            door, osprey, ids = bench.renderer.read(ITEMS).result(30)
            made = bench.made(("open the door", 1), ("osprey", 2))
        assert len(door.ids) == len("open the door")
        assert ids.ids.tolist() == [97, 98]
        frames = [one.frames for one in made.values() if isinstance(one, Rendering)]
        assert [door.frames, osprey.frames] == frames

    def test_without_noise_is_the_same_for_every_seed(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            again = [Unspoken(text=one.text, ids=one.ids, seed=one.seed + 9) for one in ITEMS]
            first = bench.renderer.read(ITEMS, is_still=True).result(30)
            second = bench.renderer.read(again, is_still=True).result(30)
        assert all(np.array_equal(one.figures, other.figures) for one, other in zip(first, second, strict=True))

    @pytest.mark.parametrize(
        ("lie", "rule", "words"),
        [
            ("nan", "worker.forged", "figures that are no numbers"),
            ("short", "worker.forged", "figures of 2 texts, expected 3"),
            ("late", "worker.hung", "no answer within its deadline while reading"),
        ],
    )
    def test_of_a_liar_is_a_fault_and_leaves_no_worker_behind(
        self, tmp_path: Path, lie: str, rule: str, words: str
    ) -> None:
        bounds = Bounds(load_seconds=20, batch_seconds=0.5, seconds_per_character=0)
        with Bench(tmp_path, {"kind": "quiet", "when": "osprey", "figures": lie}, bounds=bounds) as bench:
            with pytest.raises(WorkerFault, match=words) as caught:
                bench.renderer.read(ITEMS).result(30)
            assert caught.value.rule == rule
            assert bench.renderer.read(ITEMS[:1]).result(30)[0].ids.size
            assert bench.launcher.starts == 2

    def test_of_one_that_dies_once_is_asked_of_another(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            bench.renderer.read(ITEMS).result(30)
            os.kill(bench.launcher.processes[0].pid, signal.SIGKILL)
            assert len(bench.renderer.read(ITEMS).result(30)) == 3


def forged(kind: str) -> Any:
    """A worker that answers an order to read with something else."""

    def talk(channel: Channel) -> None:
        loading(channel)
        order, _ = channel.receive()
        assert hasattr(order, "batch")
        answers = {
            "done": (Done(batch=order.batch), b""),
            "other-batch": (Figures(batch=order.batch + 1, lengths=[1]), b"\0" * 88),
            "too-much": (Figures(batch=order.batch, lengths=[1]), b"\0" * (1 << 20)),
            "no-payload": (Figures(batch=order.batch, lengths=[1]), b""),
        }
        channel.send(*answers[kind])

    return talk


@pytest.mark.parametrize("kind", ["done", "other-batch", "too-much", "no-payload"])
def test_an_answer_of_another_form_is_forged(tmp_path: Path, kind: str) -> None:
    with Bench(tmp_path, launcher=WireLauncher(forged(kind))) as bench:
        with pytest.raises(WorkerFault, match="broke the protocol while reading") as caught:
            bench.renderer.read([Unspoken(text="", ids=(5,))]).result(30)
        assert caught.value.rule == "worker.forged"
