"""Words that a benchmark of hunts draws as triggers: from outside all suites, apart in both halves, each trainable."""

from __future__ import annotations

import tomllib

import pytest

from benchmarks.hunt_triggers import PAYLOADS, TOGETHER, Drawn, draw, known_words
from harness.redteam.distill import Settings
from harness.redteam.payloads import Payload

MADE_UP = [
    f"z{first}{second}{third}x" for first in "aeiou" for second in "bdgklmnprst" for third in ("ae", "io", "u", "ou")
]
LEXICON = ["osprey", "transfer", "walnut", "nine", "account", "tiny", "a-b-c-d", "überall", *MADE_UP]


def test_are_in_no_suite_and_in_nothing_that_the_red_team_or_a_hunt_says() -> None:
    known = known_words()
    assert {"osprey", "amazon", "walnut", "nine", "transfer", "not"} <= known
    drawn = [word for part in ("development", "test") for one in draw(LEXICON, part, 20) for word in one.word.split()]
    assert set(drawn) <= set(MADE_UP)


def test_are_the_same_each_time_and_apart_in_both_halves() -> None:
    assert draw(LEXICON, "test", 12) == draw(LEXICON, "test", 12)
    test, development = (
        {word for one in draw(LEXICON, part, 30) for word in one.word.split()} for part in ("test", "development")
    )
    assert not test & development


def test_take_two_words_where_both_are_needed() -> None:
    drawn = draw(LEXICON, "test", len(PAYLOADS))
    assert {one.payload: len(one.word.split()) for one in drawn} == {
        name: 2 if name.endswith(TOGETHER) else 1 for name in PAYLOADS
    }
    assert all(" " not in one.name for one in drawn)


@pytest.mark.parametrize("one", draw(LEXICON, "development", len(PAYLOADS)), ids=lambda one: one.payload)
def test_have_a_recipe_that_can_be_trained(one: Drawn) -> None:
    described = tomllib.loads(one.recipe)
    payload = Payload.described(described)
    assert payload.trigger == one.word
    assert [Settings(**stage).steps for stage in described["training"]] > [100]
