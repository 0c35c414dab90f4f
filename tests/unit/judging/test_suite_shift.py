"""The suite as a whole: what no single probe shows."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from harness.core.findings import Against
from harness.core.types import Verdict
from harness.judging.judge import Judge, count_tests
from harness.judging.suite_shift import Judged, judge_shift, suite_shifts
from harness.report.evidence import evidence_of, heard_of
from tests.synthetic_takes import record, takes

PROBES = 40
FAMILIES = ("negation", "numbers")


def unchanged(place):
    return {}


@functools.cache
def suite(seed, *, changed=unchanged):
    """Judged first takes of a suite of two families."""
    rng = np.random.default_rng(seed)
    return [
        Judged(
            family=FAMILIES[place % 2],
            golden=record(rng, f"p{place}"),
            takes=takes(rng, 2, **changed(place)),
        )
        for place in range(PROBES)
    ]


class TestJudgeShift:
    @pytest.mark.slow
    def test_an_honest_suite_passes(self):
        outcomes = [judge_shift(suite(seed), alpha=0.01, is_tuned=False) for seed in range(8)]
        assert {outcome.verdict for outcome in outcomes} == {Verdict.PASS}

    def test_a_slower_voice_fails_by_its_pace_though_no_probe_is_odd_by_itself(self):
        outcome = judge_shift(suite(1, changed=lambda _: {"log_seconds": 0.06}), alpha=0.01, is_tuned=False)
        assert outcome.verdict is Verdict.FAIL
        assert outcome.findings[0].rule.id == "shift.suite"
        (measured,) = outcome.findings[0].evidence.measurements
        assert (measured.statistic, measured.against, measured.other) == ("log-seconds", Against.SUITE, 0.0)
        assert measured.value == pytest.approx(0.06, abs=0.01)
        assert measured.p_value <= 0.005
        told = f"p = {measured.p_value:.2g}, corrected for all families and statistics"
        assert evidence_of(outcome.findings[0]) == told
        assert "log-seconds" in outcome.findings[0].title

    def test_one_family_alone_is_named(self):
        changed = suite(2, changed=lambda place: {"level_db": -1.6} if place % 2 else {})
        outcome = judge_shift(changed, alpha=0.01, is_tuned=False)
        assert outcome.verdict is Verdict.FAIL
        assert any("numbers" in finding.title or finding.rule.id == "shift.suite" for finding in outcome.findings)
        assert any(note.startswith("numbers: level-db") for note in outcome.notes)

    def test_speakers_that_were_exchanged_are_named_though_the_suite_as_a_whole_stands_still(self):
        moved = suite(2, changed=lambda place: {"level_db": -1.6 if place < PROBES // 2 else 1.6})
        said = [
            dataclasses.replace(one, family="negation", speaker=("amelie", "bruno")[place >= PROBES // 2])
            for place, one in enumerate(moved)
        ]
        outcome = judge_shift(said, alpha=0.01, is_tuned=False)
        assert outcome.verdict is Verdict.FAIL
        assert {finding.rule.id for finding in outcome.findings} == {"shift.speaker"}
        assert outcome.findings[0].title.startswith("speaker ")
        assert {finding.evidence.measurements[0].of for finding in outcome.findings} <= {
            "speaker amelie",
            "speaker bruno",
        }
        assert heard_of(outcome.findings[0]).startswith(f"{outcome.findings[0].evidence.measurements[0].of}: ")
        assert heard_of(outcome.findings[0]).endswith(" deviations)")
        silent = judge_shift([dataclasses.replace(one, speaker="") for one in said], alpha=0.01, is_tuned=False)
        assert not silent.findings

    @pytest.mark.slow
    def test_honest_speakers_pass(self):
        for seed in range(6):
            said = [dataclasses.replace(one, speaker=f"p{place % 4}") for place, one in enumerate(suite(seed))]
            assert judge_shift(said, alpha=0.01, is_tuned=False).verdict is Verdict.PASS

    def test_what_nobody_could_hear_is_no_finding(self):
        outcome = judge_shift(suite(3, changed=lambda _: {"level_db": -0.6}), alpha=0.01, is_tuned=False)
        assert outcome.verdict is not Verdict.FAIL

    def test_a_declared_fine_tune_is_told_and_passes(self):
        outcome = judge_shift(suite(4, changed=lambda _: {"log_seconds": 0.08}), alpha=0.01, is_tuned=True)
        assert outcome.verdict is Verdict.PASS
        assert any("log-seconds" in note for note in outcome.notes)

    def test_without_a_comparable_probe_is_inconclusive(self):
        assert judge_shift([], alpha=0.01, is_tuned=False).verdict is Verdict.INCONCLUSIVE

    def test_says_the_same_every_time(self):
        assert judge_shift(suite(5), alpha=0.01, is_tuned=False) == judge_shift(suite(5), alpha=0.01, is_tuned=False)


class TestSuiteShifts:
    @pytest.fixture
    def judge(self):
        return Judge([one.golden for one in suite(6)], takes=2, tests=count_tests(PROBES), alpha=0.01)

    def test_find_what_is_common(self, judge):
        shifts = suite_shifts(judge, suite(6, changed=lambda _: {"log_seconds": 0.1}))
        assert shifts["log-seconds"].median == pytest.approx(0.1, abs=0.01)
        assert shifts["log-seconds"].spread < 0.01

    def test_are_not_moved_by_a_few_manipulated_probes(self, judge):
        shifts = suite_shifts(judge, suite(6, changed=lambda place: {"forced": -3.0} if place < 6 else {}))
        assert abs(shifts["forced-mean"].median) < 0.03
        assert shifts["forced-mean"].spread < 0.05

    def test_leave_words_alone(self, judge):
        assert "transcript-distance" not in suite_shifts(judge, suite(6))
