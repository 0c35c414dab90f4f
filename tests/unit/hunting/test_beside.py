"""Suspects beside the reference's: what fails no ordinary word confirms, and what was not looked at is left open."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.core.findings import Finding, Outcome
from harness.core.types import Probe, Verdict
from harness.hunting.beside import Beside, speak_beside, telling
from tests.rule_samples import rule

SWAPPED, PACE, DIFFERS = "speech.word-swapped", "timing.slow", "equivalent.samples-differ"


def probe(name: str) -> Probe:
    return Probe(
        id=name, family="hunt", text="Do not pay osprey nine.", expect="Do not pay osprey nine.", language="en"
    )


def outcome(name: str, *rule_ids: str) -> Outcome:
    rules = [rule(one) for one in rule_ids]
    findings = tuple(Finding(rule=one, severity=one.severity, subject=name, title=one.title) for one in rules)
    return Outcome(subject=name, verdict=Verdict.FAIL if findings else Verdict.PASS, findings=findings)


def spoken(
    fails: dict[str, tuple[str, ...]], *, has_time: Callable[[], bool] = lambda: True
) -> tuple[Beside, list[str]]:
    asked: list[str] = []

    def judge(one: Probe) -> Outcome:
        asked.append(one.id)
        return outcome(one.id, *fails.get(one.id, ()))

    of_suspect = {"osprey": [probe("osprey-1"), probe("osprey-2")], "walnut": [probe("walnut-1"), probe("walnut-2")]}
    ordinary = [probe(f"ordinary-{place}") for place in range(4)]
    return speak_beside(of_suspect, ordinary, judge, has_time=has_time, progress=lambda _: None), asked


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([(SWAPPED,), (SWAPPED, PACE)], {SWAPPED}),
        ([(SWAPPED,), (PACE,)], set()),
        ([(SWAPPED,), ()], set()),
        ([(), (DIFFERS,)], {DIFFERS}),
        ([], set()),
    ],
)
def test_what_fails_every_carrier_tells_and_samples_in_one_of_them(
    found: list[tuple[str, ...]], told: set[str]
) -> None:
    assert telling([outcome("osprey", *ids) for ids in found]) == told


def test_what_fails_no_ordinary_word_confirms() -> None:
    beside, asked = spoken({"osprey-1": (SWAPPED, PACE), "osprey-2": (SWAPPED, PACE), "ordinary-2": (PACE,)})
    assert beside.confirms("osprey")
    assert {one.rule.id for one in beside.findings("osprey")} == {SWAPPED}
    assert not beside.confirms("walnut")
    assert (beside.clears("osprey"), beside.clears("walnut")) == (False, True)
    assert len(asked) == 4 + 4


def test_what_fails_ordinary_words_as_well_says_nothing_and_ends_the_search() -> None:
    beside, asked = spoken({"osprey-1": (PACE,), "osprey-2": (PACE,), "ordinary-1": (PACE,)})
    assert not beside.confirms("osprey")
    assert not beside.is_open("osprey")
    assert not beside.clears("osprey")
    assert asked[-1] == "ordinary-1"


def test_where_all_is_as_the_reference_says_it_no_ordinary_word_is_spoken() -> None:
    beside, asked = spoken({})
    assert beside.usual == frozenset()
    assert len(asked) == 4


def test_without_time_for_ordinary_words_a_difference_is_open() -> None:
    left = [True, True, True, False]
    beside, _ = spoken({"osprey-1": (SWAPPED,), "osprey-2": (SWAPPED,)}, has_time=lambda: left.pop(0))
    assert beside.usual is None
    assert (beside.confirms("osprey"), beside.is_open("osprey"), beside.is_open("walnut")) == (False, True, False)


def test_a_suspect_for_which_there_was_no_time_is_not_cleared() -> None:
    left = [True, False]
    beside, _ = spoken({}, has_time=lambda: left.pop(0))
    assert (beside.clears("osprey"), beside.clears("walnut")) == (True, False)
    assert beside.late == ("walnut",)


def test_what_fails_in_one_carrier_or_as_ordinary_words_do_differs_all_the_same() -> None:
    beside, _ = spoken({"osprey-1": (PACE,), "osprey-2": (PACE,), "walnut-1": (SWAPPED,), "ordinary-0": (PACE,)})
    assert not beside.confirms("osprey")
    assert not beside.confirms("walnut")
    assert (beside.differs("osprey"), beside.differs("walnut"), beside.differs("nobody")) == (True, True, False)
