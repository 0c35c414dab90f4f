"""A clip cut into frames: what every sense looks at first, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.core.waveform import clean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.core.types import Waveform

SILENCE_DB = -120.0
"""Level of digital silence."""
FLOOR_DB = -60.0
"""A frame below this is silent, whatever the clip's own level."""
BELOW_VOICE_DB = 35.0
"""A frame this far below the clip's loud frames is silent."""
HOP_SECONDS = 0.01
WINDOW_SECONDS = 0.025
LONGEST_SECONDS = 120.0
"""What is measured of one clip, so that crafted audio cannot buy time."""
NARROW_RATE = 16_000
"""Hz. What the senses that only need the voice's band listen at."""
RATES = (4_000, 384_000)
"""Hz. Outside of these nothing is resampled: two samples a second would become hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """One clip, cleaned and bounded, with the level of each of its frames."""

    audio: Waveform
    """Shape [samples], finite, within -1..1, at most :data:`LONGEST_SECONDS` long."""
    rate: int
    """Hz, at least 1 and at most the higher of :data:`RATES`."""
    seconds: float
    """Length of the whole clip, also of what lies beyond the bound."""
    hop: int
    """Samples between frames."""
    window: int
    """Samples in a frame."""
    levels: NDArray[np.float64]
    """dB re full scale; shape [frames]."""
    sounding: NDArray[np.bool_]
    """Which frames are no silence; shape [frames]."""

    @property
    def level_db(self) -> float:
        """RMS of the sounding frames, dB re full scale; :data:`SILENCE_DB` where nothing sounds."""
        if not self.sounding.any():
            return SILENCE_DB
        return 10 * float(np.log10((10 ** (self.levels[self.sounding] / 10)).mean()))

    def narrow(self) -> Waveform | None:
        """The audio at :data:`NARROW_RATE`; None for absurd rates."""
        if not RATES[0] <= self.rate <= RATES[1]:
            return None
        if self.rate == NARROW_RATE:
            return self.audio
        import soxr  # a millisecond to import, but only clips need it

        resampled: Waveform = soxr.resample(self.audio, self.rate, NARROW_RATE, quality="HQ")
        return resampled


def cut(samples: Waveform, sample_rate: int) -> Frames:
    """Clean a clip, bound it, and find where it sounds.

    Args:
        samples: Shape [samples], any values.
        sample_rate: Hz, any number.
    """
    rate = min(max(1, int(sample_rate)), RATES[1])
    audio = clean(samples)
    seconds = audio.size / rate
    audio = audio[: int(LONGEST_SECONDS * rate)]
    # An offset is told in the signal's facts; here it would only fill the pauses.
    audio = audio - audio.mean() if audio.size else audio
    hop, window = max(1, round(rate * HOP_SECONDS)), max(2, round(rate * WINDOW_SECONDS))
    levels = levels_db(audio, window, hop)
    loud = float(np.quantile(levels, 0.95)) if levels.size else 0.0
    sounding = levels > max(FLOOR_DB, loud - BELOW_VOICE_DB)
    return Frames(audio=audio, rate=rate, seconds=seconds, hop=hop, window=window, levels=levels, sounding=sounding)


def levels_db(audio: Waveform, window: int, hop: int) -> NDArray[np.float64]:
    """Level of each frame, dB re full scale; shape [frames]."""
    if audio.size < window:
        audio = np.pad(audio, (0, window - audio.size)) if audio.size else audio
    if not audio.size:
        return np.zeros(0)
    squares = np.concatenate([[0.0], np.cumsum(audio.astype(np.float64) ** 2)])
    starts = np.arange(0, audio.size - window + 1, hop)
    mean = (squares[starts + window] - squares[starts]) / window
    return np.asarray(10 * np.log10(np.maximum(mean, 1e-12)))
