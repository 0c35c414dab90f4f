"""Whose voice it is: a print of the speaker by the GE2E network (Wan et al. 2018, arXiv 1710.10467).

The weights are those of the package Resemblyzer (Apache-2.0), read from its wheel without running any of its code and
known by their sha256. Network and front end are written anew: the package needs a compiled voice detector, whose part
our own silences play.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.core.thirdparty import require
from harness.hearing.senses.frames import NARROW_RATE
from harness.hearing.senses.mel import slaney_filters
from harness.storage.pinned import package_file, require_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.core.types import Waveform

PACKAGE: Final = "resemblyzer"
INNER: Final = "pretrained.pt"
INSTALL: Final = "Resemblyzer==0.1.4"
"""With ``--no-deps``: only its weights are used, and webrtcvad, which it asks for, needs a compiler."""
WEIGHTS_SHA256: Final = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
PRINT_SIZE: Final = 256
LEVEL_DB: Final = -30.0
"""RMS to which a clip is brought, dB re full scale: the network's input is not logarithmic."""
LONGEST_SECONDS: Final = 20.0
"""Speech that is listened to, from the start."""
_BANDS: Final = 40
_FFT, _HOP = 400, 160
_WINDOW: Final = 160
"""Frames the network hears at a time: 1.6 s."""
_STEP: Final = 77
"""Frames between windows: 1.3 of them a second."""
_COVERAGE: Final = 0.75
"""Share of the last window that must be filled for it to count."""


def voiceprints(clips: Sequence[Waveform]) -> list[NDArray[np.float32]]:
    """One print per clip: shape [:data:`PRINT_SIZE`], not negative, of length 1; zeros where nothing is heard.

    All windows of all clips go through the network together.

    Args:
        clips: At :data:`NARROW_RATE`, without long pauses.

    Raises:
        MissingDependency: torch or the weights are not installed.
        IntegrityError: The weights are not the pinned ones.
    """
    require("torch", extra="whisper")
    import torch

    network = _network()
    cut = [windows(mel_frames(_levelled(clip))) if clip.any() else np.zeros((0, _WINDOW, _BANDS)) for clip in clips]
    counts = [len(rows) for rows in cut]
    if not sum(counts):
        return [np.zeros(PRINT_SIZE, np.float32) for _ in clips]
    threads = torch.get_num_threads()
    # A recurrent network is a thousand tiny steps: a second thread saves nothing, and on a busy machine each step waits
    # for it.
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            heard = network(torch.from_numpy(np.concatenate(cut).astype(np.float32))).numpy()
    finally:
        torch.set_num_threads(threads)
    parts = np.split(heard, np.cumsum(counts)[:-1])
    return [_unit(part.mean(axis=0)) if len(part) else np.zeros(PRINT_SIZE, np.float32) for part in parts]


def mel_frames(audio: Waveform) -> NDArray[np.float64]:
    """Mel power spectrogram as the network was trained on; shape [frames, 40]."""
    padded = np.pad(audio, _FFT // 2)
    starts = np.arange(0, padded.size - _FFT + 1, _HOP)
    hann = np.hanning(_FFT + 1)[:-1]
    spectrum = np.abs(np.fft.rfft(padded[starts[:, None] + np.arange(_FFT)] * hann)) ** 2
    return np.asarray(spectrum @ slaney_filters(NARROW_RATE, _FFT, _BANDS).T)


def windows(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Overlapping stretches of 1.6 s, the last one padded with silence; shape [windows, 160, 40]."""
    starts = list(range(0, max(1, len(frames) - _WINDOW + _STEP + 1), _STEP))
    if len(starts) > 1 and len(frames) - 1 - starts[-1] < _COVERAGE * _WINDOW:
        starts.pop()
    padded = np.pad(frames, ((0, max(0, starts[-1] + _WINDOW - len(frames))), (0, 0)))
    return np.stack([padded[start : start + _WINDOW] for start in starts])


def packed(print_: NDArray[np.float32]) -> bytes:
    """A print as 256 bytes: each value in 255ths of the largest. Half a step is 0.2 % of it."""
    top = float(print_.max(initial=0.0))
    return np.round(print_ * (255 / top) if top > 0 else print_).astype(np.uint8).tobytes()


@lru_cache(maxsize=1)
def _network() -> Any:
    """The network with its weights, ready to listen."""
    import torch

    path = package_file(PACKAGE, INNER, install=f"pip install --no-deps {INSTALL}")
    require_sha256(WEIGHTS_SHA256, path, hint=f"re-install it: pip install --force-reinstall --no-deps {INSTALL}")

    class Encoder(torch.nn.Module):
        """Three recurrent layers, the last state projected, rectified and brought to length 1."""

        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(_BANDS, PRINT_SIZE, 3, batch_first=True)
            self.linear = torch.nn.Linear(PRINT_SIZE, PRINT_SIZE)

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            _, (hidden, _) = self.lstm(frames)
            return torch.nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)

    state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    encoder = Encoder()
    # Its other two weights scale the loss that it was trained with.
    encoder.load_state_dict({name: value for name, value in state.items() if not name.startswith("similarity_")})
    return encoder.eval()


def _levelled(audio: Waveform) -> Waveform:
    rms = float(np.sqrt(np.mean(audio.astype(np.float64) ** 2)))
    return np.asarray(audio * (10 ** (LEVEL_DB / 20) / max(rms, 1e-9)), np.float32)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
