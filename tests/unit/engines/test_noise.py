"""Noise that belongs to one rendering, whatever batch it is spoken in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engines.noise import per_item_normal

SEEDS = [0, 1, 2**63 - 1, 12345]
seeds = st.integers(0, 2**63 - 1)


class TestPerItemNormal:
    def test_has_one_row_per_seed(self) -> None:
        noise = per_item_normal(SEEDS, 0, 3, 17)
        assert noise.shape == (4, 3, 17)
        assert noise.dtype == np.float32

    def test_of_no_seeds_or_no_time_is_empty(self) -> None:
        assert per_item_normal([], 0, 3, 17).shape == (0, 3, 17)
        assert per_item_normal([1], 0, 3, 0).shape == (1, 3, 0)

    @settings(max_examples=60, deadline=None)
    @given(seeds, st.integers(0, 5), st.integers(1, 8), st.integers(0, 40), st.integers(0, 40))
    def test_only_adds_values_at_the_end_for_longer_padding(
        self, seed: int, draw: int, channels: int, length: int, padding: int
    ) -> None:
        short = per_item_normal([seed], draw, channels, length)
        long = per_item_normal([seed], draw, channels, length + padding)
        assert np.array_equal(long[:, :, :length], short)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(seeds, min_size=1, max_size=6), st.data())
    def test_of_an_item_does_not_depend_on_the_batch_around_it(self, batch: list[int], data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(batch) - 1))
        alone = per_item_normal([batch[place]], 1, 4, 12)[0]
        assert np.array_equal(per_item_normal(batch, 1, 4, 12)[place], alone)

    def test_of_equal_seeds_is_equal(self) -> None:
        noise = per_item_normal([7, 7], 0, 4, 100)
        assert np.array_equal(noise[0], noise[1])

    @pytest.mark.parametrize(
        "batch", [[0, 1, 2, 256], [2**33, 2**33 + 1, 2**62, 2**63 - 1]], ids=["small seeds", "seeds of a hash"]
    )
    def test_differs_by_seed_draw_and_channel(self, batch: list[int]) -> None:
        rows = [row.tobytes() for draw in range(3) for item in per_item_normal(batch, draw, 4, 64) for row in item]
        assert len(set(rows)) == len(rows) == 3 * 4 * 4

    def test_of_neighbouring_seeds_and_draws_is_uncorrelated(self) -> None:
        length = 20_000
        rows = np.concatenate([per_item_normal([5, 6], draw, 1, length)[:, 0] for draw in (0, 1)])
        correlations = np.corrcoef(rows)[~np.eye(4, dtype=bool)]
        assert np.max(np.abs(correlations)) < 5 / np.sqrt(length)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_is_standard_normal(self, seed: int) -> None:
        values = per_item_normal([seed], 0, 2, 20_000).ravel()
        assert np.mean(values) == pytest.approx(0, abs=0.03)
        assert np.std(values) == pytest.approx(1, abs=0.03)
        assert np.mean(np.abs(values) > 1.96) == pytest.approx(0.05, abs=0.01)

    def test_is_the_same_everywhere_and_for_ever(self) -> None:
        # Recorded goldens depend on it: a numpy that draws otherwise needs new ones.
        wanted = [[-0.6483875, 0.9075373, -0.7672337], [-1.6340735, -0.4825316, -0.4361408]]
        assert per_item_normal([42], 1, 2, 3)[0] == pytest.approx(np.array(wanted), abs=1e-6)
