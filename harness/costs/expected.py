"""What an order should cost, learnt from the candidate's other orders: processor time by seconds of audio. Pure.

Audio is counted by the harness, so a voice cannot hide work by claiming more frames; and a voice that makes more audio
than it should is the business of the timing detectors. A few orders that cost too much do not move the fit.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.stats import robust_centre
from harness.costs.arithmetic import trend
from harness.speaking.metered import Metered

LEAST = 8
"""Orders from which there is something to learn."""
MOST_FITTED = 80
"""Orders that the slope is fitted to: it is the median of all pairs."""
MOST_REPEATS = 3
"""Orders of the same texts that count: what is metered again and again must not become what is usual."""
FLOOR = 0.05
"""Smallest spread of log cost that means anything."""
SHORTEST = 0.05
"""Seconds of audio: an order that makes less is taken for one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Processor time is `scale` * audio ** `power`, but for a spread."""

    scale: float
    power: float
    spread: float
    """Of the logarithm."""
    orders: int

    def seconds(self, order: Metered) -> float:
        """Processor time that an order with so much audio should take."""
        return math.exp(self.scale + self.power * math.log(max(SHORTEST, order.audio_seconds)))

    def ratio(self, order: Metered) -> float:
        """How many times as much it took."""
        return order.cpu_seconds / self.seconds(order)

    def score(self, order: Metered) -> float:
        """The same in robust standard deviations."""
        return math.log(max(1e-9, self.ratio(order))) / self.spread


def learn(orders: Sequence[Metered]) -> Expected | None:
    """Fit all orders that spoke, but the first of each worker: that one pays for what is made once.

    Returns:
        None where there are fewer than :data:`LEAST`.
    """
    usable = []
    times: Counter[tuple[str, ...]] = Counter()
    for order in orders:
        if order.texts and order.call > 1 and order.cpu_seconds > 0 and times[order.texts] < MOST_REPEATS:
            times[order.texts] += 1
            usable.append(order)
    if len(usable) < LEAST:
        return None
    step = max(1, len(usable) // MOST_FITTED)
    logs = [(math.log(max(SHORTEST, one.audio_seconds)), math.log(one.cpu_seconds)) for one in usable]
    audio, cost = [x for x, _ in logs[::step]], [y for _, y in logs[::step]]
    # Orders that are all alike in length say nothing about the slope: then cost goes with audio.
    power = min(1.5, max(0.3, trend(cost, audio).slope)) if max(audio) - min(audio) > 0.5 else 1.0
    residuals = [y - power * x for x, y in logs]
    middle, spread = robust_centre(residuals)
    return Expected(scale=middle, power=power, spread=max(FLOOR, spread), orders=len(usable))


def unit_seconds(orders: Sequence[Metered]) -> float:
    """Median processor time of a second of audio; 0 where nothing spoke."""
    rates = [one.cpu_seconds / max(SHORTEST, one.audio_seconds) for one in orders if one.texts and one.call > 1]
    return statistics.median(rates) if rates else 0.0
