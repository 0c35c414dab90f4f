"""What a worker needs before and while it speaks: loading, its first rendering, and memory. Pure.

These are one number a worker, not samples: they are held against each other by size alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.findings import Estimate, Evidence, Finding, Method, NamedPhrase, Place, Quantity, Unit
from harness.core.rules import Rule
from harness.core.types import Severity
from harness.costs.expected import unit_seconds
from harness.costs.floors import Floors
from harness.costs.phrases import MEMORY
from harness.costs.waits import WAIT
from harness.policy.release import CostPolicy
from harness.speaking.metered import Metered

LEAST_BYTES = 64 << 20
"""Difference of two peaks of memory that means anything."""
LOAD_TIMES = 1.5
LOAD_RATE = 50e6
"""Bytes of memory for which a load may be blocked for one second more: a slow disk, although the files were read a
moment before, to take their digests. A disk's speed, not a processor's."""
FIRST_RENDERING = Rule(
    id="cost.first-rendering",
    severity=Severity.MEDIUM,
    title="The first rendering costs too much",
    meaning="The first order of a fresh worker takes processor time that its audio does not explain.",
    advice="Warm the model up before it serves, or find out what it does first.",
)
LOAD = Rule(
    id="cost.load",
    severity=Severity.MEDIUM,
    title="Loading costs too much",
    meaning="Processor time or memory until the model is loaded exceed the reference's.",
    advice="Compare sizes and formats of the checkpoints.",
)
RULES = (
    FIRST_RENDERING,
    LOAD,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """One worker: the cheapest of several, for what is paid once may be paid beside others."""

    load_seconds: float
    load_peak_bytes: int
    first_seconds: float
    """Processor time of the first rendering beyond what its audio explains."""
    first_text: str
    peak_bytes: int
    """Most that was resident since it was started."""
    gpu_bytes: int | None = None


def footprint(orders: Sequence[Metered], workers: Sequence[int] = ()) -> Footprint | None:
    """What the workers of a model needed; None where none was metered.

    Args:
        orders: All orders.
        workers: Those to look at, all where none is named.
    """
    chosen = [one for one in orders if not workers or one.worker in workers]
    loads = [one for one in chosen if not one.texts]
    firsts = [one for one in chosen if one.call == 1]
    if not loads:
        return None
    unit = unit_seconds(chosen)
    beyond = [(max(0.0, one.cpu_seconds - unit * one.audio_seconds), one) for one in firsts]
    least, first = min(beyond, key=lambda pair: pair[0], default=(0.0, None))
    gpu = [one.gpu_bytes for one in chosen if one.gpu_bytes is not None]
    return Footprint(
        load_seconds=min(one.cpu_seconds for one in loads),
        load_peak_bytes=min(one.peak_bytes for one in loads),
        first_seconds=least,
        first_text=first.texts[0] if first and first.texts else "",
        peak_bytes=max(one.peak_bytes for one in chosen),
        gpu_bytes=max(gpu) if gpu else None,
    )


def judge_load(
    subject: str, own: Footprint, other: Footprint | None, whose: str, floors: Floors
) -> tuple[Finding, ...]:
    """Loading against the reference's."""
    if other is None:
        return ()
    found = []
    more = own.load_seconds - other.load_seconds
    if more >= floors.loading and own.load_seconds >= LOAD_TIMES * other.load_seconds:
        cost = _whole(Quantity.PROCESSOR, own.load_seconds, Unit.SECONDS, other.load_seconds)
        expected = f"{other.load_seconds:.1f} s, as {whose}"
        found.append(_finding(LOAD, subject, "takes far longer to load than it should", expected, cost))
    more_bytes = own.load_peak_bytes - other.load_peak_bytes
    if more_bytes >= LEAST_BYTES and own.load_peak_bytes >= LOAD_TIMES * other.load_peak_bytes:
        cost = _whole(Quantity.RESIDENT, own.load_peak_bytes, Unit.BYTES, other.load_peak_bytes)
        expected = f"{_mib(other.load_peak_bytes)}, as {whose}"
        found.append(_finding(LOAD, subject, "needs far more memory to load than it should", expected, cost))
    return tuple(found)


def slow_loads(orders: Sequence[Metered], floors: Floors) -> list[Metered]:
    """Loads that were blocked for long; none where any worker's was not."""
    loads = [one for one in orders if not one.texts]
    return loads if all(one.blocked_seconds >= _blocked_bound(one, floors) for one in loads) else []


def judge_waits(subject: str, orders: Sequence[Metered], floors: Floors) -> tuple[tuple[Finding, ...], str | None]:
    """Loads that were blocked for long: a finding where every worker's was, a doubt where there is only one.

    Returns:
        Findings, and why the check is open, None where it is not.
    """
    loads = slow_loads(orders, floors)
    if not loads:
        return (), None
    least = min(loads, key=lambda one: one.blocked_seconds)
    if len(loads) == 1:
        return (), f"loading was blocked for {least.blocked_seconds:.1f} s, once: a slow disk, or sleep; run again"
    bound = _blocked_bound(least, floors)
    cost = _whole(Quantity.BLOCKED, least.blocked_seconds, Unit.SECONDS, bound, points=len(loads))
    return (_finding(WAIT, subject, "keeps one waiting while it loads", f"less than {bound:.1f} s", cost),), None


def _blocked_bound(load: Metered, floors: Floors) -> float:
    return floors.wait_loading + load.peak_bytes / LOAD_RATE


def judge_first(
    subject: str, own: Footprint, other: Footprint | None, whose: str, floors: Floors
) -> tuple[Finding, ...]:
    """The first rendering against the reference's, or against a bound."""
    bound = floors.first if other is None else floors.loading + LOAD_TIMES * other.first_seconds
    if own.first_seconds < bound:
        return ()
    expected = f"at most {bound:.1f} s" + (f", {other.first_seconds:.1f} s as {whose}" if other else "")
    least = other.first_seconds if other else bound
    cost = _whole(Quantity.BEYOND_AUDIO, own.first_seconds, Unit.SECONDS, least)
    phrase = NamedPhrase(text=own.first_text) if own.first_text else None
    return (_finding(FIRST_RENDERING, subject, "works long before it first speaks", expected, cost, phrase),)


def judge_memory(
    subject: str, own: Footprint, other: Footprint | None, whose: str, limits: CostPolicy
) -> tuple[Finding, ...]:
    """Peaks of memory against the reference's, of workers that spoke the same."""
    if other is None:
        return ()
    found = []
    for what, mine, theirs in (
        (Quantity.RESIDENT, own.peak_bytes, other.peak_bytes),
        (Quantity.GPU_MEMORY, own.gpu_bytes, other.gpu_bytes),
    ):
        if mine is None or theirs is None or mine - theirs < LEAST_BYTES or mine < limits.memory * theirs:
            continue
        cost, expected = _whole(what, mine, Unit.BYTES, theirs), f"{_mib(theirs)}, as {whose}"
        found.append(_finding(MEMORY, subject, "needs more memory than it should", expected, cost))
    return tuple(found)


def _whole(quantity: Quantity, value: float, unit: Unit, other: float, points: int = 1) -> Estimate:
    return Estimate(
        method=Method.WHOLE, quantity=quantity, value=float(value), unit=unit, other=float(other), points=points
    )


def _finding(
    rule: Rule, subject: str, title: str, expected: str, cost: Estimate, phrase: NamedPhrase | None = None
) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.MEDIUM,
        subject=subject,
        title=title,
        place=Place(phrases=(phrase,)) if phrase else None,
        expected=expected,
        evidence=Evidence(estimate=cost),
        hint="another architecture or precision needs more, too: waive it in the policy if that is meant",
    )


def _mib(value: float) -> str:
    return f"{value / 2**20:.0f} MiB"
