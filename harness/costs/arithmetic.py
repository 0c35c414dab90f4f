"""The arithmetic of cost: paired ratios, trends, exponents, each with an interval and an exact or classic test. Pure.

Clocks of a shared machine are noisy and skewed, so nothing here takes a mean or assumes a distribution: pairs are
compared by the median of their log ratios and the signed ranks of them (Wilcoxon 1945, Biometrics 1:80), trends by
the median of all pairwise slopes (Theil 1950; Sen 1968, J. Am. Stat. Assoc. 63:1379) and by Kendall's S (Mann 1945,
Econometrica 13:245). Equal numbers give equal results: the bootstrap (Efron & Tibshirani 1993) draws from a fixed seed.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

DRAWS = 2_000
"""Of the bootstrap."""
CONFIDENCE = 0.95
LEAST_PAIRS = 8
EXACT_UP_TO = 60
"""Pairs up to which the distribution of the signed ranks is counted out; beyond it is Gaussian to many digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times as much one side costs as the other, from pairs."""

    ratio: float
    """Median over the pairs, 1 for the same cost."""
    low: float
    """Lower end of its bootstrap interval at 95 %."""
    high: float
    p_value: float
    """One-sided, that the first side costs no more: Wilcoxon's signed ranks."""
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How something grows."""

    slope: float
    """Median of the pairwise slopes: y's unit per x's."""
    low: float
    """Lower end of Sen's interval at 95 %."""
    high: float
    p_value: float
    """One-sided, that it does not grow: Mann and Kendall's S."""
    points: int


def paired_ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """Compare costs that were measured side by side.

    Args:
        first: Cost of one side, above 0.
        second: Cost of the other side in the same order.

    Raises:
        ValueError: There are no pairs, or a cost is not above 0.
    """
    if not first or len(first) != len(second) or min(*first, *second) <= 0:
        raise ValueError("expected pairs of costs above 0")
    logs = np.log(np.asarray(first, float)) - np.log(np.asarray(second, float))
    drawn = np.random.default_rng(0).choice(logs, size=(DRAWS, len(logs)))
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(np.median(drawn, axis=1), [tail, 100 - tail])
    return Ratio(
        ratio=math.exp(float(np.median(logs))),
        low=math.exp(float(low)),
        high=math.exp(float(high)),
        p_value=signed_rank([float(value) for value in logs]),
        pairs=len(logs),
    )


def signed_rank(values: Sequence[float]) -> float:
    """One-sided p-value that values are not centred above 0 (Wilcoxon 1945), exact up to 60 values that are not 0.

    Equal magnitudes get mid-ranks and their own permutation distribution; zeros are left out, as Wilcoxon did.
    """
    kept = [value for value in values if value]
    if not kept:
        return 1.0
    magnitudes = sorted(map(abs, kept))
    place = {size: magnitudes.index(size) + 1 for size in set(magnitudes)}
    doubled = {size: 2 * first + magnitudes.count(size) - 1 for size, first in place.items()}
    ranks = [doubled[abs(value)] for value in kept]
    observed = sum(rank for rank, value in zip(ranks, kept, strict=True) if value > 0)
    if len(kept) > EXACT_UP_TO:
        middle, deviation = sum(ranks) / 2, math.sqrt(sum(rank**2 for rank in ranks)) / 2
        return 1.0 - float(statistics.NormalDist().cdf((observed - 1 - middle) / deviation))
    ways = [1] + [0] * sum(ranks)
    for rank in ranks:
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    return float(sum(ways[observed:]) / 2 ** len(kept))


def pairs_needed(level: float) -> int:
    """Pairs from which their signed ranks can be significant, even if the smallest difference goes the other way.

    Args:
        level: Largest p-value that is significant, between 0 and 1.
    """
    return max(LEAST_PAIRS, math.ceil(-math.log2(level)) + 1)


def trend(ys: Sequence[float], xs: Sequence[float] | None = None) -> Trend:
    """How `ys` grow with `xs` (with their order, where there are none): Theil and Sen's slope, Mann and Kendall's test.

    Equal values on either side are allowed for in the variance of S (Kendall 1970, *Rank Correlation Methods*).

    Raises:
        ValueError: There are not two different `xs`.
    """
    places = list(range(len(ys))) if xs is None else list(xs)
    steps = [(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in combinations(zip(places, ys, strict=True), 2)]
    slopes = sorted(rise / run for run, rise in steps if run)
    if not slopes:
        raise ValueError("expected values at two places at least")
    score = sum(_sign(run) * _sign(rise) for run, rise in steps)
    deviation = math.sqrt(max(0.0, _variance_of_score(places, ys)))
    p_value = 1.0
    if deviation:
        p_value = 1 - statistics.NormalDist().cdf((score - _sign(score)) / deviation)
        if len(ys) <= 10 and len({*ys}) == len(ys) == len({*places}):
            p_value = _exact_kendall(len(ys), score)
    reach = statistics.NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * deviation
    below = max(0, math.floor((len(slopes) - reach) / 2))
    above = min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))
    return Trend(
        slope=statistics.median(slopes), low=slopes[below], high=slopes[above], p_value=p_value, points=len(ys)
    )


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> Trend:
    """The power of size with which cost grows: 1 for twice the cost at twice the size, 2 for four times.

    A fixed part of the cost pulls it towards 0, so that it is a lower bound of what long inputs will show.

    Raises:
        ValueError: A value is not above 0, or all sizes are the same.
    """
    if not sizes or min(*sizes, *costs) <= 0:
        raise ValueError("expected sizes and costs above 0")
    return trend([math.log(cost) for cost in costs], [math.log(size) for size in sizes])


def _sign(value: float) -> int:
    return int(value > 0) - int(value < 0)


def _variance_of_score(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Variance of Kendall's S where values may be equal on both sides."""
    count = len(ys)
    ties = [[size for size in Counter(side).values() if size > 1] for side in (xs, ys)]
    total = count * (count - 1) * (2 * count + 5)
    total -= sum(size * (size - 1) * (2 * size + 5) for side in ties for size in side)
    pairs = [sum(size * (size - 1) for size in side) for side in ties]
    triples = [sum(size * (size - 1) * (size - 2) for size in side) for side in ties]
    more = pairs[0] * pairs[1] / (2 * count * (count - 1)) if count > 1 else 0.0
    if count > 2:
        more += triples[0] * triples[1] / (9 * count * (count - 1) * (count - 2))
    return total / 18 + more


def _exact_kendall(count: int, score: int) -> float:
    """Share of all orders of `count` values with a score of at least `score`."""
    ways = [1]  # by the number of inversions
    for size in range(2, count + 1):
        ways = [sum(ways[max(0, at - size + 1) : at + 1]) for at in range(len(ways) + size - 1)]
    most = (count * (count - 1) // 2 - score) // 2
    return sum(ways[: most + 1]) / math.factorial(count)
