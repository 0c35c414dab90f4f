"""Frequency scales of hearing, and filters evenly spaced on them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_LINEAR_HZ = 200.0 / 3
_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0
_LOG_STEP = float(np.log(6.4)) / 27


def oshaughnessy(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mel (O'Shaughnessy 1987)."""
    return np.asarray(2595 * np.log10(1 + hertz / 700))


def oshaughnessy_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of :func:`oshaughnessy`."""
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def slaney(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mel as in Slaney's Auditory Toolbox (1998): linear to 1 kHz, logarithmic above. Networks are trained on it."""
    above = _BREAK_MEL + np.log(np.maximum(hertz, 1.0) / _BREAK_HZ) / _LOG_STEP
    return np.asarray(np.where(hertz < _BREAK_HZ, hertz / _LINEAR_HZ, above))


def slaney_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of :func:`slaney`."""
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.asarray(np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ, above))


@lru_cache(maxsize=32)
def mel_filters(rate: int, size: int, bands: int, low: float, high: float) -> NDArray[np.float64]:
    """Triangular filters of height 1, evenly spaced in O'Shaughnessy's mel; shape [bands, size // 2 + 1]."""
    return _triangles(rate, size, bands, low, max(high, 2 * low), oshaughnessy, oshaughnessy_hz)[0]


@lru_cache(maxsize=4)
def slaney_filters(rate: int, size: int, bands: int) -> NDArray[np.float64]:
    """Triangular filters of equal area from 0 to half the rate, evenly spaced in Slaney's mel: librosa's default.

    Shape [bands, size // 2 + 1].
    """
    filters, edges = _triangles(rate, size, bands, 0.0, rate / 2, slaney, slaney_hz)
    return np.asarray(filters * (2.0 / (edges[2:] - edges[:-2]))[:, None])


def _triangles(
    rate: int,
    size: int,
    bands: int,
    low: float,
    high: float,
    to_mel: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    to_hz: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The filters, and the edges between which they rise and fall (Hz, shape [bands + 2])."""
    first, last = to_mel(np.array([low, high]))
    edges = to_hz(np.linspace(first, last, bands + 2))
    bins = np.fft.rfftfreq(size, 1 / rate)
    rising = (bins - edges[:-2, None]) / np.maximum(edges[1:-1] - edges[:-2], 1e-9)[:, None]
    falling = (edges[2:, None] - bins) / np.maximum(edges[2:] - edges[1:-1], 1e-9)[:, None]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling))), edges
