"""Strip plots: a statistic's golden repeats as dots, the candidate's takes as other dots, on one scale.

Owns geometry only. A plot never shows a dot that the observation's own mean does not bear out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.report.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.core.types import GoldenRecord, Observation, Take

WIDTH: Final = 320.0
MARGIN: Final = 8.0
SHOWN_PER_SIDE: Final = 40
"""Dots of one colour; more would only darken the page."""


def _forced_mean(take: Take) -> float:
    forced = take.hearing.forced
    return forced.mean if forced and forced.logprobs else math.nan


def _forced_worst(take: Take) -> float:
    forced = take.hearing.forced
    return forced.worst if forced and forced.logprobs else math.nan


def _log_seconds(take: Take) -> float:
    heard = take.acoustics
    return math.log(max(0.01, heard.seconds - heard.leading_silence - heard.trailing_silence))


def _longest_silence(take: Take) -> float:
    heard = take.acoustics
    return max(heard.leading_silence, heard.longest_silence, heard.trailing_silence)


def _log_f0(take: Take) -> float:
    return math.log(take.acoustics.f0_hz) if take.acoustics.f0_hz > 0 else math.nan


STATISTICS: Final[Mapping[str, Callable[[Take], float]]] = {
    "forced-mean": _forced_mean,
    "forced-worst": _forced_worst,
    "log-seconds": _log_seconds,
    "longest-silence": _longest_silence,
    "level-db": lambda take: take.acoustics.level_db,
    "log-f0": _log_f0,
}
"""How the detectors read a statistic from one take, where the other takes have no say in it.

A report may not import detectors. Should the two ever differ, then the plot falls back to the mean, see
:func:`_behind`; so it does for statistics that are not listed.
"""


NAMES: Final = {
    "transcript-distance": "words off the golden transcripts",
    "forced-mean": "support for the golden's words",
    "forced-worst": "support in its worst place",
    "echo-mean": "distance of the sounds",
    "echo-worst": "distance of the sounds, worst place",
    "no-speech": "probability of no speech",
    "language-logprob": "log-probability of the language",
    "log-seconds": "length of the speech, log",
    "longest-silence": "longest silence, s",
    "level-db": "level, dB",
    "log-f0": "pitch, log",
    "timbre-db": "distance in timbre, dB",
}
"""Statistics in words; the support is a log-likelihood per token."""


def statistic_name(statistic: str) -> str:
    """A statistic in words, or its own name where nobody put it in words."""
    return NAMES.get(statistic) or one_line(statistic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One plot in units of its own view box, :data:`WIDTH` wide."""

    golden: tuple[float, ...]
    """x of the golden repeats."""
    candidate: tuple[float, ...]
    """x of the candidate's takes, or of their mean where takes are not known."""
    band: tuple[float, float]
    """Left end and width of golden mean +- 2 spreads."""
    mean: float
    """x of the golden mean."""
    low: str
    """Value at the left end."""
    high: str
    """Value at the right end."""
    is_mean: bool
    """True where the candidate's only dot is a mean."""


def strip(observation: Observation, takes: Sequence[Take], record: GoldenRecord | None) -> Strip | None:
    """The plot of one observation; None where its numbers are not finite."""
    centre, spread = observation.golden_mean, abs(observation.golden_spread)
    if not all(map(math.isfinite, (observation.value, centre, spread))):
        return None
    candidate = _behind(observation, takes)
    golden = _finite(STATISTICS.get(observation.statistic), record.takes if record else ())
    # A golden whose repeats do not average to what the detector compared with was measured in another way.
    if golden and not _near(sum(golden) / len(golden), centre, spread * 1e-3):
        golden = ()
    dots = candidate or (observation.value,)
    everything = (*golden, *dots, centre - 2 * spread, centre + 2 * spread)
    low, high = min(everything), max(everything)
    reach = (high - low) or max(abs(high), 1e-9)

    def x(value: float) -> float:
        return round(MARGIN + (value - low) / reach * (WIDTH - 2 * MARGIN), 1)

    return Strip(
        golden=tuple(map(x, golden[:SHOWN_PER_SIDE])),
        candidate=tuple(map(x, dots[:SHOWN_PER_SIDE])),
        band=(x(centre - 2 * spread), round(x(centre + 2 * spread) - x(centre - 2 * spread), 1)),
        mean=x(centre),
        low=number(low),
        high=number(high),
        is_mean=not candidate,
    )


def number(value: float) -> str:
    """Three significant digits, a true minus sign, never an exponent for everyday sizes."""
    if not math.isfinite(value):
        return "no number"
    size = abs(value)
    if size and not 1e-3 <= size < 1e5:
        text = f"{size:.1e}"
    else:
        digits = 2 if size < 1e-3 else max(0, 2 - math.floor(math.log10(size)))
        text = f"{size:.{min(digits, 3)}f}"
    return f"−{text}" if value < 0 and text.strip("0.") else text


def spreads(effect: float) -> str:
    """A signed number of golden spreads, one decimal."""
    if not math.isfinite(effect):
        return "no number"
    return f"{effect:+.1f}".replace("-", "−")


def _behind(observation: Observation, takes: Sequence[Take]) -> tuple[float, ...]:
    """Values of the takes that `observation` is the mean of: all of them, the last few, or the first few."""
    values = _finite(STATISTICS.get(observation.statistic), takes)
    count = observation.takes
    for part in (values, values[-count:], values[:count]):
        if len(part) == count and part and _near(sum(part) / count, observation.value, 0.0):
            return part
    return ()


def _finite(read: Callable[[Take], float] | None, takes: Sequence[Take]) -> tuple[float, ...]:
    return tuple(value for value in map(read, takes) if math.isfinite(value)) if read else ()


def _near(one: float, other: float, tolerance: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-4, abs_tol=max(tolerance, 1e-6))
