"""A named tensor of a checkpoint, as bytes that are read when somebody looks at them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.admission.reading.bytesource import ByteSource

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


def numbers_of(data: bytes, dtype: str) -> NDArray[np.float64]:
    """Elements of a floating type, of 64, 32 or 16 bits."""
    import numpy as np  # 80 ms, so only where numbers are looked at

    if dtype == "bfloat16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").astype(np.float64)
    kind = {"float64": "<f8", "float32": "<f4", "float16": "<f2"}[dtype]
    return np.frombuffer(data, kind).astype(np.float64)
