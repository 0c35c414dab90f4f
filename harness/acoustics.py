"""The harness's own ear: what can be measured in a clip without understanding it.

Numpy only. librosa has all of this, but its first call compiles for seconds, and a gate hears its first clip within
one. Nothing here raises on hostile audio: NaN, infinities, emptiness and absurd rates give numbers that say so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.core.types import Acoustics, SignalFacts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.core.types import Waveform

FULL_SCALE = 1.0 - 1e-4
"""A sample at or beyond this is at full scale."""
SILENCE_DB = -120.0
"""Level of digital silence."""
FLOOR_DB = -60.0
"""A frame below this is silent, whatever the clip's own level."""
BELOW_VOICE_DB = 35.0
"""A frame this far below the clip's loud frames is silent."""
HOP_SECONDS = 0.01
WINDOW_SECONDS = 0.025
F0_RANGE_HZ = (60.0, 450.0)
F0_WINDOW_SECONDS = 0.04
VOICED_CORRELATION = 0.5
"""Normalised autocorrelation above which a frame is voiced."""
OCTAVE_SHARE = 0.9
"""Of the highest peak: the shortest lag whose peak reaches so much is the period."""
BANDS = 24
TIMBRE_RANGE_HZ = (60.0, 7600.0)
TIMBRE_SPAN = 1e-6
"""Bands more than 60 dB below the strongest count as empty."""
LONGEST_SECONDS = 120.0
"""What is measured of one clip, so that crafted audio cannot buy time."""


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


def measure(samples: Waveform, sample_rate: int) -> Acoustics:
    """Measure silences, level, pitch and timbre.

    Args:
        samples: Shape [samples]; cleaned first.
        sample_rate: Hz.
    """
    rate = max(1, int(sample_rate))
    audio = clean(samples)
    seconds = audio.size / rate
    audio = audio[: int(LONGEST_SECONDS * rate)]
    hop, window = max(1, round(rate * HOP_SECONDS)), max(2, round(rate * WINDOW_SECONDS))
    levels = _levels_db(audio, window, hop)
    sounding = levels > max(FLOOR_DB, float(np.quantile(levels, 0.95)) - BELOW_VOICE_DB) if levels.size else levels > 0
    if not sounding.any():
        return Acoustics(
            seconds=seconds,
            leading_silence=round(seconds, 4),
            trailing_silence=0.0,
            longest_silence=0.0,
            level_db=SILENCE_DB,
            f0_hz=0.0,
            timbre=(0.0,) * BANDS,
        )
    places = np.flatnonzero(sounding)
    gap = int((np.diff(places) - 1).max(initial=0))
    # A frame sounds as soon as its edge does: silence reaches to the end of the last silent frame before a sound, and
    # from the start of the first one after it.
    leading = (places[0] - 1) * hop + window if places[0] else 0
    trailing = audio.size - (places[-1] + 1) * hop if places[-1] + 1 < levels.size else 0
    inner = (gap - 1) * hop + window if gap else 0
    power = 10 ** (levels[sounding] / 10)
    return Acoustics(
        seconds=seconds,
        leading_silence=round(float(leading / rate), 4),
        trailing_silence=round(float(trailing / rate), 4),
        longest_silence=round(float(inner / rate), 4),
        level_db=round(10 * float(np.log10(power.mean())), 3),
        f0_hz=round(median_f0(audio, rate, sounding, hop), 2),
        timbre=tuple(round(float(value), 2) for value in _timbre(audio, rate)),
    )


def median_f0(audio: Waveform, rate: int, sounding: NDArray[np.bool_], hop: int) -> float:
    """Median fundamental frequency of the voiced frames, Hz; 0 where nothing is voiced.

    The lag of the first high peak in each sounding frame's autocorrelation, corrected for the window (Boersma 1993
    without its path search).

    Args:
        audio: Shape [samples].
        rate: Hz.
        sounding: Which frames to look at, one every `hop` samples.
        hop: Samples between frames.
    """
    # Pitch needs no treble: every n-th sample after a moving average keeps what lies below 2 kHz.
    factor = max(1, rate // 5500)
    low = np.convolve(audio, np.full(factor, 1.0 / factor), mode="same")[::factor] if factor > 1 else audio
    slow = rate / factor
    length = round(F0_WINDOW_SECONDS * slow)
    shortest, longest = int(slow / F0_RANGE_HZ[1]), int(slow / F0_RANGE_HZ[0])
    starts = np.flatnonzero(sounding)[::2] * hop // factor
    starts = starts[starts + length <= low.size]
    if not starts.size or shortest < 1 or longest >= length:
        return 0.0
    frames = low[starts[:, None] + np.arange(length)].astype(np.float64)
    frames = (frames - frames.mean(axis=1, keepdims=True)) * np.hanning(length)
    size = 1 << (2 * length - 1).bit_length()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frames, size)) ** 2)[:, : longest + 1]
    energy = correlation[:, :1]
    # Undo the taper of the window, which would favour short lags.
    taper = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(length), size)) ** 2)[: longest + 1]
    normal = correlation / np.maximum(energy, 1e-12) / np.maximum(taper / taper[0], 1e-3)
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
    voiced = highest[:, 0] > VOICED_CORRELATION
    return float(np.median(slow / periods[voiced])) if voiced.any() else 0.0


def _levels_db(audio: Waveform, window: int, hop: int) -> NDArray[np.float64]:
    """Level of each frame, dB re full scale; shape [frames]."""
    if audio.size < window:
        audio = np.pad(audio, (0, window - audio.size)) if audio.size else audio
    if not audio.size:
        return np.zeros(0)
    squares = np.concatenate([[0.0], np.cumsum(audio.astype(np.float64) ** 2)])
    starts = np.arange(0, audio.size - window + 1, hop)
    mean = (squares[starts + window] - squares[starts]) / window
    return np.asarray(10 * np.log10(np.maximum(mean, 1e-12)))


def _timbre(audio: Waveform, rate: int) -> NDArray[np.float64]:
    """Long-term average spectrum in mel bands, dB relative to their own mean; shape [BANDS]."""
    size = 1024
    padded = np.pad(audio, (0, max(0, size - audio.size)))
    starts = np.arange(0, padded.size - size + 1, size // 2)
    spectrum = np.zeros(size // 2 + 1)
    for part in np.array_split(starts, max(1, starts.size // 256)):  # bounded memory for long clips
        frames = padded[part[:, None] + np.arange(size)] * np.hanning(size)
        spectrum += (np.abs(np.fft.rfft(frames)) ** 2).sum(axis=0)
    bands = _mel_bands(rate, size) @ (spectrum / starts.size)
    # A floor that goes with the level: what lies in an empty band is rounding, and must not shape the others' mean.
    levels = 10 * np.log10(np.maximum(bands, max(1e-20, TIMBRE_SPAN * float(bands.max()))))
    return np.asarray(levels - levels.mean())


@lru_cache(maxsize=8)
def _mel_bands(rate: int, size: int) -> NDArray[np.float64]:
    """Triangular filters evenly spaced in mel (O'Shaughnessy 1987); shape [BANDS, size // 2 + 1]."""
    low, high = TIMBRE_RANGE_HZ[0], min(TIMBRE_RANGE_HZ[1], rate / 2)
    edges = _hertz(np.linspace(_mel(low), _mel(max(high, low * 2)), BANDS + 2))
    bins = np.fft.rfftfreq(size, 1 / rate)
    rising = (bins - edges[:-2, None]) / np.maximum(edges[1:-1] - edges[:-2], 1e-9)[:, None]
    falling = (edges[2:, None] - bins) / np.maximum(edges[2:] - edges[1:-1], 1e-9)[:, None]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))
