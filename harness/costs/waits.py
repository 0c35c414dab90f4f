"""Time for which a voice keeps one waiting without work: it sleeps, or waits for a disk or a GPU. Pure.

An order is *blocked* for as long as its wall clock ran and the worker neither ran nor queued for a processor. That is
read from outside, and others who load the machine make workers queue, not block. CUDA events would tell a GPU's part
of it, but the candidate's own process would have to read them out.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from harness.core.findings import Amount, Estimate, Evidence, Finding, Method, NamedPhrase, Place, Quantity, Side, Unit
from harness.core.rules import Rule
from harness.core.types import Severity
from harness.costs.arithmetic import pairs_needed, signed_rank
from harness.costs.expected import SHORTEST
from harness.costs.floors import Floors
from harness.costs.latency import Comparison
from harness.costs.phrases import AGAIN, Odd
from harness.costs.sample import Sample
from harness.policy.release import CostPolicy
from harness.speaking.metered import Metered

MOST_UNEXPLAINED = 2
"""Shorter waits that do not come again with their phrases: a voice may sleep behind its answer, which the next phrase
pays for, and an honest one may be held up now and then."""
WAIT = Rule(
    id="cost.wait",
    severity=Severity.HIGH,
    title="The candidate keeps one waiting without working",
    meaning="While it spoke it neither ran nor queued for a processor. On a GPU that is the GPU's time.",
    advice="Find out what it waits for. Speech is work: a voice that sleeps ties up whoever serves it.",
)
RULES = (WAIT,)


def usual_rate(orders: Sequence[Metered]) -> float:
    """Median seconds of being blocked for a second of audio, by which a GPU's work goes."""
    rates = [one.blocked_seconds / max(SHORTEST, one.audio_seconds) for one in orders if one.texts and one.call > 1]
    return statistics.median(rates) if rates else 0.0


def odd_waits(orders: Sequence[Metered], limits: CostPolicy, floors: Floors, rate: float = 0.0) -> list[Odd]:
    """Orders that were blocked so long that one of their texts may take `limits.phrase` times as long; worst first.

    Args:
        orders: The orders to look at.
        limits: How much is too much.
        floors: How little is too little to matter.
        rate: Seconds of being blocked for a second of audio that are usual: 0 on processors, where speaking is work.
    """
    found = [
        Odd(order=order, texts=tuple(dict.fromkeys(order.texts)), expected=rate * order.audio_seconds)
        for order in orders
        if order.texts and order.call > 1 and _excess(order, limits, floors, rate)
    ]
    return sorted(found, key=lambda odd: odd.expected - odd.order.blocked_seconds)


def blocked_again(
    rounds: Sequence[tuple[Metered, Metered]], limits: CostPolicy, floors: Floors, rate: float = 0.0
) -> float:
    """How long a phrase that was spoken again is blocked beyond what is usual.

    Args:
        rounds: The suspect, and a phrase beside it that need not be calm: a voice may sleep at each of them.
        limits: How much is too much.
        floors: How little is too little to matter.
        rate: As in :func:`odd_waits`.

    Returns:
        Median of the seconds; 0.0 where it was not blocked each time.
    """
    more = [_excess(one, limits, floors, rate) for one, _ in rounds]
    return statistics.median(more) if len(more) >= AGAIN and all(more) else 0.0


def wait_finding(
    subject: str, phrase: NamedPhrase, seconds: float, rounds: Sequence[tuple[Metered, Metered]]
) -> Finding:
    """One phrase keeps one waiting, each time."""
    blocked = statistics.median(one.blocked_seconds for one, _ in rounds)
    return Finding(
        rule=WAIT,
        severity=Severity.HIGH,
        subject=subject,
        title="keeps one waiting without working",
        place=Place(phrases=(phrase,)),
        expected=f"{max(0.0, blocked - seconds):.2f} s",
        evidence=Evidence(
            estimate=Estimate(
                method=Method.BLOCKED_AGAIN,
                quantity=Quantity.BLOCKED,
                value=seconds,
                unit=Unit.SECONDS,
                points=len(rounds),
                amounts=(Amount(quantity=Quantity.BLOCKED, value=blocked),),
            )
        ),
        hint="a phrase that makes the voice sleep ties up whoever serves it; find out what it waits for",
    )


def once(odd: Sequence[Odd], floors: Floors) -> str | None:
    """Why a run is open after waits that did not come again; None where there were none that matter.

    No finding, for the harness itself may have been stopped meanwhile.

    Args:
        odd: Orders of which no phrase is to blame, worst first.
        floors: How little is too little to matter.
    """
    is_short = not odd or odd[0].order.blocked_seconds - odd[0].expected < floors.wait_once
    if is_short and len(odd) <= MOST_UNEXPLAINED:
        return None
    worst = odd[0].order
    told = f"order {worst.call} of worker {worst.worker} was blocked for {worst.blocked_seconds:.1f} s"
    more = f", {len(odd) - 1} others for less" if len(odd) > 1 else ""
    return f"{told}{more}, and their phrases were not when they were spoken again; run again on a calmer machine"


def beside(
    subject: str, sample: Sample, limits: CostPolicy, floors: Floors, level: float, *, is_paired: bool
) -> Comparison:
    """Candidate and live reference, phrase by phrase; without one, against none, which holds on processors only."""
    own = [one.blocked for one in sample.rounds]
    other = [one.reference_blocked for one in sample.rounds] if is_paired else [0.0] * len(own)
    if len(own) < pairs_needed(level):
        return Comparison()
    more = [mine - theirs for mine, theirs in zip(own, other, strict=True)]
    usual = statistics.median(
        (one.reference_seconds if is_paired else one.seconds) + theirs
        for one, theirs in zip(sample.rounds, other, strict=True)
    )
    alone = max(floors.wait_alone, usual)
    least = max(floors.wait_beside, (limits.latency - 1) * usual) if is_paired else alone
    middle, p_value = statistics.median(more), signed_rank(more)
    told = f"blocked for {statistics.median(own):.3f} s a phrase" + (
        f", the live reference for {statistics.median(other):.3f} s" if is_paired else ""
    )
    amounts = [Amount(quantity=Quantity.BLOCKED, value=statistics.median(own))]
    if is_paired:
        amounts.append(Amount(quantity=Quantity.BLOCKED, value=statistics.median(other), side=Side.REFERENCE))
    if middle < least or p_value > level:
        return Comparison(notes=(told,), is_made=True)
    finding = Finding(
        rule=WAIT,
        severity=Severity.HIGH if middle >= usual else Severity.MEDIUM,
        subject=subject,
        title="keeps one waiting without working",
        expected=f"less than {least:.3f} s more than {'the live reference' if is_paired else 'nothing'}",
        evidence=Evidence(
            estimate=Estimate(
                method=Method.BLOCKED,
                quantity=Quantity.BLOCKED,
                value=middle,
                unit=Unit.SECONDS,
                other=least,
                p_value=p_value,
                points=len(own),
                side=Side.REFERENCE if is_paired else None,
                amounts=tuple(amounts),
            )
        ),
        hint="time on a GPU counts as well; raise latency below [cost] in the policy if a slower model is meant",
    )
    return Comparison(findings=(finding,), notes=(told,), is_made=True)


def _excess(order: Metered, limits: CostPolicy, floors: Floors, rate: float) -> float:
    """Seconds of being blocked beyond what is usual; 0.0 where that is little, beside one of its texts or as such."""
    usual = rate * order.audio_seconds
    share = (order.cpu_seconds + usual) / max(1, len({*order.texts}))
    more = order.blocked_seconds - usual
    return more if more >= max(floors.wait, (limits.phrase - 1) * share) else 0.0
