"""Figures of texts that are only read: what is packed comes out again, and what no honest worker answers is refused."""

from __future__ import annotations

import numpy as np
import pytest

from harness.core.latents import FURTHEST, WIDTH, Latents, Odd, Unspoken, directions, pack, summarise, unpack


def some(count: int, start: int = 0) -> Latents:
    ids = np.arange(start, start + count, dtype=np.int32)
    return Latents(ids=ids, figures=np.random.default_rng(start).normal(size=(count, WIDTH)).astype(np.float32))


ASKED = [Unspoken(text="one"), Unspoken(text=""), Unspoken(text="", ids=(7, 8))]
ANSWER = [some(3), some(0), some(2, 7)]


def test_what_is_packed_comes_out_again() -> None:
    found = unpack(*pack(ANSWER), ASKED)
    for one, other in zip(found, ANSWER, strict=True):
        assert np.array_equal(one.ids, other.ids)
        assert np.array_equal(one.figures, other.figures)


def with_figure(value: float) -> list[Latents]:
    figures = ANSWER[0].figures.copy()
    figures[1, 4] = value
    return [Latents(ids=ANSWER[0].ids, figures=figures), *ANSWER[1:]]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (pack(with_figure(np.nan)), "no numbers"),
        (pack(with_figure(np.inf)), "no numbers"),
        (pack(with_figure(2 * FURTHEST)), "beyond 1e+06"),
        (pack(ANSWER[:2]), "figures of 2 texts, expected 3"),
        (([3, 0, 2], pack(ANSWER)[1][:-4]), "bytes of figures, expected"),
        (([3, 0, 1], pack(ANSWER)[1]), "bytes of figures, expected"),
        (pack([*ANSWER[:2], some(2, 9)]), "other ids"),
    ],
)
def test_what_no_honest_worker_answers_is_refused(answer: tuple[list[int], bytes], words: str) -> None:
    with pytest.raises(Odd, match=words.replace("+", r"\+")):
        unpack(*answer, ASKED)


def test_frames_are_counted_as_coqui_rounds_durations() -> None:
    figures = np.zeros((3, WIDTH), np.float32)
    figures[:, -1] = np.log([1.2, 4.0 - 1e-3, 0.1])
    assert Latents(ids=np.arange(3, dtype=np.int32), figures=figures).frames == 2 + 4 + 1
    figures[0, -1] = 1e5
    assert Latents(ids=np.arange(3, dtype=np.int32), figures=figures).frames > 1e8, "hostile, and a number"


def test_a_moved_vector_moves_its_summary_by_about_as_much() -> None:
    rng = np.random.default_rng(1)
    assert np.array_equal(directions(192, 16), directions(192, 16))
    means = rng.normal(size=(200, 192))
    found = summarise(means, np.zeros((200, 192)), np.zeros(200))
    whole = np.linalg.norm(means, axis=1) / np.sqrt(192)
    part = np.linalg.norm(found[:, :16], axis=1) / np.sqrt(16)
    assert abs(np.mean(part / whole) - 1) < 0.1
