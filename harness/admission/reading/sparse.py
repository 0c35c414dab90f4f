"""Sparse tensors: whether their indices lie within their sizes. torch believes them, and reads or writes elsewhere.

Indices are read in blocks. Knows tensors and symbols, not files.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from harness.admission.reading import rules
from harness.admission.reading.bytesource import ByteSource, Section
from harness.admission.reading.notebook import Notebook
from harness.admission.reading.strided import BLOCK, Strided
from harness.admission.reading.symbols import DTYPE_BYTES, Sparse, Storage, Tensor
from harness.core.places import Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_LINES: Final = 4096
"""Lines of one index: dimensions, or members of a batch."""
_WHOLE: Final = {"int64": "i8", "long": "i8", "int32": "i4", "int": "i4"}

Bytes = Callable[[Storage], ByteSource | None]
"""Gives a storage's bytes; None where they are not as they should be, which has been written down."""


class _Wrong(Exception):
    """The indices do not fit; the text says how."""


def check_sparse(tensor: Sparse, bytes_of: Bytes, notebook: Notebook, place: Place, *, byteorder: str = "<") -> None:
    """Write down a sparse tensor whose indices reach outside it. Its parts' geometry must have been checked."""
    try:
        if tensor.layout == "sparse_coo":
            _check_coordinates(tensor, bytes_of, byteorder)
        else:
            _check_compressed(tensor, bytes_of, byteorder)
    except _Wrong as problem:
        shown = f"a {tensor.layout.replace('_', ' ')} tensor of {tensor.size[:8]}: {problem}"
        notebook.add(rules.TENSOR_BOUNDS, place.byte(tensor.position), shown,
                     effect="reads and writes memory outside it")  # fmt: skip


def _check_coordinates(tensor: Sparse, bytes_of: Bytes, byteorder: str) -> None:
    indices = tensor.indices[0]
    if len(indices.shape) != 2:
        raise _Wrong(f"expected rows of coordinates, got indices of shape {indices.shape}")
    dimensions, count = indices.shape
    if dimensions > len(tensor.size) or tensor.values.shape != (count, *tensor.size[dimensions:]):
        raise _Wrong(f"expected {count} values of {tensor.size[dimensions:]}, got {tensor.values.shape}")
    for limit, line in zip(tensor.size, _lines(indices), strict=False):
        for block in _numbers(indices, line, bytes_of, byteorder):
            _check_range(block, limit)


def _check_compressed(tensor: Sparse, bytes_of: Bytes, byteorder: str) -> None:
    bounds, plain = tensor.indices
    batch = len(bounds.shape) - 1
    is_blocked = tensor.layout in ("sparse_bsr", "sparse_bsc")
    shape = tensor.values.shape[batch + 1 :]
    if batch < 0 or len(tensor.size) < batch + 2 or len(plain.shape) != batch + 1 or len(shape) < 2 * is_blocked:
        raise _Wrong(f"expected sizes for indices of {bounds.shape} and {plain.shape}")
    rows, columns = tensor.size[batch : batch + 2]
    if is_blocked:
        high, wide = shape[:2]
        if not high or not wide or rows % high or columns % wide:
            raise _Wrong(f"expected blocks that fill it, got {high} by {wide}")
        rows, columns = rows // high, columns // wide
    if tensor.layout in ("sparse_csc", "sparse_bsc"):
        rows, columns = columns, rows
    count = plain.shape[-1]
    if bounds.shape[-1] != rows + 1 or tensor.values.shape[: batch + 1] != plain.shape:
        raise _Wrong(f"expected {rows + 1} bounds and {count} values, got {bounds.shape} and {tensor.values.shape}")
    if bounds.shape[:-1] != plain.shape[:-1] or bounds.shape[:-1] != tensor.size[:batch]:
        raise _Wrong(f"expected one batch, got {bounds.shape} and {plain.shape}")
    for line in _lines(bounds):
        last = 0
        for block in _numbers(bounds, line, bytes_of, byteorder):
            if int(block[0]) < last or bool((block[1:] < block[:-1]).any()):
                raise _Wrong("bounds that do not grow")
            _check_range(block, count + 1)
            last = int(block[-1])
        if last != count:
            raise _Wrong(f"expected bounds up to {count}, got {last}")
    for line in _lines(plain):
        for block in _numbers(plain, line, bytes_of, byteorder):
            _check_range(block, columns)


def _check_range(block: NDArray[np.integer], limit: int) -> None:
    low, high = int(block.min(initial=0)), int(block.max(initial=0))
    if low < 0 or (block.size and high >= limit):
        raise _Wrong(f"index {low if low < 0 else high} where {limit} are")


def _lines(tensor: Tensor) -> Iterator[int]:
    """The first element of every line along the last dimension, in elements of the storage."""
    above = tensor.shape[:-1]
    lines = 1
    for size in above:
        lines *= size
    if lines > MAX_LINES:
        raise _Wrong(f"{lines} lines of indices")
    for place in itertools.product(*map(range, above)):
        yield tensor.offset + sum(at * step for at, step in zip(place, tensor.strides[:-1], strict=True))


def _numbers(tensor: Tensor, start: int, bytes_of: Bytes, byteorder: str) -> Iterator[NDArray[np.integer]]:
    import numpy as np  # 80 ms, and few files have sparse tensors

    code = _WHOLE.get(tensor.dtype)
    if code is None:
        raise _Wrong(f"expected whole numbers as indices, got {tensor.dtype}")
    source, width = bytes_of(tensor.storage), DTYPE_BYTES[tensor.dtype]
    if source is None or not tensor.shape[-1]:
        return
    rest = Section(source, start * width, source.size - start * width)
    line: ByteSource = Strided(source=rest, width=width, shape=tensor.shape[-1:], strides=tensor.strides[-1:])
    if isinstance(line, Strided) and not line.is_bounded:
        if tensor.strides[-1] != 1:
            raise _Wrong("indices scattered too widely")
        line = Section(rest, 0, tensor.shape[-1] * width)
    for at in range(0, line.size, BLOCK):
        data = line.read(at, BLOCK)
        if len(data) % width or not data:
            raise _Wrong("indices outside their storage")
        yield np.frombuffer(data, f"{byteorder}{code}")
