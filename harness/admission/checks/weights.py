"""The named tensors of a checkpoint as numbers, without loading it: plain formats, torch's zip archive and streams.

Whether a file is hostile is the checkpoint check's business; what that check would refuse is not read here either. What
it leaves to a decision because loading would need code (pickled configurations, old streams) needs none here: the
objects stay symbols, the tensors are bytes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from harness.admission.reading import rules, torchfile
from harness.admission.reading.bytesource import ByteSource, FileBytes, Section
from harness.admission.reading.notebook import WHOLE, Budget, Notebook, OutOfBudget, cut
from harness.admission.reading.onnx import rules as onnxrules
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.strided import Strided
from harness.admission.reading.symbols import DTYPE_BYTES, Box, Tensor, show
from harness.admission.reading.tensorformats import FORMATS, format_of
from harness.admission.reading.tensors import check_geometry
from harness.admission.reading.weight import Weight, Weights
from harness.admission.reading.ziparchive import STORED, read_archive
from harness.admission.reading.zipdirectory import Member
from harness.admission.tree import Entry, Tree
from harness.core.grades import Verdict

STATE_KEYS: Final = ("model", "state_dict")
"""Where trainers put the weights, beside the optimizer's state."""
MAX_TENSORS: Final = 20_000
MAX_GATHERED: Final = 16 << 30
"""Bytes that gathering all scattered tensors may read; see :attr:`Strided.cost`."""
MAX_LEFT: Final = 40
SAFE_DTYPES: Final = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "C64": "complex64",
}  # fmt: skip
"""safetensors' names of types -> torch's."""
QUANTIZED: Final = ("qint8", "quint8", "qint32", "quint4x2", "quint2x4")
_ALIASES: Final = {
    "double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
    "cfloat": "complex64", "cdouble": "complex128",
}  # fmt: skip
_TOLERATED: Final = (rules.OBJECT, rules.LEGACY, onnxrules.UNKNOWN)
_ZIP: Final = b"PK\3\4"
_LEGACY: Final = torchfile.MAGIC_NUMBER.to_bytes(10, "little")


class Unreadable(Exception):
    """The weights cannot be read without loading them; ``str`` says why."""


class TooMuch(Unreadable):
    """There is more than is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a checkpoint holds."""

    weights: Weights
    """The state dict."""
    left: tuple[str, ...] = ()
    """What it holds besides, e.g. ``optimizer: a list``. Printable, cut short."""


@contextmanager
def opened(tree: Tree, entry: Entry) -> Iterator[Weights]:
    """Open a checkpoint; its tensors can be read until the block ends.

    Raises:
        Unreadable: It is no checkpoint of a kind that is read here, or something about it is not as it must be.
    """
    with contents(tree, entry) as found:
        yield found.weights


@contextmanager
def contents(tree: Tree, entry: Entry) -> Iterator[Contents]:
    """Open a checkpoint like :func:`opened`, and say what else it holds.

    Raises:
        Unreadable: As there.
    """
    try:
        with tree.open(entry) as file:
            source = FileBytes(file.fileno(), os.fstat(file.fileno()).st_size)
            yield _read(source, Notebook(entry.path, Budget()))
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or error})") from None


def pickled(tree: Tree, entry: Entry) -> object:
    """What the pickle of a torch file would load, as symbols: tables of names are kept in them beside tensors.

    Raises:
        Unreadable: It is no torch file, or something about it is not as it must be.
    """
    notebook = Notebook(entry.path, Budget())
    try:
        with tree.open(entry) as file:
            source = FileBytes(file.fileno(), os.fstat(file.fileno()).st_size)
            archive = read_archive(source, notebook) if source.read(0, 4) == _ZIP else None
            members = {member.name.partition("/")[2]: member for member in archive.members} if archive else {}
            pickle = members.get("data.pkl")
            if archive is None or pickle is None or pickle.method != STORED:
                raise Unreadable(f"{cut(entry.path)} is no zip archive as torch writes it")
            root = PickleReader(archive.section(pickle), notebook, has_storages=True, keeps_entries=True).read()
    except OutOfBudget as error:
        raise TooMuch(f"too much to read: {error}") from None
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or error})") from None
    _refuse_flaws(notebook)
    return root


def is_checkpoint(tree: Tree, entry: Entry) -> bool:
    """Whether a file looks like one, by its content."""
    try:
        with tree.open(entry) as file:
            source = FileBytes(file.fileno(), os.fstat(file.fileno()).st_size)
            return format_of(source) is not None or source.read(0, 4) == _ZIP or _LEGACY in source.read(0, 24)
    except OSError:
        return False


def _read(source: FileBytes, notebook: Notebook) -> Contents:
    try:
        if own := format_of(source):
            own.read(source, notebook, has_values=False)
            is_whole = all(flaw.rule in _TOLERATED for flaw in notebook.flaws)
            left = tuple(f"{what}: {told}" for what, told in notebook.learned.items())
            found = Contents(weights=own.weights(source) if is_whole else {}, left=left)
        elif source.read(0, 4) == _ZIP:
            found = _of_zip(source, notebook)
        elif _LEGACY in source.read(0, 24):
            found = _of_streams(source, notebook)
        else:
            known = ", ".join(one.name for one in FORMATS)
            raise Unreadable(f"expected {known}, torch's zip archive or its old streams, got another format")
    except OutOfBudget as error:
        raise TooMuch(f"too much to read: {error}") from None
    _refuse_flaws(notebook)
    weights = found.weights
    if not weights:
        raise Unreadable("expected tensors by name, got none")
    if len(weights) > MAX_TENSORS:
        raise TooMuch(f"expected 1 to {MAX_TENSORS} tensors by name, got {len(weights)}")
    # Many tensors may show the same bytes: reading them all must cost no more than reading the file twice.
    if sum(weight.data.size for weight in weights.values()) > 2 * source.size + (1 << 20):
        raise TooMuch("its tensors show far more bytes than it has")
    if sum(weight.data.cost for weight in weights.values() if isinstance(weight.data, Strided)) > MAX_GATHERED:
        raise TooMuch("the elements of its tensors are scattered too widely")
    return found


def _refuse_flaws(notebook: Notebook) -> None:
    worst = [flaw for flaw in notebook.flaws if flaw.rule not in _TOLERATED]
    worst.sort(key=lambda flaw: flaw.rule.verdict is not Verdict.FAIL)
    if worst:
        title = worst[0].rule.title
        raise Unreadable(f"not read: {title[0].lower()}{title[1:]}")


def _of_zip(source: ByteSource, notebook: Notebook) -> Contents:
    archive = read_archive(source, notebook)
    members = {member.name.partition("/")[2]: member for member in archive.members} if archive else {}
    pickle, order = members.get("data.pkl"), members.get("byteorder")
    if archive is None or pickle is None:
        _refuse_flaws(notebook)
        raise Unreadable("expected torch's zip archive, got another")
    if pickle.method != STORED:
        raise Unreadable("packed again by another program than torch: save it again with torch")
    if order is not None and archive.section(order).read(0, 16) != b"little":
        raise Unreadable("written on a big-endian machine")

    def storage_of(key: str) -> ByteSource | None:
        member: Member | None = members.get(f"data/{key}")
        return archive.section(member) if member is not None and member.method == STORED else None

    reader = PickleReader(archive.section(pickle), notebook, has_storages=True, keeps_entries=True)
    root = reader.read()
    return _of_root(root, reader, storage_of)


def _of_streams(source: ByteSource, notebook: Notebook) -> Contents:
    reader = PickleReader(source, notebook, keeps_entries=True)
    if not torchfile.is_legacy(reader.read()):
        raise Unreadable("expected torch's magic number first, got another object")
    root, storages = torchfile.read_legacy(reader, notebook, has_values=False)
    return _of_root(root, reader, storages.get)


def _of_root(root: object, reader: PickleReader, storage_of: Callable[[str], ByteSource | None]) -> Contents:
    if reader.has_views:
        raise Unreadable(
            "its storages are parts of others, as torch wrote before 0.4: load it with torch, save it again"
        )
    named, left = _named(root)
    found = {}
    for name, tensor in named.items():
        check_geometry(tensor, reader.notebook, WHOLE)
        _refuse_flaws(reader.notebook)
        storage = storage_of(tensor.storage.key)
        if storage is None or storage.size != tensor.storage.byte_count:
            raise Unreadable(f"{cut(name)} does not fit its storage")
        if tensor.dtype in QUANTIZED:
            raise Unreadable(f"the elements of {cut(name)} are quantized: they are other numbers than they look")
        if tensor.is_marked:
            raise Unreadable(f"the elements of {cut(name)} are marked as negated or conjugated")
        data = _elements(tensor, storage)
        if data is None:
            raise TooMuch(f"the elements of {cut(name)} are scattered too widely")
        found[name] = Weight(dtype=_ALIASES.get(tensor.dtype, tensor.dtype), shape=tensor.shape, data=data)
    objects = [f"pickled {flaw.found}" for flaw in reader.notebook.flaws if flaw.rule is rules.OBJECT]
    return Contents(weights=found, left=(*left, *(one for one in objects if one not in left)))


def _elements(tensor: Tensor, storage: ByteSource) -> ByteSource | None:
    """A tensor's bytes, row by row; None where they lie too far apart."""
    width = DTYPE_BYTES[tensor.dtype]
    if _is_contiguous(tensor):
        return Section(storage, tensor.offset * width, math.prod(tensor.shape) * width)
    inside = Section(storage, tensor.offset * width, storage.size - tensor.offset * width)
    made = Strided(source=inside, width=width, shape=tensor.shape, strides=tensor.strides)
    return made if made.is_bounded else None


def _named(root: object) -> tuple[dict[str, Tensor], list[str]]:
    """The state dict (below the usual key, or the root itself), and what else there is.

    Raises:
        Unreadable: There is none, or a part of it is a tensor that has no plain elements.
    """
    entries = _entries(root)
    if not entries:
        raise Unreadable(f"expected a dictionary of tensors, got {show(root)}")
    for key in STATE_KEYS:
        inner = _entries(entries.get(key))
        tensors, left = _tensors(inner)
        if tensors:
            beside = {name: value for name, value in entries.items() if name != key}
            return tensors, [*_shown(beside), *_shown(left, f"{key}.")]
    tensors, left = _tensors(entries)
    return tensors, _shown(left)


def _tensors(entries: dict[str, object]) -> tuple[dict[str, Tensor], dict[str, object]]:
    found: dict[str, Tensor] = {}
    left: dict[str, object] = {}
    for name, value in entries.items():
        if isinstance(value, Tensor):
            found[name] = value
        else:
            left[name] = value
    for name, value in left.items():
        if found and isinstance(value, Box) and value.kind == "tensor":
            raise Unreadable(f"{cut(name)} is a {value.detail}, which has no plain elements")
    return found, left


def _shown(entries: dict[str, object], prefix: str = "") -> list[str]:
    shown = [cut(f"{prefix}{name}: {show(value)}") for name, value in list(entries.items())[:MAX_LEFT]]
    return [*shown, f"and {len(entries) - MAX_LEFT} more"] if len(entries) > MAX_LEFT else shown


def _entries(value: object) -> dict[str, object]:
    if not isinstance(value, Box) or value.kind not in ("dict", "mapping"):
        return {}
    if not value.is_complete:
        raise Unreadable("a dictionary that is made from a list, or too large: its entries are not known")
    pairs = zip(value.items[::2], value.items[1::2], strict=False)
    return {key: inner for key, inner in pairs if isinstance(key, str)}


def _is_contiguous(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        return True
    expected = 1
    for size, stride in zip(reversed(tensor.shape), reversed(tensor.strides), strict=True):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True
