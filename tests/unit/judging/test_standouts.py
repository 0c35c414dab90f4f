"""What a voice does to one phrase, where it differs from its golden in all of them."""

from __future__ import annotations

import numpy as np

from harness.core.screening import Screening
from harness.judging.judge import plain_judge
from harness.judging.standouts import MOST, standing_out
from harness.judging.suite_shift import MIN_PROBES, Judged
from tests.synthetic_takes import record, takes

PROBES = 40
SCREENING = Screening(takes=2, seed=1, alpha=0.01, suite_probes=PROBES)


def stand_outs(seed, changed, probes=PROBES):
    rng = np.random.default_rng(seed)
    suite = [
        Judged(
            family="numbers",
            golden=record(rng, f"p{place}"),
            takes=takes(rng, 2, **changed(place)),
        )
        for place in range(probes)
    ]
    return standing_out(plain_judge([one.golden for one in suite], SCREENING), suite, SCREENING)


def everywhere(log_seconds, **more):
    """All are slower by that; phrases in which `more` is told of are slower by theirs."""
    return lambda place: {"log_seconds": more.get(f"p{place}", log_seconds)}


def test_a_drawn_out_phrase_of_a_slower_voice_is_named_first():
    first, *_ = stand_outs(1, everywhere(0.1, p7=0.4))
    assert (first.probe_id, first.statistic) == ("p7", "log-seconds")
    assert 0.25 < first.difference < 0.35
    assert first.words.startswith("p7 (log-seconds +0.29")


def test_a_phrase_that_stayed_as_it_was_stands_out_too():
    assert [one.probe_id for one in stand_outs(2, everywhere(0.3, p7=0.0))] == ["p7"]


def test_the_furthest_comes_first_and_few_are_told():
    far = {f"p{place}": 0.4 + 0.2 * place for place in range(12)}
    found = stand_outs(3, everywhere(0.1, **far))
    assert [one.probe_id for one in found] == [f"p{place}" for place in range(11, 11 - MOST, -1)]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_nothing_stands_out_of_a_voice_that_differs_alike_everywhere():
    found = [one for seed in range(12) for one in stand_outs(seed, everywhere(0.1))]
    assert found == []


def test_of_few_phrases_nothing_is_said():
    assert stand_outs(1, everywhere(0.1, p7=0.4), probes=MIN_PROBES - 1) == []
