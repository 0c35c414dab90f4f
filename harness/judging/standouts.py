"""What stands out of a suite that moved as a whole: what a voice that differs everywhere does to one word. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.core import stats
from harness.core.distinct import is_one_take
from harness.core.screening import Screening
from harness.judging.detectors import DETECTORS
from harness.judging.judge import Judge, are_of_whisper_alone, count_tests
from harness.judging.suite_shift import MIN_PROBES, Judged, suite_shifts

MOST = 8
"""Probes that are told, and looked at again though enough have failed."""
MATTERS = {statistic.name: statistic.matters for detector in DETECTORS for statistic in detector.statistics}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandOut:
    """A probe, by the statistic in which it lies furthest beyond what all probes have in common."""

    probe_id: str
    statistic: str
    difference: float
    """To its golden, beyond the common one, in the statistic's unit."""
    score: float
    """The same in standard deviations: of what first takes scatter by, and of how far the suite's probes lie apart."""

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.probe_id} ({self.statistic} {self.difference:+.3g}, {self.score:.1f} deviations)"


def standing_out(judge: Judge, judged: Sequence[Judged], screening: Screening) -> list[StandOut]:
    """Probes that lie beyond the suite in something audible, the furthest first; first takes only, so no evidence yet.

    Args:
        judge: Calibrated on the golden of these probes.
        judged: First takes of all probes of one speaker.
        screening: How many tests there are and at what alpha: one of as many honest probes comes as far by chance.

    Returns:
        At most :data:`MOST`; none of fewer probes than a common shift can be told from.
    """
    usable = [one for one in judged if not is_one_take(one.golden.takes)]
    if len(usable) < MIN_PROBES:
        return []
    shifts = suite_shifts(judge, usable)
    reach = stats.gaussian_quantile(1 - screening.alpha / count_tests(screening.suite_probes))
    found = []
    for one in usable:
        beyond = [
            StandOut(
                probe_id=one.golden.probe_id,
                statistic=name,
                difference=difference - shifts[name].median,
                score=abs(difference - shifts[name].median) / math.hypot(error, shifts[name].spread),
            )
            for name, (difference, error) in judge.differences(one.golden, one.takes).items()
            if name in shifts
        ]
        audible = [each for each in beyond if abs(each.difference) >= MATTERS[each.statistic] and each.score > reach]
        if not are_of_whisper_alone(each.statistic for each in audible):
            found.append(max(audible, key=lambda each: each.score))
    return sorted(found, key=lambda each: -each.score)[:MOST]
