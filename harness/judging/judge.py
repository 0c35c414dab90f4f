"""Decides about one probe from its takes and its golden record. Pure: reads no file, renders nothing.

Screening takes either pass or ask for fresh takes; fresh takes either confirm or refute. Only a confirmation (or a
broken signal) fails a probe. See :mod:`harness.core.stats` for why that holds its false-alarm rate.
"""

from __future__ import annotations

import dataclasses
import math
import statistics as descriptive
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.core import stats
from harness.core.findings import Finding, Outcome
from harness.core.screening import Screening
from harness.core.types import GoldenRecord, Observation, Probe, Take, Verdict
from harness.judging.detectors import DETECTORS, Detector, Habits, Statistic, spoiled_audio
from harness.judging.detectors.speech import DROPPED, INSERTED, SWAPPED
from harness.judging.reliability import unreliable
from harness.judging.spread import MIN_EFFECT, MIN_GOLDEN_TAKES, calibrate

PROBES_SHARE = 0.9
"""Of alpha, for the probes; the rest is for the suite as a whole, see :mod:`harness.judging.suite_shift`."""
FIRST_FRESH_TAKES = 4
"""Fresh takes after which a suspicion that can no longer be confirmed is dropped."""
FUTILE_ERRORS = 3.0
"""Standard errors above its first fresh takes' mean that a difference may still turn out to be."""
FUTILE_SCATTER = 2.0
"""Times as far as they do that so few takes are taken to scatter."""
EXTREME_MARGIN = 1.5
"""Times the largest deviation of any golden take: what lies beyond is counted one by one."""
EXTREME_EFFECT = 5.0
"""Golden spreads that an extreme take lies off at least."""
WORD_RULES = frozenset({DROPPED, INSERTED, SWAPPED})
"""Findings that name other words than the golden's."""
SOUNDS = frozenset({"echo-mean", "echo-worst"})
WORDS = frozenset({"transcript-distance", "forced-mean", "forced-worst"})
"""Statistics of what Whisper's encoder heard, and of what its decoder made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One statistic on one side that the screen found odd."""

    detector: Detector
    statistic: Statistic
    side: stats.Side
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How a whole suite lies beside the golden in one statistic: what a fine-tune does to every phrase."""

    median: float = 0.0
    """Of the probes' differences, in the statistic's unit."""
    spread: float = 0.0
    """Standard deviation of the probes' differences beyond what few takes explain, in the same unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Takes that no screening has seen."""

    candidate: Sequence[Take] = ()
    reference: Sequence[Take] | None = None
    """As many of a live reference; None where the golden's takes have to do."""


class Judge:
    """Judges the probes of one golden. Built once per run: calibrates the screen on the golden's own repeats."""

    def __init__(
        self,
        records: Sequence[GoldenRecord],
        *,
        takes: int,
        tests: int,
        alpha: float,
        shifts: Mapping[str, Shift] | None = None,
    ) -> None:
        """Calibrate.

        Args:
            records: All records of the golden.
            takes: Takes per probe at the screening.
            tests: Number of one-sided tests of the whole suite, see :func:`count_tests`.
            alpha: False-alarm rate of the whole verdict.
            shifts: For a fine-tune, what is common to all probes, by statistic: only what a probe differs by beyond
                that counts.
        """
        usable = [record for record in records if len(record.takes) >= MIN_GOLDEN_TAKES]
        self._tests = tests
        self._alpha = alpha * PROBES_SHARE
        self._shifts = dict(shifts or {})
        self._is_tuned = shifts is not None
        self._habits = Habits.of(usable)
        self._calibrations = {
            statistic.name: calibrate(statistic, usable, takes)
            for detector in DETECTORS
            for statistic in detector.statistics
        }

    def fresh_takes(self, golden: GoldenRecord, *, is_live: bool = False) -> int:
        """How many fresh takes a confirmation needs (of candidate and reference each, where that is live)."""
        if is_live:
            return stats.paired_takes_needed(self._tests, self._alpha)
        return stats.takes_needed(len(golden.takes), self._tests, self._alpha)

    def differences(self, golden: GoldenRecord, takes: Sequence[Take]) -> dict[str, tuple[float, float]]:
        """Difference of means to the golden, and its standard error, by statistic that was measured."""
        found = {}
        for statistic in self._measured(golden):
            values = statistic.of_candidate(takes, golden)
            own, spread = self._own(statistic, golden)
            error = spread * math.sqrt(1 / len(values) + 1 / len(own))
            difference = descriptive.fmean(values) - descriptive.fmean(own)
            if math.isfinite(difference):
                found[statistic.name] = (difference, error)
        return found

    def screen(self, golden: GoldenRecord, takes: Sequence[Take]) -> tuple[Suspicion, ...]:
        """What is odd about the first takes."""
        suspicions = []
        for detector in DETECTORS:
            for statistic in detector.statistics:
                if golden.probe_id not in self._calibrations[statistic.name].golden:
                    continue
                values = self._values(statistic, takes, golden)
                own, spread = self._own(statistic, golden)
                score = stats.screen_score(values, own, spread)
                threshold = self._calibrations[statistic.name].threshold
                for side in statistic.sides:
                    sign = 1 if side == "greater" else -1
                    # A single take that no golden take comes near is worth a second look even if its mate is clean.
                    if sign * score > threshold or self._extremes(statistic, values, golden, side):
                        suspicions.append(Suspicion(detector=detector, statistic=statistic, side=side, score=score))
        return tuple(suspicions)

    def still_open(self, golden: GoldenRecord, suspicions: Sequence[Suspicion], fresh: Fresh, planned: int) -> bool:
        """Whether any suspicion could still be confirmed with all fresh takes."""
        for suspicion in suspicions:
            values = self._values(suspicion.statistic, fresh.candidate, golden)
            if self._extremes(suspicion.statistic, values, golden, suspicion.side):
                return True
            if not self._may_matter(golden, suspicion, values):
                continue
            own = self._against(suspicion.statistic, golden, fresh)
            if fresh.reference is not None and len(own) < planned:
                return True  # nothing is known of the reference's coming takes
            if stats.best_possible(values, own, suspicion.side, planned) * self._tests <= self._alpha:
                return True
        return False

    def _may_matter(self, golden: GoldenRecord, suspicion: Suspicion, values: Sequence[float]) -> bool:
        """Whether the mean of some fresh values may yet turn out to be off by what matters.

        A small steady shift (weights stored in fewer bits lift the noise floor a little) would otherwise be confirmed
        on every probe, only to be called too small. Like stopping at a hopeless p-value, this can only lose power.
        Values closer together than the golden's spread, whose floor is generous, are taken to scatter twice as far.
        """
        own, spread = self._own(suspicion.statistic, golden)
        scatter = min(spread, FUTILE_SCATTER * descriptive.stdev(values)) if len(values) > 2 else spread
        sign = 1 if suspicion.side == "greater" else -1
        difference = sign * (descriptive.fmean(values) - descriptive.fmean(own))
        reach = difference + FUTILE_ERRORS * scatter / math.sqrt(len(values))
        return reach >= max(suspicion.statistic.matters + self._tolerance(suspicion.statistic), MIN_EFFECT * spread)

    def decide(
        self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take], suspicions: Sequence[Suspicion], fresh: Fresh
    ) -> Outcome:
        """The outcome, from the first takes and (where there were suspicions) fresh ones."""
        everything = [*takes, *fresh.candidate]
        findings = list(spoiled_audio(probe, everything, golden, self._habits))
        observations = [self._observe(golden, s, takes, "screen") for s in suspicions if not fresh.candidate]
        confirmed: dict[str, list[Observation]] = {}
        doubts: list[str] = []
        for suspicion in suspicions if fresh.candidate else ():
            observation = self._observe(golden, suspicion, fresh.candidate, "confirm", fresh)
            if self._is_confirmed(observation, suspicion.statistic):
                confirmed.setdefault(suspicion.detector.name, []).append(observation)
            elif (seldom := self._seldom(golden, suspicion, everything)) is not None:
                observation = seldom
                doubts.append(_doubt(observation))
            observations.append(observation)
        for detector in DETECTORS:
            if evidence := confirmed.get(detector.name):
                found = detector.findings(probe, golden, fresh.candidate, evidence)
                if self._needs_company(evidence):
                    doubts[:0] = _uncertain(found, evidence)
                else:
                    findings += found
        doubt = unreliable(probe, golden) or self._unmeasured(golden, everything) or next(iter(doubts), None)
        reason = None if findings else doubt
        verdict = Verdict.FAIL if findings else Verdict.INCONCLUSIVE if reason else Verdict.PASS
        notes: tuple[str, ...] = ()
        if suspicions and not findings:
            names = ", ".join(sorted({suspicion.statistic.name for suspicion in suspicions}))
            notes = (f"looked odd at first ({names}); {len(fresh.candidate)} fresh takes did not confirm it",)
        return Outcome(
            subject=probe.id,
            verdict=verdict,
            reason=reason or "",
            probe=probe,
            findings=_corrected(_explained(findings), self._tests),
            observations=tuple(observations),
            takes=tuple(everything),
            golden=golden,
            notes=notes,
        )

    def _measured(self, golden: GoldenRecord) -> list[Statistic]:
        return [
            statistic
            for detector in DETECTORS
            for statistic in detector.statistics
            if golden.probe_id in self._calibrations[statistic.name].golden
        ]

    def _unmeasured(self, golden: GoldenRecord, takes: Sequence[Take]) -> str | None:
        """Why the candidate's takes cannot be held against the golden in everything; None where they can."""
        for statistic in self._measured(golden):
            if not all(map(math.isfinite, statistic.of_candidate(takes, golden))):
                return f"{statistic.name} is in the golden and could not be measured here; see: soundcheck doctor"
        return None

    def _own(self, statistic: Statistic, golden: GoldenRecord) -> tuple[list[float], float]:
        calibration = self._calibrations[statistic.name]
        return calibration.golden[golden.probe_id], calibration.spread[golden.probe_id]

    def _values(self, statistic: Statistic, takes: Sequence[Take], golden: GoldenRecord) -> list[float]:
        """The candidate's values less what is common to the suite; what was not measured counts as ordinary."""
        own, _ = self._own(statistic, golden)
        typical = descriptive.fmean(own)
        common = self._shifts.get(statistic.name, Shift()).median
        return [value - common if math.isfinite(value) else typical for value in statistic.of_candidate(takes, golden)]

    def _against(self, statistic: Statistic, golden: GoldenRecord, fresh: Fresh) -> list[float]:
        """What fresh takes are compared with: the live reference's, else the golden's."""
        if fresh.reference is None:
            return self._own(statistic, golden)[0]
        typical = descriptive.fmean(self._own(statistic, golden)[0])
        values = statistic.of_candidate(fresh.reference, golden)
        return [value if math.isfinite(value) else typical for value in values]

    def _extremes(
        self, statistic: Statistic, values: Sequence[float], golden: GoldenRecord, side: stats.Side
    ) -> list[int]:
        """Places of the values that lie beyond anything that any golden take of the suite does."""
        own, spread = self._own(statistic, golden)
        calibration = self._calibrations[statistic.name]
        least = spread * max(EXTREME_EFFECT, EXTREME_MARGIN * calibration.extreme)
        least = max(least, statistic.matters) + self._tolerance(statistic)
        mean, sign = descriptive.fmean(own), 1 if side == "greater" else -1
        return [place for place, value in enumerate(values) if sign * (value - mean) > least]

    def _seldom(self, golden: GoldenRecord, suspicion: Suspicion, takes: Sequence[Take]) -> Observation | None:
        """What shows in a share of the takes only, or None.

        The bound takes honest takes for independent. Those of one probe are not quite: a phrase may have a second way
        of being spoken, or Whisper of hearing it, that none of eight golden takes happened to show. So this fails
        nothing; it leaves the probe open.
        """
        values = self._values(suspicion.statistic, takes, golden)
        places = self._extremes(suspicion.statistic, values, golden, suspicion.side)
        known = self._calibrations[suspicion.statistic.name].known
        p_value = stats.exceedance_bound(len(places), len(takes), known)
        if p_value * self._tests > self._alpha:
            return None
        shown = [takes[place] for place in places]
        observation = self._observe(golden, suspicion, shown, "confirm")
        return dataclasses.replace(observation, p_value=p_value, of_takes=len(takes))

    def _is_confirmed(self, observation: Observation, statistic: Statistic) -> bool:
        """Whether a difference is significant, and large against the golden's spread and for a listener."""
        difference = abs(observation.value - observation.golden_mean)
        return (
            observation.p_value * self._tests <= self._alpha
            and abs(observation.effect) >= MIN_EFFECT
            and difference >= statistic.matters + self._tolerance(statistic)
        )

    def _tolerance(self, statistic: Statistic) -> float:
        """How far the probes of a fine-tune scatter by themselves, at the level of the whole suite."""
        spread = self._shifts.get(statistic.name, Shift()).spread
        return spread * stats.gaussian_quantile(1 - self._alpha / self._tests)

    def _needs_company(self, confirmed: Sequence[Observation]) -> bool:
        """For a fine-tune, other words prove nothing unless the sounds differ, nor sounds unless the words do.

        What Whisper makes of the phrases of an honest fine-tune scatters with far heavier tails than their acoustics:
        of 88 phrases of four copies that were kept for development, seven lay beyond 4.6 deviations in a forced score,
        three in the distance of sounds, none in tempo, level, pitch or timbre.
        """
        return self._is_tuned and are_of_whisper_alone(one.statistic for one in confirmed)

    def _observe(
        self,
        golden: GoldenRecord,
        suspicion: Suspicion,
        takes: Sequence[Take],
        stage: str,
        fresh: Fresh | None = None,
    ) -> Observation:
        own, spread = self._own(suspicion.statistic, golden)
        values = self._values(suspicion.statistic, takes, golden)
        against = self._against(suspicion.statistic, golden, fresh) if fresh else own
        mean = descriptive.fmean(against)
        return Observation(
            statistic=suspicion.statistic.name,
            value=descriptive.fmean(values),
            golden_mean=mean,
            golden_spread=spread,
            effect=(descriptive.fmean(values) - mean) / spread,
            p_value=stats.rank_test(values, against, suspicion.side),
            stage="confirm" if stage == "confirm" else "screen",
            takes=len(takes),
        )


def plain_judge(records: Sequence[GoldenRecord], screening: Screening) -> Judge:
    """The judge of a candidate that is no declared fine-tune; calibrated on a whole golden, whoever is judged."""
    tests = count_tests(screening.suite_probes)
    return Judge(records, takes=screening.takes, tests=tests, alpha=screening.alpha)


def _doubt(observation: Observation) -> str:
    return (
        f"{observation.takes} of {observation.of_takes} renderings lie beyond anything the golden does in "
        f"{observation.statistic}, the others do not; listen to them, then record the golden with more --takes"
    )


def _uncertain(found: Sequence[Finding], evidence: Sequence[Observation]) -> list[str]:
    """Why a probe of a fine-tune is left open by evidence that stands alone; other spelling alone says nothing."""
    if {one.statistic for one in evidence} == {"transcript-distance"}:
        return []
    return [f"{one.title}, unlike the other phrases, but nothing else says so: listen" for one in found]


def are_of_whisper_alone(statistics: Iterable[str]) -> bool:
    """Whether only sounds, or only words, say so."""
    names = set(statistics)
    return names <= SOUNDS | WORDS and not (names & SOUNDS and names & WORDS)


def count_tests(probes: int) -> int:
    """One-sided tests that share alpha in a suite of that many probes: all of them, screened or not."""
    sides = sum(len(statistic.sides) for detector in DETECTORS for statistic in detector.statistics)
    return max(1, probes * sides)


def _explained(findings: Sequence[Finding]) -> list[Finding]:
    """Say where words differ that all else may follow from that. It stays a finding: a policy may accept the words."""
    if not any(finding.rule in WORD_RULES for finding in findings):
        return list(findings)
    return [
        finding
        if finding.hint or finding.rule.family in ("speech", "signal")
        else dataclasses.replace(finding, hint="may follow from the changed words: another text has another sound")
        for finding in findings
    ]


def _corrected(findings: Sequence[Finding], tests: int) -> tuple[Finding, ...]:
    """Say beside each p-value among how many tests it has to stand."""
    return tuple(
        dataclasses.replace(finding, evidence=dataclasses.replace(finding.evidence, tests=tests))
        if finding.evidence.measurements
        else finding
        for finding in findings
    )
