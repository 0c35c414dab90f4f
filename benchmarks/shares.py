"""Exact statements about a share that was counted: so many of so many."""

from __future__ import annotations

import math


def interval(found: int, of: int) -> tuple[float, float]:
    """Two-sided 95 % interval of a share (Clopper & Pearson 1934, Biometrika 26:404)."""

    def solved(least: int, goal: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if chance(least, of, middle) < goal else (low, middle)
        return low

    return (0.0 if found == 0 else solved(found, 0.025)), (1.0 if found == of else solved(found + 1, 0.975))


def chance(least: int, of: int, share: float) -> float:
    """Probability of at least `least` among `of` where each comes with probability `share`."""
    return sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(least, of + 1))
