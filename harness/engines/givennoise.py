"""An ONNX network whose noise is an input: the graph's own generators take no seed for each rendering.

``RandomNormalLike`` draws from the runtime's generator, which is seeded once for a process and moves on with each
call. Each such node is replaced by a few that cut what they need off a row of numbers that is given: frame by frame, as
many as there are, so that more numbers than needed change nothing. All other bytes of the file stay as they are. What
is rewritten was read by admission before: its graph is one that is known or accepted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

NOISE: Final = "RandomNormalLike"
OTHERS: Final = frozenset({"RandomNormal", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"})
"""Operators that draw, and cannot be given what they draw."""
BRANCHES: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})
"""Operators that hold graphs, in which nothing is replaced."""
_GRAPH, _NODE, _TENSOR, _INPUT = 7, 1, 5, 11
_COUNTED: Final = 2
_INT64, _FLOAT = 7, 1


class Unseedable(ValueError):
    """The network draws noise in a way that cannot be given; ``str`` says how."""


@dataclass(frozen=True, slots=True)
class _Node:
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, bytes]
    """Name -> the whole attribute."""


def with_given_noise(model: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Rewrite a network.

    Args:
        model: An ONNX file that admission let pass.

    Returns:
        The new file, and the names of the inputs that take noise: rows of standard normal float32, in the order in
        which the graph draws.

    Raises:
        Unseedable: It draws otherwise than Piper's export of VITS does.
        ValueError: It is no ONNX file.
    """
    view = memoryview(model)
    before, graph, behind = _graph_of(view)
    parts: list[bytes | memoryview] = []
    names: list[str] = []
    for number, start, end, whole in _fields(graph):
        node = _node(graph[start:end]) if number == _NODE else None
        if node is not None and node.operator in OTHERS:
            raise Unseedable(f"its graph has a node {node.operator}, whose draws cannot be given")
        if node is not None and node.operator in BRANCHES and _may_draw(node):
            raise Unseedable(f"a graph within a node {node.operator} draws noise, which cannot be given there")
        if node is None or node.operator != NOISE:
            parts.append(graph[whole:end])
            continue
        name = f"soundcheck.noise.{len(names)}"
        names.append(name)
        parts.append(_given(node, name))
    content = b"".join(parts)
    return b"".join((before, _counted(_GRAPH, content), behind)), tuple(names)


def _graph_of(model: memoryview) -> tuple[memoryview, memoryview, memoryview]:
    for number, start, end, whole in _fields(model):
        if number == _GRAPH:
            return model[:whole], model[start:end], model[end:]
    raise ValueError("expected an ONNX file with a graph, got none")


def _given(node: _Node, name: str) -> bytes:
    """What stands in place of a node that draws: numbers of a row, as many as it needs, frame by frame."""
    if set(node.attributes) - {"dtype"} or len(node.inputs) != 1 or len(node.outputs) != 1:
        raise Unseedable(f"a node {NOISE} with more than a type: {', '.join(sorted(node.attributes))}")
    turned = _ints("perm", 0, 2, 1)
    nodes = (
        _made("Shape", node.inputs, f"{name}.shape"),
        _made("Gather", (f"{name}.shape", f"{name}.order"), f"{name}.frames"),
        _made("ReduceProd", (f"{name}.shape",), f"{name}.count", _int("keepdims", 1)),
        _made("Slice", (name, f"{name}.zero", f"{name}.count"), f"{name}.row"),
        _made("Reshape", (f"{name}.row", f"{name}.frames"), f"{name}.drawn"),
        _made("Transpose", (f"{name}.drawn",), node.outputs[0], turned),
    )
    tensors = (_longs(f"{name}.order", 0, 2, 1), _longs(f"{name}.zero", 0))
    return b"".join(
        (
            *(_counted(_NODE, one) for one in nodes),
            *(_counted(_TENSOR, one) for one in tensors),
            _counted(_INPUT, _row(name)),
        )
    )


def _may_draw(node: _Node) -> bool:
    """Whether the name of an operator that draws stands anywhere in what a node holds."""
    words = [word.encode() for word in (NOISE, *OTHERS)]
    return any(word in content for content in node.attributes.values() for word in words)


def _node(data: memoryview) -> _Node:
    operator, inputs, outputs = "", list[str](), list[str]()
    attributes: dict[str, bytes] = {}
    for number, start, end, _ in _fields(data):
        content = bytes(data[start:end])
        if number == 1:
            inputs.append(content.decode())
        elif number == 2:
            outputs.append(content.decode())
        elif number == 4:
            operator = content.decode()
        elif number == 5:
            name = next((bytes(content[a:b]).decode() for n, a, b, _ in _fields(memoryview(content)) if n == 1), "")
            attributes[name] = content
    return _Node(operator, tuple(inputs), tuple(outputs), attributes)


def _fields(data: memoryview) -> Iterator[tuple[int, int, int, int]]:
    """Number, begin and end of each field's content, and where the field itself begins."""
    at = 0
    while at < len(data):
        whole = at
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == _COUNTED:
            size, at = _varint(data, at)
        elif wire == 0:
            start = at
            _, at = _varint(data, at)
            yield tag >> 3, start, at, whole
            continue
        else:
            size = {1: 8, 5: 4}.get(wire, len(data) + 1)
        if at + size > len(data):
            raise ValueError("expected an ONNX file, got one that ends within a field")
        yield tag >> 3, at, at + size, whole
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("expected an ONNX file, got one that ends within a number")


def _number(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return out + bytes((value,))


def _counted(field: int, content: bytes) -> bytes:
    return _number(field << 3 | _COUNTED) + _number(len(content)) + content


def _whole(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _made(operator: str, inputs: tuple[str, ...], output: str, *attributes: bytes) -> bytes:
    ends = b"".join(_counted(1, one.encode()) for one in inputs) + _counted(2, output.encode())
    named = _counted(3, f"{output}/{operator}".encode()) + _counted(4, operator.encode())
    return ends + named + b"".join(_counted(5, one) for one in attributes)


def _int(name: str, value: int) -> bytes:
    return _counted(1, name.encode()) + _whole(3, value) + _whole(20, 2)


def _ints(name: str, *values: int) -> bytes:
    return _counted(1, name.encode()) + b"".join(_whole(8, one) for one in values) + _whole(20, 7)


def _longs(name: str, *values: int) -> bytes:
    data = struct.pack(f"<{len(values)}q", *values)
    return _whole(1, len(values)) + _whole(2, _INT64) + _counted(8, name.encode()) + _counted(9, data)


def _row(name: str) -> bytes:
    """An input: a row of float32 of any length."""
    shape = _counted(1, _counted(2, f"{name}.length".encode()))
    return _counted(1, name.encode()) + _counted(2, _counted(1, _whole(1, _FLOAT) + _counted(2, shape)))
