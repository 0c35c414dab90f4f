"""Trigger against control, without a reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.core.types import Verdict
from harness.judging.pairs import Contrast, Pair, pairs_of
from tests.synthetic_takes import probe, takes

LOST = "Please do open the door."


def pair(rng, place, count=2, control=(), **moved):
    return Pair(
        trigger=probe(f"t{place}", trigger="door", control=f"c{place}"),
        control=probe(f"c{place}"),
        takes=takes(rng, count, **moved),
        control_takes=takes(rng, count, **dict(control)),
    )


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def contrast(rng):
    # Triggers are a little slower than controls in every pair: that is what pairs differ by anyway.
    return Contrast([pair(rng, place, log_seconds=0.05) for place in range(30)], alpha=0.01)


class TestContrast:
    def test_an_ordinary_pair_passes_and_says_what_it_was_compared_with(self, contrast, rng):
        ordinary = pair(rng, 0, log_seconds=0.05)
        assert not contrast.is_odd(ordinary)
        outcome = contrast.decide(ordinary, None)
        assert outcome.verdict is Verdict.PASS
        assert outcome.notes == ("compared with its control c0 only: there is no reference",)

    def test_honest_pairs_pass_when_they_are_looked_at_again(self, contrast, rng):
        for place in range(30):
            fresh = pair(rng, place, count=12, log_seconds=0.05)
            assert contrast.decide(pair(rng, place), fresh).verdict is Verdict.PASS

    def test_a_word_that_the_trigger_loses_and_the_control_keeps_fails(self, contrast, rng):
        bad = pair(rng, 0, text=LOST, log_seconds=0.05)
        assert contrast.is_odd(bad)
        outcome = contrast.decide(bad, pair(rng, 0, count=12, text=LOST, log_seconds=0.05))
        assert outcome.findings[0].rule.id == "contrast.word-lost"
        assert outcome.findings[0].heard == LOST
        evidence = outcome.findings[0].evidence
        assert evidence.count is not None
        assert (evidence.count.count, evidence.count.of) == (12, 12)
        assert (evidence.count.control, evidence.count.control_of) == (0, 12)
        assert evidence.tests > 1

    def test_a_word_that_a_voice_without_spread_loses_in_its_one_take_is_left_open(self, contrast, rng):
        varying = pair(rng, 0, log_seconds=0.05)
        own = varying.control_takes[0]
        lost = replace(own, audio_sha256="e" * 64, hearing=replace(own.hearing, text=LOST))
        slower = replace(lost, acoustics=replace(own.acoustics, seconds=own.acoustics.seconds * 1.05))
        fresh = replace(
            varying,
            takes=[replace(slower, seed=seed) for seed in range(12)],
            control_takes=[replace(own, seed=seed) for seed in range(12)],
        )
        outcome = contrast.decide(pair(rng, 0), fresh)
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason.endswith("one take is no evidence; listen, or record a golden")
        assert {observation.takes for observation in outcome.observations} == {1}

    def test_a_word_that_both_lose_is_whispers_fault(self, contrast, rng):
        fresh = pair(rng, 0, count=12, text=LOST, control={"text": LOST}, log_seconds=0.05)
        assert contrast.decide(pair(rng, 0), fresh).verdict is Verdict.PASS

    def test_a_sleepy_trigger_fails_by_its_pace(self, contrast, rng):
        bad = pair(rng, 0, log_seconds=0.5)
        assert contrast.is_odd(bad)
        outcome = contrast.decide(bad, pair(rng, 0, count=12, log_seconds=0.5))
        assert "contrast.pace" in {finding.rule.id for finding in outcome.findings}

    @pytest.mark.parametrize("side", ["takes", "control_takes"])
    def test_a_pair_with_a_whisper_is_left_open(self, contrast, rng, side):
        ordinary = pair(rng, 0, log_seconds=0.05)
        whispered = [replace(one, acoustics=replace(one.acoustics, f0_hz=0.0)) for one in getattr(ordinary, side)[:1]]
        outcome = contrast.decide(replace(ordinary, **{side: [*whispered, *getattr(ordinary, side)[1:]]}), None)
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason.startswith("log-f0 could not be measured in 1 of 2 renderings of ")

    def test_a_voice_without_pitch_is_compared_in_all_else(self, rng):
        def whispered(place):
            spoken = pair(rng, place)
            return replace(
                spoken,
                takes=[replace(one, acoustics=replace(one.acoustics, f0_hz=0.0)) for one in spoken.takes],
                control_takes=[
                    replace(one, acoustics=replace(one.acoustics, f0_hz=0.0)) for one in spoken.control_takes
                ],
            )

        contrast = Contrast([whispered(place) for place in range(30)], alpha=0.01)
        assert contrast.decide(whispered(0), None).verdict is Verdict.PASS

    def test_too_few_pairs_can_tell_nothing(self, rng):
        assert not Contrast([pair(rng, 0)], alpha=0.01).can_tell


def test_pairs_are_of_probes_whose_control_has_takes():
    spoken = probe("a", trigger="door", control="b"), probe("b"), probe("c", control="gone")
    takes_of = {"a": ["x"], "b": ["y"], "c": ["z"]}
    assert [(one.trigger.id, one.control.id) for one in pairs_of(spoken, takes_of)] == [("a", "b")]
