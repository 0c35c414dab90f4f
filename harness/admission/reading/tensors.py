"""Tensors as numbers: whether one fits its storage, and whether its values are those of a working voice.

Values are read in blocks, so memory does not grow with the file. numpy is imported where values are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.admission.reading import rules
from harness.admission.reading.notebook import Notebook
from harness.admission.reading.symbols import DTYPE_BYTES, PACKED, Tensor
from harness.core.findings import Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_FREE_ELEMENTS: Final = 1 << 20
"""Elements that a tensor may show beyond its storage: expanded masks and position tables are small."""
MAX_MAGNITUDE: Final = 1e8
"""Weights, statistics and optimizer states of the voices at hand stay below 1e5."""

_PATTERNS = {"float16": ("u2", 0x7FFF, 0x7C00, 0x7C01), "bfloat16": ("u2", 0x7FFF, 0x7F80, 0x4CBF)}
"""Half types as bit patterns: width, magnitude's mask, the pattern of infinity, the first pattern that is absurd
(none for float16, which ends at 65504; 1e8 for bfloat16)."""


def check_geometry(tensor: Tensor, notebook: Notebook, place: Place) -> None:
    """Write down a tensor that reaches outside its storage, or that shows few bytes as many elements."""
    name = tensor.label or "a tensor"
    sizes, strides = tensor.shape, tensor.strides
    shown = f"{name}: offset {tensor.offset}, shape {sizes}, strides {strides} in a storage of {tensor.storage.count}"
    width, stored = DTYPE_BYTES[tensor.dtype], tensor.storage.byte_count
    if len(sizes) != len(strides) or any(one < 0 for one in (*sizes, *strides)):
        notebook.add(rules.TENSOR_BOUNDS, place, shown, effect="reads memory outside its storage")
        return
    elements = 1
    reach = tensor.offset
    for size, stride in zip(sizes, strides, strict=True):
        elements *= size
        reach += max(size - 1, 0) * stride
    stored *= PACKED.get(tensor.dtype, 1)
    if (elements and (reach + 1) * width > stored) or tensor.offset * width > stored:
        notebook.add(rules.TENSOR_BOUNDS, place, shown, effect="reads memory outside its storage")
    elif elements * width > stored + MAX_FREE_ELEMENTS * width:
        notebook.add(rules.TENSOR_EXPANSION, place, shown, effect=f"becomes {elements * width} bytes when it is copied")


@dataclass(slots=True)
class Values:
    """What was seen of one storage's values."""

    not_finite: int = 0
    """NaN and infinities."""
    is_mask: bool = True
    """Whether all non-finite values are -inf and all others 0: an attention mask, not damage."""
    largest: float = 0.0
    """Largest magnitude of the finite values."""


def look_at(blocks: Iterable[bytes], dtype: str, *, byteorder: str = "<") -> Values:
    """Look at every value of a storage.

    Args:
        blocks: Its bytes.
        dtype: torch's name of the elements' type.
        byteorder: ``<`` or ``>``.
    """
    import numpy as np  # 80 ms, so only where there are values to look at

    seen = Values()
    complex_parts = {"complex64": "float32", "complex128": "float64", "cfloat": "float32", "cdouble": "float64"}
    dtype = {"half": "float16", "float": "float32", "double": "float64"}.get(dtype, complex_parts.get(dtype, dtype))
    for block in _even(blocks):
        if dtype in _PATTERNS:
            width, mask, infinite, absurd = _PATTERNS[dtype]
            patterns = np.frombuffer(block[: len(block) // 2 * 2], dtype=f"{byteorder}{width}") & mask
            worst = int(patterns.max(initial=0))
            if worst >= infinite:
                raw = np.frombuffer(block[: len(block) // 2 * 2], f"{byteorder}{width}")
                _count(seen, patterns >= infinite, raw, infinite)
            if dtype == "bfloat16" and bool(((patterns >= absurd) & (patterns < infinite)).any()) and worst >= absurd:
                seen.largest = max(seen.largest, 2 * MAX_MAGNITUDE)
        elif dtype in ("float32", "float64"):
            item = 4 if dtype == "float32" else 8
            values = np.frombuffer(block[: len(block) // item * item], dtype=f"{byteorder}f{item}")
            high, low = float(values.max(initial=0.0)), float(values.min(initial=0.0))
            if not np.isfinite(high) or not np.isfinite(low):
                finite = np.isfinite(values)
                seen.not_finite += int(values.size - finite.sum())
                seen.is_mask = seen.is_mask and not bool(
                    np.isnan(values).any() or np.isposinf(values).any() or values[finite].any()
                )
                values = values[finite]
                high, low = float(values.max(initial=0.0)), float(values.min(initial=0.0))
            seen.largest = max(seen.largest, high, -low)
    return seen


def _even(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of whole elements: what is unpacked comes in pieces of any length."""
    rest = b""
    for piece in blocks:
        block = rest + piece if rest else piece
        whole = len(block) // 16 * 16
        if whole:
            yield block[:whole] if whole < len(block) else block
        rest = block[whole:]
    if rest:
        yield rest


def _count(seen: Values, bad: NDArray[np.bool_], raw: NDArray[np.unsignedinteger], infinite: int) -> None:
    seen.not_finite += int(bad.sum())
    is_minus_infinity = bool((raw[bad] == (0x8000 | infinite)).all())
    seen.is_mask = seen.is_mask and is_minus_infinity and not bool((raw[~bad] & 0x7FFF).any())


def note_values(seen: Values, notebook: Notebook, place: Place, name: str) -> None:
    """Write down what is odd about a storage's values."""
    if seen.not_finite and not seen.is_mask:
        notebook.add(rules.NOT_FINITE, place, f"{name}: {seen.not_finite} values", effect="spoils what it is used for")
    if seen.largest > MAX_MAGNITUDE:
        notebook.add(rules.MAGNITUDE, place, f"{name}: magnitude {seen.largest:.3g}", effect="drowns every other value")
