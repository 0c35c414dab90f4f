"""What is known of one statistic over a whole golden: how far honest takes scatter, what the screen lets pass. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.core import stats
from harness.core.types import GoldenRecord
from harness.judging.detectors import Statistic

SCREEN_RATE = 0.005
"""Share of honest (probe, statistic) pairs that the screen sends to confirmation: with two dozen statistics one probe
in ten or so, each of which costs four takes or more."""
MIN_GOLDEN_TAKES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What is known of one statistic over a whole golden."""

    golden: dict[str, list[float]]
    """Golden values by probe id. A probe whose golden was not measured in it is not here."""
    spread: dict[str, float]
    """Shrunken spread by probe id."""
    threshold: float
    """Screen score beyond which a side is suspicious."""
    extreme: float
    """Golden spreads by which the worst of all golden takes lies off the others of its probe."""
    known: int
    """Golden takes behind that."""


def calibrate(statistic: Statistic, records: Sequence[GoldenRecord], takes: int) -> Calibration:
    """Learn from a golden's own repeats, each held against the others of its probe.

    Args:
        statistic: What is measured.
        records: Those with :data:`MIN_GOLDEN_TAKES` takes or more.
        takes: Takes per probe at the screening.
    """
    measured = {record.probe_id: statistic.of_golden(record) for record in records}
    golden = {probe_id: values for probe_id, values in measured.items() if all(map(math.isfinite, values))}
    spreads = stats.shrunken_spreads(list(golden.values()), statistic.floor)
    spread = dict(zip(golden, spreads, strict=True))
    is_two_sided = len(statistic.sides) == 2

    def oriented(score: float) -> float:
        return abs(score) if is_two_sided else (score if statistic.sides[0] == "greater" else -score)

    typical = stats.typical_variance(list(golden.values()), statistic.floor)

    def held_out(size: int) -> list[float]:
        return [
            oriented(score)
            for values in golden.values()
            for score in stats.held_out_scores(values, size, typical=typical, floor=statistic.floor)
        ]

    scores, single = held_out(takes), held_out(1)
    # Few repeats tell nothing about the tail: fall back on a value that a Gaussian exceeds once in 200.
    threshold = max(1.0, stats.quantile(scores, 1 - SCREEN_RATE)) if len(scores) >= 100 else 2.6
    return Calibration(
        golden=golden,
        spread=spread,
        threshold=threshold,
        extreme=max(single, default=0.0),
        known=len(single),
    )
