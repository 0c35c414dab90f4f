"""The words for what a finding rests on. Knows nothing of how it was measured, of colours or of markup."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.findings import Against, Count, Finding, Measurement, NamedPhrase, Seen
from harness.core.text import counted
from harness.core.types import BehaviourEvent
from harness.report.costwords import cost_of, estimated

MOST_PHRASES = 5
"""Of a batch that was being spoken."""

_OF_SAME_SEED = {
    "seconds": ("{:.2f} s", "{:.2f} s"),
    "level-db": ("level {:.1f} dB", "{:.1f} dB"),
    "f0-hz": ("pitch {:.0f} Hz", "{:.0f} Hz"),
    "nonfinite": ("{:.0f} samples are no numbers", "{:.0f}"),
    "peak": ("peak {:.2f}", "{:.2f}"),
    "forced-mean": ("log-likelihood of the golden text {:.2f}", "{:.2f}"),
    "echo-mean": ("distance of sounds {:.2f}", ""),
    "apart": ("samples up to {:.2g} of full scale apart", ""),
    "other-length": ("{:.0f} of another length", ""),
}
"""Statistic -> what is said of a take, and of the golden's own of the same seed."""


def evidence_of(finding: Finding) -> str:
    """What a finding rests on, on one line, numbers first; its parts end at ``; ``."""
    evidence = finding.evidence
    parts = [_measured(one) for one in evidence.measurements]
    if evidence.count and evidence.count.control is None:
        parts = [f"{evidence.count.count} of {evidence.count.of} renderings: {'; '.join(parts)}"]
    elif evidence.count:
        parts.append(_lost(evidence.count))
    if evidence.seen:
        parts.append(_seen(evidence.seen))
    if evidence.estimate:
        parts.append(estimated(evidence.estimate))
    if evidence.words:
        parts.append(evidence.words)
    tests = f"one of {evidence.tests} tests" if evidence.tests else ""
    if tests and not evidence.measurements:  # beside the p-value of its own words
        return f"{'; '.join(parts)}, {tests}" if parts else tests
    return "; ".join([*parts, *([tests] if tests else [])])


def heard_of(finding: Finding) -> str:
    """What was heard, or what happened, on one line: its own words, else those for what it rests on."""
    evidence = finding.evidence
    if finding.heard:
        return finding.heard
    if evidence.seen and evidence.seen.events:
        return _tried(finding, evidence.seen)
    if evidence.estimate:
        return cost_of(evidence.estimate, finding.place.phrases if finding.place else ())
    return "; ".join(_moved(one) for one in evidence.measurements if one.against is Against.SUITE)


def _moved(one: Measurement) -> str:
    effect = "" if one.effect is None else f" ({one.effect:+.1f} deviations)"
    return f"{one.of}: {one.label} {one.value:+.3g}{effect}"


def _tried(finding: Finding, seen: Seen) -> str:
    """``connect: 203.0.113.7:443 (while it was asked for crane)``."""
    known = finding.place.phrases if finding.place else ()
    shown = "; ".join(f"{event.detail} ({_when(event, known)})" for event in seen.events)
    more = f"; and {seen.others} more" if seen.others else ""
    return f"{seen.events[0].what}: {shown}{more}"


def _when(event: BehaviourEvent, known: Sequence[NamedPhrase]) -> str:
    if event.when != "speaking" or not event.phrases:
        return f"while {event.when}"
    by_text = {phrase.text: phrase for phrase in known}
    names = [by_text.get(text, NamedPhrase(text=text)).name for text in dict.fromkeys(event.phrases)]
    more = f" and {len(names) - MOST_PHRASES} more" if len(names) > MOST_PHRASES else ""
    return f"while it was asked for {', '.join(names[:MOST_PHRASES])}{more}"


def _measured(one: Measurement) -> str:
    if one.against is Against.SEED and one.statistic in _OF_SAME_SEED:
        own, golden = _OF_SAME_SEED[one.statistic]
        return own.format(one.value) + (f", golden {golden.format(one.other)}" if golden else "")
    if one.against is Against.SUITE and one.p_value is not None:
        return f"p = {one.p_value:.2g}, corrected for all families and statistics"
    if one.effect is None or one.p_value is None:
        return f"{one.label} {one.value:.3g}, golden {one.other:.3g}"
    if one.against is Against.CONTROL:
        return (
            f"{one.label} {one.value:.3g}, control {one.other:.3g} after what all pairs differ by "
            f"({one.effect:+.1f} scatters of the other pairs), p = {one.p_value:.2g}"
        )
    if one.against is Against.REFERENCE:
        return (
            f"{one.label} {one.value:.3g}, reference {one.other:.3g} with the same seeds "
            f"({one.effect:+.1f} times what a listener notices), p {_p_text(one.p_value)}"
        )
    spread = "" if one.spread is None else f"spread {one.spread:.2g}, "
    return (
        f"{one.label} {one.value:.3g}, golden {one.other:.3g} ({spread}{one.effect:+.1f} spreads), "
        f"p {_p_text(one.p_value)}"
    )


def _p_text(p_value: float) -> str:
    """``= 0.012`` or ``< 1e-4``."""
    if p_value < 1e-4:
        return f"< {10.0 ** _ceiling_exponent(p_value):.0e}".replace("e-0", "e-")
    return f"= {p_value:.2g}"


def _ceiling_exponent(value: float) -> int:
    exponent = -4
    while value > 0 and value < 10.0 ** (exponent - 1) and exponent > -12:
        exponent -= 1
    return exponent


def _lost(count: Count) -> str:
    p_value = "" if count.p_value is None else f"; p = {count.p_value:.2g}"
    return (
        f"not heard in {count.count} of {count.of} renderings, control {count.control} of {count.control_of}{p_value}"
    )


def _seen(seen: Seen) -> str:
    became = "let through, what it got is bait" if seen.is_allowed else "it did not succeed"
    return f"seen from outside, {counted(seen.times, 'time')}; {became}"
