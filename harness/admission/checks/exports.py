"""An export beside the checkpoint that it was made of: what an ONNX file multiplies by, held against the weights.

An exporter of Piper's kind renames tensors, folds what is kept as a length and a direction into one weight, and orders
the symbols by another table; onnxruntime's quantiser keeps a tensor as small whole numbers, their step and their zero.
All that is undone here, in numbers, tensor by tensor; nothing is loaded or run. It knows names and numbers, not what a
difference is called where it is told.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from harness.admission.checks.weights import Unreadable
from harness.admission.reading.bytesource import FileBytes
from harness.admission.reading.onnx.fingerprint import is_constant
from harness.admission.reading.onnx.head import is_onnx
from harness.admission.reading.onnx.quantized import QUANTIZED, STEP, ZERO
from harness.admission.reading.weight import Weight, Weights, numbers_of
from harness.admission.tree import Entry, Tree
from harness.core.text import printable
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES
from harness.models.piper_names import coqui_name
from harness.storage.smallfile import TooLarge, read_small

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_ELEMENTS: Final = 1 << 26
"""Of one tensor, which is held in memory as numbers of eight bytes."""
ROUNDED: Final[Mapping[str, float]] = {"float64": 1e-5, "float32": 1e-5, "float16": 1e-3, "bfloat16": 8e-3}
"""Type of an export's tensor -> share of each number by which rounding may move it: float32 sums of a weight's length
are off by some 1e-6, the narrower types by half a step."""
TINY: Final = 1e-7
"""What a number may differ by however small it is: float16 has no smaller steps."""
MAX_ROWS: Final = 8
WIDEST: Final = 4.0
"""Times the step that 8 bits need for a tensor's own numbers: a range that is the same on both sides of zero may take
twice as much, and 7 bits twice again. A wider one hides what its numbers are."""
MAX_CHANNELS: Final = 1 << 16
SYMBOLS, SYMBOL_ROWS = "sid", "text_encoder.emb.weight"
"""The export's table of symbols, and the checkpoint's."""
SCALE, LOG_SCALE = "/dp/flows.0/Exp_output_0", "duration_predictor.flows.0.log_scale"
"""The exporter works out exp(-x) of the latter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One tensor of an export that is not what the checkpoint makes of it."""

    name: str
    """In the checkpoint. Hostile text."""
    relative: float
    """Norm of the difference over the norm of the checkpoint's; infinite where that is 0 or a value is none."""
    share: float
    """Share of its elements that differ by more than rounding."""
    rows: tuple[str, ...] = ()
    """Symbols whose rows differ, of a table of symbols."""
    wide: float = 0.0
    """Times as wide as they need to be, for the steps of a quantised tensor that are too wide to tell; else 0."""

    def __str__(self) -> str:
        if self.wide:
            told = f"in steps {self.wide:.3g} times as wide as its numbers need, which hide what they are"
            return printable(f"{self.name[:120]}: {told}")
        rows = f", of {', '.join(map(repr, self.rows[:MAX_ROWS]))}" if self.rows else ""
        more = f" and {len(self.rows) - MAX_ROWS} more" if len(self.rows) > MAX_ROWS else ""
        return printable(
            f"{self.name[:120]}: changed by {self.relative:.2g} ({self.share:.2%} of elements{rows}{more})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export's tensors beside a checkpoint's."""

    equal: int
    """Tensors that are equal to the bit."""
    rounded: int
    """Those that differ by rounding."""
    moved: tuple[Moved, ...]
    """Largest first."""
    strange: tuple[str, ...]
    """Names in the export of what has no counterpart that is known. Hostile text."""

    @property
    def words(self) -> str:
        """In a line."""
        told = f"{self.equal} tensors equal, {self.rounded} but for rounding, {len(self.moved)} changed"
        return f"an export: {told}, {len(self.strange)} not compared"


def compare_export(
    export: Weights, checkpoint: Weights, symbols: Mapping[str, tuple[int, int]] | None = None
) -> Exported:
    """Compare, tensor by tensor; memory is bounded by a few copies of the largest.

    Args:
        export: Of an ONNX file, under the names of Piper's modules.
        checkpoint: Of Coqui's ``Vits``.
        symbols: Symbol -> its row in the export's table and in the checkpoint's; None where that is not known.

    Raises:
        Unreadable: A file ends before a tensor does.
    """
    equal = rounded = 0
    moved: list[Moved] = []
    strange: list[str] = []
    for name, weight in export.items():
        if is_constant(name, weight.dtype, weight.count) or _is_part(name, export):
            continue
        own = _held(name, weight, export)
        pair = _pair(name.removesuffix(QUANTIZED), own, checkpoint, symbols or {}) if own else None
        if own is None or pair is None:
            strange.append(name)
            continue
        change = _moved(pair, own)
        if change is not None:
            moved.append(change)
        elif pair.is_equal:
            equal += 1
        else:
            rounded += 1
    ordered = sorted(moved, key=lambda one: (-one.relative, one.name))
    return Exported(equal=equal, rounded=rounded, moved=tuple(ordered), strange=tuple(strange))


def is_export(tree: Tree, entry: Entry) -> bool:
    """Whether a checkpoint is an ONNX file."""
    try:
        with tree.open(entry) as file:
            return is_onnx(FileBytes(file.fileno(), os.fstat(file.fileno()).st_size))
    except OSError:
        return False


def sibling(tree: Tree, entry: Entry, suffix: str = "") -> bytes:
    """The configuration beside a checkpoint, empty where there is none that can be read.

    Args:
        tree: Where the checkpoint is; a single file has its folder's.
        entry: The checkpoint.
        suffix: Behind its name; ``config.json`` in its folder without one.
    """
    path = PurePosixPath(entry.path)
    name = entry.path + suffix if suffix else str(path.with_name("config.json"))
    try:
        if not tree.is_folder:  # a person named the file: what lies beside it is not in the tree
            return read_small(tree.root / name, MAX_CONFIG_BYTES)
        found = next((one for one in tree.files if one.path == name), None)
        if found is None:
            return b""
        with tree.open(found) as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except (OSError, TooLarge):
        return b""
    return data if len(data) <= MAX_CONFIG_BYTES else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """One tensor of an export, as numbers."""

    shape: tuple[int, ...]
    values: NDArray[np.float64]
    """In a row."""
    rounded: float
    """Share of each by which rounding may move it."""
    step: float = 0.0
    """Widest step of a quantised one; 0 for others."""
    weight: Weight | None = None
    """As it is in the file; None for a quantised one, which has no bits to be equal."""


def _is_part(name: str, export: Weights) -> bool:
    """Whether a tensor is the step or the zero of a quantised one."""
    return any(name.endswith(end) and name.removesuffix(end) + QUANTIZED in export for end in (STEP, ZERO))


def _held(name: str, weight: Weight, export: Weights) -> _Held | None:
    """Its numbers; None where it has none that can be compared."""
    if not 0 < weight.count <= MAX_ELEMENTS:
        return None
    if weight.dtype in ROUNDED:
        return _Held(shape=weight.shape, values=_numbers(weight), rounded=ROUNDED[weight.dtype], weight=weight)
    base = name.removesuffix(QUANTIZED)
    step, zero = export.get(base + STEP), export.get(base + ZERO)
    if base == name or weight.dtype not in ("int8", "uint8") or step is None or zero is None:
        return None
    is_one_each = step.count == weight.shape[0] <= MAX_CHANNELS if weight.shape else False
    if step.dtype not in ROUNDED or zero.dtype != weight.dtype or zero.count != step.count:
        return None
    if step.count != 1 and not is_one_each:
        return None
    import numpy as np

    steps, zeros = _numbers(step).reshape(-1, 1), _whole(zero).reshape(-1, 1)
    with np.errstate(invalid="ignore", over="ignore"):
        values = (_whole(weight).reshape(len(steps), -1) - zeros) * steps
        widest = float(np.abs(steps).max())
    return _Held(shape=weight.shape, values=values.reshape(-1), rounded=ROUNDED["float32"], step=widest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One tensor in both forms, as rows of numbers."""

    name: str
    ours: NDArray[np.float64]
    theirs: NDArray[np.float64]
    is_equal: bool
    """To the bit, in the form in which the checkpoint keeps it."""
    rows: tuple[str, ...] = ()
    """What each row is of, of a table of symbols."""


def _pair(name: str, own: _Held, checkpoint: Weights, symbols: Mapping[str, tuple[int, int]]) -> _Pair | None:
    if name == SYMBOLS:
        return _table(own, checkpoint.get(SYMBOL_ROWS), symbols)
    if name == SCALE:
        logs = checkpoint.get(LOG_SCALE)
        if logs is None or not _fits(logs, own):
            return None
        import numpy as np

        theirs = np.exp(-_numbers(logs))
        is_equal = bool(np.array_equal(own.values, np.float32(theirs)))
        return _Pair(name=LOG_SCALE, ours=own.values, theirs=theirs, is_equal=is_equal)
    renamed = coqui_name(name)
    if renamed is None:
        return None
    plain = checkpoint.get(renamed)
    if plain is not None:
        if not _fits(plain, own):
            return None
        return _Pair(name=renamed, ours=own.values, theirs=_numbers(plain), is_equal=_is_same(own, plain))
    return _folded(renamed, own, checkpoint)


def _folded(renamed: str, own: _Held, checkpoint: Weights) -> _Pair | None:
    """A weight that the checkpoint keeps as a length and a direction."""
    import numpy as np

    base = renamed.removesuffix("weight")
    for length, direction in (
        (f"{base}parametrizations.weight.original0", f"{base}parametrizations.weight.original1"),
        (f"{base}weight_g", f"{base}weight_v"),
    ):
        norms, values = checkpoint.get(length), checkpoint.get(direction)
        if norms is None or values is None:
            continue
        if not _fits(values, own) or norms.dtype not in ROUNDED or norms.count != values.shape[0]:
            return None
        rows = _numbers(values).reshape(values.shape[0], -1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
            made = rows * (_numbers(norms) / lengths)[:, None]
        has_own_length = np.array_equal(_numbers(norms).astype(np.float32), lengths.astype(np.float32))
        is_equal = has_own_length and _is_same(own, values)
        return _Pair(name=direction, ours=own.values, theirs=made.reshape(-1), is_equal=is_equal)
    return None


def _table(own: _Held, table: Weight | None, symbols: Mapping[str, tuple[int, int]]) -> _Pair | None:
    """The rows of the symbols that both know."""
    if table is None or table.dtype not in ROUNDED or len(table.shape) != 2 or len(own.shape) != 2 or not symbols:
        return None
    if table.shape[1] != own.shape[1] or table.count > MAX_ELEMENTS:
        return None
    if any(ours >= own.shape[0] or theirs >= table.shape[0] for ours, theirs in symbols.values()):
        return None
    import numpy as np

    here, there = ([pair[side] for pair in symbols.values()] for side in (0, 1))
    ours, theirs = own.values.reshape(own.shape)[here], _numbers(table).reshape(table.shape)[there]
    return _Pair(
        name=SYMBOL_ROWS,
        ours=ours.reshape(-1),
        theirs=theirs.reshape(-1),
        is_equal=bool(np.array_equal(ours, theirs)),
        rows=tuple(symbols),
    )


def _moved(pair: _Pair, own: _Held) -> Moved | None:
    """How far the two are apart; None where it is no further than by rounding."""
    if pair.is_equal:
        return None
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(pair.ours - pair.theirs)
        allowed = TINY + own.rounded * np.abs(pair.theirs) + 0.5005 * own.step  # half a step, itself rounded
        is_off = ~(difference <= allowed)  # what is no number is off
        needed = (max(0.0, float(pair.theirs.max())) - min(0.0, float(pair.theirs.min()))) / 255
        norm, square = float(np.dot(pair.theirs, pair.theirs)), float(np.dot(difference, difference))
    if not is_off.any():
        wide = own.step / needed if needed > 0 else 0.0
        return Moved(name=pair.name, relative=math.inf, share=0.0, wide=wide) if wide > WIDEST else None
    is_finite = norm > 0 and math.isfinite(norm) and math.isfinite(square)
    by_row = [bool(row.any()) for row in is_off.reshape(len(pair.rows), -1)] if pair.rows else []
    return Moved(
        name=pair.name,
        relative=math.sqrt(square / norm) if is_finite else math.inf,
        share=float(is_off.mean()),
        rows=tuple(symbol for symbol, differs in zip(pair.rows, by_row, strict=False) if differs),
    )


def _fits(theirs: Weight, ours: _Held) -> bool:
    return theirs.dtype in ROUNDED and theirs.shape == ours.shape


def _is_same(held: _Held, other: Weight) -> bool:
    one = held.weight
    if one is None:
        return False
    return one.dtype == other.dtype and one.data.read(0, one.data.size) == other.data.read(0, other.data.size)


def _numbers(weight: Weight) -> NDArray[np.float64]:
    """All elements in a row.

    Raises:
        Unreadable: The file ends before they do.
    """
    data = weight.data.read(0, weight.data.size)
    if len(data) != weight.data.size:
        raise Unreadable("ends before its tensors do")
    return numbers_of(data, weight.dtype)


def _whole(weight: Weight) -> NDArray[np.float64]:
    """All elements of a tensor of bytes."""
    import numpy as np

    data = weight.data.read(0, weight.data.size)
    if len(data) != weight.data.size:
        raise Unreadable("ends before its tensors do")
    return np.frombuffer(data, "i1" if weight.dtype == "int8" else "u1").astype(np.float64)
