"""Honest ONNX files: in every form that writers give a tensor, and as torch, onnx and onnxruntime write them."""

from __future__ import annotations

import io
import struct
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tests.admission_corpus.onnx_assembly import (
    ADD,
    BIAS,
    FLOAT,
    FLOAT16,
    INT32,
    INT64,
    MATMUL,
    attribute,
    bare_tensor,
    counted,
    entry,
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

VALUES = (1.0, -2.0, 0.5, 3.0)


def _with(weight: bytes) -> bytes:
    return model(graph(tensors=(weight, BIAS)))


def _packed(*values: int) -> bytes:
    return b"".join(map(varint, values))


def _branching() -> bytes:
    then = graph(node("Identity", "h", "a"), tensors=(), inputs=(), outputs=(value("a", ("time", 2)),))
    other = graph(node("Neg", "h", "b"), tensors=(), inputs=(), outputs=(value("b", ("time", 2)),))
    choice = node("If", "c", "y", attribute("then_branch", "g", then), attribute("else_branch", "g", other))
    return model(graph(MATMUL, choice, inputs=(value("x", ("time", 2)), value("c", (), 9))))


def _quantised() -> bytes:
    tensors = (
        tensor("weight", (2, 2), bytes(range(4)), 3), tensor("scale", (), floats(0.1)), tensor("zero", (), b"\3", 3),
        BIAS,
    )  # fmt: skip
    mixed = node("MatMulIntegerToFloat", "x weight scale scale zero zero", "h", domain="com.microsoft")
    return model(graph(mixed, ADD, tensors=tensors), opsets=(opset(), opset(1, "com.microsoft")))


WRITTEN: dict[str, bytes] = {
    "two layers": model(),
    "elements as floats": _with(bare_tensor("weight", (2, 2), FLOAT, counted(4, floats(*VALUES)))),
    "half numbers": _with(tensor("weight", (2, 2), np.array(VALUES, "<f2").tobytes(), FLOAT16)),
    "half numbers one by one": _with(
        bare_tensor("weight", (2, 2), FLOAT16, counted(5, _packed(0x3C00, 0xC000, 0x3800, 0)))
    ),
    "bfloat16": _with(tensor("weight", (2, 2), struct.pack("<4H", 0x3F80, 0xC000, 0x3F00, 0), 16)),
    "doubles": _with(bare_tensor("weight", (2, 2), 11, counted(10, struct.pack("<4d", *VALUES)))),
    "negative whole numbers one by one": _with(
        bare_tensor("weight", (2, 2), INT64, counted(7, _packed(1, -1, 2, -(1 << 62))))
    ),
    "booleans": _with(bare_tensor("weight", (2, 2), 9, counted(5, _packed(0, 1, 1, 0)))),
    "four-bit numbers": _with(tensor("weight", (3, 3), bytes(5), 22)),
    "sizes in one field": _with(
        counted(1, _packed(2, 2)) + number(2, INT32) + counted(8, "weight") + counted(9, bytes(16))
    ),
    "a tensor without elements": _with(tensor("weight", (0, 2), b"")),
    "a mask of -inf": _with(tensor("mask", (2, 2), floats(0, -np.inf, 0, 0))),
    "a constant of -inf": model(
        graph(
            MATMUL,
            ADD,
            node("Add", "y /Constant_output_0", "z"),
            tensors=(tensor("/Constant_output_0", (), floats(-np.inf)),),
        )
    ),
    "metadata and texts": model(
        more=counted(6, "A voice.\nOf several lines.")
        + counted(14, entry("language", "en"))
        + counted(14, entry("n", "1"))
    ),
    "a long text beside a node": model(graph(MATMUL, node("Add", "h bias", "y", more=counted(6, "line\n" * 30_000)))),
    "types of values in between": model(graph(more=counted(13, value("h", ("time", 2))))),
    "an input that may be left out": model(graph(MATMUL, node("Clip", "h  bias", "y"))),
    "numbers in an attribute": model(
        graph(
            MATMUL,
            node("Transpose", "h", "y", attribute("perm", "ints", 1, 0)),
            node("Elu", "y", "z", attribute("alpha", "f", 1.0)),
        )
    ),
    "an attribute of no numbers": model(graph(MATMUL, node("Split", "h", "y", attribute("split", "ints")))),
    "names of other letters": model(
        graph(node("MatMul", "x weight", "über", name="/größe"), node("Relu", "über", "y"))
    ),
    "branches": _branching(),
    "quantised": _quantised(),
    "a scale in a node": model(
        graph(MATMUL, ADD, node("Constant", "", "c", attribute("value", "t", tensor("", (2,), longs(1, 2), INT64))))
    ),
    "fields in another order": counted(8, opset()) + counted(7, graph()) + number(1, 8),
    "a field of a later writer": model(more=number(5, 0) + counted(3, "1.0") + counted(4, "org.example")),
}
"""Name -> file. Their graphs are nobody's, so each needs a decision and none fails."""

ALONE = model(graph(inputs=(), outputs=())[len(counted(1, MATMUL) + counted(1, ADD)) :])
"""Tensors, and no node: it computes nothing, and needs no decision."""


def of_torch() -> dict[str, bytes]:
    """Small networks, as torch's exporter writes them."""
    import torch
    from torch import nn

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.own = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.own(x, x, x, need_weights=False)[0]

    class Embedded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(16, 8)
            self.norm = nn.LayerNorm(8)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.norm(self.table(ids) * 8**0.5).masked_fill(ids[..., None] == 0, float("-inf"))

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.own = nn.LSTM(8, 4, bidirectional=True, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.own(x)[0]

    class Noisy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + torch.randn_like(x) * 0.667

    vocoder = nn.Sequential(
        nn.Conv1d(8, 8, 3), nn.LeakyReLU(0.1), nn.ConvTranspose1d(8, 4, 4, 2), nn.Conv1d(4, 1, 3), nn.Tanh()
    )
    sequence, channels = torch.randn(1, 6, 8), torch.randn(1, 8, 6)
    cases: dict[str, tuple[nn.Module, torch.Tensor]] = {
        "attention": (Attention(), sequence),
        "embedding": (Embedded(), torch.arange(6)[None]),
        "recurrence": (Recurrent(), sequence),
        "noise": (Noisy(), sequence),
        "vocoder": (vocoder, channels),
        "scripted": (torch.jit.script(_counting()), sequence),
    }
    return {name: _exported(network.eval(), given) for name, (network, given) in cases.items()}


def _exported(network: Any, given: Any) -> bytes:
    import torch

    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (given,), out, dynamo=False, opset_version=15, input_names=["x"], output_names=["y"])
    return out.getvalue()


def _counting() -> Any:
    import torch

    class Counting(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for _ in range(x.shape[1]):
                if bool(x.sum() > 0):
                    x = x * 0.5
            return x

    return Counting()


def of_onnx() -> dict[str, bytes]:
    """By the format's own package, and quantised by the runtime's tools."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from onnxruntime.quantization import QuantType, quantize_dynamic

    rng = np.random.default_rng(1)
    weight = numpy_helper.from_array(rng.normal(size=(8, 8)).astype(np.float32), "weight")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["time", 8]) for name in "xy"]
    nodes = [helper.make_node("MatMul", ["x", "weight"], ["h"]), helper.make_node("Tanh", ["h"], ["y"])]
    made = helper.make_model(
        helper.make_graph(nodes, "main", ends[:1], ends[1:], [weight]), opset_imports=[helper.make_opsetid("", 17)]
    )
    made.ir_version = 9
    typed = helper.make_tensor("weight", TensorProto.FLOAT16, (8, 8), np.arange(64, dtype=np.float16))
    half = onnx.ModelProto()
    half.CopyFrom(made)
    half.graph.initializer[0].CopyFrom(typed)
    found = {
        "by its own package": made.SerializeToString(),
        "half numbers by its own package": half.SerializeToString(),
    }
    for kind in (QuantType.QInt8, QuantType.QUInt8):
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "whole.onnx"), Path(folder, "small.onnx")
            onnx.save(made, source)
            quantize_dynamic(source, target, weight_type=kind)
            found[f"quantised to {kind.name}"] = target.read_bytes()
    return found
