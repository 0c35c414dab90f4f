"""Raw audio: the facts that are lost once it is stored, and a clean copy that everybody can listen to.

Nothing here raises on hostile audio: NaN, infinities, emptiness and absurd rates give numbers that say so. What is
heard in a clip is the business of :mod:`harness.hearing.senses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.core.types import SignalFacts

if TYPE_CHECKING:
    from harness.core.types import Waveform

FULL_SCALE = 1.0 - 1e-4
"""A sample at or beyond this is at full scale."""


def clean(samples: Waveform) -> Waveform:
    """Flattened float32 copy with NaN and infinities as 0 and everything else within -1..1."""
    audio = np.asarray(samples)
    if np.iscomplexobj(audio) or audio.dtype.kind not in "fiub":
        return np.zeros(0, np.float32)
    audio = audio.reshape(-1).astype(np.float64)
    audio[~np.isfinite(audio)] = 0.0
    return np.clip(audio, -1.0, 1.0).astype(np.float32)


def facts(samples: Waveform, sample_rate: int) -> SignalFacts:
    """Measure raw audio as the engine made it, before anything is repaired.

    Args:
        samples: Shape [samples], any values.
        sample_rate: Hz.
    """
    audio = np.asarray(samples, dtype=np.float64).reshape(-1)
    finite = audio[np.isfinite(audio)]
    bounded = np.clip(finite, -1e6, 1e6) if finite.size else np.zeros(1)
    return SignalFacts(
        seconds=audio.size / max(1, sample_rate),
        peak=float(np.abs(bounded).max()),
        rms=float(np.sqrt(np.mean(bounded**2))),
        dc=float(bounded.mean()),
        clipped_share=float(np.mean(np.abs(bounded) >= FULL_SCALE)),
        nonfinite=int(audio.size - finite.size),
    )
