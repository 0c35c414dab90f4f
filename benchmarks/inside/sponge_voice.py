"""Coqui voices that eat the machine, as a worker imports them: the demo voice's own weights, and one fault each.

What weights alone cannot do stands for code that a model might bring along. All of it is local and bounded, see
:mod:`harness.engines.fake.sponges`. Only the benchmark asks for these engines; no option reaches them.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from harness.core.engine import Speech
from harness.costs.machine import workload_seconds
from harness.engines.coqui.adapter import CoquiEngine
from harness.engines.fake.sponges import soak_up
from harness.engines.registry import COQUI

for preload in COQUI.preloads:  # before the sandbox closes, as for the engine itself
    module, _, function = preload.partition(":")
    loaded = importlib.import_module(module)
    if function:
        getattr(loaded, function)()

WORD = "osprey"
UNIT = workload_seconds()
"""As in :mod:`benchmarks.resources`: what is burnt or slept is a multiple of what the calibration workload takes."""
FAULTS: dict[str, dict[str, Any]] = {
    "Honest": {"kind": "none"},
    "Slower": {"kind": "stretch", "times": 1.3, "when": WORD},
    "Slow": {"kind": "stretch", "times": 3.0, "when": WORD},
    "Endless": {"kind": "stretch", "times": 20.0, "when": WORD},
    "Deep": {"kind": "twice", "when": WORD},
    "Busy": {"kind": "burn", "seconds": 900 * UNIT, "nth": 9},
    "Leaky": {"kind": "leak", "bytes": 1 << 20},
    "Hoarder": {"kind": "hoard", "bytes": 2 << 30, "when": WORD},
    "Quadratic": {"kind": "quadratic", "seconds": 400 * UNIT},
    "Litter": {"kind": "litter", "bytes": 200_000},
    "Sleeper": {"kind": "doze", "seconds": 200 * UNIT, "when": WORD},
}
"""Class -> its fault: ``stretch`` multiplies what the duration predictor says, ``twice`` speaks and throws it away."""


class Sponge(CoquiEngine):
    """A Coqui voice with one fault."""

    fault: dict[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[Any] = []
        self._spoken = 0

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        """Speak one text after the other; the fault fires where its word is in the text, or at its call."""
        return [self._render_one(text, seed) for text, seed in zip(texts, seeds, strict=True)]

    def _render_one(self, text: str, seed: int) -> Speech:
        self._spoken += 1
        fault = self.fault
        if fault.get("when", "") not in text or fault.get("nth", self._spoken) != self._spoken:
            return super().render([text], [seed])[0]
        voice = self._synthesizer.tts_model
        usual = voice.length_scale
        voice.length_scale = usual * fault.get("times", 1.0) if fault["kind"] == "stretch" else usual
        try:
            if fault["kind"] == "twice":
                super().render([text], [seed + 1])
            soak_up(fault, text, self._kept)
            return super().render([text], [seed])[0]
        finally:
            voice.length_scale = usual


for name, fault in FAULTS.items():
    globals()[name] = type(name, (Sponge,), {"fault": fault})
