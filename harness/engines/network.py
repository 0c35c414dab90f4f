"""A network in ONNX Runtime, of which no run depends on another: what noise it draws is given, from each run's seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.engines.coqui.espeak import espeak
from harness.engines.givennoise import with_given_noise
from harness.engines.onnx_runtime import import_runtime

if TYPE_CHECKING:
    from harness.core.types import Waveform

FIRST_NOISE: Final = 1 << 17
"""Numbers of noise that are drawn at first; four times as many where they do not reach."""
MOST_NOISE: Final = 1 << 25
"""Beyond this an utterance is longer than any deadline allows: half an hour."""


def prepare_runtime() -> None:
    """Import the runtime and load espeak, before any model is named."""
    # What the runtime logs it raises as well; noise that does not reach is tried again.
    import_runtime().set_default_logger_severity(4)
    espeak().languages()


class Network:
    """One network, loaded.

    Attributes:
        inputs: Name -> type, as the runtime writes it (``tensor(float)``), of what it is to be given beside noise.
        outputs: Names, in order.
        draws: Whether it draws noise: without, the same inputs give the same sound whatever the seed.
    """

    def __init__(self, model: bytes, *, threads: int) -> None:
        """Load it.

        Args:
            model: An ONNX file that admission let pass.
            threads: For one run.

        Raises:
            Unseedable: It draws noise in a way that cannot be given.
            ValueError: It is no ONNX file.
            Exception: Whatever the runtime raises for a network that it cannot load.
        """
        onnxruntime = import_runtime()
        content, self._noise = with_given_noise(model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning is counted as work
        self._session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self.draws = bool(self._noise)
        declared = self._session.get_inputs()
        self.inputs: dict[str, str] = {one.name: one.type for one in declared if one.name not in self._noise}
        self.outputs: tuple[str, ...] = tuple(one.name for one in self._session.get_outputs())

    def run(self, inputs: Mapping[str, Any], output: str, seed: int) -> Waveform:
        """Samples of one run.

        Args:
            inputs: Arrays by name.
            output: Which of its outputs is the sound.
            seed: Of the noise; says nothing where the network draws none.

        Raises:
            Exception: Whatever the runtime raises.
        """
        count = FIRST_NOISE
        while True:
            noise = {name: row(seed, draw, count) for draw, name in enumerate(self._noise)}
            try:
                (audio,) = self._session.run([output], {**inputs, **noise})
            except Exception:
                if count >= MOST_NOISE or not self._noise:
                    raise
                count *= 4  # how many frames there will be is known to the network alone
                continue
            return np.asarray(audio, np.float32).reshape(-1)


def row(seed: int, draw: int, count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Standard normal numbers of one draw of one run; the first of them do not depend on how many there are."""
    stream = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, draw])))
    return stream.standard_normal(count, dtype=np.float32)


def seed_of_part(seed: int, place: int) -> int:
    """Seed of the place-th part of an utterance: the first keeps the rendering's own, so that one is the plain case."""
    if place == 0:
        return seed
    return int(np.random.SeedSequence([seed, place]).generate_state(1, np.uint64)[0] >> 1)
