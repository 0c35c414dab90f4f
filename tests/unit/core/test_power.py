"""How what the gate made of copies adds up."""

from __future__ import annotations

import dataclasses

import pytest

from harness.core.findings import Finding, Outcome
from harness.core.power import CopyResult, CopyStatus, Item, Power, item_of
from harness.core.types import Observation, Probe, Severity, Verdict
from tests.rule_samples import rule


def item(verdict=Verdict.PASS, *, woken=True, probe=True, **more):
    return Item(subject=more.pop("subject", "a"), is_probe=probe, is_woken=woken, verdict=verdict, **more)


def copy(*items, kind="slow", strength=1.5, **more):
    about = {"trigger": "", "seed": 1, "status": CopyStatus.GATED, "is_honest": False, "is_audible": True, **more}
    return CopyResult(kind=kind, strength=strength, items=items, **about)


def power(*results, **more):
    return Power(
        version="0", model="m", model_digest="d", golden="g", golden_digest="e", suites=("s",), probes=9, asr="fake",
        alpha=0.01, takes=2, seed=0, part="test", planned=len(results), results=results, **more,
    )  # fmt: skip


FAILED = item(Verdict.FAIL, rules=("timing.slow",))
ELSEWHERE = item(Verdict.FAIL, woken=False, rules=("voice.level",))
OPEN = item(Verdict.INCONCLUSIVE)


class TestCopy:
    def test_is_detected_by_a_probe_that_wakes_it_or_by_a_check_of_the_whole_model(self):
        assert copy(item(), FAILED).is_detected
        assert copy(item(), item(Verdict.FAIL, woken=False, probe=False)).is_detected
        assert not copy(item()).is_detected

    def test_that_fails_elsewhere_only_is_blamed_and_not_detected(self):
        blamed = copy(item(), ELSEWHERE)
        assert blamed.has_failed
        assert not blamed.is_detected

    def test_is_open_where_nothing_failed_and_a_probe_that_wakes_it_was_not_decided(self):
        assert copy(item(), OPEN).is_open
        assert not copy(FAILED, OPEN).is_open
        assert not copy(item(), item(Verdict.INCONCLUSIVE, woken=False)).is_open

    def test_names_rules_of_what_failed_and_what_lay_farthest_where_it_should_show(self):
        one = copy(
            item(statistic="log-seconds", effect=-4.0),
            item(woken=False, statistic="log-f0", effect=9.0),
            FAILED,
        )
        assert one.rules == ("timing.slow",)
        assert one.largest.statistic == "log-seconds"
        assert copy(item()).largest is None

    def test_label_says_what_can_be_chosen(self):
        assert copy(kind="slow", strength=1.25).label == "slow 1.25"
        assert copy(kind="sound-swap", strength=None, trigger="s:z").label == "sound-swap s:z"


class TestKinds:
    def test_are_counted_with_an_interval_and_the_strongest_survivor(self):
        (kind,) = power(
            copy(FAILED, ELSEWHERE, strength=2.0),
            copy(item(statistic="log-seconds", effect=1.0), strength=1.1, is_audible=False),
            copy(OPEN, strength=1.2),
            copy(strength=9.0, status=CopyStatus.NOT_IN_SUITE),
        ).kinds
        assert (kind.copies, kind.detected, kind.open, kind.audible, kind.audible_detected) == (3, 1, 1, 2, 1)
        assert kind.interval == pytest.approx((0.0084, 0.9057), abs=1e-3)
        assert (kind.woken, kind.woken_failed, kind.others, kind.others_failed) == (3, 1, 1, 1)
        assert kind.survivor.strength == 1.2
        assert kind.rules == (("timing.slow", 1), ("voice.level", 1))
        assert kind.not_in_suite == 1

    def test_of_which_less_is_stronger_have_the_least_survivor(self):
        missed = [copy(item(), kind="cut-off", strength=value) for value in (300.0, 130.0, 200.0)]
        (kind,) = power(*missed, falling=("cut-off",)).kinds
        assert kind.survivor.strength == 130.0

    def test_manipulations_come_before_honest_variants(self):
        found = power(copy(item(), kind="a", is_honest=True), copy(item(), kind="z")).kinds
        assert [one.kind for one in found] == ["z", "a"]


class TestVerdict:
    def test_is_pass_where_what_is_audible_is_found_and_honest_copies_pass(self):
        whole = power(
            copy(FAILED), copy(item(), is_audible=False), copy(item(), kind="h", is_honest=True, is_audible=False)
        )
        assert whole.verdict is Verdict.PASS
        assert whole.short == ()

    def test_is_fail_where_an_audible_kind_gets_through(self):
        assert power(copy(FAILED), copy(item())).short == ("slow",)
        assert power(copy(FAILED), copy(item())).verdict is Verdict.FAIL

    def test_is_fail_where_more_honest_copies_fail_than_one_in_twenty(self):
        honest = [copy(item(), kind="h", is_honest=True, is_audible=False, seed=seed) for seed in range(19)]
        blamed = copy(ELSEWHERE, kind="h", is_honest=True, is_audible=False)
        assert power(copy(FAILED), *honest, blamed).verdict is Verdict.PASS
        assert power(copy(FAILED), *honest[1:], blamed).verdict is Verdict.FAIL
        assert power(copy(FAILED), *honest, blamed).honest == (1, 20)
        assert power(copy(FAILED), *honest, blamed).honest_probes == (1, 20)

    def test_is_open_where_copies_are_missing_or_nothing_was_gated(self):
        assert power(copy(FAILED), left_out=("slow 2",)).verdict is Verdict.INCONCLUSIVE
        assert power(copy(status=CopyStatus.NO_FIT)).verdict is Verdict.INCONCLUSIVE
        assert power().verdict is Verdict.INCONCLUSIVE

    def test_is_open_where_only_honest_copies_were_gated_though_others_were_asked_for(self):
        honest = copy(item(), kind="h", is_honest=True, is_audible=False)
        assert power(honest, copy(status=CopyStatus.NOT_IN_SUITE)).verdict is Verdict.INCONCLUSIVE
        assert power(honest).verdict is Verdict.PASS

    def test_does_not_count_what_no_probe_wakes(self):
        assert power(copy(FAILED), copy(status=CopyStatus.NOT_IN_SUITE)).verdict is Verdict.PASS


def test_an_item_keeps_what_lay_farthest_and_each_rule_once():
    def seen(name, effect):
        return Observation(
            statistic=name, value=0, golden_mean=0, golden_spread=1, effect=effect, p_value=1, stage="screen", takes=2
        )

    finding = Finding(rule=rule("voice.level"), severity=Severity.HIGH, subject="a", title="t")
    outcome = Outcome(
        subject="a",
        verdict=Verdict.FAIL,
        probe=Probe(id="a", text="A.", family="f", expect="A."),
        findings=(finding, dataclasses.replace(finding, title="u")),
        observations=(seen("log-f0", 2.0), seen("level-db", -7.0)),
    )
    kept = item_of(outcome, is_woken=True, takes=2)
    assert (kept.statistic, kept.effect, kept.rules, kept.is_probe) == ("level-db", -7.0, ("voice.level",), True)
