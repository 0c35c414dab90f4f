"""The same weights, the same seed: the audio must be the same within rounding. Pure.

Where the candidate's digest is that of the golden's reference, nothing has to be estimated: takes are made with the
golden's own seeds and compared one by one. What differs then is not the model but what surrounds it: another front
end, another library, another machine, or a model that does not say the same thing twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.findings import Against, Count, Evidence, Finding, Measurement, Outcome
from harness.core.rules import Rule
from harness.core.seeds import Request
from harness.core.types import ComparisonKind, GoldenRecord, Probe, Severity, Take, Verdict
from harness.judging.comparisons.base import AtHand, Comparison, Judging, left_open, settled
from harness.judging.reliability import unreliable
from harness.judging.suite_shift import CHECK as SHIFT

SECONDS = 0.05
"""A length that differs by less is a duration that rounding moved: a frame of 12 ms here or there."""
LEVEL_DB = 0.2
PEAK = 0.05
"""Of full scale."""
SEMITONE = 0.0595
"""As a share of the pitch."""
LOGPROB = 0.1
"""Nats per token of the golden text."""
ECHO = 0.05
"""Distance of sounds to the golden take of the same seed."""

DIFFERS = Rule(
    id="same.differs",
    severity=Severity.HIGH,
    title="The same weights and seed sound different",
    meaning="The candidate has the digest of the golden's reference, but not the audio recorded with that seed.",
    advice="Compare engine, versions and device with the golden's: what surrounds the model has changed.",
)
RULES = (DIFFERS,)


class SameWeightsComparison(Comparison):
    """The golden's reference is this very model: same seed, same audio."""

    kind = ComparisonKind.SAME

    @classmethod
    def suits(cls, hand: AtHand) -> bool:
        """Where the golden was recorded from files of the same digest."""
        is_same_voice = (hand.golden_digest, hand.golden_voice) == (hand.digest, hand.voice)
        return hand.golden is not None and is_same_voice

    @classmethod
    def lacks(cls, hand: AtHand) -> str | None:
        """The golden, or its being of this very model."""
        if hand.golden is None or hand.golden_digest is None:
            return "expected a golden beside it, got none; add --tts-golden=NAME"
        if cls.suits(hand):
            return None
        if hand.golden_digest == hand.digest:
            was, is_now = (one or "the only voice" for one in (hand.golden_voice, hand.voice))
            return f"expected the voice that golden {hand.golden} was recorded with ({was}), got {is_now}"
        return (
            f"expected the model that golden {hand.golden} was recorded with ({hand.golden_digest[:12]}), "
            f"got {hand.digest[:12]}; leave the option out"
        )

    def first_requests(self, probe: Probe) -> tuple[Request, ...]:
        """With the golden's own seeds."""
        record = self.basis.recorded.record(probe)
        if record is None:
            return super().first_requests(probe)
        return tuple((probe.text, take.seed) for take in record.takes[: self.basis.screening.takes])

    def judge(self, probe: Probe, takes: Sequence[Take]) -> Judging:
        """Take by take, nothing is estimated."""
        record = self.basis.recorded.record(probe)
        reason = self.basis.recorded.refusal(probe)
        if record is None or reason:
            return settled(left_open(probe, takes, reason))
        return settled(judge_sameness(probe, record, takes))

    def judge_suite(self) -> Judging:
        """Every rendering was compared: a suite has nothing to add."""
        note = "every rendering was compared with the golden's own of the same seed"
        passed = Outcome(subject=SHIFT, verdict=Verdict.PASS, notes=(note,))
        return settled(self._nothing_comparable() or passed)


def judge_sameness(probe: Probe, golden: GoldenRecord, takes: Sequence[Take]) -> Outcome:
    """Compare each take with the golden take of its seed.

    Args:
        probe: What was spoken.
        golden: With a take for every seed.
        takes: At least one.
    """
    known = {take.seed: take for take in golden.takes}
    differing = [(take, found) for take in takes if (found := _differences(take, known[take.seed]))]
    findings: tuple[Finding, ...] = ()
    if differing:
        worst, measurements = differing[0]
        findings = (
            Finding(
                rule=DIFFERS,
                severity=Severity.HIGH,
                subject=probe.id,
                title="the same weights and seed sound different from when the golden was recorded",
                heard=worst.hearing.text,
                expected=known[worst.seed].hearing.text,
                evidence=Evidence(measurements=measurements, count=Count(count=len(differing), of=len(takes))),
                hint="compare the versions in the report with the golden's; --tts-compare=golden judges by statistics",
                audio=tuple(take.audio_sha256 for take, _ in differing[:3]),
            ),
        )
    reason = None if findings else unreliable(probe, golden)
    return Outcome(
        subject=probe.id,
        verdict=Verdict.FAIL if findings else Verdict.INCONCLUSIVE if reason else Verdict.PASS,
        reason=reason or "",
        probe=probe,
        findings=findings,
        takes=tuple(takes),
        golden=golden,
    )


def _differences(take: Take, golden: Take) -> tuple[Measurement, ...]:
    """What differs by more than rounding."""
    now, then = take.acoustics, golden.acoustics
    found = []
    if abs(now.seconds - then.seconds) > SECONDS:
        found.append(_measured("seconds", "length, s", now.seconds, then.seconds))
    if abs(now.level_db - then.level_db) > LEVEL_DB:
        found.append(_measured("level-db", "level, dB", now.level_db, then.level_db))
    if abs(now.f0_hz - then.f0_hz) > SEMITONE * max(now.f0_hz, then.f0_hz):
        found.append(_measured("f0-hz", "pitch, Hz", now.f0_hz, then.f0_hz))
    if take.facts.nonfinite != golden.facts.nonfinite:
        bad, known_bad = float(take.facts.nonfinite), float(golden.facts.nonfinite)
        found.append(_measured("nonfinite", "samples that are no numbers", bad, known_bad))
    if abs(take.facts.peak - golden.facts.peak) > PEAK:
        found.append(_measured("peak", "peak", take.facts.peak, golden.facts.peak))
    forced, known = take.hearing.forced, golden.hearing.forced
    if forced and known and abs(forced.mean - known.mean) > LOGPROB:
        found.append(_measured("forced-mean", "log-likelihood of the golden text", forced.mean, known.mean))
    own = next((echo for echo in take.hearing.echoes if echo.seed == take.seed), None)
    if own is not None and own.mean > ECHO:
        found.append(_measured("echo-mean", "distance of sounds", own.mean, 0.0))
    return tuple(found)


def _measured(statistic: str, label: str, value: float, other: float) -> Measurement:
    return Measurement(statistic=statistic, label=label, value=value, other=other, takes=1, against=Against.SEED)
