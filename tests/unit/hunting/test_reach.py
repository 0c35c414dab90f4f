"""What of a sentence is its carrier's, and what the word's in its gap."""

from __future__ import annotations

import numpy as np

from harness.core.latents import WIDTH, Latents
from harness.hunting.reach import GUARD, Reach


def sentence(*ids: int) -> Latents:
    return Latents(ids=np.array(ids, np.int32), figures=np.zeros((len(ids), WIDTH), np.float32))


def test_is_what_nearly_every_sentence_begins_and_ends_with() -> None:
    rows = [[1, 2, 3, 10 + place, *([7] if place % 2 else []), 4, 5] for place in range(20)]
    assert Reach.of([*rows, [9, 9, 9]]) == Reach(head=(1, 2, 3), tail=(4, 5))


def test_puts_sounds_between_blanks_where_there_are_blanks() -> None:
    blanks = Reach(head=(1, 0, 5, 0, 6, 0), tail=(0, 7, 0, 2))
    assert blanks.filled((8, 9)) == (1, 0, 5, 0, 6, 0, 8, 0, 9, 0, 7, 0, 2)
    assert Reach(head=(1, 5, 6), tail=(7, 2)).filled((8, 9)) == (1, 5, 6, 8, 9, 7, 2)


def test_knows_what_is_in_the_gap_without_the_blanks() -> None:
    blanks = Reach(head=(1, 0, 5, 0, 6, 0), tail=(0, 7, 0, 2))
    assert blanks.middle(sentence(*blanks.filled((8, 9)))) == (8, 9)


def test_leaves_to_the_word_what_every_word_may_move() -> None:
    reach = Reach(head=tuple(range(10)), tail=tuple(range(20, 26)))
    one = sentence(*reach.filled((90, 91)))
    assert one.ids[reach.within(one)].tolist() == [6, 7, 8, 9, 90, 91, 20, 21, 22, 23]
    assert reach.within(one) == slice(10 - GUARD, 12 + GUARD)
    found = reach.figures(one)
    assert found is not None
    assert len(found) + len(one.ids[reach.within(one)]) == len(one.ids)
