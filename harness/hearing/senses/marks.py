"""Marks hidden in audio: echoes and sequences that repeat.

An echo multiplies the spectrum by a comb, and so does a noise-like sequence that is added again and again: both are a
peak in the cepstrum at their lag (Bogert, Healy & Tukey 1963; Gruhl, Lu & Bender 1996), far below what a listener
hears. A voice has such peaks too, at its pitch, but moves them about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.core.types import Waveform

WINDOW_SECONDS = 0.37
LAGS_SECONDS = (0.0007, 0.15)
"""Echoes that are nearer colour the voice; sequences that are longer than half a window are not seen."""
SPAN_DB = 60.0
"""Below a frame's loudest bin: what is quieter is rounding."""
PEAKS = 6
"""How many are told of each clip."""


def cepstral_peaks(audio: Waveform, rate: int) -> tuple[tuple[int, float], ...]:
    """The strongest positive peaks: (lag in samples, height in robust standard deviations of the lags around it).

    Neural vocoders mark what they speak at multiples of their hop, so a peak means nothing before it is held against
    those of the reference.

    Args:
        audio: Shape [samples].
        rate: Hz.

    Returns:
        At most :data:`PEAKS`, highest first; none for a clip shorter than a window.
    """
    cepstrum = mean_cepstrum(audio, rate)
    first, last = round(LAGS_SECONDS[0] * rate), round(LAGS_SECONDS[1] * rate)
    lags = cepstrum[first:last]
    if lags.size < 64:
        return ()
    heights = standardised(lags)
    strongest = np.argsort(-heights, kind="stable")[:PEAKS]
    return tuple((int(place) + first, round(float(heights[place]), 2)) for place in strongest if heights[place] > 0)


def mean_cepstrum(audio: Waveform, rate: int) -> NDArray[np.float64]:
    """Cepstrum averaged over the clip; shape [window / 2], empty for a clip shorter than a window."""
    size = min(1 << 17, 1 << round(np.log2(max(2.0, rate * WINDOW_SECONDS))))
    if audio.size < size or size < 256:
        return np.zeros(0)
    hop = max(size // 4, audio.size // 100)
    starts = np.arange(0, audio.size - size + 1, hop)
    taper = np.hanning(size)
    total = np.zeros(size // 2 + 1)
    for start in starts:
        magnitude = np.abs(np.fft.rfft(audio[start : start + size] * taper))
        total += np.log(np.maximum(magnitude, max(1e-9, float(magnitude.max()) * 10 ** (-SPAN_DB / 20))))
    return np.asarray(np.fft.irfft(total / starts.size)[: size // 2])


def standardised(lags: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values in robust standard deviations of those around them (blocks of 64, doubling with the lag)."""
    result = np.zeros_like(lags)
    start, width = 0, 64
    while start < lags.size:
        stop = lags.size if lags.size - start < 2 * width else start + width
        block = lags[start:stop]
        centre = np.median(block)
        scale = 1.4826 * float(np.median(np.abs(block - centre)))
        result[start:stop] = (block - centre) / max(scale, 1e-9)
        start, width = stop, 2 * width
    return result
