"""Coqui as people run it: from within the model's folder, and with the configuration as it lies there.

The product's engine gives Coqui a configuration that was read before, and so most carriers no longer run in it. The
walls are tried with this one, because they must hold whatever an engine overlooks.

What Coqui imports sooner or later is imported here, before the walls close: trusted code, as the product does it.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp  # noqa: F401 - imported before the walls close
import numba  # noqa: F401 - as above
import numpy as np
import torch  # noqa: F401 - as above
import TTS.encoder.utils.generic_utils
import TTS.tts.models.glow_tts
import TTS.tts.models.vits
import TTS.utils.synthesizer  # noqa: F401 - as above

import harness.engines.coqui.espeak  # noqa: F401 - as above
from harness.core.engine import EngineInfo, Speech
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.coqui import adapter, loading

if TYPE_CHECKING:
    from collections.abc import Sequence

sys.dont_write_bytecode = True


class BesideEngine(adapter.CoquiEngine):
    """The product's own engine without its reader, and with the model's folder to import from."""

    def load(self, model: Path, *, device: str, threads: int, voice: Voice = ONLY_VOICE) -> EngineInfo:
        sys.path.insert(0, str(model))
        loading.write_config = lambda folder, *_, **__: folder / "config.json"
        loading.cross_check = lambda _: None  # the checkpoints beside these configurations are never reached
        return super().load(model, device=device, threads=threads, voice=voice)


class SeveralEngine(BesideEngine):
    """Loads several models below one folder, each when its name is to be spoken."""

    def load(self, model: Path, *, device: str, threads: int, voice: Voice = ONLY_VOICE) -> EngineInfo:
        self._root = model
        self._folders = json.loads((model / "several.json").read_text("utf-8"))
        return EngineInfo(name="several", sample_rate=16_000, versions={})

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        for folder in filter(None, map(self._folders.get, texts)):
            with contextlib.suppress(Exception):  # what is refused is no model: the next one is loaded all the same
                super().load(self._root / folder, device="cpu", threads=1)
        return [Speech(samples=np.full(400, 0.1, np.float32), sample_rate=16_000, frames=1, tokens=1) for _ in texts]
