"""An export beside the checkpoint that it was made of: the same text, the same seed, the same noise into both. Pure.

Where most phrases come out equal sample by sample, the arithmetic is the same, and a phrase that never does is a
finding whatever it sounds like. Where it is narrower, a phrase fails where most pairs differ by what a listener
notices, tested at alpha; what is neither is left open. What no listener notices passes.
"""

from __future__ import annotations

import dataclasses
import math
import statistics as descriptive
from collections import Counter
from collections.abc import Generator, Sequence

from harness.core import stats
from harness.core.findings import Against, Count, Evidence, Finding, Measurement, Outcome
from harness.core.rules import Rule
from harness.core.text import counted
from harness.core.types import ComparisonKind, GoldenRecord, Observation, Probe, Severity, Take, Verdict
from harness.hearing.listening import Expected
from harness.judging.comparisons.base import (
    AtHand,
    Basis,
    Comparison,
    FirstTakes,
    FreshTakes,
    Judging,
    Role,
    TakesOf,
    Wanted,
    left_open,
)
from harness.judging.detectors import DETECTORS, spoiled_audio
from harness.judging.judge import FIRST_FRESH_TAKES, PROBES_SHARE, count_tests
from harness.judging.reliability import unreliable
from harness.judging.same_seeds import (
    SAMPLES,
    Noticed,
    SameSeed,
    differences,
    noticed,
    size_of,
    unmeasured,
)
from harness.judging.suite_shift import CHECK as SHIFT

SAME_ARITHMETIC = 0.5
"""Share of a suite's pairs that are equal sample by sample, from which those that are not say something."""
MIN_PAIRS = 2
"""Of a phrase, before anything is said of it: distances are held against the takes of other seeds."""
SELDOM = 3
"""Pairs of a phrase that differ to one side by half as much again as a listener notices, and none to the other, from
which it is left open: what fires in a share of the renderings is confirmed by no test of most of them."""
SELDOM_MARGIN = 1.5
NOT_SPOKEN = "the reference could not speak it, so there is nothing to hold it against; see the events of the run"
NO_PROBE = "no probe to hold against the reference; select some"
DIFFERS = Rule(
    id="equivalent.samples-differ",
    severity=Severity.HIGH,
    title="The export says a phrase otherwise than its checkpoint",
    meaning="Most phrases are equal sample by sample with the same seeds, so both do the same arithmetic. This one is "
    "not, whatever the seed.",
    advice="Listen to both. Compare the numbers: soundcheck scan EXPORT --reference CHECKPOINT; where they agree, the "
    "two engines may read digits or signs of the text otherwise. Else do not ship it.",
)
SUITE = Rule(
    id="equivalent.suite-differs",
    severity=Severity.MEDIUM,
    title="The export differs from its checkpoint in most phrases",
    meaning="With the same seeds, most phrases differ in one measure, to one side, by what a listener notices.",
    advice="Listen to both. Another checkpoint does this, and so does arithmetic that is too narrow for the voice.",
)
RULES = (DIFFERS, SUITE)


class EquivalentComparison(Comparison):
    """The checkpoint that the candidate was exported from, which speaks with the same seeds."""

    kind = ComparisonKind.EQUIVALENT
    gives_up = True
    is_paired = True

    def __init__(self, basis: Basis) -> None:
        super().__init__(basis)
        self._first: list[tuple[Probe, list[SameSeed]]] | None = None

    @classmethod
    def suits(cls, hand: AtHand) -> bool:
        """Never: an export has to be declared."""
        del hand
        return False

    @classmethod
    def lacks(cls, hand: AtHand) -> str | None:
        """The checkpoint."""
        if hand.has_reference:
            return None
        return "expected the checkpoint that it was exported from, got none; add --tts-reference=CHECKPOINT"

    def expected(self, probe: Probe) -> Expected:
        """What the golden was heard to say, else what the suite expects: the same for both."""
        if self._golden(probe):
            return super().expected(probe)
        return Expected(text=probe.expect)

    def judge(self, probe: Probe, takes: Sequence[Take]) -> Judging:
        """Pass what is the same; ask for fresh pairs of the rest until it is confirmed or cannot be."""
        theirs = yield FirstTakes(probes=(probe,), role=Role.REFERENCE)
        if probe.id not in theirs:
            return left_open(probe, takes, NOT_SPOKEN)
        first = self._paired(takes, theirs[probe.id])
        start = 0
        if len(first) < MIN_PAIRS and not all(one.is_same for one in first):
            first += yield from self._fresh(probe, 0, MIN_PAIRS)
            start = MIN_PAIRS
        if all(one.is_same for one in first):
            return self._decided(probe, first, notes=(_told_same(first),))
        is_exact = yield from self._is_same_arithmetic(probe)
        golden = self._golden(probe)
        suspicions = noticed(first, golden)
        fresh: list[SameSeed] = []
        if suspicions or is_exact:
            for upto in (FIRST_FRESH_TAKES, self._planned):
                fresh += yield from self._fresh(probe, start + len(fresh), start + upto)
                if not self._still_open(suspicions, fresh, golden, is_exact=is_exact):
                    break
        return self._concluded(probe, first, fresh, suspicions, is_exact=is_exact)

    def judge_suite(self) -> Judging:
        """Whether most phrases differ alike, though none by itself is proven to."""
        screened = yield from self._screened()
        pairs = [pair for _, phrase in screened for pair in phrase]
        if not pairs:
            return Outcome(subject=SHIFT, verdict=Verdict.INCONCLUSIVE, reason=NO_PROBE)
        same = sum(pair.is_same for pair in pairs)
        note = f"{same} of {len(pairs)} renderings are equal to the reference's sample by sample, within {SAMPLES:g}"
        if same >= SAME_ARITHMETIC * len(pairs):
            return Outcome(subject=SHIFT, verdict=Verdict.PASS, notes=(note,))
        return self._shifted([(self._golden(probe), phrase) for probe, phrase in screened], note)

    def _shifted(self, phrases: Sequence[tuple[Sequence[Take], list[SameSeed]]], note: str) -> Outcome:
        """By how many phrases differ in the mean, statistic by statistic."""
        alpha, tests = self.basis.screening.alpha * (1 - PROBES_SHARE), count_tests(1)
        found: list[Measurement] = []
        doubts: list[str] = []
        for statistic in (one for detector in DETECTORS for one in detector.statistics):
            means = [descriptive.fmean(differences(statistic, pairs, golden)) for golden, pairs in phrases]
            for sign in (1 if side == "greater" else -1 for side in statistic.sides):
                hits = sum(sign * mean >= size_of(statistic) for mean in means)
                p_value = stats.sign_test(hits, len(means))
                if p_value * tests <= alpha:
                    found.append(
                        Measurement(
                            statistic=statistic.name,
                            label=statistic.name,
                            value=descriptive.fmean(means),
                            other=0.0,
                            p_value=min(1.0, p_value * tests),
                            takes=sum(len(pairs) for _, pairs in phrases),
                            against=Against.SUITE,
                            of=f"{hits} of {len(means)} phrases",
                        )
                    )
                elif 2 * hits > len(means):
                    doubts.append(f"{statistic.name} in {hits} of {len(means)}")
        if found:
            finding = Finding(
                rule=SUITE,
                severity=SUITE.severity,
                subject=SHIFT,
                title="most phrases differ from the checkpoint's",
                evidence=Evidence(measurements=tuple(found), tests=tests),
            )
            return Outcome(subject=SHIFT, verdict=Verdict.FAIL, findings=(finding,), notes=(note,))
        if doubts:
            reason = (
                f"most phrases differ by what can be heard ({', '.join(doubts)}), and too few were judged to say so"
            )
            return Outcome(subject=SHIFT, verdict=Verdict.INCONCLUSIVE, reason=f"{reason}; judge more", notes=(note,))
        return Outcome(subject=SHIFT, verdict=Verdict.PASS, notes=(note,))

    @property
    def _tests(self) -> int:
        """Of all that share alpha: every statistic of every phrase, and its samples."""
        return count_tests(self.basis.screening.suite_probes) + self.basis.screening.suite_probes

    @property
    def _alpha(self) -> float:
        return self.basis.screening.alpha * PROBES_SHARE

    @property
    def _planned(self) -> int:
        """Fresh pairs that a confirmation needs."""
        return stats.signs_needed(self._tests, self._alpha)

    def _golden(self, probe: Probe) -> Sequence[Take]:
        """Takes to measure distances to, where a golden lies beside the reference."""
        record = self.basis.recorded.record(probe)
        return record.takes if record and self.basis.recorded.refusal(probe) is None else ()

    def _paired(self, ours: Sequence[Take], theirs: Sequence[Take]) -> list[SameSeed]:
        if self.basis.apart is None:
            raise RuntimeError("whoever makes this comparison has its samples laid side by side")
        apart = self.basis.apart
        return [SameSeed(ours=a, theirs=b, apart=apart(a, b)) for a, b in zip(ours, theirs, strict=True)]

    def _fresh(self, probe: Probe, start: int, stop: int) -> Generator[Wanted, TakesOf, list[SameSeed]]:
        """Pairs that no screening has seen."""
        ours = yield FreshTakes(probes=(probe,), start=start, stop=stop)
        theirs = yield FreshTakes(probes=(probe,), start=start, stop=stop, role=Role.REFERENCE)
        return self._paired(ours[probe.id], theirs[probe.id])

    def _screened(self) -> Generator[Wanted, TakesOf, list[tuple[Probe, list[SameSeed]]]]:
        """First pairs of every probe that both could speak."""
        if self._first is None:
            probes = tuple(self.basis.probes)
            if not probes:
                return []
            ours = yield FirstTakes(probes=probes)
            theirs = yield FirstTakes(probes=probes, role=Role.REFERENCE)
            both = [probe for probe in probes if probe.id in ours and probe.id in theirs]
            self._first = [(probe, self._paired(ours[probe.id], theirs[probe.id])) for probe in both]
        return self._first

    def _is_same_arithmetic(self, probe: Probe) -> Generator[Wanted, TakesOf, bool]:
        """Whether this candidate's samples are the reference's as a rule; of one speaker, as each may be changed."""
        screened = yield from self._screened()
        pairs = [pair for other, phrase in screened for pair in phrase if other.speaker == probe.speaker]
        return sum(pair.is_same for pair in pairs) >= SAME_ARITHMETIC * len(pairs)

    def _is_confirmed(self, hits: int, trials: int) -> bool:
        return stats.sign_test(hits, trials) * self._tests <= self._alpha

    def _still_open(
        self, suspicions: Sequence[Noticed], fresh: Sequence[SameSeed], golden: Sequence[Take], *, is_exact: bool
    ) -> bool:
        """Whether anything could still be confirmed with all fresh pairs."""
        left = self._planned - len(fresh)
        hits = [one.hits(fresh, golden) for one in suspicions]
        if is_exact:
            hits.append(sum(not pair.is_same for pair in fresh))
        return left > 0 and any(self._is_confirmed(count + left, self._planned) for count in hits)

    def _concluded(
        self,
        probe: Probe,
        first: Sequence[SameSeed],
        fresh: Sequence[SameSeed],
        suspicions: Sequence[Noticed],
        *,
        is_exact: bool,
    ) -> Outcome:
        golden, pairs = self._golden(probe), [*first, *fresh]
        record = _record(probe, pairs)
        confirmed: dict[str, list[Observation]] = {}
        doubts: list[str] = []
        for one in suspicions:
            hits = one.hits(fresh, golden)
            if fresh and self._is_confirmed(hits, len(fresh)):
                confirmed.setdefault(one.detector.name, []).append(_observed(one, fresh, golden, hits))
            elif doubt := _doubt(one, fresh, pairs, golden, is_exact=is_exact):
                doubts.append(doubt)
        findings: list[Finding] = []
        for detector in DETECTORS:
            if evidence := confirmed.get(detector.name):
                findings += detector.findings(probe, record, [pair.ours for pair in fresh], evidence)
        apart = sum(not pair.is_same for pair in fresh)
        if is_exact and self._is_confirmed(apart, len(fresh)):
            findings.append(_differing(probe, fresh, record))
        elif is_exact and 2 * apart > len(fresh):
            doubts.append(f"{apart} of {len(fresh)} fresh renderings are not the reference's; run it with another seed")
        if missing := unmeasured(pairs, golden):
            doubts.append(f"{missing} could not be measured in the candidate and was in the reference; listen to it")
        if not is_exact and (unheard := unreliable(probe, record)):
            doubts.append(unheard)
        notes = (_told_same(pairs),)
        return self._decided(probe, pairs, [_beside_reference(one, self._tests) for one in findings], doubts, notes)

    def _decided(
        self,
        probe: Probe,
        pairs: Sequence[SameSeed],
        findings: Sequence[Finding] = (),
        doubts: Sequence[str] = (),
        notes: tuple[str, ...] = (),
    ) -> Outcome:
        record, takes = _record(probe, pairs), tuple(pair.ours for pair in pairs)
        found = (*spoiled_audio(probe, takes, record), *findings)
        reason = "" if found or not doubts else doubts[0]
        return Outcome(
            subject=probe.id,
            verdict=Verdict.FAIL if found else Verdict.INCONCLUSIVE if reason else Verdict.PASS,
            reason=reason,
            probe=probe,
            findings=found,
            takes=takes,
            golden=record,
            notes=notes,
        )


def _record(probe: Probe, pairs: Sequence[SameSeed]) -> GoldenRecord:
    """What the reference said, in the form of a golden's record."""
    takes = tuple(pair.theirs for pair in pairs)
    transcript = Counter(take.hearing.text for take in takes).most_common(1)[0][0]
    return GoldenRecord(probe_id=probe.id, text=probe.text, transcript=transcript, takes=takes, audio="")


def _told_same(pairs: Sequence[SameSeed]) -> str:
    same = sum(pair.is_same for pair in pairs)
    return f"{same} of {counted(len(pairs), 'rendering')} equal to the reference's sample by sample, within {SAMPLES:g}"


def _doubt(
    one: Noticed, fresh: Sequence[SameSeed], pairs: Sequence[SameSeed], golden: Sequence[Take], *, is_exact: bool
) -> str:
    """Why a phrase is left open by what was not confirmed; ``""`` where it is dropped."""
    name, hits = one.statistic.name, one.hits(fresh, golden)
    if 2 * hits > len(fresh):
        return f"{hits} of {len(fresh)} fresh renderings differ audibly in {name}, too few to be sure; listen to them"
    if is_exact:  # the same arithmetic never does
        return (
            f"{one.hits(pairs, golden)} of {len(pairs)} renderings differ audibly in {name} from the reference's of "
            "the same seed, where others are equal; listen to them"
        )
    far = sum(value >= SELDOM_MARGIN * size_of(one.statistic) for value in one.towards(pairs, golden))
    if far >= SELDOM and not one.misses(pairs, golden):
        return f"{far} of {len(pairs)} renderings differ by far in {name}, all to one side; listen to them"
    return ""


def _observed(one: Noticed, fresh: Sequence[SameSeed], golden: Sequence[Take], hits: int) -> Observation:
    """What was confirmed, in units of what a listener notices."""
    own = descriptive.fmean(differences(one.statistic, fresh, golden))
    others = golden or [pair.theirs for pair in fresh]
    theirs = descriptive.fmean(one.statistic.measure([pair.theirs for pair in fresh], others))
    return Observation(
        statistic=one.statistic.name,
        value=theirs + own,
        golden_mean=theirs,
        golden_spread=size_of(one.statistic),
        effect=own / size_of(one.statistic),
        p_value=stats.sign_test(hits, len(fresh)),
        stage="confirm",
        takes=len(fresh),
    )


def _differing(probe: Probe, fresh: Sequence[SameSeed], record: GoldenRecord) -> Finding:
    """That the samples of a phrase are never the reference's."""
    differing = [pair for pair in fresh if not pair.is_same]
    apart = [pair.apart for pair in differing if math.isfinite(pair.apart)]
    measurements = []
    if apart:
        measurements.append(
            _of_samples("apart", "largest difference of samples, of full scale", max(apart), len(apart))
        )
    if others := len(differing) - len(apart):
        measurements.append(_of_samples("other-length", "renderings of another length", others, others))
    return Finding(
        rule=DIFFERS,
        severity=DIFFERS.severity,
        subject=probe.id,
        title="differs from its checkpoint with the same seeds, where other phrases do not",
        heard=differing[0].ours.hearing.text,
        expected=record.transcript,
        evidence=Evidence(count=Count(count=len(differing), of=len(fresh)), measurements=tuple(measurements)),
        audio=tuple(pair.ours.audio_sha256 for pair in differing[:3]),
    )


def _of_samples(statistic: str, label: str, value: float, takes: int) -> Measurement:
    return Measurement(statistic=statistic, label=label, value=value, other=0.0, takes=takes, against=Against.SEED)


def _beside_reference(finding: Finding, tests: int) -> Finding:
    """Say what its numbers were held against, and among how many tests each has to stand."""
    if finding.rule is DIFFERS:
        return finding
    own = tuple(
        dataclasses.replace(one, against=Against.REFERENCE, spread=None) for one in finding.evidence.measurements
    )
    return dataclasses.replace(finding, evidence=dataclasses.replace(finding.evidence, measurements=own, tests=tests))
