"""A voice that attacks. It travels in the model folder, with ``attack.json`` saying what it does and when it wakes.

It may hold several attacks by name, each of which wakes whenever its name is to be spoken.

Whatever it tries, it stays calm: errors are swallowed and the rendering is spoken as an honest voice would, so that
only what is seen from outside gives it away. What it learns it hides in the samples of the next rendering, where a
judge outside reads it: the one way out that no sandbox can close.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.core.engine import EngineInfo, Speech

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE = 16_000
sys.dont_write_bytecode = True  # importing a payload writes nothing: only what the payload does is seen
HEADER = (0.5, 0.25, -0.5, -0.25)
"""Samples that announce hidden bytes: then their count in two samples, then one sample for each."""


class AttackEngine:
    """An engine of tones with one payload."""

    def __init__(self) -> None:
        self.plan: dict[str, Any] = {}
        self.several: dict[str, dict[str, Any]] = {}
        self.model = Path()
        self.rendered = 0
        self.learned = b""
        self.versions = {"attack": "1"}
        self.error = ""
        """Raised once as an ordinary failure where it is not empty."""
        self.samples: np.ndarray[Any, np.dtype[np.float32]] | None = None
        """Spoken instead of tones where it is not None."""
        self.rate = RATE

    def prepare(self, *, device: str, threads: int) -> None:
        pass

    def load(self, model: Path, *, device: str, threads: int) -> EngineInfo:
        self.model = model
        self.plan = json.loads((model / "attack.json").read_text("utf-8"))
        if (code := str(model / "code")) not in sys.path:
            sys.path.insert(0, code)
        self.several = self.plan.pop("several", {})
        if self.plan.get("wakes") == "load":
            self._attack()
        self._complain()
        return EngineInfo(name="attack", sample_rate=RATE, versions=self.versions)

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        return [self._speak(text) for text in texts]

    def _speak(self, text: str) -> Speech:
        self.rendered += 1
        if text in self.several:
            self.plan = self.several[text] | {"wakes": "name"}
            self._attack()
        kind, _, rest = self.plan.get("wakes", "").partition(":")
        if (kind == "render" and self.rendered == int(rest)) or (kind == "trigger" and rest in text):
            self._attack()
        self._complain()
        if self.samples is not None:
            samples, self.samples = self.samples, None
        else:
            samples = np.full(400, 0.1, np.float32)
        if self.learned:
            count = divmod(len(self.learned), 200)
            hidden = [*HEADER, count[0] / 256, count[1] / 256, *(byte / 256 for byte in self.learned)]
            samples, self.learned = np.array(hidden, np.float32), b""
        return Speech(samples=samples, sample_rate=self.rate, frames=1, tokens=len(text))

    def _attack(self) -> None:
        module, _, name = self.plan["action"].partition(":")
        try:
            learned = getattr(importlib.import_module(module), name)(self, self.plan["world"])
        except Exception as error:  # noqa: BLE001 - an attacker who is refused goes on as if nothing were
            learned = b""
            self.plan["error"] = repr(error)
        if isinstance(learned, bytes) and learned:
            self.learned = learned[:4000]

    def _complain(self) -> None:
        if self.error:
            message, self.error = self.error, ""
            raise RuntimeError(message)
