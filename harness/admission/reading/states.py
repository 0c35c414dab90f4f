"""Which state an honest pickle sets on which symbol (BUILD), and what numpy's dtypes and arrays carry."""

from __future__ import annotations

import struct

from harness.admission.reading import rebuilding
from harness.admission.reading.symbols import Blob, Box


def may_have(target: Box, state: object) -> bool:
    """Whether an honest pickle sets this state on this symbol."""
    if target.kind == "object":
        return True
    if not isinstance(state, Box):
        return False
    if target.kind == "mapping":  # a module's state dict carries the versions of its layers
        return state.kind == "dict" and state.is_complete and all(key == "_metadata" for key in state.items[::2])
    if target.kind == "dtype":
        return state.kind == "tuple" and 8 <= state.count <= 9 and _is_dtype_state(state.items)
    if target.kind == "array":
        return state.kind == "tuple" and state.count == 5 and _is_array_state(target, state.items)
    return False


def _is_dtype_state(items: list[object]) -> bool:
    version, order, sub, names, fields, *rest = items
    return (
        isinstance(version, int)
        and order in ("<", ">", "=", "|", b"<", b">", b"=", b"|")
        and sub is None
        and names is None
        and fields is None
        and all(one is None or isinstance(one, int) for one in rest)
    )


def _is_array_state(target: Box, items: list[object]) -> bool:
    version, shape, dtype, is_fortran, data = items
    try:
        sizes = rebuilding.integers(shape, "a shape")
    except rebuilding.Refused:
        return False
    if version != 1 or not isinstance(is_fortran, bool) or not isinstance(dtype, Box) or dtype.kind != "dtype":
        return False
    target.detail = "array with data"
    expected = 1
    for one in sizes:
        if one < 0:
            return False
        expected *= one
    if dtype.detail == "O":
        return isinstance(data, Box) and data.kind == "list" and data.count == expected
    size = len(data) if isinstance(data, bytes) else data.size if isinstance(data, Blob) else -1
    width = item_bytes(dtype.detail)
    if isinstance(data, Blob) and data.kind == "encoded":  # UTF-8 in the file: latin-1 characters of one or two bytes
        return width * expected <= size <= 2 * width * expected
    return size == width * expected


def item_bytes(dtype: str) -> int:
    """Bytes per element of a plain numpy dtype such as ``<f8`` or ``U7``."""
    code = dtype.lstrip("<>=|")
    if code[1:].isdigit() and code[0] in "biufcSU":
        return int(code[1:]) * (4 if code[0] == "U" else 1)
    named = {"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "float16": 2, "int32": 4, "uint32": 4,
             "float32": 4, "int64": 8, "uint64": 8, "float64": 8}  # fmt: skip
    return named[code] if code in named else struct.calcsize(f"={code}")
