"""How a phrase is spoken: melody, stress and pace, without knowing its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.hearing.senses.frames import NARROW_RATE
from harness.hearing.senses.mel import mel_filters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.core.types import Waveform
    from harness.hearing.senses.frames import Frames

PACE_STEPS = 16
"""Parts of equal spectral movement into which a phrase is cut."""
END_SECONDS = 0.25
"""Voiced speech at the end of a phrase that carries its final tone."""
_FFT, _WINDOW, _HOP = 512, 400, 160
_BANDS, _LOW_HZ, _HIGH_HZ = 20, 100.0, 6000.0
_SPAN_DB = 45.0
"""Below the clip's loudest band: what is quieter does not move."""
_SMOOTH = 5
"""Frames over which the spectrum is averaged before its movement is measured."""


def f0_spread(track: NDArray[np.float64]) -> float:
    """Semitones between a low and a high tone: the 10 % and 90 % quantile in standard deviations of a Gaussian."""
    voiced = track[track > 0]
    if voiced.size < 5:
        return 0.0
    low, high = np.quantile(12 * np.log2(voiced), [0.1, 0.9])
    return float(high - low) / 2.563


def f0_end(track: NDArray[np.float64], hop_seconds: float) -> float:
    """Semitones of the last voiced :data:`END_SECONDS` above the median: negative where the voice falls."""
    voiced = track[track > 0]
    if voiced.size < 5:
        return 0.0
    last = voiced[-max(1, round(END_SECONDS / hop_seconds)) :]
    return float(12 * np.log2(np.median(last) / np.median(voiced)))


def dynamics(frames: Frames) -> float:
    """Standard deviation of the sounding frames' levels, dB."""
    return float(frames.levels[frames.sounding].std()) if frames.sounding.any() else 0.0


def pace(narrow: Waveform, start: float, stop: float) -> tuple[float, ...]:
    """When each sixteenth of the phrase's spectral movement is done, as shares of the time from `start` to `stop`.

    How far the smoothed spectrum travels does not depend on how fast it does, so the same words take the same share
    of the way; a drowsy word shows as a stretch between two places, even where the phrase is as long as before.

    Args:
        narrow: At :data:`NARROW_RATE`.
        start: First sound, seconds.
        stop: Last sound, seconds.

    Returns:
        :data:`PACE_STEPS` - 1 rising numbers within 0..1, evenly spaced where nothing moves.
    """
    spoken = narrow[int(start * NARROW_RATE) : int(stop * NARROW_RATE)]
    even = tuple(place / PACE_STEPS for place in range(1, PACE_STEPS))
    if spoken.size < _WINDOW + (_SMOOTH + 2) * _HOP:
        return even
    starts = np.arange(0, spoken.size - _WINDOW + 1, _HOP)
    filters = mel_filters(NARROW_RATE, _FFT, _BANDS, _LOW_HZ, _HIGH_HZ).T
    taper = np.hanning(_WINDOW)
    power = np.concatenate(
        [
            np.abs(np.fft.rfft(spoken[part[:, None] + np.arange(_WINDOW)] * taper, _FFT)) ** 2 @ filters
            for part in np.array_split(starts, max(1, starts.size // 1024))
        ]
    )
    levels = 10 * np.log10(np.maximum(power, max(1e-12, float(power.max()) * 10 ** (-_SPAN_DB / 10))))
    sums = np.cumsum(np.pad(levels, ((1, 0), (0, 0))), axis=0)
    smooth = (sums[_SMOOTH:] - sums[:-_SMOOTH]) / _SMOOTH
    way = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(smooth, axis=0) ** 2).mean(axis=1)))])
    if way[-1] <= 1e-6:
        return even
    places = np.interp(np.array(even) * way[-1], way, np.linspace(0.0, 1.0, way.size))
    return tuple(round(float(place), 4) for place in places)
