"""Tensors that reach outside, stand for far more than there is, or hide damage below another type of elements."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator

from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import FOUR, Hostile
from tests.admission_corpus.pickle_assembly import call, legacy, named, stream, text, torch_archive

BOUNDS, NAN, EXPANSION, CALL = "tensor-bounds", "tensor-not-finite", "tensor-expansion", "pickle-call"
MAPPING = call("collections", "OrderedDict")
NOTHING = struct.pack("<2f", 1.0, float("nan"))


def _ints(*values: int) -> bytes:
    return asm.MARK + b"".join(asm.number(value) for value in values) + asm.TUPLE


def _longs(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def _sparse(layout: str, *parts: bytes) -> bytes:
    made = call("torch.serialization", "_get_layout", text(f"torch.{layout}"))
    return call("torch._utils", "_rebuild_sparse_tensor", made, asm.MARK + b"".join(parts) + asm.TUPLE)


def _coordinates(indices: bytes, size: tuple[int, ...] = (2, 2), *, values: int = 2) -> bytes:
    """Two values in a matrix."""
    body = _sparse(
        "sparse_coo",
        asm.tensor("0", 4, (2, 2), (2, 1), kind="LongStorage"),
        asm.tensor("1", values, (values,), (1,)),
        _ints(*size),
        b"\x88",
    )
    return torch_archive(stream(asm.state_dict(("x", body))), indices, FOUR[: 4 * values])


def _compressed(layout: str, bounds: bytes, plain: bytes, size: tuple[int, ...] = (2, 2)) -> bytes:
    body = _sparse(
        layout,
        asm.tensor("0", 3, (3,), (1,), kind="LongStorage"),
        asm.tensor("1", 2, (2,), (1,), kind="LongStorage"),
        asm.tensor("2", 2, (2,), (1,)),
        _ints(*size),
    )
    return torch_archive(stream(asm.state_dict(("x", body))), bounds, plain, FOUR[:8])


def _blocks(plain: bytes) -> bytes:
    body = _sparse(
        "sparse_bsc",
        asm.tensor("0", 3, (3,), (1,), kind="LongStorage"),
        asm.tensor("1", 1, (1,), (1,), kind="LongStorage"),
        asm.tensor("2", 4, (1, 2, 2), (4, 2, 1)),
        _ints(4, 4),
    )
    return torch_archive(stream(asm.state_dict(("x", body))), _longs(0, 0, 1), plain, FOUR)


def _shown_as(dtype: str, data: bytes, count: int, *, kind: str = "UntypedStorage") -> bytes:
    """Bytes that become numbers of another type."""
    storage = asm.storage("0", len(data), kind).replace(b"ctorch\nUntyped", b"ctorch.storage\nUntyped")
    body = call(
        "torch._utils", "_rebuild_tensor_v3", storage, asm.number(0), _ints(count), _ints(1), b"\x89", MAPPING,
        named("torch", dtype),
    )  # fmt: skip
    return torch_archive(stream(asm.state_dict(("weight", body))), data)


def _damaged(label: str, *values: float) -> bytes:
    body = asm.tensor("0", len(values), (len(values),), (1,))
    return torch_archive(stream(asm.state_dict((label, body))), struct.pack(f"<{len(values)}f", *values))


def _views(_: str) -> bytes:
    """Each of them is expanded within the bounds of one."""
    one = asm.tensor("0", 4, (1 << 19,), (0,))
    return torch_archive(stream(asm.state_dict(*((f"mask{index}", one) for index in range(3000)))), FOUR)


def _excused(_: str) -> bytes:
    """Twenty measurements and a weight show the same damage."""
    one = asm.tensor("0", 2, (2,), (1,))
    names = [*(f"loss{index}" for index in range(20)), "weight"]
    return torch_archive(stream(asm.state_dict(*((name, one) for name in names))), NOTHING)


def _npy(descr: str, shape: str, data: bytes) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def _safetensors(dtype: str, shape: list[int], data: bytes, room: int = 0) -> bytes:
    header = json.dumps({"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    header += b" " * room
    return struct.pack("<Q", len(header)) + header + data


def _from_buffer(count: int) -> bytes:
    dtype = call("numpy", "dtype", text("f4"), b"\x89", b"\x88")
    data = b"\x96" + struct.pack("<Q", 16) + FOUR
    return stream(call("numpy._core.numeric", "_frombuffer", data, dtype, _ints(count), text("C")), 5)


def _quantized(scale: float) -> bytes:
    scheme = named("torch", "per_tensor_affine") + b"G" + struct.pack(">d", scale) + asm.number(0) + asm.TUPLE3
    storage = asm.storage("0", 4, "QInt8Storage")
    body = call(
        "torch._utils", "_rebuild_qtensor", storage, asm.number(0), _ints(4), _ints(1), scheme, b"\x89", MAPPING
    )
    return torch_archive(stream(asm.state_dict(("weight", body))), b"\1\2\3\4")


def tensors() -> Iterator[Hostile]:
    """All of them."""
    for name, indices, size in (
        ("high", _longs(0, 1, 0, 9), (2, 2)),
        ("low", _longs(0, 1, 0, -1), (2, 2)),
        ("far", _longs(0, 1 << 40, 0, 0), (2, 2)),
        ("dimensions", _longs(0, 1, 0, 1), (2,)),
        ("empty", _longs(0, 0, 0, 0), (0, 2)),
    ):
        yield Hostile(f"sparse-{name}", "model.pth", "", BOUNDS, lambda m, i=indices, s=size: _coordinates(i, s))
    yield Hostile("sparse-values", "model.pth", "", BOUNDS, lambda m: _coordinates(_longs(0, 1, 0, 1), values=3))
    yield Hostile("sparse-size", "model.pth", "", CALL, lambda m: _coordinates(_longs(0, 1, 0, 1), (1 << 30, 1 << 30)))
    for layout in ("sparse_csr", "sparse_csc"):
        for name, bounds, plain in (
            ("column", (0, 1, 2), (0, 7)),
            ("negative", (0, 1, 2), (0, -7)),
            ("bounds", (0, 9, 2), (0, 1)),
            ("shrinking", (2, 1, 2), (0, 1)),
            ("short", (0, 1, 1), (0, 1)),
        ):
            yield Hostile(f"{layout}-{name}", "model.pth", "", BOUNDS,
                          lambda m, k=layout, b=bounds, p=plain: _compressed(k, _longs(*b), _longs(*p)))  # fmt: skip
    yield Hostile("sparse-rows", "model.pth", "", BOUNDS,
                  lambda m: _compressed("sparse_csr", _longs(0, 1, 2), _longs(0, 1), (5, 2)))  # fmt: skip
    yield Hostile("sparse-blocks", "model.pth", "", BOUNDS, lambda m: _blocks(_longs(2)))
    yield Hostile("sparse-old", "model.pth", "", BOUNDS, _sparse_old)
    for dtype, data in (
        ("float8_e4m3fn", b"\x38\x7f\x38\x38"),
        ("float8_e5m2", b"\x38\x7c\x38\x38"),
        ("float8_e4m3fnuz", b"\x38\x80\x38\x38"),
        ("float8_e5m2fnuz", b"\x80\x38\x38\x38"),
        ("float8_e8m0fnu", b"\xff\x7f\x7f\x7f"),
        ("float32", NOTHING),
        ("bfloat16", b"\x80\x3f\xc0\x7f"),
        ("complex64", NOTHING),
        ("complex32", struct.pack("<2e", 1, float("inf"))),
    ):
        size = {"float32": 4, "bfloat16": 2, "complex64": 8, "complex32": 4}.get(dtype, 1)
        yield Hostile(f"nan-as-{dtype}", "model.pth", "", NAN,
                      lambda m, t=dtype, d=data, n=size: _shown_as(t, d, len(d) // n))  # fmt: skip
    yield Hostile("nan-below-whole-numbers", "model.pth", "", NAN, _nan_below_whole_numbers)
    infinity = float("inf")
    for name, label, values in (
        ("minus-infinity-in-weights", "decoder.weight", (1.0, -infinity, 2.0, 3.0)),
        ("many-minus-infinities-in-weights", "decoder.weight", (-infinity, -infinity, 2.0, 3.0)),
        ("plus-infinity-in-a-mask", "mask", (0.0, infinity, 0.0, 0.0)),
        ("nan-in-a-mask", "mask", (0.0, -infinity, float("nan"), 0.0)),
        ("one-minus-infinity", "decoder.scale", (*(1.0,) * 60, -infinity)),
        ("nan-in-a-layer-called-loss", "loss.weight", (1.0, float("nan"))),
    ):
        yield Hostile(name, "model.pth", "", NAN, lambda m, n=label, v=values: _damaged(n, *v))
    yield Hostile("nan-excused-by-measurements", "model.pth", "", NAN, _excused)
    yield Hostile("views-by-thousands", "model.pth", "", EXPANSION, _views)
    yield Hostile("quantized-by-nan", "model.pth", "", CALL, lambda m: _quantized(float("nan")))
    yield Hostile("npy-nan-long", "stats.npy", "", NAN,
                  lambda m: _npy("'<f16'", "(1,)", b"\0" * 8 + b"\xff\xff" + b"\0" * 6))  # fmt: skip
    yield Hostile("npy-nan-complex", "stats.npy", "", NAN, lambda m: _npy("'<c8'", "(1,)", NOTHING))
    yield Hostile("npy-records-of-objects", "stats.npy", "", "tensor-dtype",
                  lambda m: _npy("[('a', '<f4'), ('b', '|O')]", "(1,)", FOUR[:12]))  # fmt: skip
    yield Hostile("npy-records-lie", "stats.npy", "", "numpy-header",
                  lambda m: _npy("[('a', '<f4'), ('b', '<f4')]", "(9,)", FOUR))  # fmt: skip
    yield Hostile("npy-of-nothing", "stats.npy", "", "numpy-header", lambda m: _npy("'<U0'", "(99999999999,)", b""))
    yield Hostile("npy-dates-lie", "stats.npy", "", "numpy-header", lambda m: _npy("'<M8[D]'", "(9,)", FOUR))
    yield Hostile("buffer-lie", "model.pkl", "", CALL, lambda m: _from_buffer(1 << 30))
    for dtype, data in (("F8_E4M3", b"\x7f\0"), ("F8_E5M2", b"\x7c\0"), ("F8_E8M0", b"\xff\0"), ("C64", NOTHING)):
        count = 1 if dtype == "C64" else 2
        yield Hostile(f"safetensors-nan-{dtype}", "m.safetensors", "", NAN,
                      lambda m, t=dtype, d=data, n=count: _safetensors(t, [n], d))  # fmt: skip
    yield Hostile("safetensors-half-a-byte", "m.safetensors", "", "safetensors-header",
                  lambda m: _safetensors("F4", [3], b"\0\0"))  # fmt: skip
    yield Hostile("safetensors-long-header", "m.safetensors", "", "safetensors-header",
                  lambda m: _safetensors("F32", [4], FOUR, 5 << 20))  # fmt: skip


def _sparse_old(_: str) -> bytes:
    def old(key: str, count: int, shape: tuple[int, ...], strides: tuple[int, ...], kind: str) -> bytes:
        pid = (asm.MARK + text("storage") + named("torch", kind) + text(key) + text("cpu") + asm.number(count)
               + asm.NONE + asm.TUPLE + asm.BINPERSID)  # fmt: skip
        return call("torch._utils", "_rebuild_tensor_v2", pid, asm.number(0), _ints(*shape), _ints(*strides), b"\x89",
                    MAPPING)  # fmt: skip

    body = _sparse(
        "sparse_coo", old("0", 4, (2, 2), (2, 1), "LongStorage"), old("1", 2, (2,), (1,), "LongStorage"), _ints(2, 2)
    )
    return legacy(body, ("0", _longs(0, 1, 0, 77)), ("1", _longs(1, 1)), width=8)


def _nan_below_whole_numbers(_: str) -> bytes:
    """A storage of whole numbers that a second tensor shows as floats."""
    whole = asm.tensor("0", 1, (1,), (1,), kind="LongStorage")
    body = call(
        "torch._utils", "_rebuild_tensor_v3", asm.storage("0", 1, "LongStorage"), asm.number(0), _ints(2), _ints(1),
        b"\x89", MAPPING, named("torch", "float32"),
    )  # fmt: skip
    return torch_archive(stream(asm.state_dict(("steps", whole), ("weight", body))), NOTHING)
