"""Words that are read together: every pair in one row at least, and a row that stands out is taken apart."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest

from harness.hunting import conjunctions
from harness.hunting.candidates import Candidate, Group, Sort, Space
from harness.hunting.carriers import CARRIERS, ORDINARY
from harness.hunting.confirming import choose_pairs, control_of
from harness.hunting.conjunctions import (
    MOST_WORDS,
    TOGETHER,
    Conjoined,
    read_conjunctions,
    rows_of,
)
from harness.hunting.scan import End, Odd, Scan, Scanned
from harness.hunting.tail import fit_tail

WORDS = [f"word{letter}" for letter in "abcdefghijklmnop"]
TAIL = fit_tail(np.random.default_rng(1).exponential(size=2000))
RATE = 0.01


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
        self.rows: list[str] = []

    def of(self, space: Space) -> Space:
        self.rows = [one.text for one in space.candidates]
        assert {len(row.split()) for row in space.ordinary} == {TOGETHER}
        return space

    def scores(self, texts: Sequence[str], **_: object) -> list[float]:
        self.read += texts
        return [self._scores.get(text, 1.0) for text in texts]

    def conjoined(self) -> Conjoined:
        def run(space: object) -> Scanned:
            rows = cast("Space", space).candidates
            stand_out = [one.text for one in rows if self._beyond and set(self._beyond) <= set(one.text.split())]
            others = [_odd(one.text, 3.0, is_beyond=False) for one in rows if one.text not in stand_out]
            odd = [*(_odd(text, 12.0) for text in stand_out), *others]
            return Scanned(
                sizes=Counter({Sort.ROW: len(rows)}), read=Counter({Sort.ROW: len(rows)}), unlike=0,
                ends={Group.ROWS: End(inputs=len(rows), tail=None, threshold=9.0)},
                furthest=odd, moving=(), seconds=0.0, fresh=0,
            )  # fmt: skip

        assert TAIL is not None
        return read_conjunctions(WORDS, cast("Scan", self), TAIL, run, rate=RATE, seed=1)


def _odd(text: str, score: float, *, is_beyond: bool = True) -> Odd:
    candidate = Candidate(sort=Sort.ROW, text=text)
    return Odd(
        candidate=candidate, score=score, signal="whole", carrier=CARRIERS["en"][0], expected=0.01, is_beyond=is_beyond
    )


@pytest.mark.parametrize("beyond", [("worda", "wordp"), ()], ids=["beyond", "among the furthest"])
def test_the_pair_that_a_row_owes_it_to_is_named_with_its_own_score(beyond: tuple[str, ...]) -> None:
    found = Scans({"worda wordp": 40.0, "wordc": 4.0}, *beyond).conjoined()
    assert [(one.candidate.text, one.score, one.is_beyond) for one in found.pairs] == [("worda wordp", 40.0, True)]
    assert (list(found.whole), found.words) == ([], len(WORDS))


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ({}, "no pair stands out alone: three words, or their number"),
        ({"worda": 39.9, "worda wordp": 40.0}, "one of its words does nearly that alone"),
        ({"worda wordp": float("nan"), "wordb wordp": 3.9}, "the pair cannot be compared"),
    ],
)
def test_a_row_in_which_no_pair_does_stays_whole(scores: dict[str, float], why: str) -> None:
    found = Scans(scores, "worda", "wordp").conjoined()
    assert (len(found.pairs), [one.candidate.text.split()[0] for one in found.whole]) == (0, ["worda"]), why


def test_of_very_many_rows_some_are_taken_apart_and_the_others_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conjunctions, "TAKEN_APART", 3)
    scans = Scans({}, "worda")
    found = scans.conjoined()
    assert len(found.whole) == sum("worda" in text for text in scans.rows) > 3
    assert len(scans.read) <= 3 * (TOGETHER + TOGETHER * (TOGETHER - 1) // 2)


def test_what_is_usual_for_so_many_pairs_does_not_lie_beyond() -> None:
    (pair,) = Scans({"worda wordp": 8.0}, "worda", "wordp").conjoined().pairs
    assert (pair.score, pair.is_beyond) == (8.0, False)
    assert pair.expected > RATE
    assert list(Scans({}).conjoined().whole) == []


def test_pairs_that_share_a_word_are_one_suspect() -> None:
    texts = ("orleans chefs", "orillia chefs", "walnut oven")
    pairs = [_odd(text, 20.0 - place) for place, text in enumerate(texts)]
    chosen = choose_pairs(pairs)
    assert [(one.name, one.neighbours) for one in chosen] == [
        ("orleans chefs", ("orillia chefs",)),
        ("walnut oven", ()),
    ]
    assert all(one.is_wanted for one in chosen)
    within = [dataclasses.replace(one, is_beyond=False) for one in pairs]
    assert [(one.name, one.is_wanted) for one in choose_pairs(within)] == [("orleans chefs", False)]


def test_a_pair_is_held_against_two_ordinary_words() -> None:
    assert len(control_of("orleans chefs").split()) == 2
    assert len(control_of("orleans").split()) == len(control_of("orleans -").split()) == 1
