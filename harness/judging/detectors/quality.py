"""How good it sounds to listeners, as a network that was trained on their opinions estimates it."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.findings import Finding
from harness.core.rules import Rule
from harness.core.types import GoldenRecord, Observation, Probe, Severity, Take
from harness.judging.detectors.base import LISTEN, RECORD, Statistic, one_each, reading, rules_of

OPINION_POINTS = 0.2
"""Of a five-point scale: about the 95 % interval of a test with a hundred votes per condition (ITU-T P.808)."""

_UNITS = {"opinion": "estimated opinion score"}
WORSE = Rule(
    id="quality.worse",
    severity=Severity.MEDIUM,
    title="Listeners would like the sound less",
    meaning="The estimated mean opinion score is lower than the golden's repeats have.",
    advice=f"{LISTEN} {RECORD}",
)

_WORDS = {("opinion", False): (WORSE, "sounds worse than the reference: noisy, distorted or band-limited")}


class QualityDetector:
    """Any damage to the sound that listeners would mark down, also of a kind that no other statistic knows."""

    name = "quality"
    statistics = (
        Statistic(
            name="opinion",
            sides=("less",),
            floor=0.03,
            measure=reading(lambda heard: heard.opinion),
            matters=OPINION_POINTS,
        ),
    )
    rules = rules_of(_WORDS)
    misses = "Reverberation and echoes, to which the estimate is deaf; damage to one word of a long phrase."
    source = (
        "DNSMOS P.808 (Reddy et al. 2021, arXiv 2010.15258) with the network of speechmos 0.0.1.1 (MIT); ITU-T P.808."
    )

    def findings(
        self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take], confirmed: Sequence[Observation]
    ) -> tuple[Finding, ...]:
        """One finding."""
        del golden
        return one_each(probe, takes, confirmed, words=_WORDS, units=_UNITS)
