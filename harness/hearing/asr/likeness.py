"""How alike two clips sound to Whisper's encoder: time warping over small prints of its output.

What the decoder repairs on its way to words ("United Steaks" becomes "United States") is still different in what the
encoder heard. A *print* is that output, projected on a few axes and rounded to bytes, so that a golden can keep one
of every take. Two prints are aligned by dynamic time warping (Sakoe & Chiba 1978, IEEE TASSP 26:43); what is left is
their distance, and where along the way it is largest says which part of the phrase is another.

Numpy only; knows neither torch nor any model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.core.types import Echo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Features = NDArray[np.float32]  # encoder output, shape [frames, state]
    Print = NDArray[np.int8]  # shape [frames, axes]

AXES = 32
"""Dimensions of a print."""
STRIDE = 2
"""Encoder frames (20 ms each) that are averaged into one of a print."""
FRAME_SECONDS = 0.02 * STRIDE
MOST_FRAMES = 3_000
"""Frames of a print that are aligned: two minutes. Crafted audio cannot buy more time than that."""
_ALIGNING_AXES = 48
"""Principal axes by which repeats are aligned before the noise is known."""
_NOISE_RIDGE, _TOTAL_RIDGE = 0.1, 1e-6
"""Shares of the variance that are added to the noise's covariance, which few repeats leave near-singular."""
WINDOW_FRAMES = 6
"""Steps of an alignment over which the worst place is sought: a short word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The axes that prints are projected on, see :func:`fit_basis`."""

    mean: NDArray[np.float32]
    """Shape [state]."""
    axes: NDArray[np.float32]
    """Shape [state, axes]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One clip aligned with one reference clip."""

    mean: float
    """Mean distance of aligned frames: 0 for the same print, 1 for unrelated ones."""
    worst: float
    """Largest mean over :data:`WINDOW_FRAMES` steps of the alignment."""
    at: float
    """Seconds into the clip of the middle of that place."""
    reference_at: float
    """The same place in the reference, seconds."""


def fit_basis(phrases: Sequence[Sequence[Features]]) -> Basis:
    """Axes along which phonemes differ most, measured in what repeats of the same phrase differ by.

    Fisher's linear discriminants, a class being a moment of a phrase: repeats are aligned, the covariance of what still
    differs between them is the noise that is divided out (within-class covariance normalisation, Hatch et al. 2006,
    Interspeech). Principal axes without that find a word that a language model would repair in far fewer cases.

    Args:
        phrases: Repeats of each phrase, at least one of one; more phrases make the axes serve all phonemes.
    """
    halves = [[_strided(one).astype(np.float64) for one in repeats] for repeats in phrases]
    frames = np.concatenate([one for repeats in halves for one in repeats])
    mean = frames.mean(axis=0)
    state = frames.shape[1]
    total = np.cov((frames - mean).T, bias=True)
    plain = Basis(mean=mean.astype(np.float32), axes=_leading(total, _ALIGNING_AXES).astype(np.float32))
    noise = np.zeros((state, state))
    count = 0
    for repeats in halves:
        prints = [_rounded((one - mean) @ plain.axes) for one in repeats]
        for place in range(len(repeats) - 1):
            ((_, (rows, columns)),) = _aligned(prints[place][:MOST_FRAMES], [prints[place + 1][:MOST_FRAMES]])
            apart = repeats[place][rows] - repeats[place + 1][columns]
            noise += apart.T @ apart
            count += len(apart)
    noise /= max(1, 2 * count)
    ridge = _NOISE_RIDGE * np.trace(noise) + _TOTAL_RIDGE * np.trace(total) + 1e-12
    whitener = np.linalg.cholesky(np.linalg.inv(noise + ridge / state * np.eye(state)))
    axes = whitener @ _leading(whitener.T @ total @ whitener, AXES)
    return Basis(mean=mean.astype(np.float32), axes=axes.astype(np.float32))


def _leading(covariance: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Eigenvectors of the largest eigenvalues, as columns. Their sign is an accident: the largest entry is positive."""
    values, vectors = np.linalg.eigh(covariance)
    leading = vectors[:, np.argsort(values)[::-1][:count]]
    largest = leading[np.abs(leading).argmax(axis=0), np.arange(leading.shape[1])]
    return np.asarray(leading * np.sign(largest))


def print_of(features: Features, basis: Basis) -> Print:
    """Average over :data:`STRIDE` frames, project, scale each frame to unit length and round to bytes."""
    return _rounded((_strided(features) - basis.mean) @ basis.axes)


def _strided(features: Features) -> Features:
    whole = len(features) // STRIDE * STRIDE
    if not whole:
        return features.astype(np.float32)
    return np.asarray(features[:whole].astype(np.float32).reshape(-1, STRIDE, features.shape[1]).mean(axis=1))


def _rounded(projected: NDArray[np.floating]) -> Print:
    lengths = np.linalg.norm(projected, axis=1, keepdims=True)
    return np.asarray(np.round(127 * projected / np.maximum(lengths, 1e-9)), np.int8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """Prints of the golden takes of one phrase. Implements :class:`harness.core.transcriber.Echoing`."""

    basis: Basis
    takes: tuple[tuple[int, Print], ...]
    """Seed of each golden take, and its print."""
    digest: str

    def echoes(self, features: Features) -> tuple[Echo, ...]:
        """Compare a clip with each golden take.

        Args:
            features: What the encoder heard in the clip, shape [frames, state].
        """
        return echoes_of(print_of(features, self.basis), self.takes)


def echoes_of(clip: Print, takes: Sequence[tuple[int, Print]]) -> tuple[Echo, ...]:
    """Compare a print with those of some takes, each named by its seed."""
    matches = compare(clip, [one for _, one in takes])
    return tuple(
        Echo(
            seed=seed,
            mean=round(match.mean, 4),
            worst=round(match.worst, 4),
            at=round(match.at, 2),
            golden_at=round(match.reference_at, 2),
        )
        for (seed, _), match in zip(takes, matches, strict=True)
    )


def compare(clip: Print, references: Sequence[Print]) -> list[Match]:
    """Align a clip with each of several reference clips of the same phrase.

    Args:
        clip: Shape [frames, axes].
        references: Each of any length.
    """
    if not len(clip):
        clip = np.zeros((1, clip.shape[1] if clip.ndim == 2 else AXES), np.int8)
    clip = clip[:MOST_FRAMES]
    known = [one[:MOST_FRAMES] if len(one) else np.zeros((1, clip.shape[1]), np.int8) for one in references]
    return [_match(costs, path) for costs, path in _aligned(clip, known)]


def first_columns(costs: NDArray[np.float32]) -> list[int]:
    """Lead a path through a matrix at the least total cost and say at which column it enters each row.

    Args:
        costs: Shape [rows, columns]; the path goes from the first corner to the last, never back.
    """
    rows, columns = _path(_steps(costs[None], diagonal_weight=1)[0], len(costs) - 1, costs.shape[1] - 1)
    return [int(columns[np.searchsorted(rows, row)]) for row in range(len(costs))]


def _aligned(
    clip: Print, references: Sequence[Print]
) -> list[tuple[NDArray[np.float32], tuple[NDArray[np.int64], NDArray[np.int64]]]]:
    """Frame costs and the cheapest path for each reference."""
    columns = max(map(len, references), default=0)
    costs = np.full((len(references), len(clip), columns), 2.0, np.float32)
    unit = _unit(clip)
    for place, one in enumerate(references):
        costs[place, :, : len(one)] = np.maximum(0.0, 1 - unit @ _unit(one).T)
    steps = _steps(costs, diagonal_weight=2)
    return [
        (costs[place, :, : len(one)], _path(steps[place], len(clip) - 1, len(one) - 1))
        for place, one in enumerate(references)
    ]


def _unit(one: Print) -> NDArray[np.float32]:
    return np.asarray(one.astype(np.float32) / np.float32(127), np.float32)


def _steps(costs: NDArray[np.float32], *, diagonal_weight: int) -> NDArray[np.int8]:
    """The best last step to each cell (0 diagonal, 1 down, 2 right) of several matrices, by anti-diagonals.

    With a weight of 2 for the diagonal no path is favoured for its length (Sakoe & Chiba's symmetric form).
    """
    count, rows, columns = costs.shape
    flat, steps = costs.reshape(count, -1), np.zeros((count, rows * columns), np.int8)
    stride = max(1, columns - 1)  # from a cell to the next one of its anti-diagonal
    border = np.full((count, rows + 1), np.inf, np.float32)  # its first column stands for what lies before row 0
    before, last = border, border
    for diagonal in range(rows + columns - 1):
        top, end = max(0, diagonal - columns + 1), min(rows, diagonal + 1)
        first = diagonal + top * (columns - 1)
        cells = slice(first, first + (end - top - 1) * stride + 1, stride)
        cost = best = flat[:, cells]
        if diagonal:
            across = before[:, top:end] + diagonal_weight * cost
            down, right = last[:, top:end] + cost, last[:, top + 1 : end + 1] + cost
            straight = np.minimum(down, right)
            best = np.minimum(across, straight)
            steps[:, cells] = np.where(across <= straight, 0, np.where(down <= right, 1, 2))
        before, last = last, border.copy()
        last[:, top + 1 : end + 1] = best
    return steps.reshape(costs.shape)


def _path(steps: NDArray[np.int8], i: int, j: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns from the first corner to (i, j), along the steps that were best."""
    rows, columns = [i], [j]
    while i or j:
        step = 2 if i == 0 else 1 if j == 0 else int(steps[i, j])
        i -= step != 2
        j -= step != 1
        rows.append(i)
        columns.append(j)
    return np.array(rows[::-1]), np.array(columns[::-1])


def _match(costs: NDArray[np.float32], path: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Match:
    along = costs[path].astype(np.float64)
    width = min(WINDOW_FRAMES, len(along))
    means = np.convolve(along, np.full(width, 1 / width), mode="valid")
    start = int(means.argmax())
    middle = start + width // 2
    return Match(
        mean=float(along.mean()),
        worst=float(means[start]),
        at=float(path[0][middle] * FRAME_SECONDS),
        reference_at=float(path[1][middle] * FRAME_SECONDS),
    )
