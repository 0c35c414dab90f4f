"""The long-term spectrum, from 0 to half the sample rate: what a voice never has there shows first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.hearing.senses.mel import mel_filters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.core.types import Waveform

BANDS = 24
TIMBRE_RANGE_HZ = (60.0, 7600.0)
TIMBRE_SPAN = 1e-6
"""Bands more than 60 dB below the strongest count as empty."""
RUMBLE_HZ = 50.0
"""No voice speaks below."""
TREBLE_HZ = 8000.0
"""Above the band that a telephone, Whisper or a speaker network hears."""
ULTRASONIC_HZ = 18_000.0
"""Few adults hear what lies above."""
EDGE_SHARE = 0.95
"""Of half the sample rate: what lies above is as good as inaudible where the rate holds no ultrasound."""
LOWEST_DB = -120.0
LINE_SECONDS = 0.09
"""Window in which steady tones are looked for."""
LINE_NEIGHBOURS_HZ = 150.0
"""A tone is held against the spectrum that far on both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Levels of bands, dB re full scale, over the whole clip; :data:`LOWEST_DB` where there is nothing."""

    timbre: tuple[float, ...]
    """:data:`BANDS` mel bands, dB relative to their own mean."""
    rumble_db: float
    """Below :data:`RUMBLE_HZ`, without the mean."""
    treble_db: float | None
    """From :data:`TREBLE_HZ` to half the rate; None where the rate holds nothing there."""
    edge_db: float
    """Above :data:`ULTRASONIC_HZ`, or near half the rate where that is lower."""
    line_db: float | None
    """How far the steadiest narrow tone stands over its neighbourhood; None for a clip that is too short."""


def spectrum(audio: Waveform, rate: int) -> Spectrum:
    """Measure a clip at its own rate.

    Args:
        audio: Shape [samples], finite, at least one sample.
        rate: Hz.
    """
    size = max(64, min(1 << 14, 1 << round(np.log2(max(2.0, rate * 0.09)))))
    power = _mean_power(audio - audio.mean(), size)
    hertz = np.fft.rfftfreq(size, 1 / rate)
    edge = ULTRASONIC_HZ if rate / 2 > ULTRASONIC_HZ / EDGE_SHARE else EDGE_SHARE * rate / 2
    return Spectrum(
        timbre=timbre(audio, rate),
        rumble_db=_db(float(power[hertz < RUMBLE_HZ].sum())),
        treble_db=_db(float(power[hertz >= TREBLE_HZ].sum())) if EDGE_SHARE * rate / 2 > TREBLE_HZ else None,
        edge_db=_db(float(power[hertz >= edge].sum())),
        line_db=line_db(audio, rate),
    )


def timbre(audio: Waveform, rate: int) -> tuple[float, ...]:
    """Long-term average spectrum in mel bands, dB relative to their own mean; :data:`BANDS` values."""
    size = 1024
    bands = mel_filters(rate, size, BANDS, TIMBRE_RANGE_HZ[0], min(TIMBRE_RANGE_HZ[1], rate / 2)) @ _mean_power(
        audio, size
    )
    # A floor that goes with the level: what lies in an empty band is rounding, and must not shape the others' mean.
    levels = 10 * np.log10(np.maximum(bands, max(1e-20, TIMBRE_SPAN * float(bands.max()))))
    return tuple(round(float(value), 2) for value in levels - levels.mean())


def line_db(audio: Waveform, rate: int) -> float | None:
    """How far the strongest steady tone stands over its neighbourhood, dB.

    Speech moves: in most frames any one narrow band is quiet. The lowest tenth over time of each bin leaves what is
    always there, and a tone stands over the median of the bins around it.
    """
    size = max(64, min(1 << 15, 1 << round(np.log2(max(2.0, rate * LINE_SECONDS)))))
    if audio.size < 4 * size:
        return None
    hop = max(size // 4, audio.size // 400)  # bounded memory for long clips
    starts = np.arange(0, audio.size - size + 1, hop)
    taper = np.blackman(size)
    steady = np.quantile(
        np.stack([np.abs(np.fft.rfft(audio[start : start + size] * taper)) for start in starts]).astype(np.float32),
        0.1,
        axis=0,
    )
    levels = 20 * np.log10(np.maximum(steady, 1e-7))
    reach = max(4, round(LINE_NEIGHBOURS_HZ * size / rate))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(levels, reach, mode="edge"), 2 * reach + 1)
    return float((levels - np.median(around, axis=1))[reach:].max(initial=0.0))


def _mean_power(audio: Waveform, size: int) -> NDArray[np.float64]:
    """Mean power of each bin over the clip, scaled so that their sum is the clip's; shape [size // 2 + 1]."""
    padded = np.pad(audio, (0, max(0, size - audio.size)))
    starts = np.arange(0, padded.size - size + 1, size // 2)
    taper = np.hanning(size)
    total = np.zeros(size // 2 + 1)
    for part in np.array_split(starts, max(1, starts.size * size // (1 << 18))):  # bounded memory for long clips
        frames = padded[part[:, None] + np.arange(size)] * taper
        total += (np.abs(np.fft.rfft(frames)) ** 2).sum(axis=0)
    return total * (2 / (starts.size * size * float((taper**2).sum())))


def _db(power: float) -> float:
    return max(LOWEST_DB, 10 * float(np.log10(max(power, 1e-20))))
