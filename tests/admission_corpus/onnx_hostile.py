"""Hostile and malformed ONNX files. None does anything: no library and no path that one names exists."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.admission_corpus.onnx_assembly import (
    ADD,
    BIAS,
    FLOAT,
    FLOAT16,
    INT32,
    INT64,
    MATMUL,
    TEXTS,
    WEIGHT,
    attribute,
    bare_tensor,
    counted,
    entry,
    fixed,
    floats,
    graph,
    longs,
    model,
    node,
    number,
    opset,
    tensor,
    value,
    varint,
)

BROKEN, EXTERNAL, TENSOR, FUNCTION, OPERATOR, NAME, BOMB = (
    f"onnx-{name}" for name in ("broken", "external", "tensor", "function", "operator", "name", "bomb")
)
NOT_FINITE = "tensor-not-finite"


def _with(weight: bytes) -> bytes:
    return model(graph(tensors=(weight, BIAS)))


def _nodes(*nodes: bytes, tensors: tuple[bytes, ...] = (WEIGHT, BIAS)) -> bytes:
    return model(graph(*nodes, tensors=tensors))


def _stored(location: str) -> bytes:
    return bare_tensor(
        "weight",
        (2, 2),
        FLOAT,
        counted(13, entry("location", location)) + counted(13, entry("offset", "0")) + number(14, 1),
    )


def _nested(depth: int) -> bytes:
    inner = graph(node("Identity", "x", "y"), tensors=(), inputs=())
    for _ in range(depth):
        inner = graph(node("If", "c", "y", attribute("then_branch", "g", inner)), tensors=(), inputs=())
    return inner


def _sizes_of(operator: str, place: int, *sizes: int) -> bytes:
    """A node whose output is as large as a constant says."""
    inputs = " ".join(["h"] * place + ["sizes"])
    shape = tensor("sizes", (len(sizes),), longs(*sizes), INT64)
    return _nodes(MATMUL, node(operator, inputs, "y"), tensors=(WEIGHT, shape))


def _types(depth: int) -> bytes:
    inner = counted(1, number(1, FLOAT))
    for _ in range(depth):
        inner = counted(4, counted(1, inner))
    return counted(1, "deep") + counted(2, inner)


def _outside() -> Iterator[tuple[str, str, bytes]]:
    for name, place in (
        ("climbs", "../../../../etc/passwd"), ("absolute", "/etc/passwd"), ("beside", "weights.bin"),
        ("device", "/dev/zero"), ("Windows", "C:\\Windows\\win.ini"), ("address", "http://127.0.0.1:9/x"),
        ("empty", ""),
    ):  # fmt: skip
        yield f"elements elsewhere: {name}", EXTERNAL, _with(_stored(place))
    yield (
        "elements elsewhere, with some here",
        EXTERNAL,
        _with(tensor("weight", (2, 2), floats(1, 2, 3, 4)) + number(14, 1)),
    )
    yield (
        "elements elsewhere by entries alone",
        EXTERNAL,
        _with(tensor("weight", (2, 2), floats(1, 2, 3, 4)) + counted(13, entry("location", "w"))),
    )
    constant = node("Constant", "", "c", attribute("value", "t", _stored("w.bin")))
    yield "a constant's elements elsewhere", EXTERNAL, _nodes(constant, MATMUL, ADD)
    branch = graph(node("Identity", "weight", "y"), tensors=(_stored("w.bin"),), inputs=())
    yield (
        "elements elsewhere within a branch",
        EXTERNAL,
        _nodes(node("If", "c", "y", attribute("then_branch", "g", branch))),
    )


def _tensors() -> Iterator[tuple[str, str, bytes]]:
    good = floats(1, 2, 3, 4)
    for name, dims, data in (
        ("one too few", (2, 2), good[:-4]), ("one too many", (2, 2), good + good[:4]), ("none", (2, 2), b""),
        ("a byte too many", (2, 2), good + b"\0"), ("far too few", (1 << 20, 1 << 20), good),
        ("sizes beyond 64 bits", (1 << 40, 1 << 40, 1 << 40), good), ("a negative size", (-2, -2), good),
        ("very many dimensions", (1,) * 33, good[:4]), ("a size beyond any", (1 << 62,), good),
    ):  # fmt: skip
        yield f"elements: {name}", TENSOR, _with(tensor("weight", dims, data))
    yield "texts", TENSOR, _with(bare_tensor("weight", (1,), TEXTS, counted(6, "cat")))
    yield "texts without any", TENSOR, _with(bare_tensor("weight", (0,), TEXTS, b""))
    yield "an unknown type", TENSOR, _with(tensor("weight", (2, 2), good, 77))
    yield "no type", TENSOR, _with(number(1, 4) + counted(8, "weight") + counted(9, good))
    yield (
        "a part of a tensor",
        TENSOR,
        _with(tensor("weight", (2, 2), good, more=counted(3, number(1, 0) + number(2, 4)))),
    )
    yield "elements twice", TENSOR, _with(bare_tensor("weight", (2, 2), FLOAT, counted(9, good) + counted(4, good)))
    yield "whole numbers as floats", TENSOR, _with(bare_tensor("weight", (2, 2), INT64, counted(4, good)))
    packed = b"".join(varint(one) for one in (1, 2, 3))
    yield "numbers one by one, too few", TENSOR, _with(bare_tensor("weight", (2, 2), INT32, counted(5, packed)))
    large = b"".join(varint(one) for one in (1, 2, 3, 1 << 40))
    yield "a number too large for its type", TENSOR, _with(bare_tensor("weight", (2, 2), FLOAT16, counted(5, large)))
    yield (
        "a sparse tensor",
        TENSOR,
        model(graph(more=counted(15, counted(1, WEIGHT) + counted(2, WEIGHT) + number(3, 9)))),
    )
    sparse = counted(1, "value") + counted(22, counted(1, WEIGHT)) + number(20, 11)
    yield "a sparse tensor in a node", TENSOR, _nodes(node("Constant", "", "c", sparse), MATMUL, ADD)
    opaque = counted(1, "x") + counted(2, counted(7, counted(1, "of") + counted(2, "mine")))
    yield "an input of nobody's type", TENSOR, model(graph(inputs=(opaque,)))
    yield "an input of texts", TENSOR, model(graph(inputs=(value("x", (1,), TEXTS),)))
    yield "NaN", NOT_FINITE, _with(tensor("weight", (2, 2), floats(1, float("nan"), 3, 4)))
    yield (
        "infinity as floats",
        NOT_FINITE,
        _with(bare_tensor("weight", (2, 2), FLOAT, counted(4, floats(1, float("inf"), 3, 4)))),
    )
    half = b"".join(varint(one) for one in (0x3C00, 0x7E00, 0x3C00, 0x3C00))
    yield "NaN as half numbers one by one", NOT_FINITE, _with(bare_tensor("weight", (2, 2), FLOAT16, counted(5, half)))
    yield "NaN as doubles", NOT_FINITE, _with(tensor("weight", (2, 2), struct.pack("<4d", 1, float("nan"), 2, 3), 11))


def _programs() -> Iterator[tuple[str, str, bytes]]:
    function = counted(1, "Add") + counted(10, "mine") + counted(7, ADD)
    yield "a function", FUNCTION, model(more=counted(25, function))
    yield "training", FUNCTION, model(more=counted(20, counted(2, graph())))
    yield "a plan for devices", FUNCTION, model(more=counted(26, counted(1, "two") + number(2, 2)))
    yield (
        "a node's plan for devices",
        FUNCTION,
        _nodes(MATMUL, node("Add", "h bias", "y", more=counted(10, counted(1, "two")))),
    )
    yield "an overload", FUNCTION, _nodes(MATMUL, node("Add", "h bias", "y", more=counted(8, "second")))
    given = counted(1, "axis") + counted(21, "outer") + number(20, 2)
    yield "an attribute of a function", FUNCTION, _nodes(MATMUL, node("Softmax", "h", "y", given))
    yield "settings of the runtime", FUNCTION, model(more=counted(14, entry("ort_config", '{"session_options":{}}')))
    for name, operator, domain in (
        ("of a domain of its own", "Speak", "mine.ops"), ("Python's", "PyOp", "ai.onnx.contrib"),
        ("a compiled program", "EPContext", "com.microsoft"), ("torch's", "ATen", "org.pytorch.aten"),
        ("of no standard", "LoadLibrary", ""), ("text's", "StringSplit", ""), ("pictures'", "ImageDecoder", ""),
        ("training's", "Adam", "ai.onnx.preview.training"), ("a look-alike", "МatMul", ""), ("nameless", "", ""),
    ):  # fmt: skip
        yield f"an operator {name}", OPERATOR, _nodes(MATMUL, ADD, node(operator, "y", "z", domain=domain))
    hidden = graph(node("Speak", "x", "y", domain="mine.ops"), tensors=(), inputs=())
    for branch in ("If", "Loop", "Scan"):
        held = attribute("body", "g", hidden)
        yield f"an operator of its own within {branch}", OPERATOR, _nodes(MATMUL, ADD, node(branch, "y", "z", held))
    yield "branches too deep", BOMB, _nodes(node("If", "c", "y", attribute("then_branch", "g", _nested(7))))
    yield "branches far too deep", BOMB, _nodes(node("If", "c", "y", attribute("then_branch", "g", _nested(300))))
    for operator, place in (("ConstantOfShape", 0), ("Expand", 1), ("Tile", 1)):
        yield f"{operator} of 100 GB", BOMB, _sizes_of(operator, place, 1 << 20, 1 << 15)
    shape = attribute("shape", "ints", 1 << 30, 1 << 30)
    yield "noise of 2**60 numbers", BOMB, _nodes(MATMUL, node("RandomNormal", "", "y", shape))
    sizes = attribute("value", "t", tensor("", (2,), longs(1 << 20, 1 << 20), INT64))
    yield (
        "a constant node of 2**40 numbers",
        BOMB,
        _nodes(node("Constant", "", "s", sizes), node("ConstantOfShape", "s", "y")),
    )
    yield "an input of 2**50 numbers", BOMB, model(graph(inputs=(value("x", (1 << 25, 1 << 25)),)))
    yield "types within types", BOMB, model(graph(inputs=(_types(9),)))
    yield "very many nodes", BOMB, model(graph(*[node("Relu", "x", "") for _ in range(20_001)]))


def _names() -> Iterator[tuple[str, str, bytes]]:
    for name, word in (
        ("climbing", "../../home/user/.bashrc"), ("climbing within", "a/../../b"),
        ("climbing as on Windows", "..\\..\\x"),
        ("unseen", "weight\u200b"), ("turning", "weight\u202ehgis"), ("of two lines", "a\nb"), ("endless", "w" * 1025),
    ):  # fmt: skip
        yield f"a tensor's name, {name}", NAME, _with(tensor(word, (2, 2), floats(1, 2, 3, 4)))
        yield f"a node's name, {name}", NAME, _nodes(MATMUL, node("Add", "h bias", "y", name=word))
    yield "an input's name that climbs", NAME, model(graph(inputs=(value("../x", (1,)),)))


def _formats() -> Iterator[tuple[str, str, bytes]]:
    good = model()
    yield "cut", BROKEN, good[:-1]
    yield "a byte behind it", BROKEN, good + b"\0"
    yield "a pickle behind it", BROKEN, good + b"\x80\x04\x8c\x02os\x8c\x06getpid\x93)R."
    yield "a script behind it", BROKEN, good + b"#!/bin/sh\n:\n"
    yield "a field that the format has not", BROKEN, good + counted(40, "hidden")
    yield (
        "a field that the format has not, in a node",
        BROKEN,
        _nodes(MATMUL, node("Add", "h bias", "y", more=counted(12, "x"))),
    )
    yield "a field that the format has not, in a tensor", BROKEN, _with(WEIGHT + counted(15, "x"))
    yield "metadata of a node that is none", BROKEN, _nodes(MATMUL, node("Add", "h bias", "y", more=counted(9, "h")))
    yield "an annotation that is none", BROKEN, model(graph(more=counted(14, counted(2, "h"))))
    yield "two graphs", BROKEN, model(more=counted(7, graph()))
    yield "no graph", BROKEN, number(1, 8) + counted(2, "tests") + counted(8, opset())
    yield "no version of its operators", BROKEN, model(opsets=())
    yield "two versions of its operators", BROKEN, model(opsets=(opset(17), opset(9)))
    yield "two versions, by two names", BROKEN, model(opsets=(opset(17), opset(9, "ai.onnx")))
    yield "operators of a version that nobody has", BROKEN, model(opsets=(opset(1 << 40),))
    yield "a negative version", BROKEN, model(opsets=(opset(-1),))
    yield "a group", BROKEN, good + varint(2 << 3 | 3)
    yield "a length beyond the file", BROKEN, number(1, 8) + varint(7 << 3 | 2) + varint(1 << 40) + b"\n"
    yield "a length of ten bytes", BROKEN, number(1, 8) + varint(7 << 3 | 2) + b"\xff" * 9 + b"\x01" + b"\n"
    yield "a longer number than needed", BROKEN, number(1, 8) + b"\x28\x81\x00" + good[2:]
    yield "an endless number", BROKEN, number(1, 8) + b"\x28" + b"\x80" * 12
    yield "the format's version twice", BROKEN, good + number(1, 3)
    yield "a tensor twice", BROKEN, model(graph(tensors=(WEIGHT, WEIGHT)))
    yield "a tensor without a name", BROKEN, _with(tensor("", (1,), floats(1)))
    yield "two nodes that make one value", BROKEN, _nodes(MATMUL, ADD, node("Relu", "h", "y"))
    yield (
        "an attribute twice",
        BROKEN,
        _nodes(MATMUL, node("Softmax", "h", "y", attribute("axis", "i", 1), attribute("axis", "i", 0))),
    )
    yield (
        "an attribute of another type",
        BROKEN,
        _nodes(MATMUL, node("Softmax", "h", "y", attribute("axis", "i", 1, kind=1))),
    )
    yield (
        "an attribute without a type",
        BROKEN,
        _nodes(MATMUL, node("Softmax", "h", "y", attribute("axis", "i", 1, kind=0))),
    )
    two = counted(1, "alpha") + fixed(2, 1.0) + number(3, 1) + number(20, 1)
    yield "an attribute of two values", BROKEN, _nodes(MATMUL, node("LeakyRelu", "h", "y", two))
    yield "a name that is no UTF-8", BROKEN, _with(WEIGHT.replace(b"weight", b"wei\xffht"))
    yield "a text in the form of a number", BROKEN, good + number(6, 3)
    yield "metadata twice", BROKEN, model(more=counted(14, entry("a", "1")) + counted(14, entry("a", "2")))
    yield "metadata that is no text", BROKEN, model(more=counted(14, entry("names", b"\x80\x04cos\nsystem\n\xff")))
    yield "metadata of 2 MB", BOMB, model(more=counted(14, entry("notes", "x" * (1 << 21))))


HOSTILE: dict[str, tuple[str, bytes]] = {
    name: (rule, data) for part in (_outside, _tensors, _programs, _names, _formats) for name, rule, data in part()
}
"""Name -> the rule that must be among the flaws, without ``admission.``, and the file."""
