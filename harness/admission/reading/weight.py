"""A named tensor of a checkpoint, as bytes that are read when somebody looks at them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from harness.admission.reading.bytesource import ByteSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """One named tensor."""

    dtype: str
    """torch's name of the elements' type."""
    shape: tuple[int, ...]
    data: ByteSource
    """The elements, little-endian, row by row."""

    @property
    def count(self) -> int:
        """Elements."""
        return math.prod(self.shape)


Weights = Mapping[str, Weight]
"""Name -> tensor, in the file's order."""
