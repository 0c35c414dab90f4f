"""Two recordings of one phrase laid over each other: dynamic time warping, whole against whole.

Source: Sakoe and Chiba (1978), IEEE Trans. ASSP 26:43, symmetric steps without slope limits; a step that moves in one
recording only pays a little extra, so that equal recordings are not warped by their noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Path = NDArray[np.int64]

MOST_FRAMES: Final = 1_000
"""Of either side: the table of steps has the product of both."""
STALL: Final = 0.25
"""Extra cost of a step in one recording only, as a share of the mean distance of two frames."""

_BOTH, _FIRST, _SECOND = 0, 1, 2


def align(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[Path, Path]:
    """Frame numbers of both recordings along the cheapest path from their beginnings to their ends.

    Args:
        first: Shape [frames, features], at least one frame and at most :data:`MOST_FRAMES`.
        second: Shape [frames, features].

    Returns:
        Two arrays of one length, neither ever falling; each frame of each side occurs.
    """
    n, m = len(first), len(second)
    if not 0 < n <= MOST_FRAMES or not 0 < m <= MOST_FRAMES:
        raise ValueError(f"expected 1 to {MOST_FRAMES} frames on each side, got {n} and {m}")
    squared = (first**2).sum(1)[:, None] + (second**2).sum(1)[None, :] - 2 * first @ second.T
    distance = np.sqrt(np.maximum(squared, 0.0))
    extra = STALL * float(distance.mean())
    steps = np.zeros((n, m), np.uint8)
    cells, ways = distance.ravel(), steps.ravel()  # views: cell (i, k - i) lies at k + i (m - 1)
    # One anti-diagonal after the other: all of its cells depend on the two before it only.
    before, last = np.full(n + 1, np.inf), np.full(n + 1, np.inf)  # cost of cell (i, k - i) at i + 1
    before[0] = 0.0  # the way into the first cell
    for k in range(n + m - 1):
        low, high = max(0, k - m + 1), min(n, k + 1)
        diagonal = slice(k + low * (m - 1), k + (high - 1) * (m - 1) + 1, max(1, m - 1))
        both, first_only, second_only = before[low:high], last[low:high] + extra, last[low + 1 : high + 1] + extra
        one = np.minimum(first_only, second_only)
        ways[diagonal] = np.where(both <= one, _BOTH, np.where(first_only <= second_only, _FIRST, _SECOND))
        now = np.full(n + 1, np.inf)
        now[low + 1 : high + 1] = np.minimum(both, one) + cells[diagonal]
        before, last = last, now
    return _walk_back(steps)


def _walk_back(steps: NDArray[np.uint8]) -> tuple[Path, Path]:
    i, j = steps.shape[0] - 1, steps.shape[1] - 1
    firsts, seconds = [i], [j]
    while i or j:
        step = steps[i, j]
        i -= step != _SECOND
        j -= step != _FIRST
        firsts.append(i)
        seconds.append(j)
    return np.array(firsts[::-1]), np.array(seconds[::-1])
