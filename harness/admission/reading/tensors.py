"""Tensors as places in storages: whether one fits its storage, and all together the file. Looks at no values."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final

from harness.admission.reading import rules
from harness.admission.reading.notebook import Notebook
from harness.admission.reading.symbols import DTYPE_BYTES, PACKED, Tensor
from harness.core.places import Place
from harness.core.rules import Rule

MAX_FREE_ELEMENTS: Final = 1 << 20
"""Elements that a tensor may show beyond its storage: expanded masks and position tables are small."""
MAX_SHOWN_TIMES: Final = 16
"""How many times the bytes of all storages all tensors together may show: layers that share weights do it 12 times."""
MAX_SHOWN_FREE: Final = 256 << 20
"""Bytes that they may show in any case."""
MAX_TENSORS: Final = 200_000
"""Of one file; the largest voices at hand have 3,000."""


def check_geometry(tensor: Tensor, notebook: Notebook, place: Place) -> None:
    """Write down a tensor that reaches outside its storage, or that shows few bytes as many elements.

    Args:
        tensor: What the file says of it.
        notebook: Where flaws go.
        place: What is read; the tensor's own place is a byte of it.
    """
    if flaw := _flaw_of(tensor):
        rule, effect = flaw
        shown = f"{tensor.label or 'a tensor'}: offset {tensor.offset}, shape {tensor.shape}, strides {tensor.strides}"
        shown += f" in a storage of {tensor.storage.count}"
        notebook.add(rule, place.byte(tensor.position), shown, effect=effect)


def _flaw_of(tensor: Tensor) -> tuple[Rule, str] | None:
    """What is wrong, and what it does."""
    outside = (rules.TENSOR_BOUNDS, "reads memory outside its storage")
    sizes, strides = tensor.shape, tensor.strides
    width, stored = DTYPE_BYTES[tensor.dtype], tensor.storage.byte_count
    if len(sizes) != len(strides) or min((*sizes, *strides), default=0) < 0:
        return outside
    elements = 1
    reach = tensor.offset
    for size, stride in zip(sizes, strides, strict=True):
        elements *= size
        reach += max(size - 1, 0) * stride
    stored *= PACKED.get(tensor.dtype, 1)
    if (elements and (reach + 1) * width > stored) or tensor.offset * width > stored:
        return outside
    if elements * width > stored + MAX_FREE_ELEMENTS * width:
        return rules.TENSOR_EXPANSION, f"becomes {elements * width} bytes when it is copied"
    return None


def check_all(tensors: Collection[Tensor], notebook: Notebook, place: Place) -> None:
    """Check every tensor, and that all together are not far more than there is: thousands of views of a few bytes."""
    if len(tensors) > MAX_TENSORS:
        notebook.add(rules.BOMB, place, f"{len(tensors)} tensors", effect="exhausts memory and time")
        return
    notebook.tensors += len(tensors)
    shown, storages = 0, {}
    for tensor in tensors:
        check_geometry(tensor, notebook, place)
        shown += abs(math.prod(tensor.shape)) * DTYPE_BYTES[tensor.dtype]
        storages[tensor.storage.key] = tensor.storage.byte_count
    if shown > MAX_SHOWN_TIMES * sum(storages.values()) + MAX_SHOWN_FREE:
        found = f"{len(tensors)} tensors show {sum(storages.values())} bytes as {shown}"
        notebook.add(rules.TENSOR_EXPANSION, place, found, effect="exhausts memory when they are copied")
