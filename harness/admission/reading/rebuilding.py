"""How a checkpoint's pickle calls what rebuilds tensors: every allowed call with a check of its arguments.

``_rebuild_tensor_v2`` on something that is no storage is refused like a foreign import. Knows symbols, not bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from harness.admission.reading.symbols import (
    DTYPE_BYTES,
    STORAGE_DTYPES,
    ArrayData,
    Blob,
    Box,
    Global,
    Sparse,
    Storage,
    Tensor,
    show,
)
from harness.admission.reading.values import is_metric

MAX_SPARSE = 1 << 28
"""Elements of a sparse tensor, zeros included: what it becomes when it is made dense."""

MAX_LABELLED = 64
"""Values of one container that get its key as a label."""
MAX_DEPTH = 3
"""Containers in each other that are walked for it."""

Maker = Callable[[Sequence[object], int], object]
"""Checks the arguments of a call at a position and gives its symbolic result."""


class Refused(Exception):
    """The arguments are not what a checkpoint passes; the text says what was expected and what is there."""


class Outdated(Exception):
    """The call is harmless but needs an old format's code; the text is the class of what it makes."""


NESTED = "torch.nested._internal.nested_tensor."
"""Where tensors of ragged rows live: their functions and class."""
_COMPILER_MARK = re.compile(r"(_dynamo_[a-z_]{1,40}|_specialize_on)\Z")
"""What torch's compiler notes on tensors: sets of dimensions, or tables of them."""
_MARK = re.compile(r"(persistent|_(is|no|has_dynamo)_[a-z_]{1,40})\Z")
_KEY = re.compile(r"\d{1,20}")
_LOCATION = re.compile(r"(cpu|meta|(cuda|xpu|mps|hpu|npu|mtia|privateuseone)(:\d{1,3})?)\Z")


def integers(value: object, what: str) -> tuple[int, ...]:
    """A tuple, list or torch.Size of integers.

    Raises:
        Refused: It is something else.
    """
    if not isinstance(value, Box) or value.kind not in ("tuple", "list", "size") or not value.is_complete:
        raise Refused(f"expected {what} as a tuple of integers, got {show(value)}")
    found = tuple([item for item in value.items if type(item) is int])
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
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Refused(f"expected a storage key of digits, got {show(key)}")
    location_of(location)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 1 << 48:
        raise Refused(f"expected a storage's size, got {show(count)}")
    return Storage(key, STORAGE_DTYPES[last], count), pid.items[5] if pid.count == 6 else None


def module_of(pid: object) -> Global | None:
    """The class that a persistent id of torch before 1.6 names together with its source, which nothing runs."""
    if not isinstance(pid, Box) or pid.kind != "tuple" or pid.count != 4 or pid.items[0] != "module":
        return None
    _, kind, file, source = pid.items
    is_text = all(one is None or isinstance(one, str) or (isinstance(one, Blob) and one.kind == "text")
                  for one in (file, source))  # fmt: skip
    return kind if isinstance(kind, Global) and kind.standing == "legacy" and is_text else None


def label(value: object, key: str, *, is_below_metric: bool = False, depth: int = 0) -> None:
    """Let a tensor or array know the first key it is stored under, and whether that is a measurement."""
    labelled = value.array if isinstance(value, Box) else value
    if isinstance(labelled, Tensor | ArrayData):
        labelled.label = labelled.label or key
        labelled.is_metric = labelled.is_metric or is_below_metric
    elif isinstance(value, Box) and depth < MAX_DEPTH and value.count <= MAX_LABELLED:
        if value.kind in ("list", "tuple"):
            for item in value.items:
                label(item, key, is_below_metric=is_below_metric, depth=depth + 1)
        elif value.kind in ("dict", "mapping") and is_metric(key):
            for item in value.items[1::2]:
                label(item, key, is_below_metric=True, depth=depth + 1)


def arguments(args: Sequence[object], least: int, most: int, of: str) -> None:
    """See that a call has as many arguments as it may.

    Raises:
        Refused: It has not.
    """
    if not least <= len(args) <= most:
        raise Refused(f"expected {least} to {most} arguments of {of}, got {len(args)}")


def natural(value: object, what: str) -> int:
    """The whole number that a value is.

    Raises:
        Refused: It is none, or below 0.
    """
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


def tensor(args: Sequence[object], position: int) -> Tensor:
    """A tensor of a storage, an offset, a shape and strides.

    Raises:
        Refused: They are something else.
    """
    storage = args[0]
    if not isinstance(storage, Storage):
        raise Refused(f"expected a storage, got {show(storage)}")
    return Tensor(
        storage, natural(args[1], "an offset"), integers(args[2], "a shape"), integers(args[3], "strides"),
        storage.dtype, position,
    )  # fmt: skip


def _rebuild_tensor(args: Sequence[object], position: int) -> object:
    arguments(args, 4, 4, "_rebuild_tensor")
    return tensor(args, position)


def _rebuild_tensor_v2(args: Sequence[object], position: int) -> object:
    arguments(args, 5, 7, "_rebuild_tensor_v2")
    _flag(args[4], "requires_grad")
    _hooks(args[5] if len(args) > 5 else None)
    made = tensor(args, position)
    made.is_marked = _metadata(args[6] if len(args) > 6 else None)
    return made


def _rebuild_tensor_v3(args: Sequence[object], position: int) -> object:
    arguments(args, 7, 8, "_rebuild_tensor_v3")
    _flag(args[4], "requires_grad")
    _hooks(args[5])
    dtype = _torch_dtype(args[6])
    made = tensor(args, position)
    made.is_marked = _metadata(args[7] if len(args) > 7 else None)
    made.dtype = dtype
    return made


def _rebuild_quantized(args: Sequence[object], position: int) -> object:
    arguments(args, 7, 7, "_rebuild_qtensor")
    _flag(args[5], "requires_grad")
    _hooks(args[6])
    scheme = args[4]
    if not isinstance(scheme, Box) or scheme.kind != "tuple" or not 3 <= scheme.count <= 4:
        raise Refused(f"expected how values are quantized, got {show(scheme)}")
    kind, scale, zero, *axis = scheme.items
    name = kind.name if isinstance(kind, Global) else ""
    if name == "torch.per_tensor_affine" and not axis:
        is_good = isinstance(scale, float) and math.isfinite(scale) and isinstance(zero, int)
    elif name in ("torch.per_channel_affine", "torch.per_channel_affine_float_qparams") and axis:
        is_good = isinstance(scale, Tensor) and isinstance(zero, Tensor) and isinstance(axis[0], int)
    else:
        raise Refused(f"expected how values are quantized, got {show(kind)}")
    if not is_good:
        raise Refused(f"expected a scale and a zero point, got {show(scale)} and {show(zero)}")
    made = tensor(args, position)
    if not made.dtype.startswith("q"):
        raise Refused(f"expected a storage of quantized values, got one of {made.dtype}")
    return made


def _rebuild_parameter(args: Sequence[object], _: int) -> object:
    arguments(args, 3, 4, "_rebuild_parameter")
    _flag(args[1], "requires_grad")
    _hooks(args[2])
    if not isinstance(args[0], Tensor | Box) or (isinstance(args[0], Box) and args[0].kind != "tensor"):
        raise Refused(f"expected a tensor, got {show(args[0])}")
    if len(args) > 3:
        _marks(args[3])
    return args[0]


def _marks(value: object) -> None:
    """Attributes of a tensor: whether it is a buffer, is saved, and what trainers mark; none that does anything."""
    if value is None or (is_box(value, "mapping") and isinstance(value, Box) and value.count == 0):
        return
    if not isinstance(value, Box) or value.kind != "dict" or not value.is_complete:
        raise Refused(f"expected a tensor's marks, got {show(value)}")
    for key, mark in zip(value.items[::2], value.items[1::2], strict=True):
        if isinstance(key, str) and _COMPILER_MARK.match(key) and is_box(mark, "set", "dict"):
            continue
        if not isinstance(key, str) or not _MARK.match(key) or not (mark is None or isinstance(mark, bool | int)):
            raise Refused(f"expected a mark such as _is_buffer, got {show(key)}: {show(mark)}")


def _rebuild_sparse(args: Sequence[object], position: int) -> object:
    arguments(args, 2, 2, "_rebuild_sparse_tensor")
    layout, data = args
    if not isinstance(layout, Box) or layout.kind != "layout" or layout.detail == "strided":
        raise Refused(f"expected a sparse layout, got {show(layout)}")
    if not isinstance(data, Box) or data.kind != "tuple":
        raise Refused(f"expected a sparse tensor's parts, got {show(data)}")
    tensors = 2 if layout.detail == "sparse_coo" else 3
    if not tensors + 1 <= data.count <= tensors + 2:
        raise Refused(f"expected {tensors} tensors and a size in a sparse tensor, got {show(data)}")
    parts = [part for part in data.items[:tensors] if isinstance(part, Tensor)]
    if len(parts) != tensors or not all(isinstance(one, bool) for one in data.items[tensors + 1 :]):
        raise Refused(f"expected {tensors} tensors and a size in a sparse tensor, got {show(data)}")
    size = integers(data.items[tensors], "a size")
    if any(one < 0 for one in size) or math.prod(size) > MAX_SPARSE:
        raise Refused(f"expected a sparse tensor of at most {MAX_SPARSE} elements, got {show(data.items[tensors])}")
    return Sparse(layout.detail, tuple(parts[:-1]), parts[-1], size, position)


def _rebuild_meta(args: Sequence[object], _: int) -> object:
    arguments(args, 4, 4, "_rebuild_meta_tensor_no_storage")
    _torch_dtype(args[0])
    integers(args[1], "a shape")
    integers(args[2], "strides")
    _flag(args[3], "requires_grad")
    return Box("tensor", detail="tensor without data")


def _rebuild_typed(args: Sequence[object], position: int) -> object:
    arguments(args, 4, 4, "_rebuild_from_type_v2")
    maker, kind, inner, state = args
    name = maker.name if isinstance(maker, Global) else ""
    if name == f"{NESTED}_rebuild_njt" and isinstance(kind, Global) and kind.name == f"{NESTED}NestedTensor":
        _ragged(inner)
        if not isinstance(state, Box) or state.kind != "dict" or not all(isinstance(k, str) for k in state.items[::2]):
            raise Refused(f"expected what a nested tensor notes, got {show(state)}")
        raise Outdated("a nested tensor")
    if not name.startswith("torch._utils._rebuild_") or name not in CALLS:
        raise Refused(f"expected a function that rebuilds tensors, got {show(maker)}")
    if not isinstance(kind, Global) or kind.name not in TENSOR_TYPES:
        raise Refused(f"expected a tensor type, got {show(kind)}")
    if not isinstance(inner, Box) or inner.kind != "tuple":
        raise Refused(f"expected arguments, got {show(inner)}")
    _marks(state)
    return CALLS[name](inner.items, position)


def _ragged(inner: object) -> None:
    """What a tensor of ragged rows is made of: tensors by name, among them where each row begins."""
    parts = inner.items[0] if isinstance(inner, Box) and inner.kind == "tuple" and inner.count == 1 else None
    if not isinstance(parts, Box) or parts.kind != "dict" or not parts.is_complete:
        raise Refused(f"expected the parts of a nested tensor, got {show(inner)}")
    for key, part in zip(parts.items[::2], parts.items[1::2], strict=True):
        is_cache = (
            is_box(part, "dict") and isinstance(part, Box) and all(isinstance(v, Tensor) for v in part.items[1::2])
        )
        if not isinstance(key, str) or not (part is None or isinstance(part, Tensor | bool | int) or is_cache):
            raise Refused(f"expected a part of a nested tensor, got {show(key)}: {show(part)}")


def _layout(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 1, "_get_layout")
    name = args[0] if isinstance(args[0], str) else ""
    if name not in ("torch.strided", *(f"torch.sparse_{kind}" for kind in ("coo", "csr", "csc", "bsr", "bsc"))):
        raise Refused(f"expected the name of a layout, got {show(args[0])}")
    return Box("layout", detail=name.removeprefix("torch."))


def _size(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 1, "torch.Size")
    sizes = integers(args[0], "a size")
    return Box("size", list(sizes), len(sizes))


def _device(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 2, "torch.device")
    location_of(args[0])
    if len(args) > 1:
        natural(args[1], "a device number")
    return Box("device")


def _version(args: Sequence[object], _: int) -> object:
    """Torch's own version, a text of a class of its own."""
    arguments(args, 1, 1, "torch's version")
    if not isinstance(args[0], str):
        raise Refused(f"expected a version as text, got {show(args[0])}")
    return args[0]


def is_box(value: object, *kinds: str) -> bool:
    """Whether it is a container of one of these kinds."""
    return isinstance(value, Box) and value.kind in kinds


TENSOR_TYPES = {"torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"}

CALLS: Mapping[str, Maker] = {
    "torch.Size": _size,
    "torch.device": _device,
    "torch.torch_version.TorchVersion": _version,
    "torch.serialization._get_layout": _layout,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_qtensor": _rebuild_quantized,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter,
    "torch._utils._rebuild_sparse_tensor": _rebuild_sparse,
    "torch._utils._rebuild_meta_tensor_no_storage": _rebuild_meta,
    "torch._tensor._rebuild_from_type_v2": _rebuild_typed,
}
"""What may be called, and who checks the arguments."""
