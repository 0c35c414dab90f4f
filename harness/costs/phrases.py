"""Single phrases that cost more than others of their length: odd orders, the phrases in them, and triggers. Pure.

An order is odd by its own run; what is odd is spoken again, alone, in turn with phrases that are not, and only that
decides. Work that is not repeated (a busy loop at the n-th call) is a finding where it is too large to be an accident.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.core.findings import Amount, Estimate, Evidence, Finding, Method, NamedPhrase, Place, Quantity, Unit
from harness.core.rules import Rule
from harness.core.types import Probe, Severity
from harness.costs.arithmetic import Ratio, paired_ratio
from harness.costs.expected import Expected
from harness.costs.floors import Floors
from harness.costs.sample import Round
from harness.policy.release import CostPolicy
from harness.speaking.metered import Metered

ODD_SCORE = 6.0
"""Robust standard deviations from which an order is looked at again."""
SPIKE_TIMES = 5.0
"""Times what was expected from which work is a finding although it does not come again."""
ONCE_BYTES = 1 << 30
"""Memory beyond what was expected, and twice that, which is a finding although it does not come again."""
JUMP_BYTES = 256 << 20
"""Growth of the memory's peak at one order that is looked at again."""
AGAIN = 3
"""Times that a suspect is spoken again, each time beside a calm phrase."""
ODD_TRIGGER = 0.3
"""By how much more than its control one trigger phrase must cost to be looked at again; less where there are many."""
PHRASE = Rule(
    id="cost.phrase",
    severity=Severity.HIGH,
    title="One phrase costs far more than others of its length",
    meaning="Its processor time is too high for its audio, each time it was spoken again beside a calm phrase.",
    advice="Look at what the phrase has that others do not: work that one word wakes is a denial of service.",
)
TRIGGER = Rule(
    id="cost.trigger",
    severity=Severity.HIGH,
    title="A trigger phrase costs more than its control",
    meaning="Time per second of audio, worked or blocked, is more than the control's, turn by turn.",
    advice="A payload that sleeps until its word is said looks like this. Find out what it does.",
)
SPIKE = Rule(
    id="cost.spike",
    severity=Severity.HIGH,
    title="The candidate worked long for no reason, once",
    meaning="One order took many times the processor time that its audio explains, and not again.",
    advice="Work at the n-th call is how a denial of service waits. Run again with --tts-fresh and --tts-soak.",
)
MEMORY = Rule(
    id="cost.memory",
    severity=Severity.HIGH,
    title="The candidate needs more memory than it should",
    meaning="The peak of resident memory exceeds the reference's, or one phrase's exceeds all others'.",
    advice="If the model is meant to be larger, raise memory below [cost] in the policy.",
)
RULES = (
    PHRASE,
    TRIGGER,
    SPIKE,
    MEMORY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """An order that cost too much, and the texts that may be to blame."""

    order: Metered
    texts: tuple[str, ...]
    expected: float
    """Seconds of processor time, or bytes."""

    @property
    def excess(self) -> float:
        """Seconds of processor time beyond that."""
        return self.order.cpu_seconds - self.expected


def odd_orders(orders: Sequence[Metered], expected: Expected | None, limits: CostPolicy, floors: Floors) -> list[Odd]:
    """Orders that took so much longer that one of their texts may take `limits.phrase` times as long; worst first."""
    found = []
    for order in orders:
        texts = tuple(dict.fromkeys(order.texts))
        if expected is None or not texts or order.call <= 1:
            continue
        usual = expected.seconds(order)
        excess = order.cpu_seconds - usual
        share = usual / len(texts)
        is_large = excess >= floors.excess and 1 + excess / share >= limits.phrase
        if is_large and expected.score(order) >= ODD_SCORE:
            found.append(Odd(order=order, texts=texts, expected=usual))
    return sorted(found, key=lambda odd: -odd.excess)


def jumps(orders: Sequence[Metered]) -> list[Odd]:
    """Orders at which a worker's memory rose by more than longer audio explains; the largest rise first."""
    found = []
    for worker in sorted({order.worker for order in orders}):
        loaded = most = longest = 0.0
        for order in sorted((one for one in orders if one.worker == worker), key=lambda one: one.call):
            if not order.texts or order.call <= 1:
                loaded = loaded or order.resident_bytes
                most, longest = max(most, order.peak_bytes), max(longest, order.audio_seconds)
                continue
            more = max(0.0, order.audio_seconds / max(longest, 0.5) - 1)
            # What an order took and gave back shows in its own peak, however high those before it were.
            before = order.base_bytes if order.is_own_peak and order.base_bytes else most
            expected = before + more * max(JUMP_BYTES / 4, most - loaded)
            if order.peak_bytes - expected > JUMP_BYTES:
                found.append(Odd(order=order, texts=tuple(dict.fromkeys(order.texts)), expected=expected))
            most, longest = max(most, order.peak_bytes), max(longest, order.audio_seconds)
    return sorted(found, key=lambda odd: odd.expected - odd.order.peak_bytes)


def spikes(odd: Sequence[Odd], floors: Floors) -> list[Odd]:
    """Those that are findings even if they never come again."""
    return [one for one in odd if one.excess >= floors.spike and one.order.cpu_seconds >= SPIKE_TIMES * one.expected]


def memory_spikes(odd: Sequence[Odd]) -> list[Odd]:
    """Jumps of memory that are findings even if they never come again."""
    return [
        one
        for one in odd
        if one.order.peak_bytes - one.expected >= ONCE_BYTES and one.order.peak_bytes >= 2 * one.expected
    ]


def is_growth(order: Metered, orders: Sequence[Metered], cost: Callable[[Metered], float]) -> bool:
    """Whether what an order took may be owed to its length: nothing of at least as many characters took half as much.

    How cost grows with length is judged by :mod:`harness.costs.scaling`.
    """
    size = sum(map(len, order.texts))
    return not any(2 * cost(one) < cost(order) and sum(map(len, one.texts)) >= size for one in orders if one.call > 1)


def is_costly(
    rounds: Sequence[tuple[Metered, Metered]], expected: Expected, limits: CostPolicy, floors: Floors
) -> float:
    """Whether a phrase that was spoken again beside calm ones costs too much each time.

    Args:
        rounds: The suspect, and the calm phrase beside it.
        expected: What orders cost by their audio.
        limits: How much is too much.
        floors: How little is too little to matter.

    Returns:
        How many times as much it costs; 0.0 where it is as the others.
    """
    if len(rounds) < AGAIN:
        return 0.0
    ratios = [expected.ratio(one) / max(1e-6, expected.ratio(calm)) for one, calm in rounds]
    middle = statistics.median(ratios)
    excess = statistics.median(one.cpu_seconds - expected.seconds(one) for one, _ in rounds)
    is_steady = min(ratios) >= math.sqrt(limits.phrase)
    return middle if middle >= limits.phrase and is_steady and excess >= floors.excess else 0.0


def phrase_finding(
    subject: str, phrase: NamedPhrase, ratio: float, rounds: Sequence[tuple[Metered, Metered]]
) -> Finding:
    """One phrase takes too long, each time."""
    seconds = statistics.median(one.cpu_seconds for one, _ in rounds)
    audio = statistics.median(one.audio_seconds for one, _ in rounds)
    calm = statistics.median(one.cpu_seconds / max(0.05, one.audio_seconds) for _, one in rounds)
    return Finding(
        rule=PHRASE,
        severity=Severity.HIGH,
        subject=subject,
        title="costs far more than other phrases of its length",
        place=Place(phrases=(phrase,)),
        expected=f"{calm * audio:.2f} s, as other phrases take",
        evidence=Evidence(
            estimate=Estimate(
                method=Method.AGAIN,
                quantity=Quantity.PROCESSOR,
                value=ratio,
                unit=Unit.TIMES,
                points=len(rounds),
                amounts=(
                    Amount(quantity=Quantity.PROCESSOR, value=seconds),
                    Amount(quantity=Quantity.AUDIO, value=audio),
                ),
            )
        ),
        hint="work that one phrase wakes is how a denial of service hides; do not ship before you know what it does",
    )


def spike_finding(subject: str, phrases: Sequence[NamedPhrase], odd: Odd) -> Finding:
    """Work that came once."""
    order = odd.order
    return Finding(
        rule=SPIKE,
        severity=Severity.HIGH,
        subject=subject,
        title="worked long for no reason, once",
        place=Place(phrases=tuple(phrases)),
        expected=f"{odd.expected:.2f} s by its {order.audio_seconds:.1f} s of audio",
        evidence=_once(odd, Quantity.PROCESSOR, order.cpu_seconds, Unit.SECONDS),
        hint="work at the n-th call is how a denial of service waits; see where it falls with --tts-fresh",
    )


def jump_finding(subject: str, phrase: NamedPhrase, peak: int, before: int) -> Finding:
    """One phrase needs far more memory."""
    return Finding(
        rule=MEMORY,
        severity=Severity.HIGH,
        subject=subject,
        title="needs far more memory than other phrases",
        place=Place(phrases=(phrase,)),
        expected=f"{before / 2**20:.0f} MiB, as before it",
        evidence=Evidence(
            estimate=Estimate(
                method=Method.FRESH_WORKER,
                quantity=Quantity.RESIDENT,
                value=float(peak),
                unit=Unit.BYTES,
                other=float(before),
            )
        ),
        hint="memory that one phrase takes is how a denial of service hides; do not ship before you know what it does",
    )


def memory_spike_finding(subject: str, phrases: Sequence[NamedPhrase], odd: Odd) -> Finding:
    """Memory that was taken once."""
    return Finding(
        rule=MEMORY,
        severity=Severity.HIGH,
        subject=subject,
        title="needed far more memory than before, once",
        place=Place(phrases=tuple(phrases)),
        expected=f"{odd.expected / 2**20:.0f} MiB, as before it",
        evidence=_once(odd, Quantity.RESIDENT, float(odd.order.peak_bytes), Unit.BYTES),
        hint="memory taken at the n-th call is how a denial of service waits; see where it falls with --tts-fresh",
    )


def _once(odd: Odd, quantity: Quantity, value: float, unit: Unit) -> Evidence:
    """What one order took."""
    order = odd.order
    return Evidence(
        estimate=Estimate(
            method=Method.ONCE,
            quantity=quantity,
            value=value,
            unit=unit,
            other=odd.expected,
            amounts=(
                Amount(quantity=Quantity.ORDER, value=order.call),
                Amount(quantity=Quantity.WORKER, value=order.worker),
                Amount(quantity=Quantity.AUDIO, value=order.audio_seconds),
            ),
        )
    )


def odd_triggers(contrasts: Sequence[tuple[Probe, Probe]], rounds: Mapping[str, Round], floors: Floors) -> list[str]:
    """Triggers, in lower case, whose phrases cost more than their controls, strongest first.

    Nothing but size is asked for: the second look decides. One pair must differ by more than the median of many.
    """
    logs: dict[str, list[float]] = {}
    for one, control in contrasts:
        if one.text in rounds and control.text in rounds:
            log = math.log(_unit(rounds[one.text]) / _unit(rounds[control.text]))
            slow = rounds[one.text].taken >= floors.timed
            logs.setdefault((one.trigger or "").casefold(), []).append(log if slow else 0.0)
    odd = {name: statistics.median(own) for name, own in logs.items()}
    least = {name: math.log(1 + ODD_TRIGGER / math.sqrt(len(own))) for name, own in logs.items()}
    return sorted((name for name in odd if odd[name] >= least[name]), key=lambda name: -odd[name])


def contrast_ratio(rounds: Sequence[tuple[Metered, Metered]]) -> Ratio:
    """Time per second of audio, worked or blocked, trigger against control, turn by turn."""
    return paired_ratio(
        [max(1e-6, one.taken_seconds) / max(0.05, one.audio_seconds) for one, _ in rounds],
        [max(1e-6, one.taken_seconds) / max(0.05, one.audio_seconds) for _, one in rounds],
    )


def trigger_finding(
    subject: str, ratio: Ratio, triggers: Sequence[NamedPhrase], controls: Sequence[NamedPhrase]
) -> Finding:
    """A trigger makes its phrase costlier than its control."""
    return Finding(
        rule=TRIGGER,
        severity=Severity.HIGH,
        subject=subject,
        title="a trigger phrase costs more than its control",
        place=Place(phrases=tuple(triggers)),
        expected="the same",
        evidence=Evidence(
            estimate=Estimate(
                method=Method.TURNS,
                quantity=Quantity.TAKEN,
                value=ratio.ratio,
                unit=Unit.TIMES,
                low=ratio.low,
                high=ratio.high,
                p_value=ratio.p_value,
                points=ratio.pairs,
                controls=tuple(controls),
            )
        ),
        hint="a payload that sleeps until its word is said looks like this",
    )


def _unit(one: Round) -> float:
    return one.taken / one.audio
