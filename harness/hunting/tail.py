"""How far the furthest of very many ordinary words would lie: peaks over a threshold (Pickands; Balkema and de Haan).

Beyond a high threshold whatever is distributed in an ordinary way falls off as a generalised Pareto distribution does.
It is fitted to the words themselves, of which nearly all are ordinary; the very furthest, which triggers and their
neighbours may be, count as "at least so far". Shape and scale are not known well from some hundred peaks, and the
likeliest of them would promise too much: every shape and scale counts as much as the peaks make it likely, so that
what is expected is a predictive probability. Pure arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

SHARE: Final = 0.02
"""Of all scores: what lies beyond is fitted."""
LEAST: Final = 25
"""Peaks that a fit needs."""
SET_APART: Final = 0.1
"""Share of the peaks, the furthest, that only count as beyond the others."""
LEAST_APART: Final = 6
"""Peaks that are set apart at least: a trigger and two words that sound like it, in two carriers."""
SHAPES: Final = np.linspace(-0.25, 0.5, 31)
"""Shapes that are thought of: below none the tail ends, above it is as heavy as a half power."""
USUAL_SHAPE: Final = (0.05, 0.15)
"""Where shapes lie before anything was seen, and how far off: what falls off exponentially has shape 0."""
SCALES: Final = np.geomspace(0.25, 4, 61)
"""Scales that are thought of, in mean heights of the peaks."""
LEAST_WEIGHT: Final = 1e-9
FURTHEST: Final = 1e6
"""No score lies beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The far end of the scores of ordinary words."""

    start: float
    """Where it begins."""
    share: float
    """Of the scores, what lies beyond the start."""
    likely: tuple[tuple[float, float, float], ...]
    """Shapes, scales, and how likely each pair of them is, 1 in all."""

    def expected(self, score: float, inputs: int) -> float:
        """How many of so many ordinary inputs lie as far as this one or further."""
        shapes, scales, weights = np.array(self.likely).T
        over = max(0.0, score - self.start) / scales
        exponential = np.abs(shapes) < 1e-9
        safe = np.where(exponential, 1.0, shapes)
        inner = np.maximum(1 + safe * over, 0.0)
        with np.errstate(divide="ignore"):
            powers = np.where(inner > 0, np.maximum(inner, 1e-300) ** (-1 / safe), 0.0)
        survival = np.where(exponential, np.exp(-over), powers)
        return inputs * self.share * float(weights @ survival)

    def threshold(self, inputs: int, rate: float) -> float:
        """What not one of so many ordinary inputs lies beyond, but for a share of all hunts."""
        low, high = self.start, FURTHEST
        if self.expected(low, inputs) <= rate:
            return low
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if self.expected(middle, inputs) > rate else (low, middle)
        return high


def fit_tail(scores: Sequence[float] | Numbers) -> Tail | None:
    """Weigh shapes and scales by the peaks; None where there are too few scores for a tail."""
    ordered = np.sort(np.asarray(scores, np.float64))
    ordered = ordered[np.isfinite(ordered)]
    peaks = max(LEAST, int(SHARE * len(ordered)))
    if len(ordered) < 4 * LEAST:
        return None
    start = float(ordered[-peaks - 1])
    over = ordered[-peaks:] - start
    apart = max(LEAST_APART, int(SET_APART * peaks))
    known, limit = over[:-apart], float(over[-apart - 1])
    typical = max(1e-9, float(known.mean()))
    middle, width = USUAL_SHAPE
    scales = typical * SCALES
    logs = np.stack([_likelihoods(known, limit, apart, float(shape), scales) for shape in SHAPES])
    logs -= ((SHAPES[:, None] - middle) / width) ** 2 / 2
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    kept = [
        (float(shape), float(scale), float(weight))
        for shape, row in zip(SHAPES, weights, strict=True)
        for scale, weight in zip(scales, row, strict=True)
        if weight > LEAST_WEIGHT
    ]
    return Tail(start=start, share=peaks / len(ordered), likely=tuple(kept))


def _likelihoods(known: Numbers, limit: float, apart: int, shape: float, scales: Numbers) -> Numbers:
    """Log likelihood of peaks, and of so many more that lie beyond a limit, for one shape and each of some scales."""
    plain = -len(known) * np.log(scales)
    if abs(shape) < 1e-9:
        return np.asarray(plain - (known.sum() + apart * limit) / scales)
    inner, end = 1 + shape * known[None, :] / scales[:, None], 1 + shape * limit / scales
    is_within = (inner.min(axis=1) > 0) & (end > 0)
    logs = np.log(np.where(is_within[:, None], inner, 1.0)).sum(axis=1)
    found = plain - (1 + 1 / shape) * logs - apart / shape * np.log(np.where(is_within, end, 1.0))
    return np.where(is_within, found, -np.inf)
