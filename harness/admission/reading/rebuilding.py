"""How a checkpoint's pickle calls what rebuilds tensors: every allowed call with a check of its arguments.

``_codecs.encode`` with another codec or ``_rebuild_tensor_v2`` on something that is no storage is refused like a
foreign import. Knows symbols, not bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from harness.admission.reading.symbols import (
    DTYPE_BYTES,
    FLOAT,
    STORAGE_DTYPES,
    Blob,
    Box,
    Global,
    Scalar,
    Storage,
    Tensor,
    show,
)

MAX_SPARSE = 1 << 33
"""Elements of a sparse tensor, zeros included: what it becomes when it is made dense."""

Maker = Callable[[Sequence[object], int], object]
"""Checks the arguments of a call at a position and gives its symbolic result."""


class Refused(Exception):
    """The arguments are not what a checkpoint passes; the text says what was expected and what is there."""


class Outdated(Exception):
    """The call is harmless but needs an old format's code."""


PLAIN_TYPES = {
    f"builtins.{name}" for name in ("dict", "list", "tuple", "set", "frozenset", "int", "float", "str", "bool")
}
_ENCODINGS = {"latin1", "latin-1", "iso8859-1"}
_LOCATION = re.compile(r"(cpu|meta|(cuda|xpu|mps|hpu|npu|mtia|privateuseone)(:\d{1,3})?)\Z")
_NUMERIC_DTYPE = re.compile(r"[<>=|]?([biufc](1|2|4|8|16)|[?bBhHiIlLqQefd]|bool|u?int(8|16|32|64)|float(16|32|64))\Z")
_TEXT_DTYPE = re.compile(r"[<>=|]?[SU]\d{1,4}\Z")


def integers(value: object, what: str) -> tuple[int, ...]:
    """A tuple, list or torch.Size of integers.

    Raises:
        Refused: It is something else.
    """
    if not isinstance(value, Box) or value.kind not in ("tuple", "list", "size") or not value.is_complete:
        raise Refused(f"expected {what} as a tuple of integers, got {show(value)}")
    found = tuple(item for item in value.items if isinstance(item, int) and not isinstance(item, bool))
    if len(found) != value.count or len(found) > 64:
        raise Refused(f"expected {what} as at most 64 integers, got {show(value)}")
    return found


def location_of(value: object) -> str:
    """A device name such as ``cpu`` or ``cuda:0``.

    Raises:
        Refused: It is something else.
    """
    if not isinstance(value, str) or not _LOCATION.match(value):
        raise Refused(f"expected a device such as cpu or cuda:0, got {show(value)}")
    return value


def storage_of(pid: object) -> tuple[Storage, object]:
    """The storage that a persistent id names, and the view that legacy files add to it.

    Raises:
        Refused: It is not the tuple that torch.save writes.
    """
    if not isinstance(pid, Box) or pid.kind != "tuple" or not 5 <= pid.count <= 6 or pid.items[0] != "storage":
        raise Refused(f"expected ('storage', type, key, location, count), got {show(pid)}")
    _, kind, key, location, count = pid.items[:5]
    name = kind.name if isinstance(kind, Global) else ""
    parent, _, last = name.rpartition(".")
    if last not in STORAGE_DTYPES or parent not in ("torch", "torch.cuda", "torch.storage"):
        raise Refused(f"expected a storage type of torch, got {show(kind)}")
    if not isinstance(key, str) or not re.fullmatch(r"\d{1,20}", key):
        raise Refused(f"expected a storage key of digits, got {show(key)}")
    location_of(location)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 1 << 48:
        raise Refused(f"expected a storage's size, got {show(count)}")
    return Storage(key, STORAGE_DTYPES[last], count), pid.items[5] if pid.count == 6 else None


def is_plain_dtype(value: object) -> bool:
    """Whether it is a numpy dtype of numbers or fixed text: no objects, no records."""
    return isinstance(value, Box) and value.kind == "dtype" and value.detail != "O"


def _arguments(args: Sequence[object], least: int, most: int, of: str) -> None:
    if not least <= len(args) <= most:
        raise Refused(f"expected {least} to {most} arguments of {of}, got {len(args)}")


def _natural(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 48:
        raise Refused(f"expected {what} as a number from 0, got {show(value)}")
    return value


def _flag(value: object, what: str) -> None:
    if not isinstance(value, bool):
        raise Refused(f"expected {what} as True or False, got {show(value)}")


def _hooks(value: object) -> None:
    if value is not None and not (isinstance(value, Box) and value.kind == "mapping" and value.count == 0):
        raise Refused(f"expected no hooks, got {show(value)}")


def _metadata(value: object) -> bool:
    """Whether a tensor's marks say that its elements are to be negated or conjugated."""
    if value is None:
        return False
    if not isinstance(value, Box) or value.kind != "dict" or not value.is_complete:
        raise Refused(f"expected a tensor's metadata, got {show(value)}")
    if any(key not in ("conj", "neg") for key in value.items[::2]):
        raise Refused(f"expected a tensor's conj and neg marks, got {show(value.items[0])}")
    return any(mark is not False for mark in value.items[1::2])


def _torch_dtype(value: object) -> str:
    name = value.name if isinstance(value, Global) else ""
    if not name.startswith("torch.") or name[6:] not in DTYPE_BYTES:
        raise Refused(f"expected a dtype of torch, got {show(value)}")
    return name[6:]


def _tensor(args: Sequence[object], position: int) -> Tensor:
    storage = args[0]
    if not isinstance(storage, Storage):
        raise Refused(f"expected a storage, got {show(storage)}")
    return Tensor(
        storage, _natural(args[1], "an offset"), integers(args[2], "a shape"), integers(args[3], "strides"),
        storage.dtype, position,
    )  # fmt: skip


def _rebuild_tensor(args: Sequence[object], position: int) -> object:
    _arguments(args, 4, 4, "_rebuild_tensor")
    return _tensor(args, position)


def _rebuild_tensor_v2(args: Sequence[object], position: int) -> object:
    _arguments(args, 5, 7, "_rebuild_tensor_v2")
    _flag(args[4], "requires_grad")
    _hooks(args[5] if len(args) > 5 else None)
    made = _tensor(args, position)
    made.is_marked = _metadata(args[6] if len(args) > 6 else None)
    return made


def _rebuild_tensor_v3(args: Sequence[object], position: int) -> object:
    _arguments(args, 7, 8, "_rebuild_tensor_v3")
    _flag(args[4], "requires_grad")
    _hooks(args[5])
    dtype = _torch_dtype(args[6])
    made = _tensor(args, position)
    made.is_marked = _metadata(args[7] if len(args) > 7 else None)
    made.dtype = dtype
    return made


def _rebuild_parameter(args: Sequence[object], _: int) -> object:
    _arguments(args, 3, 4, "_rebuild_parameter")
    _flag(args[1], "requires_grad")
    _hooks(args[2])
    if not isinstance(args[0], Tensor | Box) or (isinstance(args[0], Box) and args[0].kind != "tensor"):
        raise Refused(f"expected a tensor, got {show(args[0])}")
    if len(args) > 3:
        _no_state(args[3])
    return args[0]


def _no_state(value: object) -> None:
    if value is not None and not (isinstance(value, Box) and value.kind in ("dict", "mapping") and value.count == 0):
        raise Refused(f"expected a parameter without attributes of its own, got {show(value)}")


def _rebuild_sparse(args: Sequence[object], _: int) -> object:
    _arguments(args, 2, 2, "_rebuild_sparse_tensor")
    layout, data = args
    if not isinstance(layout, Box) or layout.kind != "layout":
        raise Refused(f"expected a layout, got {show(layout)}")
    if not isinstance(data, Box) or data.kind != "tuple" or not 3 <= data.count <= 5:
        raise Refused(f"expected a sparse tensor's parts, got {show(data)}")
    for part in data.items:
        if not isinstance(part, Tensor | bool) and not (isinstance(part, Box) and part.kind in ("size", "tuple")):
            raise Refused(f"expected tensors and a size in a sparse tensor, got {show(part)}")
        if isinstance(part, Box) and math.prod(integers(part, "a size")) > MAX_SPARSE:
            raise Refused(f"expected a sparse tensor of at most {MAX_SPARSE} elements, got {show(part)}")
    return Box("tensor", detail="sparse tensor")


def _rebuild_meta(args: Sequence[object], _: int) -> object:
    _arguments(args, 4, 4, "_rebuild_meta_tensor_no_storage")
    _torch_dtype(args[0])
    integers(args[1], "a shape")
    integers(args[2], "strides")
    _flag(args[3], "requires_grad")
    return Box("tensor", detail="tensor without data")


def _rebuild_typed(args: Sequence[object], position: int) -> object:
    _arguments(args, 4, 4, "_rebuild_from_type_v2")
    maker, kind, inner, state = args
    name = maker.name if isinstance(maker, Global) else ""
    if not name.startswith("torch._utils._rebuild_") or name not in CALLS:
        raise Refused(f"expected a function that rebuilds tensors, got {show(maker)}")
    if not isinstance(kind, Global) or kind.name not in TENSOR_TYPES:
        raise Refused(f"expected a tensor type, got {show(kind)}")
    if not isinstance(inner, Box) or inner.kind != "tuple":
        raise Refused(f"expected arguments, got {show(inner)}")
    _no_state(state)
    return CALLS[name](inner.items, position)


def _layout(args: Sequence[object], _: int) -> object:
    _arguments(args, 1, 1, "_get_layout")
    if args[0] not in ("torch.strided", "torch.sparse_coo", "torch.sparse_csr", "torch.sparse_csc", "torch.sparse_bsr"):
        raise Refused(f"expected the name of a layout, got {show(args[0])}")
    return Box("layout")


def _size(args: Sequence[object], _: int) -> object:
    _arguments(args, 1, 1, "torch.Size")
    sizes = integers(args[0], "a size")
    return Box("size", list(sizes), len(sizes))


def _device(args: Sequence[object], _: int) -> object:
    _arguments(args, 1, 2, "torch.device")
    location_of(args[0])
    if len(args) > 1:
        _natural(args[1], "a device number")
    return Box("device")


def _mapping(args: Sequence[object], _: int) -> object:
    _arguments(args, 0, 1, "a mapping")
    if args and not _is_box(args[0], "list", "dict", "mapping"):
        raise Refused(f"expected items, got {show(args[0])}")
    inner = args[0] if args else None
    return Box("mapping", count=inner.count if isinstance(inner, Box) else 0)


def _defaultdict(args: Sequence[object], position: int) -> object:
    _arguments(args, 0, 2, "defaultdict")
    if args and args[0] is not None and not (isinstance(args[0], Global) and args[0].name in PLAIN_TYPES):
        raise Refused(f"expected a plain type, got {show(args[0])}")
    return _mapping(args[1:], position)


def _collection(kind: str) -> Maker:
    def make(args: Sequence[object], _: int) -> object:
        _arguments(args, 0, 2 if kind == "deque" else 1, kind)
        if args and not _is_box(args[0], "list", "tuple", "set", "frozenset", "dict"):
            raise Refused(f"expected items, got {show(args[0])}")
        if len(args) > 1 and args[1] is not None:
            _natural(args[1], "a length")
        return Box("list" if kind == "deque" else kind, count=0)

    return make


def _bytearray(args: Sequence[object], position: int) -> object:
    _arguments(args, 0, 2, "bytearray")
    if len(args) == 1 and not (isinstance(args[0], bytes) or (isinstance(args[0], Blob) and args[0].kind == "bytes")):
        raise Refused(f"expected bytes, got {show(args[0])}")
    return _encode(args, position) if len(args) == 2 else Box("bytearray")


def _encode(args: Sequence[object], _: int) -> object:
    _arguments(args, 1, 2, "_codecs.encode")
    text, codec = args[0], args[1] if len(args) > 1 else "utf-8"
    if not isinstance(codec, str) or codec.lower() not in _ENCODINGS | {"utf-8"}:
        raise Refused(f"expected latin1 as the encoding, got {show(codec)}")
    if isinstance(text, Blob) and text.kind == "text":
        return Blob("encoded", text.start, text.size)
    if not isinstance(text, str):
        raise Refused(f"expected a text, got {show(text)}")
    return text.encode("utf-8" if codec == "utf-8" else "latin-1", "replace")


def _complex(args: Sequence[object], _: int) -> object:
    _arguments(args, 2, 2, "complex")
    if not all(isinstance(one, Scalar | int) for one in args):
        raise Refused(f"expected two numbers, got {show(args[0])}")
    return FLOAT


def _dtype(args: Sequence[object], _: int) -> object:
    _arguments(args, 1, 3, "numpy.dtype")
    name = args[0].decode("latin-1") if isinstance(args[0], bytes) else args[0]
    if not isinstance(name, str):
        raise Refused(f"expected a dtype's name, got {show(name)}")
    if any(not isinstance(one, bool | int) for one in args[1:]):
        raise Refused(f"expected flags, got {show(args[1])}")
    if name in ("O", "O8", "|O"):
        return Box("dtype", detail="O")
    if not _NUMERIC_DTYPE.match(name) and not _TEXT_DTYPE.match(name):
        raise Refused(f"expected a dtype of numbers, got {show(name)}")
    return Box("dtype", detail=name)


def _numpy_scalar(args: Sequence[object], _: int) -> object:
    _arguments(args, 1, 2, "numpy's scalar")
    if not is_plain_dtype(args[0]):
        raise Refused(f"expected a plain dtype, got {show(args[0])}")
    if len(args) > 1 and not (isinstance(args[1], bytes) or (isinstance(args[1], Blob) and args[1].kind != "text")):
        raise Refused(f"expected a scalar's bytes, got {show(args[1])}")
    return FLOAT


def _reconstruct(args: Sequence[object], _: int) -> object:
    _arguments(args, 3, 3, "numpy's _reconstruct")
    kind, shape, code = args
    if not isinstance(kind, Global) or kind.name != "numpy.ndarray":
        raise Refused(f"expected numpy.ndarray, got {show(kind)}")
    if integers(shape, "a shape") != (0,) or code not in (b"b", "b"):
        raise Refused(f"expected the shape (0,) and the code b, got {show(shape)} and {show(code)}")
    return Box("array")


def _frombuffer(args: Sequence[object], _: int) -> object:
    _arguments(args, 4, 4, "numpy's _frombuffer")
    data, dtype, shape, order = args
    integers(shape, "a shape")
    if not is_plain_dtype(dtype) or order not in ("C", "F"):
        raise Refused(f"expected a plain dtype and an order, got {show(dtype)} and {show(order)}")
    if not isinstance(data, bytes | Blob) and not _is_box(data, "bytearray"):
        raise Refused(f"expected bytes, got {show(data)}")
    return Box("array", detail="array with data")


def _path(args: Sequence[object], _: int) -> object:
    if len(args) > 64 or not all(isinstance(one, str) for one in args):
        raise Refused("expected a path's parts as texts")
    raise Outdated("a path object")


def _date(args: Sequence[object], _: int) -> object:
    if len(args) > 8 or not all(isinstance(one, int | bytes) for one in args):
        raise Refused("expected a date")
    raise Outdated("a date object")


def _reconstructor(args: Sequence[object], _: int) -> object:
    _arguments(args, 3, 3, "copyreg._reconstructor")
    kind, base, state = args
    if not isinstance(kind, Global) or kind.standing != "legacy":
        raise Refused(f"expected a class of an old format, got {show(kind)}")
    if not isinstance(base, Global) or base.name != "builtins.object" or state is not None:
        raise Refused(f"expected builtins.object and None, got {show(base)} and {show(state)}")
    raise Outdated(kind.name)


def plain_object(args: Sequence[object], _: int) -> object:
    """Makes an object of an old format's class, which takes no arguments."""
    if args:
        raise Refused(f"expected no arguments, got {show(args[0])}")
    raise Outdated("an object")


def _is_box(value: object, *kinds: str) -> bool:
    return isinstance(value, Box) and value.kind in kinds


TENSOR_TYPES = {"torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"}

CALLS: Mapping[str, Maker] = {
    "collections.OrderedDict": _mapping,
    "collections.Counter": _mapping,
    "collections.defaultdict": _defaultdict,
    "collections.deque": _collection("deque"),
    "builtins.set": _collection("set"),
    "builtins.frozenset": _collection("frozenset"),
    "builtins.list": _collection("list"),
    "builtins.dict": _mapping,
    "builtins.bytearray": _bytearray,
    "builtins.complex": _complex,
    "_codecs.encode": _encode,
    "torch.Size": _size,
    "torch.device": _device,
    "torch.serialization._get_layout": _layout,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter,
    "torch._utils._rebuild_sparse_tensor": _rebuild_sparse,
    "torch._utils._rebuild_meta_tensor_no_storage": _rebuild_meta,
    "torch._tensor._rebuild_from_type_v2": _rebuild_typed,
    "numpy.dtype": _dtype,
    **{f"numpy.{core}.multiarray.scalar": _numpy_scalar for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray._reconstruct": _reconstruct for core in ("core", "_core")},
    **{f"numpy.{core}.numeric._frombuffer": _frombuffer for core in ("core", "_core")},
}
"""What may be called, and who checks the arguments."""

LEGACY_CALLS: Mapping[str, Maker] = {
    **{
        f"pathlib.{module}{name}": _path
        for module in ("", "_local.")
        for name in ("Path", "PosixPath", "PurePath", "PurePosixPath", "WindowsPath", "PureWindowsPath")
    },
    "datetime.date": _date,
    "datetime.datetime": _date,
    "copyreg._reconstructor": _reconstructor,
}
"""Calls of old formats; every other class of theirs is made without arguments."""
