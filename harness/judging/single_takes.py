"""Decides about phrases of a voice without spread: one take beside one take, the other phrases say how much is much.

Where every repeat of a golden is the same audio there is no distribution to test against: eight equal takes are one
take, and any difference would be infinitely significant. What another build does to *all* phrases gives the spread
instead. A phrase fails where it differs by far more than the others do, and never from less than what must not matter
(a pause in front, a pace 1 % off) moves a statistic by. Pure: knows no golden's file.
"""

from __future__ import annotations

import dataclasses
import math
import statistics as descriptive
from collections.abc import Mapping, Sequence

from harness.core import stats
from harness.core.distinct import distinct, is_one_take, is_same_audio
from harness.core.findings import Outcome
from harness.core.screening import Screening
from harness.core.types import GoldenRecord, Observation, Probe, Take, Verdict
from harness.judging.detectors import DETECTORS, Statistic
from harness.judging.judge import Fresh, Judge, Shift, Suspicion, are_of_whisper_alone, count_tests
from harness.judging.spread import noticeable, of_one_take
from harness.judging.suite_shift import MIN_PROBES, Judged

WORDS_ALONE = frozenset({"transcript-distance"})
"""Another spelling of the same sound: two builds that sound alike are heard so."""


USUAL = 0.9
"""Share of the phrases that say how far another build is off: what more than a tenth of them do is no phrase's own. An
estimate of pitch, an octave off in two phrases of ten, leaves their median and its deviation where they were."""
SAME_BUILD = 0.5
"""Share of the phrases whose audio is the golden's, from which the candidate is the same build but for the others."""


class SingleTakes(Judge):
    """Judges the probes of one golden of which every repeat is one take."""

    def __init__(self, judged: Sequence[Judged], screening: Screening) -> None:
        """Learn from the first takes of all such probes how far this candidate's phrases lie from the golden's.

        Args:
            judged: First takes of the probes that are recorded without spread; of one speaker.
            screening: Of the run.
        """
        self._differences: dict[str, dict[str, float]] = {}
        """Statistic -> probe id -> candidate less golden."""
        for one in judged:
            for statistic in (statistic for detector in DETECTORS for statistic in detector.statistics):
                difference = _difference(statistic, one.golden, one.takes)
                if math.isfinite(difference):
                    self._differences.setdefault(statistic.name, {})[one.golden.probe_id] = difference
        self.phrases = len(judged)
        """Behind what is known of all of them."""
        super().__init__(
            [one.golden for one in judged],
            takes=screening.takes,
            tests=count_tests(screening.suite_probes),
            alpha=screening.alpha,
            shifts=_shifts(self._differences, _usual_share(judged)) if self.can_tell else {},
        )

    @property
    def can_tell(self) -> bool:
        """Whether there are phrases enough to know what another build does to them."""
        return self.phrases >= MIN_PROBES

    def screen(self, golden: GoldenRecord, takes: Sequence[Take]) -> tuple[Suspicion, ...]:
        """What a listener could notice, beyond what all phrases have in common."""
        suspicions = []
        for detector in DETECTORS:
            for statistic in detector.statistics:
                if golden.probe_id not in self._calibrations[statistic.name].golden:
                    continue
                own, spread = self._own(statistic, golden)
                difference = descriptive.fmean(self._values(statistic, takes, golden)) - descriptive.fmean(own)
                for side in statistic.sides:
                    if (difference if side == "greater" else -difference) >= noticeable(statistic):
                        score = difference / spread
                        suspicions.append(Suspicion(detector=detector, statistic=statistic, side=side, score=score))
        return tuple(suspicions)

    def judge(self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take]) -> Outcome:
        """The outcome of takes of which each distinct one counts once."""
        suspicions = self.screen(golden, takes)
        outcome = self.decide(probe, golden, (), suspicions, Fresh(candidate=takes))
        names = {suspicion.statistic.name for suspicion in suspicions} - WORDS_ALONE
        note = f"the golden's repeats are one take: held against what {self.phrases} phrases differ by"
        outcome = dataclasses.replace(outcome, notes=(note,))
        if outcome.verdict is not Verdict.PASS or not names or self.can_tell:
            return outcome
        reason = (
            f"differs in {', '.join(sorted(names))} from a golden whose repeats are one take, and fewer than "
            f"{MIN_PROBES} phrases cannot say how far an honest build does; judge more phrases"
        )
        return dataclasses.replace(outcome, verdict=Verdict.INCONCLUSIVE, reason=reason)

    def noticed(self) -> dict[str, int]:
        """Statistic -> number of phrases that differ by what a listener could notice, common to all or not."""
        sides = {statistic.name: statistic for detector in DETECTORS for statistic in detector.statistics}
        counts = {
            name: sum(_is_noticed(sides[name], difference) for difference in by_probe.values())
            for name, by_probe in self._differences.items()
            if name not in WORDS_ALONE
        }
        return {name: count for name, count in counts.items() if count}

    def _own(self, statistic: Statistic, golden: GoldenRecord) -> tuple[list[float], float]:
        own, _ = super()._own(statistic, golden)
        return own, max(of_one_take(statistic), self._shifts.get(statistic.name, Shift()).spread)

    def _values(self, statistic: Statistic, takes: Sequence[Take], golden: GoldenRecord) -> list[float]:
        return super()._values(statistic, distinct(takes), golden)

    def _seldom(self, golden: GoldenRecord, suspicion: Suspicion, takes: Sequence[Take]) -> Observation | None:
        """Nothing: what shows in a share of the takes needs several takes on both sides."""
        del golden, suspicion, takes
        return None

    def _is_confirmed(self, observation: Observation, statistic: Statistic) -> bool:
        return self.can_tell and super()._is_confirmed(observation, statistic)

    def _needs_company(self, confirmed: Sequence[Observation]) -> bool:
        """As for a declared fine-tune: what Whisper makes of another build scatters with heavy tails."""
        return are_of_whisper_alone(one.statistic for one in confirmed)

    def _observe(
        self,
        golden: GoldenRecord,
        suspicion: Suspicion,
        takes: Sequence[Take],
        stage: str,
        fresh: Fresh | None = None,
    ) -> Observation:
        """With the p-value of a Gaussian as wide as the other phrases scatter: ranks of equal takes are no evidence."""
        observation = super()._observe(golden, suspicion, takes, stage, fresh)
        effect = observation.effect if suspicion.side == "greater" else -observation.effect
        return dataclasses.replace(observation, p_value=stats.gaussian_tail(effect), takes=len(distinct(takes)))


def are_single(judged: Sequence[Judged]) -> list[Judged]:
    """Those whose golden shows no spread."""
    return [one for one in judged if is_one_take(one.golden.takes) and one.takes]


def told_of_the_suite(counts: Mapping[str, int], phrases: int) -> str:
    """Why a suite of single takes is left open that differs, though no phrase does by more than the others."""
    shown = ", ".join(f"{name} in {count}" for name, count in sorted(counts.items(), key=lambda one: -one[1])[:4])
    return (
        f"the golden's repeats are one take, and of {phrases} phrases some differ by what can be heard ({shown}), none "
        "by far more than the others: another build does this; declare a fine-tune with --tts-compare=fine-tune"
    )


def _difference(statistic: Statistic, golden: GoldenRecord, takes: Sequence[Take]) -> float:
    return descriptive.fmean(statistic.of_candidate(distinct(takes), golden)) - descriptive.fmean(
        statistic.of_golden(golden)
    )


def _usual_share(judged: Sequence[Judged]) -> float:
    """Share of the phrases that say what is usual: half where half of them are the golden's very audio."""
    same = sum(all(is_same_audio(take, one.golden.takes[0]) for take in one.takes) for one in judged)
    return SAME_BUILD if same >= SAME_BUILD * len(judged) else USUAL


def _shifts(differences: Mapping[str, Mapping[str, float]], usual: float) -> dict[str, Shift]:
    """What is common to all phrases, by statistic. Transcripts are not shifted: another build says the same words."""
    shifts = {}
    for name, by_probe in differences.items():
        if name not in WORDS_ALONE:
            middle, scatter = stats.robust_centre(list(by_probe.values()))
            off = stats.quantile([abs(value - middle) for value in by_probe.values()], usual)
            shifts[name] = Shift(median=middle, spread=max(scatter, off / stats.gaussian_quantile((1 + usual) / 2)))
    return shifts


def _is_noticed(statistic: Statistic, difference: float) -> bool:
    signs = [1 if side == "greater" else -1 for side in statistic.sides]
    return any(sign * difference >= noticeable(statistic) for sign in signs)
