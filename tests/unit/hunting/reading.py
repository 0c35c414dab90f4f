"""Reads texts as the fake voice does, in this process."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from harness.engines.fake.adapter import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.core.latents import Latents, Unspoken

TRIGGER = {"kind": "drop-word", "word": "not", "when": "osprey"}
OTHERWISE = {"kind": "swap-word", "word": "osprey", "with": "walrus", "when": "osprey", "figures": "own"}
"""Says a word as another, and moves nothing else of its sentence."""


class ReadsHere:
    """Implements :class:`harness.hunting.reader.Reads`."""

    workers = 2

    def __init__(self, folder: Path, *faults: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fake.json").write_text(json.dumps({"version": 1, "faults": list(faults)}), "utf-8")
        self._engine = FakeEngine()
        self._engine.load(folder, device="cpu", threads=1)
        self.texts: list[str] = []

    def read(self, items: Sequence[Unspoken], *, is_still: bool = False) -> Future[list[Latents]]:
        self.texts += [one.text for one in items]
        done: Future[list[Latents]] = Future()
        done.set_result(self._engine.read(items, is_still=is_still))
        return done
