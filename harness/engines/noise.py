"""Randomness of a rendering that depends on its own seed only, whatever batch it is spoken in.

Coqui's models draw their noise from torch's global generator, for the padded batch as a whole: the same text and
seed then sound different in another batch. While a :class:`PerItemNoise` is active, ``torch.randn`` and
``torch.randn_like`` draw row i from a generator seeded for item i. Values are drawn along the time axis first, by
numpy's Philox counter generator, so that a longer padding only adds values at the end, and a GPU gets the very numbers
a CPU gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


class PerItemNoise:
    """Context manager: Gaussian noise of shape ``[batch, channels, time]`` is drawn per item.

    Every draw for item i continues the stream of ``seeds[i]``, one sub-stream per draw, so a model may draw several
    times (durations, then acoustics). Other shapes are left to torch's own generator, which is seeded from all seeds.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self._seeds = list(seeds)
        self._draws = 0

    def __enter__(self) -> PerItemNoise:
        import torch  # the worker only: keeps the harness light

        self._randn, self._randn_like = torch.randn, torch.randn_like
        torch.manual_seed(int(np.random.SeedSequence(self._seeds).generate_state(1)[0]))
        # Restored in __exit__.
        setattr(torch, "randn", self._draw)  # noqa: B010 - mypy knows torch's overloads
        setattr(torch, "randn_like", self._draw_like)  # noqa: B010 - mypy knows torch's overloads
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import torch

        torch.randn, torch.randn_like = self._randn, self._randn_like

    def _draw(self, *shape: Any, **options: Any) -> torch.Tensor:
        import torch

        sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else tuple(shape)
        if len(sizes) != 3 or sizes[0] != len(self._seeds):
            return self._randn(*shape, **options)
        values = torch.from_numpy(per_item_normal(self._seeds, self._draws, sizes[1], sizes[2]))
        self._draws += 1
        return values.to(device=options.get("device"), dtype=options.get("dtype"))

    def _draw_like(self, like: torch.Tensor, **options: Any) -> torch.Tensor:
        return self._draw(*like.shape, device=like.device, dtype=like.dtype, **options)


def per_item_normal(
    seeds: Sequence[int], draw: int, channels: int, length: int
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Standard normal noise, shape ``[len(seeds), channels, length]``.

    Row i depends on ``(seeds[i], draw, channels)`` only, and its first values do not depend on `length`.
    """
    noise = np.empty((len(seeds), channels, length), dtype=np.float32)
    for row, seed in enumerate(seeds):
        stream = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, draw])))
        noise[row] = stream.standard_normal((length, channels), dtype=np.float32).T
    return noise
