"""Two recordings are laid over each other along the cheapest path, whatever they hold."""

from __future__ import annotations

import numpy as np
import pytest

from harness.report.page.alignment import MOST_FRAMES, STALL, align


def frames(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 12)).astype(np.float32)


def cheapest(first: np.ndarray, second: np.ndarray) -> float:
    """Cost of the best path, cell by cell as in the textbook."""
    distance = np.sqrt(((first[:, None] - second[None]) ** 2).sum(-1)).astype(np.float64)
    extra = STALL * distance.mean()
    total = np.full((len(first) + 1, len(second) + 1), np.inf)
    total[0, 0] = 0.0
    for i, row in enumerate(distance):
        for j, cell in enumerate(row):
            total[i + 1, j + 1] = cell + min(total[i, j], total[i, j + 1] + extra, total[i + 1, j] + extra)
    return float(total[-1, -1])


class TestAlign:
    def test_lays_equal_recordings_frame_on_frame(self) -> None:
        one, other = align(frames(50), frames(50))
        assert one.tolist() == other.tolist() == list(range(50))

    def test_stands_still_where_a_stretch_is_missing(self) -> None:
        whole = frames(60)
        one, other = align(whole, np.delete(whole, slice(20, 30), axis=0))
        assert one.tolist() == list(range(60))
        assert set(other[20:30].tolist()) <= {19, 20, 21, 22}
        assert other[40] == 30

    @pytest.mark.parametrize("sizes", [(1, 1), (1, 9), (9, 1), (2, 2), (13, 30), (30, 13)])
    def test_finds_the_cheapest_path_from_end_to_end(self, sizes: tuple[int, int]) -> None:
        first, second = frames(sizes[0], 1), frames(sizes[1], 2)
        one, other = align(first, second)
        assert (one[0], other[0]) == (0, 0)
        assert (one[-1] + 1, other[-1] + 1) == sizes
        steps = np.stack([np.diff(one), np.diff(other)])
        assert steps.size == 0 or (steps.min() >= 0 and steps.max() <= 1 and steps.sum(0).min() >= 1)
        distance = np.sqrt(((first[:, None] - second[None]) ** 2).sum(-1))
        cost = distance[one, other].sum() + STALL * distance.mean() * int((steps.sum(0) == 1).sum())
        assert cost == pytest.approx(cheapest(first, second), rel=1e-4)

    @pytest.mark.parametrize("sizes", [(0, 5), (5, 0), (MOST_FRAMES + 1, 5)])
    def test_refuses_what_would_be_nothing_or_too_much(self, sizes: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match="expected 1 to 1000 frames on each side"):
            align(frames(sizes[0]), frames(sizes[1]))
