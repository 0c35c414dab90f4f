"""What a pickle's values are to a reader that executes nothing: symbols that remember kind, size and origin."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

KEPT_TEXT = 256
"""Longest text or byte string kept whole; longer ones are a :class:`Blob`."""

DTYPE_BYTES = {
    "float64": 8, "double": 8, "float32": 4, "float": 4, "float16": 2, "half": 2, "bfloat16": 2, "int64": 8, "long": 8,
    "int32": 4, "int": 4, "int16": 2, "short": 2, "int8": 1, "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8,
    "bool": 1, "complex32": 4, "complex64": 8, "complex128": 16, "cfloat": 8, "cdouble": 16,
    "float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1,
    "float4_e2m1fn_x2": 1, "quint8": 1, "qint8": 1, "qint32": 4, "quint4x2": 1, "quint2x4": 1,
}  # fmt: skip
"""Bytes per element of torch's dtypes."""

STORAGE_DTYPES = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "UntypedStorage": "uint8", "QUInt8Storage": "quint8",
    "QInt8Storage": "qint8", "QInt32Storage": "qint32", "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
}  # fmt: skip
"""torch's storage classes and what their elements are."""

PACKED = {"quint4x2": 2, "quint2x4": 4}
"""Elements per byte, where a byte of a storage holds several."""


@dataclass(slots=True, eq=False)
class Global:
    """A name that the pickle imports."""

    name: str
    """Dotted, as imported: ``torch._utils._rebuild_tensor_v2``."""
    position: int
    """Byte of the operation."""
    standing: str
    """``allowed``, ``legacy``, ``refused``, or ``own``: a class of a package that nobody knows here, as an enumeration
    of a trainer's own would be; refused unless a member of it is all that is made."""
    call: str = ""
    """How it is called first, for the report."""


class Writing(enum.Enum):
    """How the content of a long text or byte string is written in the stream."""

    PLAIN = "bytes as they are, texts in UTF-8"
    UNICODE = "a text on a line, with the escapes of raw-unicode-escape"
    STRING = "a byte string on a line, with the escapes of a Python literal"


@dataclass(slots=True, eq=False)
class Blob:
    """A long text, byte string or number, of which only the place is kept."""

    kind: str
    """``text``, ``bytes``, ``number``, or ``encoded``: a text's bytes in latin-1 or UTF-8."""
    start: int
    """Where its content begins in the stream."""
    size: int
    """Bytes in the stream."""
    writing: Writing = Writing.PLAIN
    length: int = 0
    """Bytes or characters that it stands for, where it is written with escapes."""

    @property
    def byte_count(self) -> int:
        """Bytes that it stands for, as far as that is known without decoding UTF-8."""
        return self.size if self.writing is Writing.PLAIN else self.length


@dataclass(slots=True, eq=False)
class Storage:
    """A storage that the pickle refers to by a persistent id."""

    key: str
    """Its name: the record ``data/KEY``."""
    dtype: str
    """torch's name of its elements' type."""
    count: int
    """Elements."""

    @property
    def byte_count(self) -> int:
        """Bytes that the storage must have."""
        return self.count * DTYPE_BYTES[self.dtype]


@dataclass(slots=True, eq=False)
class Tensor:
    """A tensor that the pickle rebuilds from a storage."""

    storage: Storage
    """Where its elements are."""
    offset: int
    """First element."""
    shape: tuple[int, ...]
    """Elements per dimension."""
    strides: tuple[int, ...]
    """Elements to skip per dimension."""
    dtype: str
    """torch's name of its elements' type."""
    position: int
    """Byte of the operation that rebuilds it."""
    label: str = ""
    """The first dictionary key it is stored under."""
    is_metric: bool = False
    """Whether it is stored below the name of a measurement: a trainer's book-keeping."""
    is_marked: bool = False
    """Whether its elements count as negated or conjugated: they are other numbers than the storage's."""


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """A tensor of which only some elements are stored, and where they belong."""

    layout: str
    """``sparse_coo``, ``sparse_csr``, ``sparse_csc``, ``sparse_bsr`` or ``sparse_bsc``."""
    indices: tuple[Tensor, ...]
    """One of coordinates, or two: where rows (columns) begin, and the columns (rows) in them."""
    values: Tensor
    """What is stored."""
    size: tuple[int, ...]
    """Elements per dimension of the whole."""
    position: int
    """Byte of the operation that rebuilds it."""


@dataclass(slots=True, eq=False)
class ArrayData:
    """The bytes of an array that lie in the pickle itself."""

    dtype: str
    """numpy's name of its elements' type; empty for mere bytes."""
    content: bytes | Blob
    """The bytes, or where they are."""
    position: int = 0
    """Byte of the operation that gives them to the array."""
    label: str = ""
    """The first dictionary key it is stored under."""
    is_metric: bool = False
    """Whether it is stored below the name of a measurement: a trainer's book-keeping."""


@dataclass(slots=True, eq=False)
class Box:
    """A container or an object. Its items are kept where a call may need them."""

    kind: str
    """``tuple``, ``list``, ``dict``, ``set``, ``frozenset``, ``mapping``, ``dtype``, ``array``, ``object``, ..."""
    items: list[object] = field(default_factory=list)
    """Elements; of a dict: keys and values in turn. May be incomplete, see `count`."""
    count: int = 0
    """Elements or keys and values, those not kept included."""
    depth: int = 1
    """Containers below each other, this one included."""
    weight: int = 1
    """Values that a walk over it visits, shared ones as often as they are held: exponential for a small bomb."""
    detail: str = ""
    """A dtype's name, an object's class."""
    inner: list[Box] = field(default_factory=list)
    """Containers and objects among the elements, those not kept in `items` included."""
    is_held: bool = False
    """Whether something holds it already."""
    is_plain_state: bool = True
    """Whether the keys of a dict are names that attributes of data have."""
    is_built: bool = False
    """Whether an object or a dtype has got its state."""
    is_record: bool = False
    """Whether a dtype has fields."""
    array: ArrayData | None = None
    """What an array or a byte array holds."""
    callee: Global | None = None
    """The first function or class that a tuple holds."""

    @property
    def is_complete(self) -> bool:
        """Whether `items` has everything."""
        return len(self.items) == self.count


@dataclass(slots=True, eq=False)
class Scalar:
    """A number of which the value is not known: longer than a double, or computed."""


NUMBER = Scalar()


@dataclass(slots=True, eq=False)
class Unknown:
    """The result of something refused: whatever follows from it has been reported already."""


UNKNOWN = Unknown()


def show(value: object, room: int = 60) -> str:
    """A value as a person would read it, cut short. Bounded whatever the value is."""
    if isinstance(value, str | bytes):
        return repr(value[:room]) + ("…" if len(value) > room else "")
    if isinstance(value, float | complex):
        return repr(value)
    if value is None or isinstance(value, bool | int):
        return str(value) if not isinstance(value, int) or value.bit_length() < 200 else "a huge number"
    if isinstance(value, Global):
        return value.name
    if isinstance(value, Blob):
        return f"{value.size} bytes of {value.kind}"
    if isinstance(value, Box):
        if value.kind != "tuple" or value.depth > 3:
            shown = value.detail or value.kind
            return shown if shown.startswith("a ") else f"a {shown}"
        shown = ", ".join(show(item, room // 2) for item in value.items[:4])
        return f"({shown}{', …' if value.count > 4 else ''})"
    if isinstance(value, Tensor):
        return "a tensor"
    if isinstance(value, Storage):
        return "a storage"
    return "a number" if isinstance(value, Scalar) else "something computed"


def text_of(value: object) -> object:
    """A name as text where it is one; names come as UTF-8."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    return value
