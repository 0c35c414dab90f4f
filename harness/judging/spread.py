"""What is known of one statistic over a whole golden: how far honest takes scatter, what the screen lets pass. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core import stats
from harness.core.distinct import is_one_take
from harness.core.types import GoldenRecord
from harness.judging.detectors import Statistic

SCREEN_RATE = 0.005
"""Share of honest (probe, statistic) pairs that the screen sends to confirmation: with two dozen statistics one probe
in ten or so, each of which costs four takes or more."""
MIN_GOLDEN_TAKES = 6
MIN_EFFECT = 2.0
"""Spreads below which a difference is too small to matter, however significant."""
OF_ONE_TAKE: Mapping[str, float] = {
    "echo-mean": 0.005,
    "echo-worst": 0.04,
    "mark": 4.0,
    "opinion": 0.12,
    "pace": 0.1,
    "speaker-degrees": 6.5,
}
"""Spreads of what must not matter, where that is more than the statistic's floor: a pause of 80 ms in front and a pace
1 % off move these distances to *one* golden take by up to :func:`noticeable`. Measured on 44 phrases of the demo voice,
26 of them with Whisper tiny.en, and widened last by 12 that overran: no phrase was held out, no other voice was tried.
One lies beyond, whose pause moved where its speech was taken to begin."""


def of_one_take(statistic: Statistic) -> float:
    """Smallest spread of a statistic that means anything where the golden is one take."""
    return max(statistic.floor, OF_ONE_TAKE.get(statistic.name, 0.0))


def noticeable(statistic: Statistic) -> float:
    """Difference to one golden take from which a listener could tell, and which nothing that must not matter makes."""
    return statistic.matters + MIN_EFFECT * of_one_take(statistic)


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
    # Several takes that are one say nothing of how far takes scatter.
    fixed = {record.probe_id for record in records if is_one_take(record.takes)}
    varying = [values for probe_id, values in golden.items() if probe_id not in fixed]
    typical = stats.typical_variance(varying, statistic.floor)
    spread = {probe_id: stats.shrunken_spread(values, typical, statistic.floor) for probe_id, values in golden.items()}
    is_two_sided = len(statistic.sides) == 2

    def oriented(score: float) -> float:
        return abs(score) if is_two_sided else (score if statistic.sides[0] == "greater" else -score)

    def held_out(size: int) -> list[float]:
        return [
            oriented(score)
            for values in varying
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
