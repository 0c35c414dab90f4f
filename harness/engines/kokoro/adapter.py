"""Kokoro voices: loads NAME.onnx into ONNX Runtime and speaks with the style of a speaker. In the worker only.

The network draws nothing, so every seed gives the same audio; one that draws is given its noise, or is not spoken.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.core.engine import EngineInfo, Speech
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.kokoro.layout import SAMPLE_RATE, espeak_voice, find_voice, language_in, speakers_in, styles_in
from harness.engines.kokoro.phonemes import sentences
from harness.engines.kokoro.styles import Rows, rows_of
from harness.engines.network import Network, prepare_runtime, seed_of_part

if TYPE_CHECKING:
    from harness.core.types import Waveform

HOP: Final = 600
"""Samples of a frame; it explains, and decides nothing."""
PACKAGES: Final = ("onnxruntime", "espeakng-loader")
TOKENS: Final = ("input_ids", "tokens")
"""What exporters call the input of a text's ids."""
INPUTS: Final = ("style", "speed")
SPEEDS: Final = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64}


class KokoroEngine:
    """Implements :class:`harness.core.engine.Engine` for Kokoro's folders."""

    def __init__(self) -> None:
        self._network: Network | None = None
        self._styles: dict[str, Rows] = {}
        self._speaker = ""
        self._language = "en"

    def prepare(self, *, device: str, threads: int) -> None:
        """Import the runtime, and load espeak."""
        del device, threads
        prepare_runtime()

    def load(self, model: Path, *, device: str, threads: int, voice: Voice = ONLY_VOICE) -> EngineInfo:
        """Read the styles of all who speak, and load the network.

        Raises:
            BadInput: There is no voice, or there are several and none was chosen.
            ValueError: The styles are none, or the network takes or draws something else than Kokoro's.
            Exception: Whatever the runtime raises for a network that it cannot load.
        """
        del device
        name = find_voice(model, voice).checkpoint
        speakers = voice.names or speakers_in(model)[:1]
        with styles_in(model).open("rb") as file:
            self._styles = {speaker: rows_of(file, speaker) for speaker in speakers}
        self._language = voice.language or language_in(model)
        self._network = Network((model / name).read_bytes(), threads=threads)
        self._refuse_others(self._network)
        self.speak_as(speakers[0])
        return EngineInfo(
            name="kokoro",
            sample_rate=SAMPLE_RATE,
            versions={one: importlib.metadata.version(one) for one in PACKAGES},
        )

    def speak_as(self, speaker: str) -> None:
        """See :class:`harness.core.engine.ManySpeakers`."""
        self._speaker = speaker if speaker in self._styles else next(iter(self._styles))

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        """Speak each text; where nothing is drawn, what stands several times in a batch is spoken once."""
        assert self._network is not None
        if self._network.draws:
            return [self._say(text, seed) for text, seed in zip(texts, seeds, strict=True)]
        said = {text: self._say(text, 0) for text in dict.fromkeys(texts)}
        return [said[text] for text in texts]

    @staticmethod
    def _refuse_others(network: Network) -> None:
        tokens = [name for name in TOKENS if name in network.inputs]
        if len(tokens) != 1 or set(network.inputs) != {*tokens, *INPUTS} or network.inputs["speed"] not in SPEEDS:
            got = ", ".join(f"{name}: {kind}" for name, kind in network.inputs.items())
            raise ValueError(f"expected a network that takes {' or '.join(TOKENS)}, style and speed, got {got[:300]}")

    def _say(self, text: str, seed: int) -> Speech:
        said = sentences(text, espeak_voice(self._language, self._speaker))
        parts = [self._infer(ids, seed_of_part(seed, place)) for place, ids in enumerate(said)]
        samples = np.concatenate([*parts, np.zeros(0, np.float32)])
        frames, tokens = len(samples) // HOP, sum(map(len, said))
        return Speech(samples=samples, sample_rate=SAMPLE_RATE, frames=frames, tokens=tokens)

    def _infer(self, ids: Sequence[int], seed: int) -> Waveform:
        network, rows = self._network, self._styles[self._speaker]
        assert network is not None
        spoken = len(ids) - 2
        inputs: dict[str, Any] = {
            next(name for name in TOKENS if name in network.inputs): np.array([ids], np.int64),
            "style": rows[min(spoken, len(rows) - 1)][np.newaxis],
            "speed": np.ones(1, SPEEDS[network.inputs["speed"]]),
        }
        return network.run(inputs, network.outputs[0], seed)
