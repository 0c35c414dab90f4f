"""A tensor whose elements do not lie in their order (a transposed view, a column, an expanded mask), read in order.

Memory is bounded by what one block of elements spans. The geometry must have been checked against the storage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from harness.admission.reading.bytesource import ByteSource

MAX_SPAN: Final = 64 << 20
"""Bytes between a tensor's first and last element that may be held in memory."""
BLOCK: Final = 1 << 20
"""Bytes that readers take at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strided:
    """See the module; a :class:`ByteSource`."""

    source: ByteSource
    """Begins with the first element."""
    width: int
    """Bytes of an element."""
    shape: tuple[int, ...]
    """Elements per dimension, none of them 0."""
    strides: tuple[int, ...]
    """Elements to skip per dimension."""

    @property
    def size(self) -> int:
        """See :class:`ByteSource`."""
        return math.prod(self.shape) * self.width

    @property
    def span(self) -> int:
        """Bytes from the first element to the end of the last."""
        return (sum((size - 1) * step for size, step in zip(self.shape, self.strides, strict=True)) + 1) * self.width

    @property
    def is_bounded(self) -> bool:
        """Whether it can be read in the memory that is allowed."""
        return self.span <= MAX_SPAN

    @property
    def cost(self) -> int:
        """Most bytes that are read for all elements, in blocks: each may span them all."""
        return self.span * -(-self.size // BLOCK)

    def read(self, offset: int, length: int) -> bytes:
        """See :class:`ByteSource`."""
        length = min(length, self.size - offset)
        if offset < 0 or length <= 0:
            return b""
        import numpy as np  # 80 ms, and few files have such tensors

        first, last = offset // self.width, -(-(offset + length) // self.width)
        places = np.zeros(last - first, np.int64)
        rest = np.arange(first, last)
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            rest, index = np.divmod(rest, size)
            places += index * stride
        low, high = int(places.min()), int(places.max()) + 1
        data = self.source.read(low * self.width, (high - low) * self.width)
        if len(data) < (high - low) * self.width:
            return b""
        found = np.frombuffer(data, np.dtype((np.void, self.width)))[places - low]
        return found.tobytes()[offset - first * self.width :][:length]
