"""How a checkpoint's pickle calls Python's own containers, bytes and numbers: each call with a check of its arguments.

``_codecs.encode`` with another codec than pickle uses is refused like a foreign import. Knows symbols, not bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.admission.reading.oldnames import REFRESH
from harness.admission.reading.rebuilding import Maker, Refused, arguments, is_box, natural
from harness.admission.reading.symbols import NUMBER, ArrayData, Blob, Box, Global, Scalar, show

PLAIN_TYPES = {
    f"builtins.{name}" for name in ("dict", "list", "tuple", "set", "frozenset", "int", "float", "str", "bool")
}
_ENCODINGS = {"latin1", "latin-1", "iso8859-1"}


def _mapping(args: Sequence[object], _: int) -> object:
    arguments(args, 0, 1, "a mapping")
    if args and not is_box(args[0], "list", "dict", "mapping"):
        raise Refused(f"expected items, got {show(args[0])}")
    inner = args[0] if args else None
    return Box("mapping", count=inner.count if isinstance(inner, Box) else 0)


def _defaultdict(args: Sequence[object], position: int) -> object:
    arguments(args, 0, 2, "defaultdict")
    if args and args[0] is not None and not (isinstance(args[0], Global) and args[0].name in PLAIN_TYPES | REFRESH):
        raise Refused(f"expected a plain type, got {show(args[0])}")
    return _mapping(args[1:], position)


def _collection(kind: str) -> Maker:
    def make(args: Sequence[object], _: int) -> object:
        arguments(args, 0, 2 if kind == "deque" else 1, kind)
        if args and not is_box(args[0], "list", "tuple", "set", "frozenset", "dict"):
            raise Refused(f"expected items, got {show(args[0])}")
        if len(args) > 1 and args[1] is not None:
            natural(args[1], "a length")
        return Box("list" if kind == "deque" else kind, count=0)

    return make


def _bytearray(args: Sequence[object], position: int) -> object:
    arguments(args, 0, 2, "bytearray")
    is_blob = bool(args) and isinstance(args[0], Blob) and args[0].kind in ("bytes", "encoded")
    if len(args) == 1 and not (isinstance(args[0], bytes) or is_blob):
        raise Refused(f"expected bytes, got {show(args[0])}")
    data = _encode(args, position) if len(args) == 2 else args[0] if args else b""
    size = len(data) if isinstance(data, bytes) else data.byte_count if isinstance(data, Blob) else 0
    held = ArrayData("", data) if isinstance(data, bytes | Blob) else None
    return Box("bytearray", count=size, array=held)


def _bytes(args: Sequence[object], _: int) -> object:
    """How protocols below 3 write bytes without content."""
    arguments(args, 0, 0, "bytes")
    return b""


def _range(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 3, "a range or slice")
    if not all(one is None or isinstance(one, int) for one in args):
        raise Refused(f"expected whole numbers, got {show(args[0])}")
    return Box("range")


def _encode(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 2, "_codecs.encode")
    text, codec = args[0], args[1] if len(args) > 1 else "utf-8"
    if not isinstance(codec, str) or codec.lower() not in _ENCODINGS | {"utf-8"}:
        raise Refused(f"expected latin1 as the encoding, got {show(codec)}")
    if isinstance(text, Blob) and text.kind == "text":
        return Blob("encoded", text.start, text.size, text.writing, text.length)
    if not isinstance(text, str):
        raise Refused(f"expected a text, got {show(text)}")
    return text.encode("utf-8" if codec == "utf-8" else "latin-1", "replace")


def _complex(args: Sequence[object], _: int) -> object:
    arguments(args, 2, 2, "complex")
    real, imaginary = args
    if not isinstance(real, Scalar | int | float) or not isinstance(imaginary, Scalar | int | float):
        raise Refused(f"expected two numbers, got {show(args[0])}")
    return NUMBER


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
    "builtins.bytes": _bytes,
    "builtins.range": _range,
    "builtins.slice": _range,
    "builtins.complex": _complex,
    "_codecs.encode": _encode,
}
"""What may be called, and who checks the arguments."""
