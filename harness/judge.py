"""Decides about one probe from its takes and its golden record. Pure: reads no file, renders nothing.

Screening takes either pass or ask for fresh takes; fresh takes either confirm or refute. Only a confirmation (or a
broken signal) fails a probe. See :mod:`harness.core.stats` for why that holds its false-alarm rate.
"""

from __future__ import annotations

import dataclasses
import statistics as descriptive
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.asr.normaliser import normalise
from harness.core import stats
from harness.core.strict import strict_tokens
from harness.core.text import distance
from harness.core.types import Finding, GoldenRecord, Observation, Outcome, Probe, Take, Verdict
from harness.detectors import DETECTORS, Detector, Statistic, spoiled_audio

SCREEN_RATE = 0.01
"""Share of honest (probe, statistic, side) triples that the screen sends to confirmation."""
MIN_EFFECT = 2.0
"""Golden spreads below which a difference is too small to matter, however significant."""
MIN_GOLDEN_TAKES = 6
FIRST_FRESH_TAKES = 4
"""Fresh takes after which a suspicion that can no longer be confirmed is dropped."""
UNRELIABLE_DISTANCE = 0.34
"""Mean share of words by which golden transcripts differ among themselves that makes words no evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One statistic on one side that the screen found odd."""

    detector: Detector
    statistic: Statistic
    side: stats.Side
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What is known of one statistic over a whole golden."""

    golden: dict[str, list[float]]
    """Golden values by probe id."""
    spread: dict[str, float]
    """Shrunken spread by probe id."""
    threshold: float
    """Screen score beyond which a side is suspicious."""


class Judge:
    """Judges the probes of one golden. Built once per run: calibrates the screen on the golden's own repeats."""

    def __init__(self, records: Sequence[GoldenRecord], *, takes: int, tests: int, alpha: float) -> None:
        """Calibrate.

        Args:
            records: All records of the golden.
            takes: Takes per probe at the screening.
            tests: Number of one-sided tests of the whole suite, see :func:`count_tests`.
            alpha: False-alarm rate of the whole verdict.
        """
        usable = [record for record in records if len(record.takes) >= MIN_GOLDEN_TAKES]
        self._tests = tests
        self._alpha = alpha
        self._yardsticks = {
            statistic.name: _calibrate(statistic, usable, takes)
            for detector in DETECTORS
            for statistic in detector.statistics
        }

    def fresh_takes(self, golden: GoldenRecord) -> int:
        """How many fresh takes a confirmation needs."""
        return stats.takes_needed(len(golden.takes), self._tests, self._alpha)

    def screen(self, golden: GoldenRecord, takes: Sequence[Take]) -> tuple[Suspicion, ...]:
        """What is odd about the first takes."""
        suspicions = []
        for detector in DETECTORS:
            for statistic in detector.statistics:
                yardstick = self._yardsticks[statistic.name]
                score = stats.screen_score(
                    statistic.of_candidate(takes, golden),
                    yardstick.golden[golden.probe_id],
                    yardstick.spread[golden.probe_id],
                )
                suspicions += [
                    Suspicion(detector=detector, statistic=statistic, side=side, score=score)
                    for side in statistic.sides
                    if (score if side == "greater" else -score) > yardstick.threshold
                ]
        return tuple(suspicions)

    def still_open(self, golden: GoldenRecord, suspicions: Sequence[Suspicion], fresh: Sequence[Take]) -> bool:
        """Whether any suspicion could still be confirmed with all fresh takes."""
        planned = self.fresh_takes(golden)
        for suspicion in suspicions:
            values = suspicion.statistic.of_candidate(fresh, golden)
            own = self._yardsticks[suspicion.statistic.name].golden[golden.probe_id]
            if stats.best_possible(values, own, suspicion.side, planned) * self._tests <= self._alpha:
                return True
        return False

    def decide(
        self,
        probe: Probe,
        golden: GoldenRecord,
        takes: Sequence[Take],
        suspicions: Sequence[Suspicion],
        fresh: Sequence[Take],
    ) -> Outcome:
        """The outcome, from the first takes and (where there were suspicions) fresh ones."""
        findings = list(spoiled_audio(probe, [*takes, *fresh], golden))
        observations = [self._observe(golden, s, takes, "screen") for s in suspicions if not fresh]
        confirmed: dict[str, list[Observation]] = {}
        for suspicion in suspicions if fresh else ():
            observation = self._observe(golden, suspicion, fresh, "confirm")
            observations.append(observation)
            if observation.p_value * self._tests <= self._alpha and _matters(observation, suspicion.statistic):
                confirmed.setdefault(suspicion.detector.name, []).append(observation)
        for detector in DETECTORS:
            if detector.name in confirmed:
                findings += detector.findings(probe, golden, fresh, confirmed[detector.name])
        reason = "" if findings else unreliable(probe, golden)
        verdict = Verdict.FAIL if findings else Verdict.INCONCLUSIVE if reason else Verdict.PASS
        notes: tuple[str, ...] = ()
        if suspicions and not findings:
            names = ", ".join(sorted({suspicion.statistic.name for suspicion in suspicions}))
            notes = (f"looked odd at first ({names}); {len(fresh)} fresh takes did not confirm it",)
        return Outcome(
            subject=probe.id,
            verdict=verdict,
            reason=reason,
            probe=probe,
            findings=_corrected(findings, self._tests),
            observations=tuple(observations),
            takes=(*takes, *fresh),
            golden=golden,
            notes=notes,
        )

    def _observe(self, golden: GoldenRecord, suspicion: Suspicion, takes: Sequence[Take], stage: str) -> Observation:
        yardstick = self._yardsticks[suspicion.statistic.name]
        own, spread = yardstick.golden[golden.probe_id], yardstick.spread[golden.probe_id]
        values = suspicion.statistic.of_candidate(takes, golden)
        mean = descriptive.fmean(own)
        return Observation(
            statistic=suspicion.statistic.name,
            value=descriptive.fmean(values),
            golden_mean=mean,
            golden_spread=spread,
            effect=(descriptive.fmean(values) - mean) / spread,
            p_value=stats.rank_test(values, own, suspicion.side),
            stage="confirm" if stage == "confirm" else "screen",
            takes=len(takes),
        )


def count_tests(probes: int) -> int:
    """One-sided tests that share alpha in a suite of that many probes: all of them, screened or not."""
    sides = sum(len(statistic.sides) for detector in DETECTORS for statistic in detector.statistics)
    return max(1, probes * sides)


def unreliable(probe: Probe, golden: GoldenRecord) -> str:
    """Why the golden cannot vouch for this probe's words, or ``""``: what could not be seen is not a pass."""
    texts = [take.hearing.text for take in golden.takes]
    transcripts = [normalise(text, probe.language) for text in texts]
    pairs = list(combinations(transcripts, 2))
    apart = descriptive.fmean(distance(a, b) / max(1, len(a), len(b)) for a, b in pairs) if pairs else 0.0
    if apart > UNRELIABLE_DISTANCE:
        return (
            "Whisper hears the reference itself differently each time; reword the probe, or record the golden "
            "with a larger Whisper"
        )
    heard = sum(_are_heard(probe.critical, text, probe.language) for text in texts)
    if 2 * heard <= len(texts):
        return (
            "Whisper does not hear a critical word even in the reference; reword the probe, or record the golden "
            "with a larger Whisper"
        )
    return ""


def _are_heard(critical: Sequence[str], text: str, language: str) -> bool:
    """Whether a transcript has the critical words, or the same in digits and signs (``twenty dollars``, ``$20``)."""
    words = normalise(text, language)
    missing = [word for word in critical if not all(part in words for part in normalise(word, language))]
    strict = strict_tokens(" ".join(missing))
    return not missing or (bool(strict) and strict <= strict_tokens(text))


def _matters(observation: Observation, statistic: Statistic) -> bool:
    """Whether a difference is large against the golden's spread and against what a listener can notice."""
    difference = abs(observation.value - observation.golden_mean)
    return abs(observation.effect) >= MIN_EFFECT and difference >= statistic.matters


def _calibrate(statistic: Statistic, records: Sequence[GoldenRecord], takes: int) -> Yardstick:
    golden = {record.probe_id: statistic.of_golden(record) for record in records}
    spreads = stats.shrunken_spreads(list(golden.values()), statistic.floor)
    spread = dict(zip(golden, spreads, strict=True))
    scores = [
        abs(score) if len(statistic.sides) == 2 else (score if statistic.sides[0] == "greater" else -score)
        for probe_id, values in golden.items()
        for score in stats.held_out_scores(values, spread[probe_id], takes)
    ]
    # Few repeats tell nothing about the tail: fall back on a value that a Gaussian exceeds once in 200.
    threshold = max(1.0, stats.quantile(scores, 1 - SCREEN_RATE)) if len(scores) >= 100 else 2.6
    return Yardstick(golden=golden, spread=spread, threshold=threshold)


def _corrected(findings: Sequence[Finding], tests: int) -> tuple[Finding, ...]:
    """Say beside each p-value among how many tests it has to stand."""
    return tuple(
        dataclasses.replace(finding, evidence=f"{finding.evidence}; one of {tests} tests")
        if finding.evidence
        else finding
        for finding in findings
    )
