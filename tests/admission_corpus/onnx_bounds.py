"""Files that reach each bound of the ONNX reader, with something hostile behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.admission_corpus import onnx_assembly as asm
from tests.admission_corpus.onnx_assembly import (
    ADD,
    BIAS,
    FLOAT,
    INT32,
    MATMUL,
    attribute,
    bare_tensor,
    counted,
    entry,
    floats,
    graph,
    model,
    node,
    number,
    opset,
    tensor,
    value,
    varint,
)

READER = "admission.reading.onnx"
HARM = node("Speak", "y", "z", domain="mine.ops")
"""Of a library that nobody has."""


@dataclass(frozen=True)
class Reached:
    """A bound that is reached."""

    bounds: str
    """Names, each ``module:NAME`` below the reader."""
    rule: str
    data: Callable[[], bytes]
    lowered: Mapping[str, int] = field(default_factory=dict)


def _nodes(*nodes: bytes) -> bytes:
    return model(graph(MATMUL, ADD, *nodes, HARM))


def _ints(count: int) -> bytes:
    return counted(1, "axes") + counted(8, bytes(count)) + number(20, 7)


def _deep_types(levels: int) -> bytes:
    inner = counted(1, number(1, FLOAT))
    for _ in range(levels):
        inner = counted(4, counted(1, inner))
    return counted(1, "x") + counted(2, inner)


REACHED = (
    Reached("attributes:MAX_NUMBERS", "onnx-broken", lambda: _nodes(node("Squeeze", "y", "a", _ints((1 << 20) + 1)))),
    Reached(
        "attributes:MAX_TEXT",
        "onnx-broken",
        lambda: _nodes(node("Einsum", "y", "a", attribute("equation", "s", b"i" * ((1 << 16) + 1)))),
    ),
    Reached(
        "attributes:MAX_VALUES",
        "onnx-bomb",
        lambda: _nodes(node("Squeeze", "y", "a", _ints(20))),
        {"attributes:MAX_VALUES": 10},
    ),
    Reached("file:MAX_OPSETS", "onnx-broken", lambda: model(opsets=tuple(opset(1, f"d{n}") for n in range(40)))),
    Reached("file:MAX_VERSION", "onnx-broken", lambda: model(graph(MATMUL, HARM), opsets=(opset(1001),))),
    Reached("file:MAX_IR", "onnx-broken", lambda: model(graph(MATMUL), ir=101)),
    Reached(
        "file:MAX_METADATA",
        "onnx-bomb",
        lambda: model(more=b"".join(counted(14, entry(f"k{n}", "v")) for n in range(1_001))),
    ),
    Reached("file:MAX_VALUE", "onnx-bomb", lambda: model(more=counted(14, entry("k", "v" * ((1 << 20) + 1))))),
    Reached("graph:MAX_NODES", "onnx-bomb", lambda: _nodes(node("Relu", "y", "a")), {"graph:MAX_NODES": 3}),
    Reached(
        "graph:MAX_TENSORS", "onnx-bomb", lambda: model(graph(tensors=(asm.WEIGHT, BIAS))), {"graph:MAX_TENSORS": 1}
    ),
    Reached(
        "graph:MAX_VALUES",
        "onnx-bomb",
        lambda: model(graph(more=counted(13, value("h", (1,))) * 3)),
        {"graph:MAX_VALUES": 2},
    ),
    Reached(
        "graph:MAX_ENDS", "onnx-bomb", lambda: model(graph(inputs=tuple(value(f"x{n}", (1,)) for n in range(4_097))))
    ),
    Reached("graph:MAX_NAME", "onnx-name", lambda: _nodes(node("Relu", "y", "a" * 1_025))),
    Reached("graph:MAX_NAMES", "onnx-bomb", lambda: _nodes(node("Relu", "y", "a" * 1_000)), {"graph:MAX_NAMES": 500}),
    Reached("graph:MAX_LINKS", "onnx-bomb", lambda: _nodes(node("Sum", "y " * 50, "a")), {"graph:MAX_LINKS": 40}),
    Reached(
        "graph:MAX_DEPTH",
        "onnx-bomb",
        lambda: _nodes(node("If", "c", "a", attribute("then_branch", "g", _within(7)))),
    ),
    Reached("schema:MAX_TEXT", "onnx-broken", lambda: _nodes(node("Relu", "y", "a", name="n" * ((1 << 16) + 1)))),
    Reached(
        "tensors:MAX_DIMENSIONS",
        "onnx-tensor",
        lambda: model(graph(MATMUL, HARM, tensors=(tensor("weight", (1,) * 33, floats(1)),))),
    ),
    Reached(
        "tensors:MAX_SIZE",
        "onnx-tensor",
        lambda: model(graph(MATMUL, HARM, tensors=(tensor("weight", (0, 1 << 48), b""),))),
    ),
    Reached(
        "tensors:MAX_COUNTED",
        "onnx-tensor",
        lambda: model(
            graph(MATMUL, HARM, tensors=(bare_tensor("weight", (30,), INT32, counted(5, varint(1) * 30)), BIAS))
        ),
        {"tensors:MAX_COUNTED": 20},
    ),
    Reached("values:MAX_DEPTH", "onnx-bomb", lambda: model(graph(inputs=(_deep_types(9),)))),
    Reached("values:MAX_ELEMENTS", "onnx-bomb", lambda: model(graph(inputs=(value("x", (1 << 20, 1 << 14)),)))),
)


def _within(levels: int) -> bytes:
    inner = graph(HARM, tensors=(), inputs=())
    for _ in range(levels):
        inner = graph(node("If", "c", "y", attribute("then_branch", "g", inner)), tensors=(), inputs=())
    return inner
