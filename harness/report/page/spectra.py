"""Mel spectrograms of candidate and golden, and their difference, on one axis and one scale.

The axis is the place in the phrase: both recordings are laid over each other (:mod:`harness.report.page.alignment`), so
that a word which one of them lacks is a gap in its row and nothing behind it is out of step. Pictures explain a
finding; no verdict depends on them. Owns pixels, knows no markup.

Source of the mel scale: O'Shaughnessy (1987), *Speech Communication*, p. 150.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.report.page.alignment import align
from harness.report.page.png import data_uri, indexed_png
from harness.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.core.types import WordSpan
    from harness.report.page.png import Colour
    from harness.report.page.sound import Sound

    Mel = NDArray[np.float32]  # dB, shape [frames, BANDS]
    Frames = NDArray[np.int64]

BANDS: Final = 56
TOP_HZ: Final = 7_600.0
"""Upper end of the picture: what the golden's Opus and any voice of 16 kHz and more have."""
HOP_SECONDS: Final = 0.0125
WINDOW_SECONDS: Final = 0.032
MOST_FRAMES: Final = 320
"""Of each recording; longer ones have longer steps."""
RANGE_DB: Final = 60.0
"""Shown below the louder recording's peak."""
LEVELS: Final = 15
DIFFERENCE_DB: Final = 30.0
"""Difference that has the full colour."""
GAP_SECONDS: Final = 0.09
"""Time that one recording must take, while the other stands still, for that to be a gap."""
GAP_RISE_DB: Final = 20.0
"""How far above the floor that time must be: a longer pause is no missing word."""
COARSE: Final = 4
"""Frames of the control that are one for the player."""
CHARACTERS: Final = 150
"""What fits along the axis: a word that takes more than its share has no label."""
SAMPLES: Final = 96
"""Points of the curve from place to time that the player reads."""

INK: Final = (24, 34, 58)
MORE: Final = (190, 30, 20)
LESS: Final = (20, 80, 170)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Part of the axis, in columns."""

    start: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The three rows and what is marked in them."""

    columns: int
    """Width of the axis."""
    candidate: str
    """PNG as a data URI; so are the next two."""
    golden: str
    difference: str
    span: Stretch | None
    """Where the finding says that something is wrong."""
    missing: tuple[Stretch, ...]
    """Where the golden speaks on and the candidate has nothing."""
    added: tuple[Stretch, ...]
    """Where the candidate speaks on and the golden has nothing."""
    words: tuple[tuple[float, str], ...]
    """Column of the middle, and text, of the golden's words, as far as there is room for them."""
    ticks: tuple[tuple[float, str], ...]
    """Column and label of the candidate's seconds."""
    times: tuple[tuple[float, ...], ...]
    """Seconds in candidate, golden and control (where there is one), at evenly spaced places of the axis."""

    @property
    def size(self) -> int:
        """Characters of its data URIs."""
        return len(self.candidate) + len(self.golden) + len(self.difference)


def picture(
    candidate: Sound,
    golden: Sound,
    control: Sound | None = None,
    *,
    span: tuple[float, float] | None = None,
    words: Sequence[WordSpan] = (),
) -> Picture:
    """Both recordings side by side.

    Args:
        candidate: The rendering that the finding is about.
        golden: A typical repeat of the golden.
        control: The candidate on the benign twin: laid over the candidate too, so that a player can follow.
        span: First and last second in the candidate of what was found, or None.
        words: When the golden's words are spoken. Repeats differ by hundredths of a second: near enough for a label.
    """
    hop = max(HOP_SECONDS, candidate.seconds / MOST_FRAMES, golden.seconds / MOST_FRAMES)
    ours, theirs = mel_decibels(candidate, hop), mel_decibels(golden, hop)
    top = max(float(ours.max()), float(theirs.max()))
    ours, theirs = (np.maximum(one - top + RANGE_DB, 0.0) for one in (ours, theirs))  # 0..RANGE_DB
    a, b = align(ours, theirs)
    missing, added = _stalls(a, theirs[b], hop), _stalls(b, ours[a], hop)
    upper, lower = ours[a], theirs[b]
    upper[missing], lower[added] = 0.0, 0.0
    difference = _smooth(upper - lower)
    times = [_times(a, hop, candidate.seconds), _times(b, hop, golden.seconds)]
    if control is not None:
        times.append(_times(_follow(a, ours, control, hop), hop, control.seconds))
    return Picture(
        columns=len(a),
        candidate=_row(_levels(upper), INK, missing),
        golden=_row(_levels(lower), INK, added),
        difference=_difference_row(difference),
        span=_span(a, span, hop) if span else None,
        missing=_stretches(missing),
        added=_stretches(added),
        words=_words(b, words, hop),
        ticks=_ticks(a, hop, candidate.seconds),
        times=tuple(times),
    )


def mel_decibels(sound: Sound, hop_seconds: float) -> Mel:
    """Power in mel bands, dB re full scale, at least one frame.

    Args:
        sound: Any recording.
        hop_seconds: Between frames.
    """
    window = max(16, round(sound.rate * WINDOW_SECONDS))
    hop = max(1, round(sound.rate * hop_seconds))
    frames = max(1, round(len(sound.samples) / hop))
    padded = np.zeros(frames * hop + window, np.float32)
    start = (window - hop) // 2 if window > hop else 0  # each frame is centred on its own stretch of time
    kept = sound.samples[: len(padded) - start]
    padded[start : start + len(kept)] = kept
    cut = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:frames]
    size = 1 << (window - 1).bit_length()
    power = np.abs(np.fft.rfft(cut * np.hanning(window).astype(np.float32), size)) ** 2 / window
    mel: Mel = (10 * np.log10(power @ _filters(sound.rate, size) + 1e-9)).astype(np.float32)
    return mel


@lru_cache(maxsize=8)
def _filters(rate: int, size: int) -> NDArray[np.float32]:
    """Triangles that share their feet, of height 1, shape [bins, BANDS]; at least one bin for each band."""
    edges = np.linspace(0.0, 2595 * np.log10(1 + min(TOP_HZ, rate / 2) / 700), BANDS + 2)
    hertz = 700 * (10 ** (edges / 2595) - 1)
    bins = np.fft.rfftfreq(size, 1 / rate)[:, None]
    width = rate / size
    up = (bins - hertz[:-2]) / np.maximum(hertz[1:-1] - hertz[:-2], width)
    down = (hertz[2:] - bins) / np.maximum(hertz[2:] - hertz[1:-1], width)
    return np.clip(np.minimum(up, down), 0.0, 1.0).astype(np.float32)


def _stalls(still: Frames, other: Mel, hop: float) -> NDArray[np.bool_]:
    """Columns in which one side stands still for long while the other speaks on."""
    found = np.zeros(len(still), bool)
    edges = np.flatnonzero(np.diff(still)) + 1
    for start, stop in zip(np.r_[0, edges], np.r_[edges, len(still)], strict=True):
        # The first column of a run is a frame that both sides have.
        run = other[start + 1 : stop]
        if len(run) * hop >= GAP_SECONDS and np.quantile(run, 0.9, axis=1).mean() >= GAP_RISE_DB:
            found[start + 1 : stop] = True
    return found


def _stretches(columns: NDArray[np.bool_]) -> tuple[Stretch, ...]:
    edges = np.flatnonzero(np.diff(np.r_[False, columns, False].astype(np.int8)))
    return tuple(
        Stretch(start=float(start), width=float(stop - start))
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    )


def _smooth(picture: Mel) -> Mel:
    """Mean over 3 x 3 pixels: two honest repeats differ from pixel to pixel."""
    padded = np.pad(picture, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    smooth: Mel = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
    return smooth


def _levels(mel: Mel) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.clip(np.rint(mel / RANGE_DB * (LEVELS - 1)), 0, LEVELS - 1).astype(np.uint8)
    return levels


def _row(levels: NDArray[np.uint8], ink: tuple[int, int, int], gap: NDArray[np.bool_]) -> str:
    """Louder is darker; a gap is the paper itself."""
    shown = levels.copy()
    shown[gap] = 0
    palette: list[Colour] = [(*ink, round(255 * (level / (LEVELS - 1)) ** 1.15)) for level in range(LEVELS)]
    return data_uri(indexed_png(shown.T[::-1], palette))


def _difference_row(difference: Mel) -> str:
    """Red where the candidate has more, blue where it has less."""
    half = LEVELS // 2
    steps = np.clip(np.rint(difference / DIFFERENCE_DB * half), -half, half).astype(np.int8) + half
    # The innermost steps have no colour: two honest repeats differ by as much.
    palette: list[Colour] = [
        (*(MORE if level > half else LESS), round(255 * max(0.0, (abs(level - half) - 1) / (half - 1))))
        for level in range(LEVELS)
    ]
    return data_uri(indexed_png(steps.astype(np.uint8).T[::-1], palette))


def _span(a: Frames, span: tuple[float, float], hop: float) -> Stretch | None:
    """The columns of these seconds, at least one frame wide."""
    if not all(np.isfinite(span)) or span[1] < span[0]:
        return None
    first, last = (min(max(0, int(second / hop)), int(a[-1])) for second in span)
    start, stop = np.searchsorted(a, first, "left"), np.searchsorted(a, last, "right")
    return Stretch(start=float(start), width=max(1.0, float(stop - start)))


def _words(b: Frames, words: Sequence[WordSpan], hop: float) -> tuple[tuple[float, str], ...]:
    placed = []
    for word in words:
        text = one_line(word.word)
        if not (text and math.isfinite(word.start) and math.isfinite(word.end)):
            continue
        start, stop = np.searchsorted(b, [int(word.start / hop), int(word.end / hop)], "left")
        if (stop - start) / len(b) * CHARACTERS >= len(text):
            placed.append((round(float(start + stop) / 2, 1), text))
    return tuple(placed)


def _ticks(a: Frames, hop: float, seconds: float) -> tuple[tuple[float, str], ...]:
    step = next((step for step in (0.5, 1.0, 2.0, 5.0) if seconds / step <= 10), 10.0)
    marks = np.arange(0.0, seconds, step)
    return tuple((float(np.searchsorted(a, int(mark / hop), "left")), f"{mark:g}") for mark in marks)


def _times(path: Frames, hop: float, seconds: float) -> tuple[float, ...]:
    """Seconds at evenly spaced places of the axis, from the beginning to the end of the recording."""
    places = np.linspace(0, len(path) - 1, SAMPLES)
    at = np.minimum(np.interp(places, np.arange(len(path)), path * hop), seconds)
    at[-1] = seconds
    return tuple(round(float(second), 3) for second in at)


def _follow(a: Frames, ours: Mel, control: Sound, hop: float) -> Frames:
    """Frames of the control along the axis: laid over the candidate coarsely, for a player needs no more."""
    hop = max(hop, control.seconds / MOST_FRAMES)
    theirs = mel_decibels(control, COARSE * hop)
    theirs = np.maximum(theirs - float(theirs.max()) + RANGE_DB, 0.0)
    mine, its = align(ours[::COARSE], theirs)
    frames: Frames = np.rint(np.interp(a, mine * COARSE, its * COARSE)).astype(np.int64)
    return frames
