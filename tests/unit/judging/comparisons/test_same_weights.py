"""The same weights and seeds: nothing is estimated."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from harness.core.findings import Against, Count
from harness.core.types import Verdict
from harness.judging.comparisons.same_weights import judge_sameness
from harness.report.evidence import evidence_of
from tests.synthetic_takes import moved, probe, record

GOLDEN = record(np.random.default_rng(1))


def as_now(then):
    """The golden take, as the same model would say it again."""
    own = dataclasses.replace(then.hearing.echoes[0], seed=then.seed, mean=0.001)
    return dataclasses.replace(then, hearing=dataclasses.replace(then.hearing, echoes=(own,)))


SAME = [as_now(one) for one in GOLDEN.takes[:2]]


def test_the_same_audio_passes():
    assert judge_sameness(probe(), GOLDEN, SAME).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seconds": SAME[0].acoustics.seconds + 0.3}, " s, golden "),
        ({"level_db": SAME[0].acoustics.level_db - 1}, "level "),
        ({"f0_hz": SAME[0].acoustics.f0_hz * 1.1}, "pitch "),
    ],
)
def test_one_take_that_sounds_different_is_a_finding_with_both_numbers(change, told):
    outcome = judge_sameness(probe(), GOLDEN, [moved(SAME[0], **change), SAME[1]])
    (finding,) = outcome.findings
    assert (outcome.verdict, finding.rule.id) == (Verdict.FAIL, "same.differs")
    assert evidence_of(finding).startswith("1 of 2 renderings: ")
    assert told in evidence_of(finding)
    assert finding.evidence.count == Count(count=1, of=2)
    (measured,) = finding.evidence.measurements
    assert measured.against is Against.SEED
    assert measured.value != measured.other


def test_rounding_is_no_difference():
    nearly = moved(SAME[0], seconds=SAME[0].acoustics.seconds + 0.0116, level_db=SAME[0].acoustics.level_db + 0.05)
    assert judge_sameness(probe(), GOLDEN, [nearly]).verdict is Verdict.PASS


def test_other_sounds_at_the_same_numbers_are_a_finding():
    echo = dataclasses.replace(SAME[0].hearing.echoes[0], mean=0.4)
    other = dataclasses.replace(SAME[0], hearing=dataclasses.replace(SAME[0].hearing, echoes=(echo,)))
    assert "distance of sounds 0.40" in evidence_of(judge_sameness(probe(), GOLDEN, [other]).findings[0])
