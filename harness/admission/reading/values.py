"""Values of tensors: whether they are those of a working voice, of an attention mask, or of a trainer's book-keeping.

They are read in blocks, so memory does not grow with the file. numpy is imported where values are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.admission.reading import rules
from harness.admission.reading.notebook import Notebook
from harness.core.places import Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_MAGNITUDE: Final = 1e8
"""Weights, statistics and optimizer states of the voices at hand stay below 1e5."""
MASK_SHARE: Final = 8
"""One in so many elements is -inf in a mask that is added to scores; in a few damaged weights far fewer are."""
MAX_METRICS: Final = 100_000
"""Elements of a history of losses."""

_PATTERNS: Final = {"float16": ("u2", 0x7FFF, 0x7C00, 0x7C01), "bfloat16": ("u2", 0x7FFF, 0x7F80, 0x4CBF)}
"""Half types as bit patterns: width, magnitude's mask, the pattern of infinity, the first pattern that is absurd
(none for float16, which ends at 65504; 1e8 for bfloat16)."""
_PLAIN: Final = {
    "half": "float16", "float": "float32", "double": "float64", "complex32": "float16", "complex64": "float32",
    "complex128": "float64", "cfloat": "float32", "cdouble": "float64",
}  # fmt: skip
"""Other names, and complex numbers as their parts."""
_FLOATS: Final = {"float32": 4, "float64": 8, "longdouble": 16}
_BYTES: Final = {
    "float8_e4m3fn": (0x7F, 0xFF), "float8_e5m2": (*range(0x7C, 0x80), *range(0xFC, 0x100)),
    "float8_e4m3fnuz": (0x80,), "float8_e5m2fnuz": (0x80,), "float8_e8m0fnu": (0xFF,),
}  # fmt: skip
"""Patterns of NaN and infinity in numbers of one byte. Source: OCP 8-bit Floating Point Specification."""
_MASK_NAME: Final = re.compile(r"(mask|bias|alibi|penalt|suppress)[a-z_0-9]*\Z", re.IGNORECASE)
_METRIC_NAME: Final = re.compile(
    r"[a-z0-9_ /-]*(loss|metric|score|accuracy|perplexity|history|best|eval|valid|error|grad_norm|lr)[a-z0-9_ /-]*\Z",
    re.IGNORECASE,
)


def is_metric(label: str) -> bool:
    """Whether something is stored under the name of a measurement, e.g. ``best_loss``; a weight's name has dots."""
    return bool(_METRIC_NAME.match(label[:80])) and not label.endswith("weight")


def has_values_of(dtype: str) -> bool:
    """Whether elements of a type can be NaN or infinite."""
    return _PLAIN.get(dtype, dtype) in {*_PATTERNS, *_FLOATS, *_BYTES}


@dataclass(slots=True)
class Values:
    """What was seen of one storage's values."""

    count: int = 0
    """Elements."""
    not_finite: int = 0
    """NaN and infinities."""
    minus_infinite: int = 0
    """Those of them that are -inf."""
    is_blank: bool = True
    """Whether all finite values are 0."""
    largest: float = 0.0
    """Largest magnitude of the finite values."""

    @property
    def is_mask(self) -> bool:
        """Whether all non-finite values are -inf and all others 0: an attention mask, not damage."""
        return self.not_finite == self.minus_infinite and self.is_blank

    def may_be_mask(self, labels: Collection[str]) -> bool:
        """Whether it may be a mask that is added to other values, going by its share of -inf and its name."""
        if self.not_finite != self.minus_infinite or any(label.endswith("weight") for label in labels):
            return False
        is_named_so = bool(labels) and all(_MASK_NAME.search(label) for label in labels)
        return is_named_so or self.minus_infinite * MASK_SHARE >= self.count


def look_at(blocks: Iterable[bytes], dtype: str, *, byteorder: str = "<") -> Values:
    """Look at every value of a storage.

    Args:
        blocks: Its bytes.
        dtype: torch's name of the elements' type.
        byteorder: ``<`` or ``>``.
    """
    import numpy as np  # 80 ms, so only where there are values to look at

    seen = Values()
    dtype = _PLAIN.get(dtype, dtype)
    for block in _even(blocks):
        if dtype in _PATTERNS:
            width, mask, infinite, absurd = _PATTERNS[dtype]
            raw = np.frombuffer(block[: len(block) // 2 * 2], dtype=f"{byteorder}{width}")
            patterns = raw & mask
            worst = int(patterns.max(initial=0))
            seen.count += raw.size
            if worst >= infinite:
                _count(seen, patterns >= infinite, raw == (0x8000 | infinite), patterns == 0)
            elif worst:
                seen.is_blank = False
            if dtype == "bfloat16" and bool(((patterns >= absurd) & (patterns < infinite)).any()) and worst >= absurd:
                seen.largest = max(seen.largest, 2 * MAX_MAGNITUDE)
        elif dtype in _BYTES:
            raw_bytes = np.frombuffer(block, dtype="u1")
            bad = np.isin(raw_bytes, _BYTES[dtype])
            seen.count += raw_bytes.size
            if bool(bad.any()):
                _count(seen, bad, (raw_bytes == 0xFC) & (dtype == "float8_e5m2"), raw_bytes & 0x7F == 0)
            elif bool((raw_bytes & 0x7F).any()):
                seen.is_blank = False
        elif dtype in _FLOATS:
            item = _FLOATS[dtype]
            values = np.frombuffer(block[: len(block) // item * item], dtype=f"{byteorder}f{item}")
            seen.count += values.size
            high, low = values.max(initial=0.0), values.min(initial=0.0)
            if not np.isfinite(high) or not np.isfinite(low):
                finite = np.isfinite(values)
                _count(seen, ~finite, np.isneginf(values), values == 0)
                values = values[finite]
                high, low = values.max(initial=0.0), values.min(initial=0.0)
            elif high or low:
                seen.is_blank = False
            seen.largest = max(seen.largest, float(high), -float(low))
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


def _count(seen: Values, bad: NDArray[np.bool_], minus: NDArray[np.bool_], blank: NDArray[np.bool_]) -> None:
    seen.not_finite += int(bad.sum())
    seen.minus_infinite += int(minus.sum())
    seen.is_blank = seen.is_blank and bool((bad | blank).all())


def note_values(seen: Values, notebook: Notebook, place: Place, name: str, *, labels: Collection[str] = ()) -> None:
    """Write down what is odd about a storage's values; `labels` are the names of the tensors that show it."""
    is_book_keeping = bool(labels) and all(map(is_metric, labels)) and seen.count <= MAX_METRICS
    if seen.not_finite and not seen.is_mask and not seen.may_be_mask(labels) and not is_book_keeping:
        notebook.add(rules.NOT_FINITE, place, f"{name}: {seen.not_finite} values", effect="spoils what it is used for")
    if seen.largest > MAX_MAGNITUDE and not is_book_keeping:
        notebook.add(rules.MAGNITUDE, place, f"{name}: magnitude {seen.largest:.3g}", effect="drowns every other value")
