"""Piper voices: loads NAME.onnx into ONNX Runtime and speaks sentence by sentence, as Piper does. In the worker only.

The noise of each rendering is drawn from its own seed and given to the network (see :mod:`harness.engines.network`):
the same stream as a Coqui VITS would be given.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.core.engine import EngineInfo, Speech
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.network import Network, prepare_runtime, seed_of_part
from harness.engines.piper.configfile import PiperConfig
from harness.engines.piper.layout import config_of, find_voice
from harness.engines.piper.phonemes import sentences

if TYPE_CHECKING:
    from harness.core.types import Waveform

HOP: Final = 256
"""Samples of a frame in Piper's voices; it explains, and decides nothing."""
PACKAGES: Final = ("onnxruntime", "espeakng-loader")


class PiperEngine:
    """Implements :class:`harness.core.engine.Engine` for Piper's folders."""

    def __init__(self) -> None:
        self._config: PiperConfig | None = None
        self._network: Network | None = None
        self._speaker = 0

    def prepare(self, *, device: str, threads: int) -> None:
        """Import the runtime, and load espeak."""
        del device, threads
        prepare_runtime()

    def load(self, model: Path, *, device: str, threads: int, voice: Voice = ONLY_VOICE) -> EngineInfo:
        """Read the configuration, rewrite the network so that its noise is given, and load it.

        Raises:
            BadInput: There is no voice, or there are several and none was chosen.
            ValueError: The configuration is none, or the network draws in another way than Piper's.
            Exception: Whatever the runtime raises for a network that it cannot load.
        """
        del device  # the CPU speaks faster than it takes to move such a network
        name = find_voice(model, voice).checkpoint
        self._config = config_of(model, name)
        self._network = Network((model / name).read_bytes(), threads=threads)
        self.speak_as(voice.speaker)
        return EngineInfo(
            name="piper",
            sample_rate=self._config.sample_rate,
            versions={one: importlib.metadata.version(one) for one in PACKAGES},
        )

    def speak_as(self, speaker: str) -> None:
        """See :class:`harness.core.engine.ManySpeakers`."""
        self._speaker = self._own.speakers.get(speaker, 0)

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        """Speak each text; item i draws its noise from ``seeds[i]`` only."""
        return [self._say(text, seed) for text, seed in zip(texts, seeds, strict=True)]

    @property
    def _own(self) -> PiperConfig:
        assert self._config is not None
        return self._config

    def _say(self, text: str, seed: int) -> Speech:
        said = sentences(text, self._own)
        parts = [self._infer(ids, seed_of_part(seed, place)) for place, ids in enumerate(said)]
        samples = np.concatenate([*parts, np.zeros(0, np.float32)])
        return Speech(
            samples=samples,
            sample_rate=self._own.sample_rate,
            frames=len(samples) // HOP,
            tokens=sum(map(len, said)),
        )

    def _infer(self, ids: Sequence[int], seed: int) -> Waveform:
        config = self._own
        inputs: dict[str, Any] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([config.noise_scale, config.length_scale, config.noise_w], np.float32),
        }
        if config.speaker_count > 1:
            inputs["sid"] = np.array([self._speaker], np.int64)
        assert self._network is not None
        return self._network.run(inputs, "output", seed)
