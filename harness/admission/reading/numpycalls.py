"""How a pickle calls what rebuilds numpy's arrays, scalars and dtypes, each call with a check of its arguments.

Knows symbols, not bytes.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping, Sequence

from harness.admission.reading.rebuilding import Maker, Refused, arguments, integers
from harness.admission.reading.symbols import NUMBER, ArrayData, Blob, Box, Global, show

_PLAIN_DTYPE = re.compile(
    r"[<>=|]?([biufc](1|2|4|8|16|32)|[?bBhHiIlLqQefdgFDG]|bool|u?int(8|16|32|64)|float(16|32|64)|[SUV]\d{1,6}"
    r"|[Mm]8(\[\d{0,6}[a-zA-Z]{1,2}\])?)\Z"
)
"""Numbers, fixed text, raw bytes and dates: no objects."""
_CAN_BE_NAN = frozenset({"float16", "float32", "float64", "longdouble", "complex64", "complex128"})
MOST_EMPTY = 1 << 20
"""Elements without bytes that an array may have."""
ARRAYS = frozenset(
    {
        *(f"numpy.{name}" for name in ("matrix", "matrixlib.defmatrix.matrix", "memmap")),
        *(f"numpy.{module}recarray" for module in ("", "rec.", "core.records.", "_core.records.")),
        *(f"numpy.{module}chararray" for module in ("", "char.", "core.defchararray.", "_core.defchararray.")),
    }
)
"""Kinds of arrays that numpy makes of the same bytes as its plain one, by their names in its versions."""


def item_bytes(dtype: str) -> int:
    """Bytes per element of a plain numpy dtype such as ``<f8`` or ``U7``."""
    code = dtype.lstrip("<>=|").partition("[")[0]
    if code[1:].isdigit() and code[0] in "biufcSUVMm":
        return int(code[1:]) * (4 if code[0] == "U" else 1)
    named = {"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "float16": 2, "int32": 4, "uint32": 4,
             "float32": 4, "int64": 8, "uint64": 8, "float64": 8, "g": 16, "F": 8, "D": 16, "G": 32}  # fmt: skip
    return named[code] if code in named else struct.calcsize(f"={code}")


def numbers_of(dtype: str) -> tuple[str, str] | None:
    """Torch's name of an array's type and its byte order, where its elements can be NaN; None otherwise."""
    code = dtype.lstrip("<>=|")
    code = {"e": "f2", "f": "f4", "d": "f8", "g": "f16", "F": "c8", "D": "c16", "G": "c32"}.get(code, code)
    name = {"f2": "float16", "f4": "float32", "f8": "float64", "f16": "longdouble", "c8": "complex64",
            "c16": "complex128", "c32": "longdouble"}.get(code, code)  # fmt: skip
    return (name, ">" if dtype[:1] == ">" else "<") if name in _CAN_BE_NAN else None


def fits(sizes: Sequence[int], dtype: str, there: int) -> bool:
    """Whether an array of these sizes has exactly so many bytes; one without bytes must not pretend to be large."""
    if any(size < 0 for size in sizes):
        return False
    count, width = math.prod(sizes), item_bytes(dtype)
    return count * width == there and (width > 0 or count <= MOST_EMPTY)


def is_plain_dtype(value: object) -> bool:
    """Whether it is a numpy dtype of numbers, fixed text or records: no objects, and none that grows later."""
    return (
        isinstance(value, Box)
        and value.kind == "dtype"
        and value.detail != "O"
        and (value.is_built or not value.is_record)
    )


def _dtype(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 3, "numpy.dtype")
    name = args[0].decode("latin-1") if isinstance(args[0], bytes) else args[0]
    if isinstance(name, Global) and name.name == "numpy.record":
        return Box("dtype", detail="V0", is_record=True)  # its state says how large it is
    if not isinstance(name, str):
        raise Refused(f"expected a dtype's name, got {show(name)}")
    if any(not isinstance(one, bool | int) for one in args[1:]):
        raise Refused(f"expected flags, got {show(args[1])}")
    if name in ("O", "O8", "|O"):
        return Box("dtype", detail="O")
    if not _PLAIN_DTYPE.match(name):
        raise Refused(f"expected a dtype of numbers, got {show(name)}")
    return Box("dtype", detail=name)


def _numpy_scalar(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 2, "numpy's scalar")
    if not is_plain_dtype(args[0]):
        raise Refused(f"expected a plain dtype, got {show(args[0])}")
    if len(args) > 1 and not (isinstance(args[1], bytes) or (isinstance(args[1], Blob) and args[1].kind != "text")):
        raise Refused(f"expected a scalar's bytes, got {show(args[1])}")
    return _number(args[0], args[1]) if len(args) > 1 and isinstance(args[1], bytes) else NUMBER


def _number(dtype: object, data: bytes) -> object:
    """The value of a scalar, which may become a key."""
    detail = dtype.detail if isinstance(dtype, Box) else ""
    order, code = ("big" if detail[:1] == ">" else "little"), detail.lstrip("<>=|")
    if len(data) > 8:
        return NUMBER
    if code[:1] in ("i", "u", "b"):
        return int.from_bytes(data, "little" if order == "little" else "big", signed=code[:1] == "i")
    kind = {2: "e", 4: "f", 8: "d"}.get(len(data))
    if code[:1] != "f" or kind is None:
        return NUMBER
    return float(struct.unpack(f"{'<' if order == 'little' else '>'}{kind}", data)[0])


def _reconstruct(args: Sequence[object], _: int) -> object:
    arguments(args, 3, 3, "numpy's _reconstruct")
    kind, shape, code = args
    if not isinstance(kind, Global) or not (kind.name == "numpy.ndarray" or kind.name in ARRAYS):
        raise Refused(f"expected numpy.ndarray, got {show(kind)}")
    if integers(shape, "a shape") != (0,) or code not in (b"b", "b"):
        raise Refused(f"expected the shape (0,) and the code b, got {show(shape)} and {show(code)}")
    return Box("array")


def _frombuffer(args: Sequence[object], _: int) -> object:
    arguments(args, 4, 4, "numpy's _frombuffer")
    data, dtype, shape, order = args
    sizes = integers(shape, "a shape")
    if not isinstance(dtype, Box) or not is_plain_dtype(dtype) or order not in ("C", "F"):
        raise Refused(f"expected a plain dtype and an order, got {show(dtype)} and {show(order)}")
    if isinstance(data, bytes):
        there = len(data)
    elif isinstance(data, Blob) or (isinstance(data, Box) and data.kind == "bytearray"):
        there = data.byte_count if isinstance(data, Blob) else data.count
    else:
        raise Refused(f"expected bytes, got {show(data)}")
    if not fits(sizes, dtype.detail, there):
        raise Refused(f"expected as many bytes as the shape {show(shape)} says, got {there}")
    content = data.array.content if isinstance(data, Box) and data.array is not None else data
    held = ArrayData(dtype.detail, content) if isinstance(content, bytes | Blob) else None
    return Box("array", detail="array with data", array=held)


CALLS: Mapping[str, Maker] = {
    "numpy.dtype": _dtype,
    **{f"numpy.{core}.multiarray.scalar": _numpy_scalar for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray._reconstruct": _reconstruct for core in ("core", "_core")},
    **{f"numpy.{core}.numeric._frombuffer": _frombuffer for core in ("core", "_core")},
}
"""What may be called, and who checks the arguments."""
