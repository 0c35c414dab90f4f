"""What is usual for signals of ordinary words, how it grows with the length of a sentence, and how far they scatter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

NOTHING: Final = 1e-4
"""Movement, squared, below which nothing moves."""
LEAST_SCATTER: Final = 0.05
"""Of a signal, which is a logarithm: of copies that differ nowhere it has none."""
RUN: Final = 3
"""Ids in a row over which a local movement is averaged."""


class Scale:
    """Of some signals, each a logarithm of how far something is moved."""

    def __init__(self, sizes: Sequence[int], raws: Sequence[Numbers]) -> None:
        """Learn it.

        Args:
            sizes: Ids of each sentence with an ordinary word.
            raws: Signals of each, shape [signals].
        """
        logs, rows = np.log(sizes), np.stack(raws)
        self._size = float(logs.mean())
        grown = np.stack([np.ones_like(logs), logs - self._size], axis=1)
        self._usual = np.zeros((rows.shape[1], 2))
        self._scatter = np.ones(rows.shape[1])
        for place in range(rows.shape[1]):
            line = np.linalg.lstsq(grown, rows[:, place], rcond=None)[0]
            off = rows[:, place] - grown @ line
            self._usual[place] = line[0] + np.median(off), line[1]
            self._scatter[place] = max(LEAST_SCATTER, 1.4826 * float(np.median(np.abs(off - np.median(off)))))

    def scores(self, size: int, raw: Numbers) -> Numbers:
        """How far each signal of a sentence of so many ids lies above what is usual, in scatters of ordinary words."""
        expected = self._usual @ (1.0, np.log(max(1, size)) - self._size)
        return np.asarray((raw - expected) / self._scatter)


def spread_of(rows: Numbers) -> tuple[Numbers, Numbers]:
    """Middle and robust standard deviation of some rows, place by place."""
    middle = np.median(rows, axis=0)
    return middle, 1.4826 * np.median(np.abs(rows - middle), axis=0)


def run_of(values: Numbers) -> Numbers:
    """Means of as many values in a row as a local movement takes."""
    few = min(RUN, len(values))
    return np.convolve(values, np.ones(few) / few, mode="valid")
