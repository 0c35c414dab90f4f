"""Clicks: speaks every word as a click, at a time that depends on the seed. Runs in the worker only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness.core.engine import EngineInfo, Speech

RATE = 16_000
FRAME_SAMPLES = 80
WORD_SAMPLES = RATE // 4


class ClickEngine:
    """Implements :class:`harness.core.engine.Engine`."""

    def prepare(self, *, device: str, threads: int) -> None:
        """Clicks need nothing."""

    def load(self, model: Path, *, device: str, threads: int) -> EngineInfo:
        """Read how loud a click is."""
        del device, threads
        self._gain = float((model / "click.txt").read_text("utf-8"))
        return EngineInfo(name="click", sample_rate=RATE, versions={"click": "1"})

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        """Speak each text with its own seed."""
        return [self._speak(text, seed) for text, seed in zip(texts, seeds, strict=True)]

    def _speak(self, text: str, seed: int) -> Speech:
        rng = np.random.default_rng(seed)
        samples = rng.normal(0, 0.001, WORD_SAMPLES * (1 + len(text.split()))).astype(np.float32)
        for word in range(len(text.split())):
            samples[WORD_SAMPLES * word + int(rng.integers(WORD_SAMPLES))] = self._gain
        return Speech(samples=samples, sample_rate=RATE, frames=len(samples) // FRAME_SAMPLES, tokens=len(text))
