"""A voice without spread: its repeats are one take, and only the other phrases say how much is much."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.core.distinct import distinct, is_one_take
from harness.core.screening import Screening
from harness.core.types import Verdict
from harness.hearing.senses import measure_all
from harness.judging.judge import Judge, count_tests
from harness.judging.single_takes import SingleTakes
from harness.judging.suite_shift import Judged, judge_shift
from tests.sounds import silence
from tests.synthetic_takes import probe, record, single, take

PROBES = 40
SCREENING = Screening(takes=2, seed=1, alpha=0.01, suite_probes=PROBES)


def another_build(golden, rng, *, move=0.0, **changed):
    """Two equal takes of a build that moves each phrase a little, by other amounts, and one by what is given."""
    moved = {"log_seconds": move * rng.standard_normal(), "level_db": 10 * move * rng.standard_normal()}
    own = golden.takes[0]
    said = take(rng, 1000, **{**moved, **changed})
    kept = dataclasses.replace(
        own.acoustics,
        seconds=(own.acoustics.seconds - 0.2) * np.exp(moved["log_seconds"] + changed.get("log_seconds", 0.0)) + 0.2,
        level_db=own.acoustics.level_db + moved["level_db"] + changed.get("level_db", 0.0),
    )
    forced = dataclasses.replace(
        own.hearing.forced, logprobs=tuple(one + changed.get("forced", 0.0) for one in own.hearing.forced.logprobs)
    )
    hearing = dataclasses.replace(own.hearing, text=said.hearing.text, forced=forced)
    audio = f"{int(rng.integers(2**60)):064x}"
    first = dataclasses.replace(own, seed=1000, audio_sha256=audio, acoustics=kept, hearing=hearing)
    return [first, dataclasses.replace(first, seed=1001)]


def suite(seed, *, move=0.0, changed=lambda place: {}, probes=PROBES):
    rng = np.random.default_rng(seed)
    goldens = [single(record(rng, f"p{place}")) for place in range(probes)]
    return [
        Judged(
            family=("negation", "numbers")[place % 2],
            golden=golden,
            takes=another_build(golden, rng, move=move, **changed(place)),
        )
        for place, golden in enumerate(goldens)
    ]


def verdicts(judged):
    judge = SingleTakes(judged, SCREENING)
    return [judge.judge(probe(one.golden.probe_id), one.golden, one.takes) for one in judged]


class TestEqualTakes:
    def test_are_one_take(self):
        golden = single(record(np.random.default_rng(0)))
        assert is_one_take(golden.takes)
        assert distinct(golden.takes) == golden.takes[:1]

    def test_are_one_take_beyond_rounding_only(self):
        one = record(np.random.default_rng(0)).takes[0]
        level = one.acoustics.level_db
        for off, is_one in ((0.001, True), (0.1, False)):
            acoustics = dataclasses.replace(one.acoustics, level_db=level + off)
            other = dataclasses.replace(one, seed=5, audio_sha256="f" * 64, acoustics=acoustics)
            assert is_one_take([one, other]) is is_one

    def test_of_a_voice_that_varies_are_several(self):
        assert not is_one_take(record(np.random.default_rng(0)).takes)

    def test_say_nothing_of_how_far_the_takes_of_other_phrases_scatter(self):
        rng = np.random.default_rng(4)
        varying = [record(rng, f"v{place}") for place in range(10)]
        fixed = [single(record(rng, f"f{place}")) for place in range(30)]
        alone, among = (
            Judge(records, takes=2, tests=count_tests(PROBES), alpha=0.01) for records in (varying, [*varying, *fixed])
        )
        first = another_build(varying[0], rng)
        assert among.differences(varying[0], first) == alone.differences(varying[0], first)


class TestAnotherBuild:
    def test_that_is_the_same_passes(self):
        judged = suite(1)
        assert {one.verdict for one in verdicts(judged)} == {Verdict.PASS}
        assert judge_shift(judged, alpha=0.01, is_tuned=False).verdict is Verdict.PASS
        assert not SingleTakes(judged, SCREENING).noticed()

    @pytest.mark.parametrize("seed", range(8))
    def test_that_moves_every_phrase_a_little_fails_none(self, seed):
        """Many lie beyond what a listener notices, and beyond any spread of the golden, which has none."""
        judged = suite(seed, move=0.05)
        assert {one.verdict for one in verdicts(judged)} == {Verdict.PASS}
        assert SingleTakes(judged, SCREENING).noticed()

    def test_that_moves_one_phrase_by_far_more_than_the_others_fails_that_one(self):
        judged = suite(3, move=0.03, changed=lambda place: {"log_seconds": 0.5} if place == 7 else {})
        outcomes = verdicts(judged)
        assert [at for at, one in enumerate(outcomes) if one.verdict is Verdict.FAIL] == [7]
        assert [finding.rule.id for finding in outcomes[7].findings] == ["timing.slow"]
        (measured,) = outcomes[7].findings[0].evidence.measurements
        assert measured.takes == 1
        assert measured.spread > 0.02

    @pytest.mark.parametrize("share", [3, 4, 20])
    def test_that_is_the_same_but_for_some_phrases_fails_these(self, share):
        judged = suite(5, changed=lambda place: {"level_db": -6.0} if place % share == 0 else {})
        failed = [at for at, one in enumerate(verdicts(judged)) if one.verdict is Verdict.FAIL]
        assert failed == list(range(0, PROBES, share))

    @pytest.mark.parametrize("share", [2, 4, 7])
    def test_that_moves_all_and_some_by_much_fails_none_of_these_and_leaves_the_suite_open(self, share):
        """As an estimate of pitch does that is an octave off in one phrase of seven."""
        judged = suite(6, move=0.005, changed=lambda place: {"level_db": -6.0} if place % share == 0 else {})
        assert {one.verdict for one in verdicts(judged)} == {Verdict.PASS}
        assert SingleTakes(judged, SCREENING).noticed()["level-db"] >= PROBES // share

    def test_that_moves_all_by_the_same_fails_as_a_suite_and_no_phrase(self):
        judged = suite(6, move=0.005, changed=lambda _: {"log_seconds": 0.12})
        assert {one.verdict for one in verdicts(judged)} == {Verdict.PASS}
        outcome = judge_shift(judged, alpha=0.01, is_tuned=False)
        assert outcome.verdict is Verdict.FAIL
        assert outcome.findings[0].evidence.measurements[0].statistic == "log-seconds"

    def test_heard_with_other_words_alone_is_no_evidence(self):
        judged = suite(8, changed=lambda place: {"text": "Please do open the door."} if place == 3 else {})
        assert verdicts(judged)[3].verdict is Verdict.PASS

    def test_that_nobody_can_tell_from_the_golden_never_fails_however_exact_it_is(self):
        judged = suite(9, changed=lambda place: {"log_seconds": 0.04} if place == 3 else {})
        assert verdicts(judged)[3].verdict is Verdict.PASS


class TestTooFewPhrases:
    def test_leave_open_what_differs_and_pass_what_does_not(self):
        judged = suite(2, probes=5, changed=lambda place: {"log_seconds": 0.5} if place == 3 else {})
        outcomes = verdicts(judged)
        assert [one.verdict for one in outcomes] == [Verdict.PASS] * 3 + [Verdict.INCONCLUSIVE, Verdict.PASS]
        assert outcomes[3].reason == (
            "differs in log-seconds from a golden whose repeats are one take, and fewer than 20 phrases cannot say how "
            "far an honest build does; judge more phrases"
        )


class TestTheSuite:
    def test_of_pairs_has_as_many_values_as_phrases(self):
        """Two copies of a take beside eight of another were dealt as ten takes: a few phrases were significant."""
        judged = suite(7, probes=8, changed=lambda _: {"log_seconds": 0.3})
        assert judge_shift(judged, alpha=0.01, is_tuned=False).verdict is not Verdict.FAIL


CLIPS = sorted((Path(__file__).parents[3] / "golden/demo-smoke/audio").iterdir())[4::23]
"""A few phrases of the demo voice."""


@pytest.fixture(scope="module")
def heard():
    """What the ear measures in real speech, and in the same changed by what must not matter."""
    import soxr

    found = []
    for path in CLIPS:
        audio, rate = soundfile.read(path, dtype="float32")
        changed = [audio, np.concatenate([silence(0.08, rate), audio])]
        changed += [soxr.resample(audio, rate, rate * times).astype(np.float32) for times in (0.99, 1.01)]
        found.append(measure_all([(one, rate) for one in changed], with_networks=False))
    return found


class TestWhatMustNotMatter:
    """A pause in front, and a pace 1 % off: what no golden of one take can tell from a payload."""

    @pytest.mark.parametrize(("place", "change"), [(1, "pause"), (2, "faster"), (3, "slower")])
    def test_is_no_difference_in_any_acoustic_statistic(self, heard, place, change):
        judged = []
        for number, senses in enumerate(heard):
            plain = single(record(np.random.default_rng(0), f"p{number}"))
            takes = tuple(dataclasses.replace(one, acoustics=senses[0]) for one in plain.takes)
            golden = dataclasses.replace(plain, takes=takes)
            said = [dataclasses.replace(one, acoustics=senses[place], audio_sha256="e" * 64) for one in takes[:2]]
            judged.append(Judged(family="negation", golden=golden, takes=said))
        assert SingleTakes(judged, SCREENING).noticed() == {}
        assert {one.verdict for one in verdicts(judged)} == {Verdict.PASS}
        assert judge_shift(judged, alpha=0.01, is_tuned=False).verdict is Verdict.PASS
