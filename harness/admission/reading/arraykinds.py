"""Arrays of other kinds than numpy's plain one: matrices, records, masked ones, texts of any length, and Python's own.

Each is what numpy or Python makes of the same bytes, and needs a decision, since whoever loads it runs its class. Knows
symbols, not bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from harness.admission.reading.numpycalls import ARRAYS
from harness.admission.reading.rebuilding import Maker, Outdated, Refused, arguments, integers, is_box
from harness.admission.reading.symbols import Blob, Box, Global, Scalar, show

MASKED: Final = "a masked array"
_MASKED_CLASSES: Final = frozenset({"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"})
_ARRAY: Final = "array.array"
_CODES: Final = frozenset("bBuwhHiIlLqQfd")
"""Python's own array: what its elements are. See Modules/arraymodule.c."""
_FORMATS: Final = range(22)

NAMES: Final = frozenset({*ARRAYS, *_MASKED_CLASSES, "numpy.record"})
"""Classes that are only named: arguments of numpy's functions."""

IsState = Callable[[Box, Sequence[object]], bool]


def _masked(args: Sequence[object], _: int) -> object:
    arguments(args, 4, 4, "numpy's _mareconstruct")
    kind, base, shape, code = args
    if not isinstance(kind, Global) or kind.name not in _MASKED_CLASSES:
        raise Refused(f"expected numpy's MaskedArray, got {show(kind)}")
    if not isinstance(base, Global) or base.name != "numpy.ndarray":
        raise Refused(f"expected numpy.ndarray, got {show(base)}")
    if integers(shape, "a shape") != (0,) or code not in (b"b", "b"):
        raise Refused(f"expected the shape (0,) and the code b, got {show(shape)} and {show(code)}")
    raise Outdated(MASKED)


def _nothing(args: Sequence[object], _: int) -> object:
    arguments(args, 0, 0, "numpy's masked constant")
    raise Outdated("a masked constant")


def _texts(args: Sequence[object], _: int) -> object:
    """The type of texts of any length: its arrays list their elements, as arrays of objects do."""
    arguments(args, 1, 2, "numpy's StringDType")
    if not all(value is None or isinstance(value, bool | int | float | str | Scalar) for value in args):
        raise Refused(f"expected what stands for no text, got {show(args[-1])}")
    return Box("dtype", detail="O", is_built=True)


def _of_python(args: Sequence[object], _: int) -> object:
    """``array.array(code, [numbers])``, as protocols below 3 write it."""
    arguments(args, 1, 2, _ARRAY)
    content = args[1] if len(args) > 1 else ""
    if not _is_code(args[0]) or not (isinstance(content, str | bytes | Blob) or is_box(content, "list")):
        raise Refused(f"expected a type of numbers and a list of them, got {show(args[0])} and {show(content)}")
    if isinstance(content, Box) and any(not isinstance(item, int | float | str | Scalar) for item in content.items):
        raise Refused(f"expected a list of numbers, got {show(content.items[0])}")
    raise Outdated("an array of Python's")


def _rebuilt(args: Sequence[object], _: int) -> object:
    arguments(args, 4, 4, "array._array_reconstructor")
    kind, code, form, content = args
    if not isinstance(kind, Global) or kind.name != _ARRAY or not _is_code(code) or form not in _FORMATS:
        raise Refused(
            f"expected {_ARRAY}, a type of numbers and a format, got {show(kind)}, {show(code)}, {show(form)}"
        )
    if not isinstance(content, bytes) and not (isinstance(content, Blob) and content.kind != "text"):
        raise Refused(f"expected bytes, got {show(content)}")
    raise Outdated("an array of Python's")


def _is_code(value: object) -> bool:
    return isinstance(value, str) and value in _CODES


def is_masked_state(state: Box, is_array_state: IsState) -> bool:
    """Whether numpy sets this state on a masked array: what an array has, its mask, and what stands for what is masked.

    Args:
        state: The state.
        is_array_state: Whether the first part is an array's own.
    """
    if state.kind != "tuple" or state.count != 7:
        return False
    *plain, mask, filling = state.items
    is_mask = isinstance(mask, bytes) or (isinstance(mask, Blob) and mask.kind != "text")
    is_filling = filling is None or isinstance(filling, int | float | complex | str | bytes | Scalar)
    return is_mask and (is_filling or is_box(filling, "array")) and is_array_state(Box("array"), plain)


CALLS: Mapping[str, Maker] = {
    "numpy.ma.core._mareconstruct": _masked,
    "numpy.ma.core.MaskedConstant": _nothing,
    **{f"numpy.{core}._internal._convert_to_stringdtype_kwargs": _texts for core in ("core", "_core")},
    _ARRAY: _of_python,
    "array._array_reconstructor": _rebuilt,
}
"""What makes one, and who checks the arguments."""
