"""Writes ONNX files field by field, so that each can be wrong where a test wants it. Knows fields by number."""

from __future__ import annotations

import struct

FLOAT, UINT8, INT8, INT32, INT64, TEXTS, FLOAT16 = 1, 2, 3, 6, 7, 8, 10


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return out + bytes((value,))


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def counted(field: int, data: bytes | str) -> bytes:
    content = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(content)) + content


def fixed(field: int, value: float) -> bytes:
    return varint(field << 3 | 5) + struct.pack("<f", value)


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def longs(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def tensor(name: str, dims: tuple[int, ...], data: bytes, kind: int = FLOAT, *, more: bytes = b"") -> bytes:
    """A tensor whose elements stand as they do in memory."""
    sizes = b"".join(number(1, size) for size in dims)
    return sizes + number(2, kind) + more + counted(8, name) + (counted(9, data) if data else b"")


def bare_tensor(name: str, dims: tuple[int, ...], kind: int, data: bytes) -> bytes:
    """A tensor whose elements are whatever field `data` is."""
    return b"".join(number(1, size) for size in dims) + number(2, kind) + data + counted(8, name)


_KINDS = {"f": (1, 2), "i": (2, 3), "s": (3, 4), "t": (4, 5), "g": (5, 6), "ints": (7, 8)}


def attribute(name: str, field: str, *content: bytes | int | float, kind: int | None = None) -> bytes:
    own, place = _KINDS[field]
    values = b""
    for one in content:
        if isinstance(one, bytes):
            values += counted(place, one)
        else:
            values += fixed(place, one) if isinstance(one, float) else number(place, one)
    return counted(1, name) + values + number(20, own if kind is None else kind)


def node(
    operator: str, inputs: str, outputs: str, *attributes: bytes, name: str = "", domain: str = "", more: bytes = b""
) -> bytes:
    """A node; inputs and outputs are words."""
    ends = b"".join(counted(1, one) for one in inputs.split()) + b"".join(counted(2, one) for one in outputs.split())
    told = (counted(3, name) if name else b"") + counted(4, operator)
    own = b"".join(counted(5, one) for one in attributes)
    return ends + told + own + (counted(7, domain) if domain else b"") + more


def value(name: str, sizes: tuple[int | str, ...], kind: int = FLOAT) -> bytes:
    dims = b"".join(counted(1, number(1, one) if isinstance(one, int) else counted(2, one)) for one in sizes)
    return counted(1, name) + counted(2, counted(1, number(1, kind) + counted(2, dims)))


WEIGHT = tensor("weight", (2, 2), floats(1, 2, 3, 4))
BIAS = tensor("bias", (2,), floats(0, 1))
MATMUL = node("MatMul", "x weight", "h", name="/MatMul")
ADD = node("Add", "h bias", "y", name="/Add")


def graph(
    *nodes: bytes,
    tensors: tuple[bytes, ...] = (WEIGHT, BIAS),
    inputs: tuple[bytes, ...] = (value("x", ("time", 2)),),
    outputs: tuple[bytes, ...] = (value("y", ("time", 2)),),
    more: bytes = b"",
) -> bytes:
    return (
        b"".join(counted(1, one) for one in nodes or (MATMUL, ADD))
        + counted(2, "main")
        + b"".join(counted(5, one) for one in tensors)
        + b"".join(counted(11, one) for one in inputs)
        + b"".join(counted(12, one) for one in outputs)
        + more
    )


def opset(version: int = 17, domain: str = "") -> bytes:
    return counted(1, domain) + number(2, version)


def model(
    main: bytes | None = None,
    *,
    ir: int = 8,
    opsets: tuple[bytes, ...] = (opset(),),
    more: bytes = b"",
    producer: str = "tests",
) -> bytes:
    """A whole file; the versions of its operators come last, so that every cut of it misses something."""
    head = number(1, ir) + counted(2, producer) + counted(7, graph() if main is None else main)
    return head + more + b"".join(counted(8, one) for one in opsets)


def entry(key: str, data: bytes | str) -> bytes:
    return counted(1, key) + counted(2, data)


def with_nodes(data: bytes, *nodes: bytes) -> bytes:
    """A file with more nodes at the end of its graph."""
    at = data.index(b"\x3a")  # the field graph: only texts stand before it
    size, shift, end = 0, 0, at + 1
    while True:
        size |= (data[end] & 0x7F) << shift
        shift, end = shift + 7, end + 1
        if data[end - 1] < 0x80:
            break
    more = b"".join(counted(1, one) for one in nodes)
    return data[: at + 1] + varint(size + len(more)) + data[end : end + size] + more + data[end + size :]
