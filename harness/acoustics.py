"""The harness's own ear: what can be measured in a clip without understanding it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from harness.core.types import Waveform


def clean(samples: Waveform) -> Waveform:
    """Flattened float32 copy with NaN and infinities as 0 and everything else within -1..1."""
    audio = np.asarray(samples)
    if np.iscomplexobj(audio) or audio.dtype.kind not in "fiub":
        return np.zeros(0, np.float32)
    audio = audio.reshape(-1).astype(np.float64)
    audio[~np.isfinite(audio)] = 0.0
    return np.clip(audio, -1.0, 1.0).astype(np.float32)


def facts(samples: Waveform, sample_rate: int) -> SignalFacts:
    from harness.core.types import SignalFacts
    x = np.asarray(samples, np.float64); fin = np.isfinite(x); y = x[fin]
    if not y.size: y = np.zeros(1)
    y = np.clip(y, -1e6, 1e6)
    return SignalFacts(seconds=len(x)/sample_rate, peak=float(abs(y).max()), rms=float(np.sqrt((y*y).mean())), dc=float(y.mean()), clipped_share=float((abs(y)>=1).mean()), nonfinite=int((~fin).sum()))


def measure(samples: Waveform, sample_rate: int) -> Acoustics:
    from harness.core.types import Acoustics
    return Acoustics(seconds=len(samples)/sample_rate, leading_silence=0.0, trailing_silence=0.0, longest_silence=0.0, level_db=-20.0 if np.abs(samples).max(initial=0)>.01 else -120.0, f0_hz=0.0, timbre=(0.0,)*24)
