"""What a detector is: statistics of takes against a golden record, and words for what they mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.core.findings import Evidence, Finding, Measurement
from harness.core.rules import Rule
from harness.core.stats import Side
from harness.core.types import Acoustics, GoldenRecord, Observation, Probe, Severity, Take

LISTEN = "Play the candidate beside the golden in report.html. If the golden is right, do not ship the model."
RECORD = "If the change is meant, record a new golden from the voice that you trust and say why."
"""What many rules advise."""
SPAN_SECONDS = 0.3
"""Length of the place that a finding points to: a short word."""

Measure = Callable[[Sequence[Take], Sequence[Take]], list[float]]
"""(takes to measure, other takes of the reference to hold them against) -> one value per take measured.

NaN says that it was not measured: silence, no prints, or a package that is not installed.
"""

Wording = Mapping[tuple[str, bool], tuple[Rule, str]]
"""(statistic, whether it is higher than the golden's) -> (rule, title)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One number per take, comparable between candidate and golden."""

    name: str
    """Stable, with the unit where there is one: ``log-seconds``."""
    sides: tuple[Side, ...]
    """Directions that are suspicious. Each is a test of its own."""
    floor: float
    """Smallest spread that means anything, in the statistic's unit."""
    measure: Measure
    matters: float
    """Smallest difference of means that a listener could notice, in the statistic's unit. A smaller one is no finding,
    however significant: two honest builds of a voice differ by less."""
    relative: bool = False
    """True where a value depends on the golden takes (a distance to them): a golden take is then measured
    against the other golden takes only, so that golden and candidate values stay exchangeable."""

    def of_candidate(self, takes: Sequence[Take], golden: GoldenRecord) -> list[float]:
        """Values of the candidate's takes."""
        if not self.relative:
            return self.measure(takes, golden.takes)
        # Hold every take against one golden take fewer, as the golden takes are: nearest-of-eight would flatter.
        return self.measure(takes, golden.takes[1:])

    def of_golden(self, golden: GoldenRecord) -> list[float]:
        """Values of the golden's own takes."""
        if not self.relative:
            return self.measure(golden.takes, golden.takes)
        values = []
        for index, take in enumerate(golden.takes):
            values += self.measure([take], [*golden.takes[:index], *golden.takes[index + 1 :]])
        return values


class Detector(Protocol):
    """A family of manipulations. Metadata are class attributes; the docstring's first line is what lists show."""

    @property
    def name(self) -> str:
        """Stable id of the family."""
        ...

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """What it measures."""
        ...

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What its findings can be."""
        ...

    @property
    def misses(self) -> str:
        """What it cannot catch, in one sentence."""
        ...

    @property
    def source(self) -> str:
        """Where its measures and their just-noticeable differences come from."""
        ...

    def findings(
        self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take], confirmed: Sequence[Observation]
    ) -> tuple[Finding, ...]:
        """Put confirmed observations (at least one, all of this detector) into words."""
        ...


def place_of(take: Take, golden: GoldenRecord) -> tuple[tuple[float, float] | None, str]:
    """Where a take sounds least like the golden: seconds in the take, and the golden's word there.

    Returns:
        The span, None where there are no echoes; and the word, ``""`` where none is known.
    """
    if not take.hearing.echoes:
        return None, ""
    spoken = next((one.seed for one in golden.takes if one.hearing.text == golden.transcript), None)
    nearest = min(take.hearing.echoes, key=lambda echo: echo.mean)
    # Word times are those of one take: what was aligned with that one names the word.
    named = next((echo for echo in take.hearing.echoes if echo.seed == spoken), nearest)
    words = [one.word for one in golden.words if one.start <= named.golden_at < one.end]
    span = (round(max(0.0, nearest.at - SPAN_SECONDS / 2), 2), round(nearest.at + SPAN_SECONDS / 2, 2))
    return span, words[0].strip(' .,;:!?"') if words else ""


def reading(read: Callable[[Acoustics], float | None]) -> Measure:
    """A measure that reads one number of each take; NaN where it was not measured."""

    def measure(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
        del golden
        return [math.nan if (value := read(take.acoustics)) is None else value for take in takes]

    return measure


def one_each(
    probe: Probe,
    takes: Sequence[Take],
    confirmed: Sequence[Observation],
    *,
    words: Wording,
    units: Mapping[str, str],
    severity: Severity = Severity.MEDIUM,
) -> tuple[Finding, ...]:
    """One finding per confirmed observation, titled by `words`."""
    found = []
    for observation in confirmed:
        is_higher = observation.effect > 0
        # Ranks decide and means only tell: one odd take can pull the mean to the side that has no words.
        rule, title = words.get((observation.statistic, is_higher)) or words[observation.statistic, not is_higher]
        found.append(
            Finding(
                rule=rule,
                severity=severity,
                subject=probe.id,
                title=title,
                evidence=measured([observation], units),
                audio=tuple(take.audio_sha256 for take in takes[:3]),
            )
        )
    return tuple(found)


def rules_of(words: Wording) -> tuple[Rule, ...]:
    """The rules in `words`, each once, in order."""
    return tuple(dict.fromkeys(rule for rule, _ in words.values()))


def measured(observations: Sequence[Observation], units: Mapping[str, str]) -> Evidence:
    """The numbers behind a finding, strongest first.

    Args:
        observations: What was confirmed.
        units: What each statistic is, in words, with its unit.
    """
    return Evidence(
        measurements=tuple(
            Measurement(
                statistic=one.statistic,
                label=units.get(one.statistic, one.statistic),
                value=one.value,
                other=one.golden_mean,
                spread=one.golden_spread,
                effect=one.effect,
                p_value=one.p_value,
                takes=one.takes,
            )
            for one in sorted(observations, key=lambda one: -abs(one.effect))
        )
    )
