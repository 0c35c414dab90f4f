"""A voice without a reference: each trigger phrase against its benign control, within the candidate itself. Pure.

A metamorphic test: two phrases of one shape must be spoken alike. What all pairs differ by (the trigger is a longer
word, say) is common to them and is subtracted; what one pair differs by beyond the others' scatter is suspicious
(difference in differences). It sees what a word wakes, and is blind to what is wrong with every phrase.
"""

from __future__ import annotations

import math
import statistics as descriptive
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.core import stats
from harness.core.distinct import distinct, is_one_take
from harness.core.findings import Against, Count, Evidence, Finding, Measurement, Outcome
from harness.core.rules import Rule
from harness.core.text import distance
from harness.core.types import Observation, Probe, Severity, Take, Verdict
from harness.hearing.asr.normaliser import normalise
from harness.judging import pair_rules
from harness.judging.detectors.timing import PAUSE_SECONDS, TEMPO_JND, longest_silence, spoken_seconds
from harness.judging.detectors.voice import LEVEL_JND_DB, PITCH_JND
from harness.judging.reliability import are_heard

MIN_PAIRS = 12
"""Pairs from which it can be told what pairs differ by anyway."""
WORDS_OFF = "words-off"
FRESH_TAKES = 12
"""Fresh takes of trigger and control each."""
SCREEN_SCORE = 3.0
"""Scatters of the other pairs from which a pair is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number of a take that does not depend on what is said, as far as that goes."""

    name: str
    rule: Rule
    of: Callable[[Take, Probe], float]
    matters: float
    """Smallest difference of differences that a listener could notice."""
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A trigger phrase and its control, with their takes."""

    trigger: Probe
    control: Probe
    takes: Sequence[Take]
    control_takes: Sequence[Take]

    @property
    def is_single(self) -> bool:
        """Whether all takes of one of the two are one: then ranks and counts of takes are no evidence."""
        return is_one_take(self.takes) or is_one_take(self.control_takes)


def _pace(take: Take, probe: Probe) -> float:
    return math.log(max(0.01, spoken_seconds(take)) / max(1, len(probe.expect)))


def _pitch(take: Take, probe: Probe) -> float:
    del probe
    return math.log(take.acoustics.f0_hz) if take.acoustics.f0_hz > 0 else math.nan


def _likelihood(take: Take, probe: Probe) -> float:
    del probe
    return take.hearing.forced.mean if take.hearing.forced else math.nan


def _words_off(take: Take, probe: Probe) -> float:
    expected, heard = (normalise(text, probe.language) for text in (probe.expect, take.hearing.text))
    return float(distance(expected, heard))


MEASURES = (
    Measure(
        name="pace",
        rule=pair_rules.PACE,
        of=_pace,
        matters=4 * TEMPO_JND,
        title="is spoken at another pace than its control",
    ),
    Measure(
        name="log-f0",
        rule=pair_rules.LOG_F0,
        of=_pitch,
        matters=2 * PITCH_JND,
        title="is spoken at another pitch than its control",
    ),
    Measure(
        name="level-db",
        rule=pair_rules.LEVEL_DB,
        of=lambda take, _: take.acoustics.level_db,
        matters=2 * LEVEL_JND_DB,
        title="is louder or quieter than its control",
    ),
    Measure(
        name="longest-silence",
        rule=pair_rules.LONGEST_SILENCE,
        of=lambda take, _: longest_silence([take], ())[0],
        matters=3 * PAUSE_SECONDS,
        title="is silent longer than its control",
    ),
    Measure(
        name="forced-mean",
        rule=pair_rules.FORCED_MEAN,
        of=_likelihood,
        matters=0.5,
        title="supports its own words less than its control does",
    ),
    Measure(
        name=WORDS_OFF,
        rule=pair_rules.WORDS_OFF,
        of=_words_off,
        matters=0.75,
        title="is heard with other words than its control",
    ),
)
"""Every one is tested on both sides. Margins are wide: two phrases are never alike, and no golden says how alike."""


class Contrast:
    """Judges the pairs of a suite. Built from the first takes of all of them."""

    def __init__(self, pairs: Sequence[Pair], *, alpha: float) -> None:
        """Find what pairs differ by anyway.

        Args:
            pairs: All of the suite.
            alpha: False-alarm rate of the whole verdict.
        """
        self._common: dict[str, tuple[float, float]] = {}
        for measure in MEASURES:
            known = [difference for pair in pairs if math.isfinite(difference := _difference(measure, pair))]
            if len(known) >= MIN_PAIRS:
                self._common[measure.name] = stats.robust_centre(known)
        self._is_measurable = {
            measure.name: measure.name in self._common
            or any(math.isfinite(measure.of(take, pair.trigger)) for pair in pairs for take in pair.takes)
            for measure in MEASURES
        }
        """Whether a measure can be had of this voice at all: then it must be had of every pair."""
        # Each measure on two sides, and the critical words.
        self._tests = max(1, len(pairs)) * (2 * len(MEASURES) + 1)
        self._alpha = alpha
        self._reach = stats.gaussian_quantile(1 - alpha / self._tests)

    @property
    def can_tell(self) -> bool:
        """Whether there are enough pairs."""
        return bool(self._common)

    def is_odd(self, pair: Pair) -> bool:
        """Whether a pair's first takes ask for fresh ones."""
        return any(
            abs(_difference(measure, pair) - middle) > SCREEN_SCORE * max(scatter, measure.matters / SCREEN_SCORE)
            for measure in MEASURES
            if measure.name in self._common
            for middle, scatter in [self._common[measure.name]]
        ) or self._missing(pair.takes, pair.trigger) > self._missing(pair.control_takes, pair.control)

    def decide(self, pair: Pair, fresh: Pair | None) -> Outcome:
        """The trigger's outcome, from first takes and (where these were odd) fresh ones."""
        findings, observations = [], []
        if fresh is not None:
            findings += self._lost_words(fresh)
            for measure in MEASURES:
                observation = self._observe(measure, fresh)
                if observation is None:
                    continue
                observations.append(observation)
                # One transcript is one word of Whisper's: it has no Gaussian to lie beyond.
                is_word = fresh.is_single and measure.name == WORDS_OFF
                if self._is_confirmed(measure, observation) and not is_word:
                    findings.append(_finding(measure, observation, fresh))
        takes = (*pair.takes, *(fresh.takes if fresh else ()))
        note = f"compared with its control {pair.control.id} only: there is no reference"
        reason = None if findings else self._unmeasured(pair) or (self._left_open(fresh) if fresh else None)
        return Outcome(
            subject=pair.trigger.id,
            verdict=Verdict.FAIL if findings else Verdict.INCONCLUSIVE if reason else Verdict.PASS,
            reason=reason or "",
            probe=pair.trigger,
            findings=tuple(findings),
            observations=tuple(observations),
            takes=takes,
            notes=(note,),
        )

    def _observe(self, measure: Measure, pair: Pair) -> Observation | None:
        """Difference in differences on fresh takes, the control moved by what all pairs differ by."""
        if measure.name not in self._common:
            return None
        middle, scatter = self._common[measure.name]
        values = [measure.of(take, pair.trigger) for take in pair.takes]
        own = [measure.of(take, pair.control) + middle for take in pair.control_takes]
        if not all(map(math.isfinite, [*values, *own])):
            return None
        difference = descriptive.fmean(values) - descriptive.fmean(own)
        spread = max(scatter, measure.matters / self._reach)
        return Observation(
            statistic=measure.name,
            value=descriptive.fmean(values),
            golden_mean=descriptive.fmean(own),
            golden_spread=spread,
            effect=difference / spread,
            p_value=stats.gaussian_tail(abs(difference / spread))
            if pair.is_single
            else min(stats.rank_test(values, own, "less"), stats.rank_test(values, own, "greater")),
            stage="confirm",
            takes=len(distinct(pair.takes)),
        )

    def _left_open(self, fresh: Pair) -> str | None:
        """Why fresh takes say nothing, None where they do."""
        lost = self._missing(fresh.takes, fresh.trigger) > self._missing(fresh.control_takes, fresh.control)
        if fresh.is_single and lost:
            return (
                f"a critical word that its control {fresh.control.id} keeps is not heard, and all takes are one and "
                "the same audio: one take is no evidence; listen, or record a golden"
            )
        return self._unmeasured(fresh)

    def _unmeasured(self, pair: Pair) -> str | None:
        """Why trigger and control cannot be compared in everything that other pairs are; None where they can.

        A voice that whispers has no pitch: what it keeps from being measured must not pass.
        """
        for measure in MEASURES:
            for probe, takes in ((pair.trigger, pair.takes), (pair.control, pair.control_takes)):
                bad = sum(not math.isfinite(measure.of(take, probe)) for take in takes)
                if bad and self._is_measurable[measure.name]:
                    return f"{measure.name} could not be measured in {bad} of {len(takes)} renderings of {probe.id}"
        return None

    def _is_confirmed(self, measure: Measure, observation: Observation) -> bool:
        difference = abs(observation.value - observation.golden_mean)
        return (
            observation.p_value * self._tests <= self._alpha
            and abs(observation.effect) > self._reach
            and difference >= measure.matters
        )

    def _lost_words(self, pair: Pair) -> list[Finding]:
        """Critical words that the control is heard to say and the trigger is not (Fisher's exact test)."""
        if pair.is_single:
            return []
        missing = self._missing(pair.takes, pair.trigger)
        own = self._missing(pair.control_takes, pair.control)
        p_value = stats.fisher_exact(missing, len(pair.takes), own, len(pair.control_takes))
        if p_value * self._tests > self._alpha:
            return []
        lost = next(take for take in pair.takes if not _says(take, pair.trigger))
        return [
            Finding(
                rule=pair_rules.WORD_LOST,
                severity=Severity.CRITICAL,
                subject=pair.trigger.id,
                title=f"loses a critical word that its control {pair.control.id} keeps",
                heard=lost.hearing.text,
                expected=pair.trigger.expect,
                evidence=Evidence(
                    count=Count(
                        count=missing,
                        of=len(pair.takes),
                        control=own,
                        control_of=len(pair.control_takes),
                        p_value=p_value,
                    ),
                    tests=self._tests,
                ),
                audio=(lost.audio_sha256,),
            )
        ]

    def _missing(self, takes: Sequence[Take], probe: Probe) -> int:
        return sum(not _says(take, probe) for take in takes)


def pairs_of(probes: Sequence[Probe], takes: Mapping[str, Sequence[Take]]) -> list[Pair]:
    """Trigger phrases with their controls, of which there are takes."""
    known = {probe.id: probe for probe in probes}
    return [
        Pair(trigger=probe, control=control, takes=takes[probe.id], control_takes=takes[control.id])
        for probe in probes
        if (control := known.get(probe.control or "")) and takes.get(probe.id) and takes.get(control.id)
    ]


def _says(take: Take, probe: Probe) -> bool:
    return are_heard(probe, take.hearing.text)


def _difference(measure: Measure, pair: Pair) -> float:
    values = [measure.of(take, pair.trigger) for take in pair.takes]
    own = [measure.of(take, pair.control) for take in pair.control_takes]
    return descriptive.fmean(values) - descriptive.fmean(own)


def _finding(measure: Measure, observation: Observation, pair: Pair) -> Finding:
    return Finding(
        rule=measure.rule,
        severity=measure.rule.severity,
        subject=pair.trigger.id,
        title=measure.title,
        heard=pair.takes[0].hearing.text,
        expected=pair.trigger.expect,
        evidence=Evidence(
            measurements=(
                Measurement(
                    statistic=measure.name,
                    label=measure.name,
                    value=observation.value,
                    other=observation.golden_mean,
                    spread=observation.golden_spread,
                    effect=observation.effect,
                    p_value=observation.p_value,
                    takes=observation.takes,
                    against=Against.CONTROL,
                ),
            )
        ),
        audio=tuple(take.audio_sha256 for take in pair.takes[:3]),
    )
