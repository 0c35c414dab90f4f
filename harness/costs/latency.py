"""Whether the whole candidate costs more processor time than what it is held against, or makes more audio. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.core.findings import Estimate, Evidence, Finding, Method, Quantity, Side, Unit
from harness.core.rules import Rule
from harness.core.types import Severity
from harness.costs.arithmetic import Ratio, paired_ratio, pairs_needed
from harness.costs.floors import RECORDED, Floors
from harness.costs.profile import CostProfile, another_class
from harness.costs.sample import Round, Sample
from harness.policy.release import CostPolicy

WIDEST = 1.35
"""Ratio of the interval's ends from which the clocks are too noisy to say anything."""
LATENCY = Rule(
    id="cost.latency",
    severity=Severity.HIGH,
    title="The candidate costs more processor time than the reference",
    meaning="The same phrases take more processor time, seen from outside, in turn with a reference or as recorded.",
    advice="If the model is meant to be larger, raise latency or recorded below [cost] in the policy.",
)
WORK = Rule(
    id="cost.work",
    severity=Severity.HIGH,
    title="The candidate makes more audio for the same texts",
    meaning="Seconds of audio, counted by the harness, exceed the golden's for the same phrases.",
    advice="Listen: a slow voice or long pauses. If it is meant, record a new golden.",
)
RULES = (
    LATENCY,
    WORK,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of comparing clocks."""

    findings: tuple[Finding, ...] = ()
    doubt: str | None = None
    """Why nothing can be said although it was asked for; None where something can."""
    notes: tuple[str, ...] = ()
    is_made: bool = False
    """Whether clocks were compared."""


def beside_reference(subject: str, sample: Sample, limits: CostPolicy, floors: Floors, level: float) -> Comparison:
    """Candidate and live reference, phrase by phrase, spoken in turn."""
    pairs = [one for one in sample.rounds if one.reference]
    if len(pairs) < pairs_needed(level):
        return Comparison(doubt=f"{len(pairs)} pairs were spoken by both sides, {pairs_needed(level)} are needed")
    if _middle([one.reference_seconds for one in pairs]) < floors.timed:
        return Comparison(notes=("phrases are spoken too quickly for their processor time to be compared",))
    ratio = paired_ratio([one.seconds for one in pairs], [one.reference_seconds for one in pairs])
    per_audio = paired_ratio(
        [one.seconds / one.audio for one in pairs], [one.reference_seconds / one.reference_audio for one in pairs]
    )
    told = (
        f"processor time {_told(ratio)} the live reference's; per second of audio {per_audio.ratio:.3f}; "
        f"{_contention(sample)}"
    )
    if ratio.high / ratio.low > WIDEST:
        return Comparison(doubt=f"clocks are too noisy: {told}; run again on a calmer machine", is_made=True)
    return _decided(subject, ratio, limits.latency, level, told, Side.REFERENCE)


def beside_profile(
    subject: str, sample: Sample, profile: CostProfile, limits: CostPolicy, level: float, *, here: str, engine: str
) -> Comparison:
    """The candidate beside what the golden's reference cost when it was recorded, in units of the calibration."""
    if different := another_class(profile, here=here, engine=engine, calibration=sample.calibration):
        return Comparison(notes=(f"the golden's clocks are of another kind of machine ({different})",))
    known = {text: cost.seconds for text, cost in profile.phrases.items() if cost.seconds > 0}
    pairs = [one for one in sample.rounds if one.text in known]
    if len(pairs) < pairs_needed(level):
        return Comparison(notes=(f"the golden has the cost of {len(pairs)} of these phrases only",))
    if _middle([known[one.text] for one in pairs]) < RECORDED * profile.calibration_seconds:
        return Comparison(notes=("phrases are spoken too quickly for their processor time to be compared",))
    ratio = paired_ratio(
        [one.seconds / sample.calibration for one in pairs],
        [known[one.text] / profile.calibration_seconds for one in pairs],
    )
    told = f"processor time {_told(ratio)} what the golden recorded, by a calibration workload; {_contention(sample)}"
    found = _decided(subject, ratio, limits.recorded, level, told, Side.RECORDED)
    if found.findings and sample.contention is not None and sample.contention.is_contended:
        return Comparison(doubt=f"the machine is shared: {told}; run again on a calmer one", is_made=True)
    return found


def work_beside_golden(
    subject: str, rounds: Sequence[Round], golden_seconds: Mapping[str, float], limits: CostPolicy, level: float
) -> Comparison:
    """Seconds of audio, which the harness counts itself, for the same texts: the same on every machine."""
    pairs = [one for one in rounds if golden_seconds.get(one.text, 0) > 0]
    if len(pairs) < pairs_needed(level):
        return Comparison()
    ratio = paired_ratio([one.audio for one in pairs], [golden_seconds[one.text] for one in pairs])
    told = f"audio for the same texts {_told(ratio)} the golden's"
    found = _decided(subject, ratio, limits.work, level, told, Side.GOLDEN, rule=WORK)
    return Comparison(findings=found.findings, notes=(told,))


def _decided(
    subject: str, ratio: Ratio, limit: float, level: float, told: str, side: Side, *, rule: Rule = LATENCY
) -> Comparison:
    if ratio.ratio < limit or ratio.p_value > level:
        return Comparison(notes=(told,), is_made=True)
    finding = Finding(
        rule=rule,
        severity=Severity.HIGH if ratio.ratio >= 2 else Severity.MEDIUM,
        subject=subject,
        title="costs more processor time than it should" if rule is LATENCY else "makes more audio than it should",
        expected=f"at most {limit:g} times",
        evidence=Evidence(
            estimate=Estimate(
                method=Method.PAIRS,
                quantity=Quantity.PROCESSOR if rule is LATENCY else Quantity.AUDIO,
                value=ratio.ratio,
                unit=Unit.TIMES,
                other=limit,
                low=ratio.low,
                high=ratio.high,
                p_value=ratio.p_value,
                points=ratio.pairs,
                side=side,
            )
        ),
        hint="another architecture or precision costs more, too: raise [cost] in the policy if that is meant",
    )
    return Comparison(findings=(finding,), notes=(told,), is_made=True)


def _told(ratio: Ratio) -> str:
    return f"{ratio.ratio:.3f} times ({ratio.low:.3f} to {ratio.high:.3f}, {ratio.pairs} phrases)"


def _contention(sample: Sample) -> str:
    return sample.contention.told if sample.contention else "what else the machine did is not known"


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
