"""Piper voices: loads NAME.onnx into ONNX Runtime and speaks sentence by sentence, as Piper does. In the worker only.

The noise of each rendering is drawn here, from its own seed, and given to the network (see
:mod:`harness.engines.piper.rewriting`): the same stream as a Coqui VITS would be given.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.core.engine import EngineInfo, Speech
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.coqui.espeak import espeak
from harness.engines.onnx_runtime import import_runtime
from harness.engines.piper.configfile import PiperConfig
from harness.engines.piper.layout import config_of, find_voice
from harness.engines.piper.phonemes import sentences
from harness.engines.piper.rewriting import with_given_noise

if TYPE_CHECKING:
    from harness.core.types import Waveform

FIRST_NOISE: Final = 1 << 17
"""Numbers of noise that are drawn at first; four times as many where they do not reach."""
MOST_NOISE: Final = 1 << 25
"""Beyond this an utterance is longer than any deadline allows: half an hour."""
HOP: Final = 256
"""Samples of a frame in Piper's voices; it explains, and decides nothing."""
PACKAGES: Final = ("onnxruntime", "espeakng-loader")


class PiperEngine:
    """Implements :class:`harness.core.engine.Engine` for Piper's folders."""

    def __init__(self) -> None:
        self._config: PiperConfig | None = None
        self._session: Any = None
        self._noise: tuple[str, ...] = ()
        self._speaker = 0

    def prepare(self, *, device: str, threads: int) -> None:
        """Import the runtime, and load espeak."""
        del device, threads
        onnxruntime = import_runtime()
        onnxruntime.set_default_logger_severity(
            4
        )  # what it raises says the same; noise that does not reach is tried again
        espeak().languages()

    def load(self, model: Path, *, device: str, threads: int, voice: Voice = ONLY_VOICE) -> EngineInfo:
        """Read the configuration, rewrite the network so that its noise is given, and load it.

        Raises:
            BadInput: There is no voice, or there are several and none was chosen.
            ValueError: The configuration is none, or the network draws in another way than Piper's.
            Exception: Whatever the runtime raises for a network that it cannot load.
        """
        onnxruntime = import_runtime()
        del device  # the CPU speaks faster than it takes to move such a network
        name = find_voice(model, voice).checkpoint
        self._config = config_of(model, name)
        network, self._noise = with_given_noise((model / name).read_bytes())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning is counted as work
        self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
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
        parts = [self._infer(ids, _sentence_seed(seed, place)) for place, ids in enumerate(said)]
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
        count = FIRST_NOISE
        while True:
            noise = {name: row(seed, draw, count) for draw, name in enumerate(self._noise)}
            try:
                (audio,) = self._session.run(["output"], inputs | noise)
            except Exception:
                if count >= MOST_NOISE or not self._noise:
                    raise
                count *= 4  # how many frames there will be is known to the network alone
                continue
            return np.asarray(audio, np.float32).reshape(-1)


def row(seed: int, draw: int, count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Standard normal numbers of one draw of one rendering; the first of them do not depend on how many there are."""
    stream = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, draw])))
    return stream.standard_normal(count, dtype=np.float32)


def _sentence_seed(seed: int, place: int) -> int:
    """Seed of the place-th sentence: the first keeps the rendering's own, so that one sentence is the plain case."""
    if place == 0:
        return seed
    return int(np.random.SeedSequence([seed, place]).generate_state(1, np.uint64)[0] >> 1)
