"""What a run may have missed, family by family: a bound for what it did not see. Pure.

A family is a way of writing phrases, and its probes are taken for a random draw of them. If a share q of the family's
phrases is manipulated, and a manipulated phrase that is spoken is noticed with probability w, then n probes all pass
with probability (1 - q w)^n. The bound is the largest q for which that is still at least 5 %:

    q = (1 - 0.05 ** (1 / n)) / w, at most 1

For w = 1 this is the exact upper limit of Clopper and Pearson (1934), Biometrika 26:404, for no failure among n, and
close to 3 / n ("If nothing goes wrong, is everything all right?", Hanley and Lippman-Hand 1983, JAMA 249:1743).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from harness.core.findings import Outcome
from harness.core.grades import Verdict

CONFIDENCE: Final = 0.95
"""Of the bound: with a larger share manipulated, a run without a failure would happen once in 20 times at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCoverage:
    """What one family of probes says about phrases like its own."""

    family: str
    probes: int
    """Probes that have an outcome."""
    judged: int
    """Of these, how many passed or failed: the others are evidence in neither direction."""
    failed: int
    miss_bound: float | None
    """Largest share of manipulated phrases that this run may have missed, 0..1; None where something failed, for then
    the family was not found clean."""


def family_coverage(outcomes: Iterable[Outcome], *, power: float = 1.0) -> tuple[FamilyCoverage, ...]:
    """Coverage of every family, in the order of their first probe; checks of the whole model have none.

    Args:
        outcomes: Of one run.
        power: Probability that a manipulated phrase is noticed when it is spoken, 0 < power <= 1. The default takes
            every spoken manipulation for noticed, which makes the bound as small as it can be.

    Raises:
        ValueError: `power` is no such probability.
    """
    verdicts: dict[str, list[Verdict]] = {}
    for outcome in outcomes:
        if outcome.probe is not None:
            verdicts.setdefault(outcome.probe.family, []).append(outcome.verdict)
    return tuple(_coverage(family, members, power) for family, members in verdicts.items())


def miss_bound(judged: int, *, power: float = 1.0) -> float:
    """Largest share of manipulated phrases that `judged` passing probes may have missed, see the module.

    Raises:
        ValueError: `power` is no probability above 0.
    """
    if not 0 < power <= 1:
        raise ValueError(f"power: expected a probability above 0, got {power!r}")
    return min(1.0, (1 - (1 - CONFIDENCE) ** (1 / judged)) / power) if judged else 1.0


def _coverage(family: str, verdicts: list[Verdict], power: float) -> FamilyCoverage:
    failed = verdicts.count(Verdict.FAIL)
    judged = failed + verdicts.count(Verdict.PASS)
    bound = miss_bound(judged, power=power)
    return FamilyCoverage(
        family=family,
        probes=len(verdicts),
        judged=judged,
        failed=failed,
        miss_bound=None if failed else bound,
    )
