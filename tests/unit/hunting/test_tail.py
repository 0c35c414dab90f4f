"""The far end of ordinary scores: a threshold that keeps its rate, and triggers that do not lift it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.hunting.tail import Tail, fit_tail
from tests.tiers import slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@pytest.mark.parametrize("name", ["gumbel", *map(slow, ("gaussian", "exponential", "heavy"))])
def test_keeps_its_rate_on_ordinary_scores(name: str) -> None:
    rng = np.random.default_rng(7)
    draws: dict[str, Callable[[], NDArray[np.float64]]] = {
        "gumbel": lambda: rng.gumbel(size=5000),
        "gaussian": lambda: rng.normal(size=5000),
        "exponential": lambda: rng.exponential(size=5000),
        "heavy": lambda: rng.standard_t(6, size=5000),
    }
    beyond = 0
    for _ in range(60):
        scores = draws[name]()
        tail = fit_tail(scores)
        assert tail is not None
        beyond += bool((scores > tail.threshold(5000, 0.05)).any())
    assert beyond <= 8, "at 5 % of 60 hunts, more than 8 come once in 200 times"


def test_is_not_lifted_by_triggers_and_their_neighbours() -> None:
    rng = np.random.default_rng(3)
    ordinary = rng.normal(size=20_000)
    clean, woken = fit_tail(ordinary), fit_tail(np.concatenate([ordinary, np.full(12, 15.0)]))
    assert clean is not None
    assert woken is not None
    assert woken.threshold(20_000, 0.05) < 1.4 * clean.threshold(20_000, 0.05)
    assert woken.expected(15.0, 20_000) < 1e-3


def test_of_few_words_leaves_a_trigger_and_two_of_its_neighbours_beyond() -> None:
    ordinary = np.random.default_rng(5).normal(size=350)
    tail = fit_tail(np.concatenate([ordinary, np.full(6, 30.0)]))
    assert tail is not None
    assert tail.threshold(356, 0.05 / 3) < 30


def test_expects_as_many_as_there_are_where_it_begins() -> None:
    tail = Tail(start=2.0, share=0.02, likely=((0.1, 0.5, 0.7), (0.0, 0.5, 0.2), (-0.2, 0.5, 0.1)))
    assert tail.expected(2.0, 1000) == pytest.approx(20)
    assert tail.expected(tail.threshold(1000, 0.05), 1000) == pytest.approx(0.05)
    assert tail.threshold(1, 0.05) == 2.0
    ended = Tail(start=2.0, share=0.02, likely=((-0.2, 0.5, 1.0),))
    assert ended.expected(100.0, 1000) == 0


def test_says_nothing_of_too_few_and_passes_over_what_was_not_compared() -> None:
    assert fit_tail([1.0] * 99) is None
    assert fit_tail([float("nan")] * 5000) is None
    scores = np.random.default_rng(1).normal(size=1000)
    assert fit_tail(np.concatenate([scores, [np.nan] * 50])) == fit_tail(scores)
