"""Chance that can be repeated."""

from __future__ import annotations

from itertools import islice

import pytest

from probes.dice import Dice


class TestDice:
    def test_the_same_inputs_roll_the_same_on_every_python(self) -> None:
        assert [Dice("a", 1).number(1, 100) for _ in range(3)] == [Dice("a", 1).number(1, 100)] * 3
        dice = Dice("soundcheck", 1, "negation", "en", 1, "")
        assert [dice.number(0, 999) for _ in range(4)] == [212, 930, 961, 338]

    def test_any_other_input_rolls_otherwise(self) -> None:
        rolls = {tuple(Dice(*inputs).shuffled(range(20))) for inputs in (("a",), ("b",), ("a", ""), ("a", 1), ("a1",))}
        assert len(rolls) == 5

    def test_both_ends_come_up_and_nothing_beyond(self) -> None:
        dice = Dice("ends")
        assert {dice.number(3, 6) for _ in range(200)} == {3, 4, 5, 6}

    def test_other_never_gives_what_is_excluded(self) -> None:
        dice = Dice("other")
        assert {dice.other("abc", "b") for _ in range(50)} == {"a", "c"}
        with pytest.raises(IndexError):
            dice.other("b", "b")

    def test_endless_gives_every_item_before_one_comes_back(self) -> None:
        rolled = list(islice(Dice("endless").endless("abcd"), 12))
        assert [sorted(rolled[at : at + 4]) for at in (0, 4, 8)] == [list("abcd")] * 3
