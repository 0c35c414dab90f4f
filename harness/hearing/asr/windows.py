"""How clips are laid before Whisper: at 16 kHz, cut where too long, grouped by window, one clip per row.

Numpy and soxr only; this module knows neither torch nor any model.
"""

from __future__ import annotations

import difflib
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.core.waveform import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.core.types import Waveform

SAMPLE_RATE = 16_000
"""What Whisper hears, Hz."""
WINDOWS = (10, 15, 20, 30)
"""Window lengths in seconds. In 4 s windows greedy decoding loops; 10 s cost a fifth of 30 s."""
LEAD_SECONDS = 0.4
"""Silence before the first sound, added where a clip has less. Whisper hears the first word badly without it: with
it forced scores of repeats spread 17 % (tiny.en) to 40 % (base) less. From 0.75 s on, base starts to loop.
"""
MARGIN_SECONDS = 2.0
"""Silence that a window leaves after the clip. Speech up to a window's very end lost its last word 14 times in 24
with tiny.en and 18 times with base, looping or stopping early; with 2 s behind it once, and nothing looped.
"""
MOST_WINDOWS = 4
"""Windows of one clip that are heard; what lies behind them is not, and the hearing says so."""
_SHORTEST_CUT_SECONDS, _SHORTEST_TAIL_SECONDS = 20, 5
_SHORTEST_SECONDS = 0.1
_SILENCE = 1e-4
_RATES = (1_000, 768_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One clip, ready to be heard."""

    rows: tuple[Waveform, ...]
    """The clip at 16 kHz, each piece with its lead, none longer than the longest window; never empty."""
    leads: tuple[float, ...]
    """Seconds of silence that were put before each row."""
    is_silent: bool
    """True where there is nothing to hear: empty, constant, or under -80 dB throughout."""
    is_cut: bool
    """True where the clip goes on behind its last row."""

    @property
    def window(self) -> int:
        """Seconds of the window its rows are laid in."""
        return window_for(max(row.size for row in self.rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Clips that share one encoder pass."""

    window: int
    """Seconds."""
    clips: tuple[int, ...]
    """Indices into the batch, ascending."""


def prepare(samples: Waveform, sample_rate: int) -> Clip:
    """Resample to 16 kHz and cut, whatever the audio is: never raises.

    Args:
        samples: Audio of any length, NaN and infinities included.
        sample_rate: Its rate in Hz; absurd ones are moved to the nearest sane one.
    """
    rate = min(max(int(sample_rate), _RATES[0]), _RATES[1])
    audio = clean(samples)
    longest = MOST_WINDOWS * WINDOWS[-1] * rate
    is_cut = audio.size > longest
    audio = audio[:longest]
    if audio.size < _SHORTEST_SECONDS * rate or float(np.ptp(audio)) < 2 * _SILENCE:
        return Clip(rows=(np.zeros(SAMPLE_RATE, np.float32),), leads=(0.0,), is_silent=True, is_cut=is_cut)
    if rate != SAMPLE_RATE:
        import soxr  # compiled code: not needed where nothing is heard

        audio = clean(soxr.resample(audio, rate, SAMPLE_RATE))
    cut = _cut(audio)
    rows = tuple(_led(row) for row in cut[:MOST_WINDOWS])
    leads = tuple((led.size - row.size) / SAMPLE_RATE for led, row in zip(rows, cut, strict=False))
    return Clip(rows=rows, leads=leads, is_silent=False, is_cut=is_cut or len(cut) > MOST_WINDOWS)


def window_for(samples: int) -> int:
    """Seconds of the shortest window that holds so many samples at 16 kHz and the margin behind them."""
    seconds = samples / SAMPLE_RATE + MARGIN_SECONDS
    return next((window for window in WINDOWS if seconds <= window), WINDOWS[-1])


def plan(clips: Sequence[Clip], batch: int) -> list[Group]:
    """Group clips by window, at most `batch` rows of 10 s or what costs the same; many rows go alone.

    Grouping bounds memory and time only; no result depends on it.
    """
    alone: list[Group] = []
    shared: defaultdict[int, list[int]] = defaultdict(list)
    for index, clip in enumerate(clips):
        if len(clip.rows) > 1:
            alone.append(Group(window=clip.window, clips=(index,)))
        else:
            shared[clip.window].append(index)
    groups: list[Group] = []
    for window, indices in sorted(shared.items()):
        size = max(1, batch * WINDOWS[0] // window)
        for at in range(0, len(indices), size):
            groups.append(Group(window=window, clips=tuple(indices[at : at + size])))
    return groups + alone


def shares(text: str, transcripts: Sequence[str]) -> list[str]:
    """Split a text over the windows of one clip, by where its words were heard.

    Law: ``" ".join(result).split() == text.split()``, and one window gets the text as it is.
    """
    if len(transcripts) == 1:
        return [text]
    words = text.split()
    heard = [word for transcript in transcripts for word in transcript.split()]
    matcher = difflib.SequenceMatcher(None, heard, words, autojunk=False)
    blocks = matcher.get_matching_blocks()
    result: list[str] = []
    start = position = 0
    for transcript in transcripts[:-1]:
        position += len(transcript.split())
        # The words that were heard before the border and are in the text; what follows them comes after it.
        end = max(
            (block.b + min(block.size, position - block.a) for block in blocks if block.a < position),
            default=0,
        )
        end = max(start, end)
        result.append(" ".join(words[start:end]))
        start = end
    return [*result, " ".join(words[start:])]


def _led(row: Waveform) -> Waveform:
    """The row with silence added so that :data:`LEAD_SECONDS` pass before it is heard; nothing is taken away."""
    loud = np.abs(row) > 0.01 * float(np.abs(row).max())
    missing = round(LEAD_SECONDS * SAMPLE_RATE) - int(loud.argmax())
    return np.concatenate([np.zeros(missing, np.float32), row]) if missing > 0 else row


def _cut(audio: Waveform) -> tuple[Waveform, ...]:
    """Pieces that fit the longest window, each cut at its quietest tenth of a second, without tiny tails."""
    rows: list[Waveform] = []
    longest = round((WINDOWS[-1] - LEAD_SECONDS - MARGIN_SECONDS) * SAMPLE_RATE)
    frame = SAMPLE_RATE // 10
    while audio.size > longest:
        latest = min(longest, audio.size - _SHORTEST_TAIL_SECONDS * SAMPLE_RATE)
        earliest = _SHORTEST_CUT_SECONDS * SAMPLE_RATE
        count = math.floor((latest - earliest) / frame)
        energy = np.square(audio[earliest : earliest + count * frame]).reshape(count, frame).sum(axis=1)
        # The last of the quietest: a clip without any pause is cut as late as it can be.
        quietest = count - 1 - int(energy[::-1].argmin())
        end = earliest + quietest * frame + frame // 2
        rows.append(audio[:end])
        audio = audio[end:]
    return (*rows, audio)
