"""Which state an honest pickle sets on which symbol (BUILD), and what numpy's dtypes and arrays carry."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.admission.reading import arraykinds, randomstates, rebuilding
from harness.admission.reading.numpycalls import fits, is_plain_dtype, item_bytes
from harness.admission.reading.objects import USER_TEXT
from harness.admission.reading.oldnames import (
    DIMENSIONS,
    JOBLIB_WRAPPER,
    OLD_TENSORS,
    OWN_MARKS,
    PACKED_WEIGHTS,
    STATEFUL,
)
from harness.admission.reading.symbols import ArrayData, Blob, Box, Storage, Writing

_OBJECT_FLAGS = 63
_POINTER_FLAGS = 7
"""numpy's NPY_ITEM_HASOBJECT, NPY_LIST_PICKLE and NPY_ITEM_IS_POINTER."""
MAX_RECORD = 1 << 20
"""Bytes of one record."""
_WRAPPER_KEYS = {"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"}


def is_plain_name(key: str) -> bool:
    """Whether it names data: what Python itself looks for (``__class__``, ``__setstate__``) begins otherwise."""
    return not key.startswith("__") or key in OWN_MARKS


def may_have(target: Box, state: object) -> bool:
    """Whether an honest pickle sets this state on this symbol."""
    if not isinstance(state, Box):
        return False
    if target.kind == "object":
        return _may_object_have(target.detail, state)
    if target.kind == "mapping":  # a module's state dict carries the versions of its layers
        return state.kind == "dict" and state.is_complete and all(key == "_metadata" for key in state.items[::2])
    if target.kind == "dtype":
        return state.kind == "tuple" and 8 <= state.count <= 9 and _is_dtype_state(target, state.items)
    if target.kind == "array":
        return state.kind == "tuple" and state.count == 5 and _is_array_state(target, state.items)
    return False


def _may_object_have(kind: str, state: Box) -> bool:
    if kind in STATEFUL or kind == USER_TEXT:
        return state.kind == "dict" and state.is_plain_state
    if randomstates.is_random(kind):
        return randomstates.may_have(kind, state)
    if kind == arraykinds.MASKED:
        return arraykinds.is_masked_state(state, _is_array_state)
    if kind == DIMENSIONS:
        return (
            state.kind == "list"
            and state.count == 3
            and all(one is None or isinstance(one, int) for one in state.items)
        )
    if kind == JOBLIB_WRAPPER:
        keys = set(filter(lambda key: isinstance(key, str), state.items[::2]))
        return state.kind == "dict" and state.is_complete and len(keys) * 2 == state.count and keys <= _WRAPPER_KEYS
    if kind in OLD_TENSORS:
        return state.kind == "tuple" and state.count == 4 and isinstance(state.items[0], Storage)
    if kind == "torch.ScriptObject":
        return state.kind == "tuple" and state.count == 2 and state.items[1] in PACKED_WEIGHTS and state.callee is None
    return False


def _is_dtype_state(target: Box, items: list[object]) -> bool:
    version, order, sub, names, fields, *rest = items
    if not isinstance(version, int) or order not in ("<", ">", "=", "|", b"<", b">", b"=", b"|"):
        return False
    size, alignment, flags = rest[:3]
    if target.is_record and isinstance(size, int) and 0 <= size <= MAX_RECORD:
        target.detail = f"V{size}"
    if not _is_layout(target.detail, size, alignment, flags) or not all(map(_is_unit, rest[3:])):
        return False
    if order in (">", b">") and target.detail[:1] not in "<>=|":
        target.detail = f">{target.detail}"
    if fields is None:
        return names is None and (sub is None or _bytes_of_many(sub) == item_bytes(target.detail))
    target.is_record = True
    return (
        sub is None
        and target.detail.lstrip("<>=|")[:1] == "V"
        and isinstance(names, Box)
        and names.kind == "tuple"
        and all(isinstance(name, str | bytes) for name in names.items)
        and isinstance(fields, Box)
        and fields.kind == "dict"
        and fields.is_complete
        and set(names.items) <= set(fields.items[::2])
        and all(_ends_within(field, item_bytes(target.detail)) for field in fields.items[1::2])
    )


def _is_layout(dtype: str, size: object, alignment: object, flags: object) -> bool:
    """Whether size and flags are the dtype's own: others make numpy take numbers for objects, or read too far."""
    if not isinstance(size, int) or not isinstance(alignment, int) or not isinstance(flags, int):
        return False
    if dtype == "O":
        return size in (-1, 8) and flags == _OBJECT_FLAGS
    if not 0 <= flags < 256 or flags & _POINTER_FLAGS:
        return False
    return size == item_bytes(dtype) if dtype.lstrip("<>=|")[:1] in "USV" else size in (-1, item_bytes(dtype))


def _bytes_of_many(value: object) -> int:
    """Bytes of an array in a record: a plain dtype and a shape; -1 where it is something else."""
    if not isinstance(value, Box) or value.kind != "tuple" or value.count != 2:
        return -1
    one, shape = value.items
    try:
        sizes = (shape,) if isinstance(shape, int) else rebuilding.integers(shape, "a shape")
    except rebuilding.Refused:
        return -1
    if not isinstance(one, Box) or not is_plain_dtype(one) or any(size < 0 for size in sizes):
        return -1
    return item_bytes(one.detail) * math.prod(sizes)


def _ends_within(value: object, size: int) -> bool:
    """Whether it is a plain dtype with its place in a record of this size: numpy reads there without asking."""
    if not isinstance(value, Box) or value.kind != "tuple" or not 2 <= value.count <= 3:
        return False
    one, place = value.items[:2]
    return (
        isinstance(one, Box)
        and is_plain_dtype(one)
        and isinstance(place, int)
        and 0 <= place <= size - item_bytes(one.detail)
        and all(isinstance(title, str) for title in value.items[2:])
    )


def _is_unit(value: object) -> bool:
    """What dates have beside their dtype: metadata, of which there is none, and a unit such as days."""
    if value is None:
        return True
    if not isinstance(value, Box) or value.kind != "tuple" or value.count != 2:
        return False
    metadata, unit = value.items
    is_empty = metadata is None or (isinstance(metadata, Box) and metadata.kind == "dict" and not metadata.count)
    return is_empty and isinstance(unit, Box) and all(isinstance(one, int | bytes | str) for one in unit.items)


def _is_array_state(target: Box, items: Sequence[object]) -> bool:
    version, shape, dtype, is_fortran, data = items
    try:
        sizes = rebuilding.integers(shape, "a shape")
    except rebuilding.Refused:
        return False
    if version != 1 or not isinstance(is_fortran, bool) or not isinstance(dtype, Box) or dtype.kind != "dtype":
        return False
    target.detail = "array with data"
    if dtype.detail == "O":
        expected = 1
        for one in sizes:
            expected *= one
        return isinstance(data, Box) and data.kind == "list" and data.count == expected
    if not is_plain_dtype(dtype):
        return False
    if isinstance(data, bytes | Blob):
        target.array = ArrayData(dtype.detail, data)
    if isinstance(data, Blob) and data.kind == "encoded" and data.writing is Writing.PLAIN:
        # UTF-8 in the file: latin-1 characters of one or two bytes
        width = item_bytes(dtype.detail)
        for one in sizes:
            width *= one
        return width <= data.size <= 2 * width
    return fits(
        sizes, dtype.detail, len(data) if isinstance(data, bytes) else data.byte_count if isinstance(data, Blob) else -1
    )


def is_attribute(key: object) -> bool:
    """Whether a dictionary that keeps its keys as attributes too may get it: no name that Python itself looks for."""
    return isinstance(key, str) and not key.startswith("__")
