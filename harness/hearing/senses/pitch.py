"""Fundamental frequency, frame by frame.

Normalised autocorrelation, corrected for the window's taper (Boersma 1993), without its path search: octave slips are
dropped against the clip's own median instead. On 12 clips of the demo voice it agrees with librosa's pyin to 0.12
semitones in the median frame and is more than three semitones off in 1 % of them, for 6 ms a clip instead of seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.hearing.senses.frames import Frames

F0_RANGE_HZ = (60.0, 450.0)
F0_WINDOW_SECONDS = 0.04
VOICED_CORRELATION = 0.5
"""Normalised autocorrelation above which a frame is voiced."""
OCTAVE_SHARE = 0.9
"""Of the highest peak: the shortest lag whose peak reaches so much is the period."""
SLIP = 1.7
"""A frame this many times higher or lower than the clip's median is a slip of the method, not the voice."""


def f0_track(frames: Frames) -> NDArray[np.float64]:
    """F0 of each frame, Hz; 0 where it does not sound or is not voiced; shape [frames].

    The lag of the first high peak in each sounding frame's autocorrelation.
    """
    track = np.zeros(frames.levels.size)
    # Pitch needs no treble: every n-th sample after a moving average keeps what lies below 2 kHz.
    factor = max(1, frames.rate // 5500)
    audio = frames.audio
    low = np.convolve(audio, np.full(factor, 1.0 / factor), mode="same")[::factor] if factor > 1 else audio
    slow = frames.rate / factor
    length = round(F0_WINDOW_SECONDS * slow)
    shortest, longest = int(slow / F0_RANGE_HZ[1]), int(slow / F0_RANGE_HZ[0])
    places = np.flatnonzero(frames.sounding)
    places = places[places * frames.hop // factor + length <= low.size]
    if not places.size or shortest < 1 or longest >= length:
        return track
    for part in np.array_split(places, max(1, places.size // 1024)):  # bounded memory for long clips
        track[part] = _f0(low[(part * frames.hop // factor)[:, None] + np.arange(length)], slow, shortest, longest)
    voiced = track > 0
    if voiced.any():
        ratio = track / np.median(track[voiced])
        track[(ratio > SLIP) | (ratio < 1 / SLIP)] = 0.0
    return track


def _f0(windows: NDArray[np.float32], rate: float, shortest: int, longest: int) -> NDArray[np.float64]:
    """F0 of each window, Hz or 0; `windows` has shape [frames, samples], lags are in samples."""
    length = windows.shape[1]
    taper = np.hanning(length)
    shaped = (windows - windows.mean(axis=1, keepdims=True, dtype=np.float64)) * taper
    size = 1 << (2 * length - 1).bit_length()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(shaped, size)) ** 2)[:, : longest + 1]
    # Undo the taper of the window, which would favour short lags.
    decay = np.fft.irfft(np.abs(np.fft.rfft(taper, size)) ** 2)[: longest + 1]
    normal = correlation / np.maximum(correlation[:, :1], 1e-12) / np.maximum(decay / decay[0], 1e-3)
    inner, before, after = normal[:, shortest:longest], normal[:, shortest - 1 : longest - 1], normal[:, shortest + 1 :]
    peaks = np.where((inner >= before) & (inner > after), inner, -1.0)
    highest = peaks.max(axis=1, keepdims=True)
    # Every multiple of the period is as good a peak as the period itself: the first good one counts.
    first = (peaks >= OCTAVE_SHARE * highest).argmax(axis=1)
    rows = np.arange(len(first))
    left, middle, right = before[rows, first], inner[rows, first], after[rows, first]
    # A parabola through the peak: whole lags are 2 % apart for a low voice and 4 % for a high one.
    bend = np.minimum(left - 2 * middle + right, -1e-9)
    periods = first + shortest + np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    return np.where(highest[:, 0] > VOICED_CORRELATION, rate / periods, 0.0)
