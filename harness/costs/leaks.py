"""What a worker does not give back: memory, files and threads call by call, and the drift of a soak. Pure.

A first look at a few calls only says whether to look longer; what decides is the calls after it, which nobody chose.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.core.findings import (
    Amount,
    Estimate,
    Evidence,
    Finding,
    Method,
    NamedPhrase,
    Place,
    Quantity,
    Side,
    Stretch,
    Unit,
)
from harness.core.rules import Rule
from harness.core.types import Severity
from harness.costs.arithmetic import Trend, trend
from harness.costs.expected import Expected
from harness.policy.release import CostPolicy
from harness.speaking.metered import Metered

FIRST_CALLS = 10
MORE_CALLS = 16
"""Calls of the second look, of which the p-value comes."""
EARLY_CALLS = 5
"""Calls of the first look after which it ends where they left next to nothing behind."""
SETTLING = 3
"""Calls of a worker after which its memory, its files and its threads should stay as they are."""
LEAST_LEAKED = {"resident_bytes": 2 << 20, "scratch_bytes": 1 << 20, "files": 6, "tasks": 4}
"""Growth over the calls of a look below which nothing is said."""
NAMES = {
    "resident_bytes": "resident memory",
    "scratch_bytes": "scratch files",
    "files": "open files",
    "tasks": "threads",
}
QUANTITIES = {
    "resident_bytes": Quantity.RESIDENT,
    "scratch_bytes": Quantity.SCRATCH,
    "files": Quantity.FILES,
    "tasks": Quantity.THREADS,
}
UNITS = {"resident_bytes": Unit.BYTES, "scratch_bytes": Unit.BYTES, "files": Unit.FILES, "tasks": Unit.THREADS}
BLOCKS = 40
"""Parts of a soak whose medians are compared."""
LEAST_SOAKED = 32 << 20
"""Bytes by which memory must have risen over a soak."""
MOST_DRIFT = 1.10
"""Times that processor time may have risen over a soak."""
LEAK = Rule(
    id="cost.leak",
    severity=Severity.HIGH,
    title="Each call leaves something behind",
    meaning="Resident memory, files, threads or scratch grow call by call while the same phrase is spoken.",
    advice="A server that runs for days is ended by this. See how it goes on with --tts-soak.",
)
DRIFT = Rule(
    id="cost.drift",
    severity=Severity.MEDIUM,
    title="The candidate gets slower the longer it runs",
    meaning="Time for the same audio, on a processor or blocked, rises over a soak.",
    advice="Repeat the soak on a calm machine; a lasting rise is a defect or a payload.",
)
RULES = (
    LEAK,
    DRIFT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Something that grows."""

    what: str
    """Field of :class:`harness.speaking.metered.Metered`."""
    trend: Trend
    """By call."""
    grown: float
    """From the first of these calls to the last."""


def leaks_in(calls: Sequence[Metered], limits: CostPolicy, level: float) -> list[Leak]:
    """What grows over calls that were all the same.

    Args:
        calls: In order.
        limits: How much each may leave behind.
        level: Largest p-value of a finding.
    """
    found: list[Leak] = []
    if len(calls) < 4:
        return found
    for what, least in LEAST_LEAKED.items():
        values = [float(getattr(call, what)) for call in calls]
        grows, grown = trend(values), values[-1] - values[0]
        per_call = limits.leak_kib * 1024 if what.endswith("bytes") else 0.2
        if grown >= least and grows.slope >= per_call and grows.p_value <= level:
            found.append(Leak(what=what, trend=grows, grown=grown))
    return found


def is_clear(calls: Sequence[Metered], limits: CostPolicy) -> bool:
    """Whether a first look may end early: no more was left behind than half of what a leak would have left by now.

    It is asked at one number of calls only, and ends a look as clear or lets it go on: no look fails more often for it.
    """
    settled = calls[SETTLING:]
    if len(settled) != EARLY_CALLS:
        return False
    steps = len(settled) - 1
    for what in LEAST_LEAKED:
        most = limits.leak_kib * 1024 * steps / 2 if what.endswith("bytes") else 0
        if getattr(settled[-1], what) - getattr(settled[0], what) > most:
            return False
    return True


def leaks_over(orders: Sequence[Metered], level: float) -> list[Leak]:
    """What grew over the suite, worker by worker, where the count is exact: files, threads and scratch."""
    found = []
    for worker in sorted({order.worker for order in orders}):
        calls = [one for one in orders if one.worker == worker and one.call > SETTLING]
        if len(calls) < 8:
            continue
        for what in ("scratch_bytes", "files", "tasks"):
            values = [float(getattr(call, what)) for call in calls]
            grown = values[-1] - min(values[:3])
            if grown >= 2 * LEAST_LEAKED[what] and (grows := trend(_thinned(values))).p_value <= level:
                found.append(Leak(what=what, trend=grows, grown=grown))
    return found


def leak_finding(
    subject: str,
    leak: Leak,
    *,
    stretch: Stretch | None = None,
    reference: float | None = None,
    phrase: NamedPhrase | None = None,
) -> Finding:
    """Something is left behind by every call.

    Args:
        subject: Name of the check.
        leak: What, and how much.
        stretch: Which calls, where they were of many phrases.
        reference: What a live reference leaves behind; None where it was not asked.
        phrase: What was said in each of these calls; None where they were of many phrases.
    """
    unit = UNITS[leak.what]
    beside = "" if reference is None else f"; the live reference {unit.amount(reference)}"
    return Finding(
        rule=LEAK,
        severity=Severity.HIGH,
        subject=subject,
        title=f"leaves {NAMES[leak.what]} behind",
        place=Place(phrases=(phrase,)) if phrase else None,
        expected=f"nothing{beside}",
        evidence=Evidence(
            estimate=Estimate(
                method=Method.CALLS,
                quantity=QUANTITIES[leak.what],
                value=leak.trend.slope,
                unit=unit,
                other=reference,
                low=leak.trend.low,
                high=leak.trend.high,
                p_value=leak.trend.p_value,
                points=leak.trend.points,
                side=None if reference is None else Side.REFERENCE,
                stretch=stretch,
                amounts=(Amount(quantity=QUANTITIES[leak.what], value=leak.grown),),
            )
        ),
        hint="a server that runs for days will be ended by this",
    )


def slope(calls: Sequence[Metered], what: str) -> float | None:
    """What each of some calls leaves behind; None of fewer than two."""
    return trend([float(getattr(call, what)) for call in calls]).slope if len(calls) > 1 else None


def soak_findings(subject: str, calls: Sequence[Metered], expected: Expected | None, level: float) -> list[Finding]:
    """What rose over a soak: memory that also rose over its second half, exact counts, and time taken."""
    settled = calls[SETTLING:]
    found: list[Finding] = []
    if len(settled) < 2 * BLOCKS:
        return found
    for what in LEAST_LEAKED:
        values = _thinned([float(getattr(call, what)) for call in settled])
        grows, late = trend(values), trend(values[len(values) // 2 :])
        grown = values[-1] - values[0]
        least = LEAST_SOAKED if what == "resident_bytes" else 2 * LEAST_LEAKED[what]
        late_grown = values[-1] - values[len(values) // 2]
        if grown >= least and late_grown >= grown / 5 and max(grows.p_value, late.p_value) <= math.sqrt(level):
            per_call = Trend(
                slope=grown / len(settled),
                low=grows.low * len(values) / len(settled),
                high=grows.high * len(values) / len(settled),
                p_value=grows.p_value,
                points=len(settled),
            )
            found.append(leak_finding(subject, Leak(what=what, trend=per_call, grown=grown), stretch=Stretch.SOAK))
    if expected is not None:
        found += _drift(subject, settled, expected, level)
    return found


def _drift(subject: str, calls: Sequence[Metered], expected: Expected, level: float) -> list[Finding]:
    taken = [call.taken_seconds / expected.seconds(call) for call in calls]
    ratios = _thinned([math.log(max(1e-6, ratio)) for ratio in taken])
    grows = trend(ratios)
    times = math.exp(grows.slope * (len(ratios) - 1))
    if times < MOST_DRIFT or grows.p_value > level:
        return []
    return [
        Finding(
            rule=DRIFT,
            severity=Severity.MEDIUM,
            subject=subject,
            title="gets slower the longer it runs",
            expected=f"at most {MOST_DRIFT:g} times",
            evidence=Evidence(
                estimate=Estimate(
                    method=Method.SOAK,
                    quantity=Quantity.TAKEN,
                    value=times,
                    unit=Unit.TIMES,
                    other=MOST_DRIFT,
                    p_value=grows.p_value,
                    points=len(ratios),
                    amounts=(Amount(quantity=Quantity.RENDERINGS, value=len(calls)),),
                )
            ),
            hint="other work on the machine that grew meanwhile does this too; look at the notes",
        )
    ]


def _thinned(values: Sequence[float]) -> list[float]:
    """Medians of at most :data:`BLOCKS` parts."""
    if len(values) <= BLOCKS:
        return list(values)
    edges = [round(part * len(values) / BLOCKS) for part in range(BLOCKS + 1)]
    return [statistics.median(values[start:end]) for start, end in pairwise(edges)]
