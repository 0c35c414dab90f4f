"""Writes tensors as torch's zip archive, with the standard library alone: one plain state dict, nothing else.

The pickle is put together operation by operation (protocol 2, no memo), so that the same tensors give the same bytes.
Each tensor has a storage of its own, aligned to 64 bytes as torch does.

Source: torch/serialization.py, torch/_utils.py.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from typing import IO, Final

from harness.admission.reading.symbols import DTYPE_BYTES
from harness.admission.reading.weight import Weight, Weights

STATE_KEY: Final = "model"
"""Where Coqui looks for the weights."""
STORAGES: Final = {
    "float64": "DoubleStorage", "float32": "FloatStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage",
    "int64": "LongStorage", "int32": "IntStorage", "int16": "ShortStorage", "int8": "CharStorage",
    "uint8": "ByteStorage", "bool": "BoolStorage", "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}  # fmt: skip
"""Types that have a storage class; the others go by bytes and a name."""
UNTYPED: Final = frozenset({"uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"})
ALIGNMENT: Final = 64
TOP: Final = "archive"
BLOCK: Final = 1 << 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_PADDING: Final = 0x4246  # "FB"
_LOCAL_BYTES: Final = 30
_ZIP64_BYTES: Final = 20


class Short(Exception):
    """A tensor's bytes end before it does."""


def write_torch(weights: Weights, file: IO[bytes]) -> None:
    """Write a checkpoint.

    Args:
        weights: All of types in :data:`STORAGES` or :data:`UNTYPED`.
        file: Empty and seekable.

    Raises:
        Short: A tensor's bytes are not all there.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _write_small(archive, "data.pkl", pickle_of(weights))
        _write_small(archive, "byteorder", b"little")
        for number, weight in enumerate(weights.values()):
            about = _member(f"data/{number}", weight.data.size)
            is_zip64 = weight.data.size * 1.05 > zipfile.ZIP64_LIMIT  # zipfile's own rule
            begins = file.tell() + _LOCAL_BYTES + len(about.filename) + 4 + (_ZIP64_BYTES if is_zip64 else 0)
            fill = -begins % ALIGNMENT
            about.extra = struct.pack("<HH", _PADDING, fill) + b"Z" * fill
            with archive.open(about, "w") as member:
                for block in blocks_of(weight):
                    member.write(block)
        _write_small(archive, "version", b"3\n")


def blocks_of(weight: Weight) -> Iterator[bytes]:
    """A tensor's bytes.

    Raises:
        Short: They are not all there.
    """
    for at in range(0, weight.data.size, BLOCK):
        block = weight.data.read(at, BLOCK)
        if len(block) != min(BLOCK, weight.data.size - at):
            raise Short
        yield block


def pickle_of(weights: Weights) -> bytes:
    """The stream that rebuilds ``{"model": OrderedDict(...)}``."""
    entries = b"".join(_text(name) + _tensor(str(key), one) for key, (name, one) in enumerate(weights.items()))
    state = _named("collections", "OrderedDict") + b")R" + b"(" + entries + b"u"
    return b"\x80\x02}" + _text(STATE_KEY) + state + b"s."


def _tensor(key: str, weight: Weight) -> bytes:
    is_untyped = weight.dtype in UNTYPED
    kind = _named("torch.storage", "UntypedStorage") if is_untyped else _named("torch", STORAGES[weight.dtype])
    count = weight.count * DTYPE_BYTES[weight.dtype] if is_untyped else weight.count
    storage = b"(" + _text("storage") + kind + _text(key) + _text("cpu") + _number(count) + b"tQ"
    arguments = storage + _number(0) + _numbers(weight.shape) + _numbers(_strides(weight.shape))
    arguments += b"\x89" + _named("collections", "OrderedDict") + b")R"  # needs no gradient, has no hooks
    if is_untyped:
        return _named("torch._utils", "_rebuild_tensor_v3") + b"(" + arguments + _named("torch", weight.dtype) + b"tR"
    return _named("torch._utils", "_rebuild_tensor_v2") + b"(" + arguments + b"tR"


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    found: list[int] = []
    step = 1
    for size in reversed(shape):
        found.append(step)
        step *= max(size, 1)
    return tuple(reversed(found))


def _named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _number(value: int) -> bytes:
    if value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(8, "little")
    return b"\x8a" + bytes((len(data),)) + data


def _numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(_number(value) for value in values) + b"t"


def _member(name: str, size: int) -> zipfile.ZipInfo:
    about = zipfile.ZipInfo(f"{TOP}/{name}", _EPOCH)
    about.create_system = 0  # else it tells where it was written
    about.external_attr = 0o600 << 16
    about.file_size = size
    return about


def _write_small(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(_member(name, len(data)), data)
