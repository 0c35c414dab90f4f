"""A candidate's take beside a reference's of the same text and seed: how far they lie apart, and how surely. Pure.

Where both do the same arithmetic the samples are the same. Where one does narrower arithmetic (float16, int8) a
duration may be a frame longer, and what follows is another take: then each statistic is held against the reference's
of the same seed, and counted is how often the difference is one that a listener notices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.core import stats
from harness.core.types import Take
from harness.judging.detectors import DETECTORS, Detector, Statistic
from harness.judging.spread import MIN_EFFECT

SAMPLES: Final = 1e-3
"""Of full scale (-60 dB): samples that lie apart by less are the same but for rounding. Two runtimes' float32 sums of
one voice came to 2e-4 at most in 116 phrases, and 16 bits, in which audio is kept, have steps of 3e-5; what is said
moves samples by far more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameSeed:
    """One text and seed, spoken by both."""

    ours: Take
    theirs: Take
    apart: float
    """How far their samples lie apart at most, of full scale; infinite for other lengths or rates."""

    @property
    def is_same(self) -> bool:
        """Whether they are equal sample by sample, but for rounding."""
        return self.apart <= SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """One statistic on one side that differs by what a listener notices, in some of several pairs."""

    detector: Detector
    statistic: Statistic
    side: stats.Side

    def hits(self, pairs: Sequence[SameSeed], golden: Sequence[Take] = ()) -> int:
        """In how many pairs."""
        return sum(value >= size_of(self.statistic) for value in self.towards(pairs, golden))

    def misses(self, pairs: Sequence[SameSeed], golden: Sequence[Take] = ()) -> int:
        """In how many pairs it differs by as much to the other side."""
        return sum(value <= -size_of(self.statistic) for value in self.towards(pairs, golden))

    def towards(self, pairs: Sequence[SameSeed], golden: Sequence[Take]) -> list[float]:
        """By how much each pair differs to this side; NaN where it was not measured."""
        sign = 1 if self.side == "greater" else -1
        return [sign * value for value in differences(self.statistic, pairs, golden)]


def size_of(statistic: Statistic) -> float:
    """Difference from which a listener could tell, and no less than twice the smallest spread that means anything."""
    return max(statistic.matters, MIN_EFFECT * statistic.floor)


def differences(statistic: Statistic, pairs: Sequence[SameSeed], golden: Sequence[Take] = ()) -> list[float]:
    """Candidate less reference, seed by seed; 0 where their samples are the same.

    A distance is one to the golden's takes, of both, or without a golden to the reference's takes of the other seeds.

    Args:
        statistic: What is measured.
        pairs: Of one phrase.
        golden: Takes that the golden has of it, none without one.
    """
    found = []
    for place, pair in enumerate(pairs):
        if pair.is_same:
            found.append(0.0)
            continue
        others = golden or [one.theirs for at, one in enumerate(pairs) if at != place]
        if statistic.relative and not others:
            found.append(math.nan)
            continue
        (ours,), (theirs,) = statistic.measure([pair.ours], others), statistic.measure([pair.theirs], others)
        found.append(ours - theirs)
    return found


def noticed(pairs: Sequence[SameSeed], golden: Sequence[Take] = ()) -> tuple[Noticed, ...]:
    """What a listener could notice in any of some pairs of one phrase."""
    found = []
    for detector in DETECTORS:
        for statistic in detector.statistics:
            values = differences(statistic, pairs, golden)
            for side in statistic.sides:
                sign = 1 if side == "greater" else -1
                if any(sign * value >= size_of(statistic) for value in values):
                    found.append(Noticed(detector=detector, statistic=statistic, side=side))
    return tuple(found)


def unmeasured(pairs: Sequence[SameSeed], golden: Sequence[Take] = ()) -> str:
    """Name of a statistic that the reference's takes have and the candidate's lack; ``""`` where none is missing."""
    for statistic in (one for detector in DETECTORS for one in detector.statistics):
        for place, pair in enumerate(pairs):
            others = golden or [one.theirs for at, one in enumerate(pairs) if at != place]
            if pair.is_same or (statistic.relative and not others):
                continue
            (ours,), (theirs,) = statistic.measure([pair.ours], others), statistic.measure([pair.theirs], others)
            if math.isfinite(theirs) and not math.isfinite(ours):
                return statistic.name
    return ""
