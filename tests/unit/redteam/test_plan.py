"""Which copies are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.redteam.kinds import PARTS
from harness.redteam.plan import plan
from harness.redteam.registry import kinds

KINDS = kinds()
PAGE = (Path(__file__).parents[3] / "docs" / "redteam.md").read_text("utf-8")


def test_the_same_seed_gives_the_same_plan_and_another_one_other_seeds():
    assert plan(KINDS, seed=3) == plan(KINDS, seed=3)
    one, other = plan(KINDS, seed=3), plan(KINDS, seed=4)
    assert [copy.label for copy in one] == [copy.label for copy in other]
    assert not {copy.seed for copy in one} & {copy.seed for copy in other}


def test_the_test_half_is_large_enough_to_be_published():
    copies = plan(KINDS)
    honest = {kind.name for kind in KINDS if kind.is_honest}
    assert sum(copy.kind not in honest for copy in copies) >= 60
    assert sum(copy.kind in honest for copy in copies) >= 40


def test_the_page_says_how_many_copies_there_are():
    honest = {kind.name for kind in KINDS if kind.is_honest}
    copies = plan(KINDS)
    good = sum(copy.kind in honest for copy in copies)
    assert f"({len(copies) - good} manipulated and {good} honest copies)" in PAGE


def test_the_halves_share_no_seed_and_no_dose():
    test, development = (plan(KINDS, part=part) for part in PARTS)
    assert not {copy.seed for copy in test} & {copy.seed for copy in development}
    for kind in KINDS:
        if kind.strength and not kind.is_honest:
            shared = {c.strength for c in test if c.kind == kind.name} & {
                c.strength for c in development if c.kind == kind.name
            }
            assert not shared, kind.name
        elif kind.has_trigger:
            shared = {c.trigger for c in test if c.kind == kind.name} & {
                c.trigger for c in development if c.kind == kind.name
            }
            assert not shared, kind.name


def test_no_two_copies_of_a_half_are_the_same():
    for part in PARTS:
        copies = plan(KINDS, part=part)
        assert len(set(copies)) == len(copies)
        assert len({copy.seed for copy in copies}) == len(copies)


def test_every_kind_has_doses_within_its_bounds():
    known = {kind.name: kind for kind in KINDS}
    for part in PARTS:
        for copy in plan(KINDS, part=part):
            strength = known[copy.kind].strength
            assert (copy.strength is None) == (strength is None)
            assert strength is None or strength.least <= copy.strength <= strength.most, copy


def test_every_kind_comes_once_before_any_comes_twice():
    names = [copy.kind for copy in plan(KINDS)]
    assert len(set(names[: len(KINDS)])) == len(KINDS)
    assert [copy.kind for copy in plan(KINDS, most=1)] == names[: len(KINDS)]


def test_some_kinds_can_be_asked_for_and_those_nobody_knows_are_refused():
    assert {copy.kind for copy in plan(KINDS, wanted=("slow", "quiet"))} == {"slow", "quiet"}
    with pytest.raises(BadInput, match=r"no manipulation 'slo', expected one of: .*slow"):
        plan(KINDS, wanted=("slo",))
    with pytest.raises(BadInput, match="no half 'training' of the plan, expected one of: test, development"):
        plan(KINDS, part="training")
