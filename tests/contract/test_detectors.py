"""What every detector promises: it says what it is, sees its own kind, leaves honest takes alone, and never raises."""

from __future__ import annotations

import dataclasses
import math
import statistics
from pathlib import Path

import numpy as np
import pytest

from harness.core.types import ForcedScore, GoldenRecord, Hearing, Observation, Probe, Take
from harness.core.waveform import facts
from harness.hearing.senses import measure_all
from harness.judging.detectors import DETECTORS, RULES, spoiled_audio
from tests.sounds import HOSTILE, RATE, babble, echoed, hiss, low_pass, silence, tone

DOCS = (Path(__file__).parents[2] / "docs/detectors.md").read_text("utf-8")
STATISTICS = {statistic.name: statistic for detector in DETECTORS for statistic in detector.statistics}
PROBE = Probe(id="babble", text="Eight vowels.", family="carriers", expect="eight vowels")
HEARD = Hearing(
    text="Eight vowels.",
    tokens=3,
    avg_logprob=-0.1,
    no_speech=0.0,
    truncated=False,
    forced=ForcedScore(text="Eight vowels.", pieces=("Eight", " vowels", ""), logprobs=(-0.1, -0.2, -0.1)),
)
QUIET = 60
"""Of an unchanged take in :data:`CHANGES`: first seed."""
CHANGES = {
    "log-seconds": lambda seed: babble(seed, tempo=(1.15,) * 8),
    "longest-silence": lambda seed: np.insert(babble(seed), RATE, silence(0.4)),
    "f0-spread": lambda seed: babble(seed, melody=0.2),
    "dynamics-db": lambda seed: babble(seed, stress=0.0),
    "voiced-share": lambda seed: babble(seed, voiced=False),
    "pace": lambda seed: babble(seed, tempo=(1, 1, 1, 1.9, 0.87, 0.87, 0.87, 0.87)),
    "level-db": lambda seed: babble(seed) * np.float32(1.5),
    "log-f0": lambda seed: babble(seed, pitch=125),
    "timbre-db": lambda seed: low_pass(babble(seed), 3500),
    "floor-db": lambda seed: hiss(babble(seed), -60, seed),
    "rumble-db": lambda seed: tone(babble(seed), 25, -45),
    "treble-db": lambda seed: low_pass(babble(seed), 7000),
    "edge-db": lambda seed: tone(babble(seed), 10_700, -65),
    "line-db": lambda seed: tone(babble(seed), 6_500, -60),
    "mark": lambda seed: echoed(babble(seed), 333, 0.3),
}
"""Statistic -> a manipulation that it must see, of the repeat with a seed."""
NEEDS_MORE = {
    "transcript-distance": "words are tests/unit/judging/test_judge's and the transcribers' business",
    "forced-mean": "as above",
    "forced-worst": "as above",
    "echo-mean": "prints come from a transcriber",
    "echo-worst": "as above",
    "no-speech": "as above",
    "language-logprob": "as above",
    "speaker-degrees": "tests/unit/hearing/senses/test_networks: the network may not be installed",
    "opinion": "as above",
}


def takes_of(clips, seeds, rate=RATE):
    heard = measure_all([(clip, rate) for clip in clips], with_networks=False)
    return tuple(
        Take(seed=seed, audio_sha256=f"{seed:064x}", facts=facts(clip, rate), hearing=HEARD, acoustics=acoustics)
        for seed, clip, acoustics in zip(seeds, clips, heard, strict=True)
    )


def record_of(takes):
    return GoldenRecord(probe_id="babble", text=PROBE.text, transcript=HEARD.text, takes=tuple(takes), audio="")


@pytest.fixture(scope="module")
def golden():
    return record_of(takes_of([babble(seed) for seed in range(8)], range(8)))


@pytest.fixture(scope="module")
def honest():
    return takes_of([babble(seed) for seed in range(20, 24)], range(20, 24))


@pytest.fixture(scope="module")
def strange():
    """Takes of everything that nobody should send."""
    return [take for rate in (2, 8000, RATE) for take in takes_of(HOSTILE.values(), range(len(HOSTILE)), rate)]


def effect(statistic, takes, golden):
    """Golden spreads between the means, and their difference."""
    own = statistic.of_golden(golden)
    difference = statistics.fmean(statistic.of_candidate(takes, golden)) - statistics.fmean(own)
    return difference / max(statistic.floor, statistics.stdev(own)), difference


class TestMetadata:
    @pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
    def test_says_what_it_catches_what_it_misses_and_where_it_comes_from(self, detector):
        for text in (detector.__doc__.splitlines()[0], detector.misses, detector.source):
            assert text.endswith(".")
            assert 20 < len(text) < 300
        assert detector.statistics
        assert all(rule.family == detector.name for rule in detector.rules)

    def test_names_and_rules_are_used_once(self):
        names = [statistic.name for detector in DETECTORS for statistic in detector.statistics]
        rules = [*RULES, *(rule for detector in DETECTORS for rule in detector.rules)]
        assert len(set(names)) == len(names)
        assert len(set(rules)) == len(rules)

    @pytest.mark.parametrize("statistic", STATISTICS.values(), ids=lambda one: one.name)
    def test_a_difference_that_matters_is_no_smaller_than_the_smallest_spread(self, statistic):
        assert 0 < statistic.floor <= statistic.matters
        assert set(statistic.sides) <= {"less", "greater"}
        assert len(set(statistic.sides)) == len(statistic.sides) > 0


class TestDocs:
    @pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
    def test_describe_every_detector_in_its_own_words(self, detector):
        for text in (detector.__doc__.splitlines()[0], detector.misses, detector.source):
            assert text in " ".join(DOCS.split()), text

    @pytest.mark.parametrize("statistic", STATISTICS.values(), ids=lambda one: one.name)
    def test_have_a_row_for_every_statistic(self, statistic):
        sides = "both" if len(statistic.sides) == 2 else {"less": "lower", "greater": "higher"}[statistic.sides[0]]
        assert f"| `{statistic.name}` | {sides} | {statistic.floor:g} | {statistic.matters:g} |" in DOCS

    def test_name_every_rule_and_no_other(self):
        rules = {rule.id for rule in (*RULES, *(rule for detector in DETECTORS for rule in detector.rules))}
        families = {rule.partition(".")[0] for rule in rules}
        named = {word.strip("`") for word in DOCS.replace(",", " ").split() if word.startswith("`")}
        assert {word for word in named if word.partition(".")[0] in families and "." in word} == rules


class TestStatistics:
    def test_each_has_a_case(self):
        assert set(CHANGES) | set(NEEDS_MORE) == set(STATISTICS)

    @pytest.mark.parametrize("name", CHANGES)
    def test_sees_its_own_kind(self, name, golden):
        statistic = STATISTICS[name]
        takes = takes_of([CHANGES[name](seed) for seed in (QUIET, QUIET + 1, QUIET + 2)], range(QUIET, QUIET + 3))
        size, difference = effect(statistic, takes, golden)
        assert abs(size) > 3
        assert abs(difference) > statistic.matters
        assert ("greater" if size > 0 else "less") in statistic.sides

    @pytest.mark.parametrize("name", CHANGES)
    def test_leaves_honest_takes_alone(self, name, golden, honest):
        size, difference = effect(STATISTICS[name], honest, golden)
        assert abs(size) < 2.5 or abs(difference) < STATISTICS[name].matters

    @pytest.mark.parametrize("name", STATISTICS)
    def test_gives_a_number_or_nan_for_each_take_whatever_it_is(self, name, golden, strange):
        for against in (golden, record_of(strange[:8]), record_of(strange[:2])):
            values = STATISTICS[name].of_candidate(strange, against)
            assert len(values) == len(strange)
            assert all(isinstance(value, float) and not math.isinf(value) for value in values)
            assert len(STATISTICS[name].of_golden(against)) == len(against.takes)

    @pytest.mark.parametrize("name", ["f0-spread", "pace", "speaker-degrees", "floor-db", "mark", "opinion"])
    def test_what_an_older_golden_does_not_have_is_not_compared(self, name, golden, honest):
        known = ("seconds", "leading_silence", "trailing_silence", "longest_silence", "level_db", "f0_hz", "timbre")
        older = [
            dataclasses.replace(
                take,
                acoustics=type(take.acoustics)(**{field: getattr(take.acoustics, field) for field in known}),
            )
            for take in golden.takes
        ]
        assert all(map(math.isnan, STATISTICS[name].of_golden(record_of(older))))


class TestFindings:
    @pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
    def test_puts_each_confirmed_observation_into_words(self, detector, golden, honest):
        for statistic in detector.statistics:
            for shift in (-1.0, 1.0):  # also the side that has no words: a mean may lie there while ranks decide
                observation = Observation(
                    statistic=statistic.name,
                    value=1.0 + shift,
                    golden_mean=1.0,
                    golden_spread=0.1,
                    effect=10 * shift,
                    p_value=1e-6,
                    stage="confirm",
                    takes=4,
                )
                for finding in detector.findings(PROBE, golden, honest, [observation]):
                    assert finding.rule in detector.rules
                    assert finding.evidence.measurements
                    assert finding.audio == tuple(take.audio_sha256 for take in honest[:3])


class TestRules:
    def rules(self, takes, golden):
        return [finding.rule.id for finding in spoiled_audio(PROBE, takes, golden)]

    def test_leave_honest_takes_alone(self, golden, honest):
        assert self.rules(honest, golden) == []
        assert self.rules(golden.takes, golden) == []

    @pytest.mark.parametrize(
        ("rule", "clip", "rate"),
        [
            ("signal.not-finite", np.append(babble(30), np.float32(np.nan)), RATE),
            ("signal.silent", silence(2.0), RATE),
            ("signal.clipped", np.clip(babble(30) * 12, -1, 1), RATE),
            ("signal.offset", babble(30) + np.float32(0.02), RATE),
            ("signal.sample-rate", babble(30, rate=24000), 24000),
            ("signal.endless", np.tile(babble(30), 6), RATE),
            ("signal.cut-off", babble(30)[: int(1.0 * RATE)], RATE),
        ],
    )
    def test_need_one_take_only(self, rule, clip, rate, golden, honest):
        takes = [*honest, *takes_of([clip], [30], rate)]
        assert self.rules(takes, golden) == [rule]

    def test_know_the_same_audio_under_another_seed(self, golden, honest):
        again = dataclasses.replace(honest[0], seed=99)
        assert self.rules([*honest, again], golden) == ["signal.repeated"]

    def test_let_a_voice_repeat_itself_where_the_reference_does(self, golden, honest):
        same = record_of(dataclasses.replace(golden.takes[0], seed=seed) for seed in range(8))
        assert self.rules([honest[0], dataclasses.replace(honest[0], seed=99)], same) == []

    def test_let_a_voice_end_abruptly_where_the_reference_does(self, golden):
        cut = takes_of([babble(30)[: int(1.0 * RATE)]], [30])
        assert self.rules(cut, record_of([*golden.takes[:7], *cut])) == []

    def test_survive_whatever_they_are_given(self, golden, strange):
        for against in (golden, None, record_of(strange[:8]), record_of([])):
            assert set(self.rules(strange, against)) <= {rule.id for rule in RULES}
