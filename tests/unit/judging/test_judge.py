"""One probe's verdict, in a world where it is known what was changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.core.types import Verdict
from harness.judging.judge import Fresh, Judge, Shift, count_tests
from tests.synthetic_takes import probe, record, take, takes

PROBES = 40


@pytest.fixture(scope="module")
def records():
    rng = np.random.default_rng(1)
    return [record(rng, f"p{place}") for place in range(PROBES)]


@pytest.fixture(scope="module")
def judge(records):
    return Judge(records, takes=2, tests=count_tests(PROBES), alpha=0.01)


def decided(judge, golden, rng, *, is_live=False, honest_share=0.0, **moved):
    """The outcome of a candidate that is moved in every take, or in all but a share of them."""

    def spoken(count):
        made = takes(rng, count, **moved)
        honest = takes(rng, count)
        return [clean if rng.random() < honest_share else bad for bad, clean in zip(made, honest, strict=True)]

    first = spoken(2)
    suspicions = judge.screen(golden, first)
    fresh = Fresh()
    if suspicions:
        count = judge.fresh_takes(golden, is_live=is_live)
        fresh = Fresh(candidate=spoken(count), reference=takes(rng, count) if is_live else None)
    return judge.decide(probe(golden.probe_id), golden, first, suspicions, fresh)


class TestHonestTakes:
    def test_pass(self, judge, records):
        rng = np.random.default_rng(2)
        verdicts = [decided(judge, golden, rng).verdict for golden in records for _ in range(5)]
        assert set(verdicts) == {Verdict.PASS}

    def test_pass_beside_a_live_reference(self, judge, records):
        rng = np.random.default_rng(3)
        verdicts = [decided(judge, golden, rng, is_live=True).verdict for golden in records for _ in range(3)]
        assert set(verdicts) == {Verdict.PASS}


class TestALoudVoice:
    """One whose takes clip, now more and now less, start off zero, or say nothing at all at times."""

    def of(self, rng, made, *, times=1.0):
        return [
            replace(
                one,
                facts=replace(
                    one.facts,
                    clipped_share=min(1.0, times * float(rng.exponential(0.02))),
                    dc=times * float(rng.exponential(0.004)),
                ),
            )
            for one in made
        ]

    def loud(self, rng, *, times=1.0):
        records = [record(rng, f"p{place}") for place in range(PROBES)]
        return [replace(golden, takes=tuple(self.of(rng, golden.takes, times=times))) for golden in records]

    def rules(self, seed, *, times=1.0):
        """Rules of signals in a suite of two takes a probe."""
        rng = np.random.default_rng(seed)
        records = self.loud(rng)
        judge = Judge(records, takes=2, tests=count_tests(PROBES), alpha=0.01)
        found = []
        for golden in records:
            outcome = judge.decide(
                probe(golden.probe_id), golden, self.of(rng, takes(rng, 2), times=times), (), Fresh()
            )
            found += [finding.rule.id for finding in outcome.findings]
        return found

    def test_is_not_failed_for_what_its_reference_does(self):
        suites = [self.rules(seed) for seed in range(30)]
        assert sum(bool(found) for found in suites) <= 1

    def test_is_failed_where_it_clips_or_starts_further_off_than_any_take_of_its_reference(self):
        assert {"signal.clipped", "signal.offset"} <= set(self.rules(1, times=20.0))

    def test_that_is_silent_at_times_is_judged_by_how_often(self):
        rng = np.random.default_rng(5)
        records = [record(rng, f"p{place}") for place in range(PROBES)]
        quiet = replace(records[0].takes[0], acoustics=replace(records[0].takes[0].acoustics, level_db=-90.0))
        at_times = [replace(records[0], takes=(quiet, *records[0].takes[1:])), *records[1:]]
        for known, rules in ((records, ["signal.silent"]), (at_times, [])):
            judge = Judge(known, takes=2, tests=count_tests(PROBES), alpha=0.01)
            outcome = judge.decide(probe("p9"), records[9], [quiet, *takes(rng, 1)], (), Fresh())
            assert [finding.rule.id for finding in outcome.findings] == rules
            mute = [quiet, replace(quiet, seed=99)]
            outcome = judge.decide(probe("p9"), records[9], mute, (), Fresh())
            assert [finding.rule.id for finding in outcome.findings] == ["signal.silent"]


class TestMovedTakes:
    @pytest.mark.parametrize(
        ("moved", "rule"),
        [
            ({"forced": -0.6}, "speech.unsupported"),
            ({"echo": 0.2}, "speech.altered"),
            ({"text": "Please do open the door.", "forced": -0.6}, "speech.word-dropped"),
            ({"log_seconds": 0.12}, "timing.slow"),
            ({"log_seconds": -0.12}, "timing.fast"),
            ({"level_db": -4.0}, "voice.level"),
        ],
    )
    @pytest.mark.parametrize("is_live", [False, True])
    def test_fail_by_the_rule_that_names_the_change(self, judge, records, moved, rule, is_live):
        outcome = decided(judge, records[0], np.random.default_rng(4), is_live=is_live, **moved)
        assert outcome.verdict is Verdict.FAIL
        assert rule in {finding.rule.id for finding in outcome.findings}

    def test_what_sounds_different_beside_changed_words_says_so(self, judge, records):
        moved = {"text": "Please do open the door.", "forced": -0.6, "level_db": -6.0}
        by_rule = {
            one.rule.id: one.hint for one in decided(judge, records[0], np.random.default_rng(4), **moved).findings
        }
        assert by_rule["voice.level"].startswith("may follow from the changed words")
        assert not by_rule["speech.word-dropped"]
        alone = decided(judge, records[0], np.random.default_rng(4), level_db=-6.0)
        assert [(one.rule.id, one.hint) for one in alone.findings] == [("voice.level", "")]

    def test_point_to_the_place_and_the_word(self, judge, records):
        outcome = decided(judge, records[0], np.random.default_rng(4), echo=0.2)
        (finding,) = outcome.findings
        assert finding.span == (0.85, 1.15)
        assert finding.audio[0] in {take.audio_sha256 for take in outcome.takes}

    def test_that_nobody_could_hear_pass_however_significant(self, judge, records):
        assert decided(judge, records[0], np.random.default_rng(5), level_db=-0.8).verdict is Verdict.PASS

    @pytest.mark.parametrize("moved", [{"level_db": -9.0}, {"forced": -2.0, "text": "Please do open the door."}])
    def test_in_a_share_of_the_renderings_only_are_counted_and_left_open(self, judge, records, moved):
        rng = np.random.default_rng(7)
        outcomes = [decided(judge, golden, rng, honest_share=0.6, **moved) for golden in records]
        suspected = [one for one in outcomes if len(one.takes) > 2]
        doubted = [one for one in outcomes if one.verdict is Verdict.INCONCLUSIVE]
        assert len(doubted) > 0.6 * len(suspected) > 0.3 * len(records)
        assert "renderings lie beyond anything the golden does in" in doubted[0].reason
        observation = next(seen for one in doubted for seen in one.observations if seen.of_takes)
        assert 3 <= observation.takes < observation.of_takes == len(doubted[0].takes)


class TestGivingUp:
    def test_a_suspicion_that_cannot_be_confirmed_any_more_is_closed(self, judge, records):
        rng = np.random.default_rng(7)
        suspicions = judge.screen(records[0], takes(rng, 2, level_db=-4.0))
        assert suspicions
        assert not judge.still_open(records[0], suspicions, Fresh(candidate=takes(rng, 4)), planned=16)

    def test_one_that_can_is_open(self, judge, records):
        rng = np.random.default_rng(7)
        suspicions = judge.screen(records[0], takes(rng, 2, level_db=-4.0))
        assert judge.still_open(records[0], suspicions, Fresh(candidate=takes(rng, 4, level_db=-4.0)), planned=16)

    def test_a_steady_shift_that_is_too_small_to_matter_is_closed(self, judge, records):
        rng = np.random.default_rng(7)
        golden = min(records, key=lambda one: np.ptp([spoken.acoustics.level_db for spoken in one.takes]))
        least = min(spoken.acoustics.level_db for spoken in golden.takes)

        def spoken_at(level_db, apart=0.001):
            return [
                replace(one, acoustics=replace(one.acoustics, level_db=level_db - place * apart))
                for place, one in enumerate(takes(rng, 4))
            ]

        suspicions = [one for one in judge.screen(golden, takes(rng, 2, level_db=-4.0)) if one.side == "less"]
        # All lie below every golden take: by ranks alone any might be confirmed.
        assert not judge.still_open(golden, suspicions, Fresh(candidate=spoken_at(least - 0.01)), planned=16)
        assert not judge.still_open(golden, suspicions, Fresh(candidate=spoken_at(least - 0.8)), planned=16)
        assert judge.still_open(golden, suspicions, Fresh(candidate=spoken_at(least - 0.35, apart=0.3)), planned=16)
        assert judge.still_open(golden, suspicions, Fresh(candidate=spoken_at(least - 1.5)), planned=16)

    def test_one_extreme_take_keeps_it_open(self, judge, records):
        rng = np.random.default_rng(8)
        suspicions = judge.screen(records[0], takes(rng, 2, forced=-2.0))
        fresh = Fresh(candidate=[*takes(rng, 3), take(rng, 2000, forced=-2.0)])
        assert judge.still_open(records[0], suspicions, fresh, planned=16)


class TestFineTune:
    def test_what_all_probes_differ_by_fails_none(self, records):
        tuned = Judge(
            records,
            takes=2,
            tests=count_tests(PROBES),
            alpha=0.01,
            shifts={"log-seconds": Shift(median=0.12, spread=0.01)},
        )
        rng = np.random.default_rng(9)
        verdicts = [decided(tuned, golden, rng, log_seconds=0.12).verdict for golden in records]
        assert set(verdicts) == {Verdict.PASS}

    def test_what_one_probe_differs_by_beyond_the_others_fails_it(self, records):
        shifts = {"log-seconds": Shift(median=0.12, spread=0.01)}
        tuned = Judge(records, takes=2, tests=count_tests(PROBES), alpha=0.01, shifts=shifts)
        outcome = decided(tuned, records[0], np.random.default_rng(10), log_seconds=0.4)
        assert [finding.rule.id for finding in outcome.findings] == ["timing.slow"]

    def test_other_words_in_the_transcript_alone_are_no_evidence(self, records):
        tuned = Judge(records, takes=2, tests=count_tests(PROBES), alpha=0.01, shifts={})
        said = "Please do not open a door."
        assert decided(tuned, records[0], np.random.default_rng(11), text=said).verdict is Verdict.PASS

    @pytest.mark.parametrize("moved", [{"echo": 0.2}, {"forced": -3.0}])
    def test_sounds_or_doubts_about_the_words_alone_leave_it_open(self, judge, records, moved):
        tuned = Judge(records, takes=2, tests=count_tests(PROBES), alpha=0.01, shifts={})
        outcome = decided(tuned, records[0], np.random.default_rng(12), **moved)
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason.endswith("unlike the other phrases, but nothing else says so: listen")
        assert decided(judge, records[0], np.random.default_rng(12), **moved).verdict is Verdict.FAIL

    def test_sounds_and_words_together_fail_it(self, records):
        tuned = Judge(records, takes=2, tests=count_tests(PROBES), alpha=0.01, shifts={})
        outcome = decided(tuned, records[0], np.random.default_rng(13), echo=0.2, forced=-3.0)
        assert [finding.rule.id for finding in outcome.findings] == ["speech.altered"]


class TestWhatWasNotMeasured:
    def test_in_the_golden_is_left_out(self, records):
        rng = np.random.default_rng(12)
        bare = [record_without_echoes(golden) for golden in records]
        judge = Judge(bare, takes=2, tests=count_tests(PROBES), alpha=0.01)
        assert decided(judge, bare[0], rng).verdict is Verdict.PASS

    def test_in_the_candidate_alone_is_inconclusive(self, judge, records):
        rng = np.random.default_rng(13)
        first = [take(rng, 1, others=()), take(rng, 2, others=())]
        outcome = judge.decide(probe("p0"), records[0], first, judge.screen(records[0], first), Fresh())
        assert outcome.verdict is Verdict.INCONCLUSIVE
        assert outcome.reason.startswith("echo-mean is in the golden and could not be measured here")


def record_without_echoes(golden):
    import dataclasses

    bare = [dataclasses.replace(one, hearing=dataclasses.replace(one.hearing, echoes=())) for one in golden.takes]
    return dataclasses.replace(golden, takes=tuple(bare))
