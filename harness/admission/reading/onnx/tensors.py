"""Tensors of an ONNX file: what each says it is, held against the bytes that it has. Numbers are read by position."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Final

from harness.admission.reading.bytesource import ByteSource, MemoryBytes, Section
from harness.admission.reading.onnx import rules
from harness.admission.reading.onnx.rules import Refused
from harness.admission.reading.onnx.schema import TENSOR, Source
from harness.admission.reading.wire import Field, numbers, signed

ELEMENTS: Final = {
    1: ("float32", 32), 2: ("uint8", 8), 3: ("int8", 8), 4: ("uint16", 16), 5: ("int16", 16), 6: ("int32", 32),
    7: ("int64", 64), 9: ("bool", 8), 10: ("float16", 16), 11: ("float64", 64), 12: ("uint32", 32), 13: ("uint64", 64),
    14: ("complex64", 64), 15: ("complex128", 128), 16: ("bfloat16", 16), 17: ("float8_e4m3fn", 8),
    18: ("float8_e4m3fnuz", 8), 19: ("float8_e5m2", 8), 20: ("float8_e5m2fnuz", 8), 21: ("uint4", 4), 22: ("int4", 4),
    23: ("float4_e2m1fn_x2", 4), 24: ("float8_e8m0fnu", 8), 25: ("uint2", 2), 26: ("int2", 2),
}  # fmt: skip
"""ONNX's number of a type -> torch's name, and bits of an element. Texts (8) are no numbers."""
TEXTS: Final = 8
MAX_DIMENSIONS: Final = 32
MAX_SIZE: Final = 1 << 48
MAX_COUNTED: Final = 1 << 20
"""Elements that may be written one by one, as numbers of any length; what is larger stands as it is in memory."""
_PLAIN: Final = {"float_data": ("float32", "complex64"), "double_data": ("float64", "complex128")}
"""Fields whose numbers stand as they do in memory."""
_COUNTED: Final = {
    "int32_data": frozenset(
        {"int32", "int16", "int8", "uint16", "uint8", "bool", "float16", "bfloat16", "uint4", "int4", "uint2", "int2"}
        | {name for name, bits in ELEMENTS.values() if name.startswith("float") and bits <= 8}
    ),
    "int64_data": frozenset({"int64"}),
    "uint64_data": frozenset({"uint32", "uint64"}),
}
_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor."""

    name: str
    dtype: str
    """torch's name of the elements' type."""
    dims: tuple[int, ...]
    data: ByteSource
    """The elements, little-endian, row by row; as many bytes as they need."""
    at: int
    """Byte where the tensor begins in the file."""

    @property
    def count(self) -> int:
        """Elements."""
        return math.prod(self.dims)

    @property
    def words(self) -> str:
        """Type and sizes, as people write them: ``float32 [192, 192, 1]``."""
        return f"{self.dtype} {list(self.dims)}"

    def whole_numbers(self, most: int) -> tuple[int, ...] | None:
        """Its elements where they are a few whole numbers, else None."""
        if self.dtype not in ("int64", "int32") or self.count > most:
            return None
        code = "q" if self.dtype == "int64" else "i"
        data = self.data.read(0, self.data.size)
        is_whole = len(data) == self.data.size  # unless somebody cuts the file meanwhile
        return struct.unpack(f"<{self.count}{code}", data) if is_whole else None


def read_tensor(source: Source, start: int, end: int) -> Tensor:
    """Read what a tensor says of itself.

    Raises:
        Misshapen: It breaks the format.
        Refused: It is not what it says, or is kept elsewhere.
    """
    dims: list[int] = []
    kind = -1
    name = ""
    data: dict[str, Field] = {}
    for what, field in source.walk(TENSOR, start, end):
        if what == "dims":
            dims += [signed(one) for one in numbers(source.file, field, 10 * MAX_DIMENSIONS)]
            if len(dims) > MAX_DIMENSIONS:
                raise Refused(rules.TENSOR, f"more than {MAX_DIMENSIONS} dimensions", field.start)
        elif what == "data_type":
            kind = field.value
        elif what == "name":
            name = source.text(field)
        elif what == "external_data" or (what == "data_location" and field.value):
            raise Refused(rules.EXTERNAL, f"{name or 'a tensor'}: {_where(source, field, what)}", start)
        elif what in ("string_data", "segment"):
            raise Refused(rules.TENSOR, f"{name or 'a tensor'}: {what}", field.start)
        elif what in ("raw_data", *_PLAIN, *_COUNTED) and field.end > field.start:
            data[what] = field
    return Tensor(
        name=name,
        dtype=_element(kind, name, start)[0],
        dims=_sizes(dims, name, start),
        data=_data(source, data, _element(kind, name, start), dims, start),
        at=start,
    )


def _where(source: Source, field: Field, what: str) -> str:
    """Where its elements are said to be."""
    if what == "data_location":
        return "kept in another file"
    return f"kept in another file: {source.data(field, 1 << 12)!r}"


def _element(kind: int, name: str, at: int) -> tuple[str, int]:
    if kind == TEXTS:
        raise Refused(rules.TENSOR, f"{name or 'a tensor'}: texts", at)
    if kind not in ELEMENTS:
        raise Refused(rules.TENSOR, f"{name or 'a tensor'}: elements of a type that is not known ({kind})", at)
    return ELEMENTS[kind]


def _sizes(dims: list[int], name: str, at: int) -> tuple[int, ...]:
    if any(not 0 <= size < MAX_SIZE for size in dims):
        raise Refused(rules.TENSOR, f"{name or 'a tensor'}: of sizes {dims[:8]}", at)
    return tuple(dims)


def _data(source: Source, data: dict[str, Field], element: tuple[str, int], dims: list[int], at: int) -> ByteSource:
    dtype, bits = element
    count = math.prod(_sizes(dims, "", at))
    needed = -(-count * bits // 8)
    if len(data) > 1:
        raise Refused(rules.TENSOR, f"its numbers stand in {' and in '.join(data)}", at)
    if not data:
        if needed:
            raise Refused(rules.TENSOR, f"{dtype} {dims[:8]} without its {_shown(needed)} bytes", at)
        return MemoryBytes(b"")
    ((what, field),) = data.items()
    if what in _COUNTED and dtype in _COUNTED[what]:
        return MemoryBytes(_packed(source, field, needed, max(1, bits // 8)))
    if what != "raw_data" and dtype not in _PLAIN.get(what, ()):
        raise Refused(rules.TENSOR, f"{dtype} in {what}", at)
    if field.end - field.start != needed:
        got = f"{field.end - field.start} bytes for {dtype} {dims[:8]}, which needs {_shown(needed)}"
        raise Refused(rules.TENSOR, got, at)
    return Section(source.file, field.start, needed)


def _packed(source: Source, field: Field, needed: int, width: int) -> bytes:
    """Numbers that were written one by one, as they stand in memory."""
    if needed > MAX_COUNTED * width:
        raise Refused(rules.TENSOR, f"more than {MAX_COUNTED} numbers, written one by one", field.start)
    source.budget.spend_operations(needed // width)
    top = 1 << 8 * width
    found = []
    for one in numbers(source.file, field, 10 * MAX_COUNTED):
        value = signed(one) if width < 8 else one
        if not -top // 2 <= value < top:
            raise Refused(rules.TENSOR, f"{value} among numbers of {width} bytes", field.start)
        found.append(value % top)
    if len(found) * width != needed:
        raise Refused(rules.TENSOR, f"{len(found)} numbers, expected {needed // width}", field.start)
    return struct.pack(f"<{len(found)}{_CODES[width]}", *found)


def _shown(number: int) -> str:
    """A number that may have thousands of digits."""
    return str(number) if number < 1 << 64 else "2**64 or more"
