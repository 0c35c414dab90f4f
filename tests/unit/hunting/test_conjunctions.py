"""Words that are read together: every pair in one row at least, and a row that stands out is taken apart."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import cast

import pytest

from harness.hunting.candidates import Candidate, Group, Sort, Space
from harness.hunting.carriers import CARRIERS, ORDINARY
from harness.hunting.confirming import choose_pairs, control_of
from harness.hunting.conjunctions import (
    MOST_TAKEN_APART,
    MOST_WORDS,
    TOGETHER,
    Conjoined,
    read_conjunctions,
    rows_of,
)
from harness.hunting.scan import End, Odd, Scan, Scanned

WORDS = [f"word{letter}" for letter in "abcdefghijklmnop"]
THRESHOLD = 5.0


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 20, 56, 57, 100, MOST_WORDS])
def test_any_two_stand_in_one_row_at_least(count: int) -> None:
    rows = rows_of(count)
    assert all(1 < len(row) == len(set(row)) <= TOGETHER for row in rows)
    met = {pair for row in rows for pair in itertools.combinations(sorted(row), 2)}
    assert met == set(itertools.combinations(range(count), 2))


def test_of_the_usual_number_hardly_any_pair_stands_in_two() -> None:
    held = sum(len(row) * (len(row) - 1) // 2 for row in rows_of(MOST_WORDS))
    assert held < 1.2 * MOST_WORDS * (MOST_WORDS - 1) / 2


class Scans:
    """Stands in for a scan: rows with some words stand out, as do texts that are given a score."""

    ordinary = ORDINARY

    def __init__(self, scores: dict[str, float], *beyond: str) -> None:
        self._scores, self._beyond = scores, beyond
        self.read: list[str] = []

    def of(self, space: Space) -> Space:
        assert {len(row.split()) for row in space.ordinary} == {TOGETHER}
        return space

    def scores(self, texts: Sequence[str], **_: object) -> list[float]:
        self.read += texts
        return [self._scores.get(text, 1.0) for text in texts]

    def conjoined(self) -> Conjoined:
        def run(space: object) -> Scanned:
            rows = cast("Space", space).candidates
            odd = [_odd(one.text, 12.0) for one in rows if set(self._beyond) <= set(one.text.split())]
            return Scanned(
                sizes=Counter({Sort.ROW: len(rows)}), read=Counter({Sort.ROW: len(rows)}), unlike=0,
                ends={Group.ROWS: End(inputs=len(rows), tail=None, threshold=9.0)},
                furthest=odd if self._beyond else [], moving=(), seconds=0.0, fresh=0,
            )  # fmt: skip

        return read_conjunctions(WORDS, cast("Scan", self), THRESHOLD, run, seed=1)


def _odd(text: str, score: float) -> Odd:
    candidate = Candidate(sort=Sort.ROW, text=text)
    return Odd(
        candidate=candidate, score=score, signal="whole", carrier=CARRIERS["en"][0], expected=0.01, is_beyond=True
    )


def test_the_pair_that_a_row_owes_it_to_is_named_with_its_own_score() -> None:
    found = Scans({"worda wordp": 20.0, "wordc": 4.0}, "worda", "wordp").conjoined()
    assert [(one.candidate.text, one.score, one.is_beyond) for one in found.pairs] == [("worda wordp", 20.0, True)]
    assert (list(found.whole), found.words) == ([], len(WORDS))


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ({}, "no pair stands out alone: three words, or their number"),
        ({"worda": 19.9, "worda wordp": 20.0}, "one of its words does nearly that alone"),
        ({"worda wordp": float("nan"), "wordb wordp": THRESHOLD}, "the pair cannot be compared"),
    ],
)
def test_a_row_in_which_no_pair_does_stays_whole(scores: dict[str, float], why: str) -> None:
    found = Scans(scores, "worda", "wordp").conjoined()
    assert (len(found.pairs), [one.candidate.text.split()[0] for one in found.whole]) == (0, ["worda"]), why


def test_of_very_many_rows_some_are_taken_apart_and_the_others_stay_whole() -> None:
    scans = Scans({}, "worda")
    found = scans.conjoined()
    assert len(found.whole) > MOST_TAKEN_APART
    assert len(scans.read) <= MOST_TAKEN_APART * (TOGETHER + TOGETHER * (TOGETHER - 1) // 2)


def test_nothing_stands_out_where_no_row_does() -> None:
    scans = Scans({"worda wordp": 20.0})
    assert scans.conjoined().pairs == []
    assert scans.read == []


def test_pairs_that_share_a_word_are_one_suspect() -> None:
    texts = ("orleans chefs", "orillia chefs", "walnut oven")
    chosen = choose_pairs([_odd(text, 20.0 - place) for place, text in enumerate(texts)])
    assert [(one.name, one.neighbours) for one in chosen] == [
        ("orleans chefs", ("orillia chefs",)),
        ("walnut oven", ()),
    ]
    assert all(one.is_wanted for one in chosen)


def test_a_pair_is_held_against_two_ordinary_words() -> None:
    assert len(control_of("orleans chefs").split()) == 2
    assert len(control_of("orleans").split()) == len(control_of("orleans -").split()) == 1
