"""The named tensors of a checkpoint, read as numbers without loading it: safetensors, and torch's zip archive.

Whether a file is hostile is the checkpoint check's business; what that check would refuse is not read here either.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from harness.admission.bytesource import ByteSource, FileBytes, Section
from harness.admission.notebook import Budget, Notebook, OutOfBudget
from harness.admission.pickles import PickleReader
from harness.admission.safetensors import is_safetensors, read_safetensors
from harness.admission.symbols import DTYPE_BYTES, Box, Tensor
from harness.admission.tensors import check_geometry
from harness.admission.tree import Entry, Tree
from harness.admission.ziparchive import STORED, read_archive
from harness.core.plainjson import NotStrict, loads
from harness.core.types import Verdict

STATE_KEYS: Final = ("model", "state_dict")
"""Where trainers put the weights, beside the optimizer's state."""
MAX_TENSORS: Final = 20_000
MAX_HEADER: Final = 32 << 20
_SAFE_DTYPES: Final = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}


class Unreadable(Exception):
    """The weights cannot be read without loading them; ``str`` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """One named tensor."""

    dtype: str
    """torch's name of the elements' type."""
    shape: tuple[int, ...]
    data: ByteSource
    """The elements, little-endian, row by row."""

    @property
    def count(self) -> int:
        """Elements."""
        return math.prod(self.shape)


Weights = Mapping[str, Weight]
"""Name -> tensor, in the file's order."""


@contextmanager
def opened(tree: Tree, entry: Entry) -> Iterator[Weights]:
    """Open a checkpoint; its tensors can be read until the block ends.

    Raises:
        Unreadable: It is no checkpoint of a kind that is read here, or something about it is not as it must be.
    """
    try:
        with tree.open(entry) as file:
            source = FileBytes(file.fileno(), os.fstat(file.fileno()).st_size)
            yield _read(source, Notebook(entry.path, Budget()))
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or error})") from None


def is_checkpoint(tree: Tree, entry: Entry) -> bool:
    """Whether a file looks like one, by its content."""
    try:
        with tree.open(entry) as file:
            source = FileBytes(file.fileno(), os.fstat(file.fileno()).st_size)
            return is_safetensors(source) or source.read(0, 4) == b"PK\3\4"
    except OSError:
        return False


def _read(source: FileBytes, notebook: Notebook) -> Weights:
    try:
        found = _of_safetensors(source, notebook) if is_safetensors(source) else _of_torch(source, notebook)
    except OutOfBudget as error:
        raise Unreadable(f"too much to read: {error}") from None
    if any(flaw.rule.verdict is Verdict.FAIL for flaw in notebook.flaws):
        raise Unreadable(f"not read: {notebook.flaws[0].rule.title[0].lower()}{notebook.flaws[0].rule.title[1:]}")
    if not 0 < len(found) <= MAX_TENSORS:
        raise Unreadable(f"expected 1 to {MAX_TENSORS} tensors, got {len(found)}")
    # Many tensors may show the same bytes: reading them all must cost no more than reading the file twice.
    if sum(weight.data.size for weight in found.values()) > 2 * source.size + (1 << 20):
        raise Unreadable("its tensors show far more bytes than it has")
    return found


def _of_safetensors(source: ByteSource, notebook: Notebook) -> dict[str, Weight]:
    read_safetensors(source, notebook, has_values=False)
    if notebook.flaws:
        return {}
    length = int.from_bytes(source.read(0, 8), "little")
    try:
        header = loads(source.read(8, length), max_bytes=MAX_HEADER)
    except NotStrict as error:
        raise Unreadable(str(error)) from None
    found = {}
    assert isinstance(header, dict)
    for name, about in header.items():
        if name != "__metadata__":
            start, end = about["data_offsets"]
            dtype = _SAFE_DTYPES.get(about["dtype"], about["dtype"])
            data = Section(source, 8 + length + start, end - start)
            found[name] = Weight(dtype=dtype, shape=tuple(about["shape"]), data=data)
    return found


def _of_torch(source: ByteSource, notebook: Notebook) -> dict[str, Weight]:
    if source.read(0, 4) != b"PK\3\4":
        raise Unreadable("expected safetensors or torch's zip archive, got another format")
    archive = read_archive(source, notebook)
    members = {member.name.partition("/")[2]: member for member in archive.members} if archive else {}
    pickle, order = members.get("data.pkl"), members.get("byteorder")
    if archive is None or pickle is None or pickle.method != STORED:
        raise Unreadable("expected torch's zip archive, got another")
    if order is not None and archive.section(order).read(0, 16) != b"little":
        raise Unreadable("written on a big-endian machine")
    reader = _KeepingReader(archive.section(pickle), notebook, has_storages=True)
    root = reader.read()
    found = {}
    for name, tensor in _named(root).items():
        check_geometry(tensor, notebook, "")
        storage = members.get(f"data/{tensor.storage.key}")
        if notebook.flaws or storage is None or storage.method != STORED or storage.size != tensor.storage.byte_count:
            raise Unreadable(f"{name[:80]!a} does not fit its storage")
        width = DTYPE_BYTES[tensor.dtype]
        if not _is_contiguous(tensor):
            raise Unreadable(f"the elements of {name[:80]!a} are not stored in their order")
        data = Section(archive.section(storage), tensor.offset * width, math.prod(tensor.shape) * width)
        found[name] = Weight(dtype=tensor.dtype, shape=tensor.shape, data=data)
    return found


class _KeepingReader(PickleReader):
    """Keeps every entry of every dictionary: which name a loader finds a tensor under is the question here."""

    def _grow(self, box: Box, items: list[object]) -> None:
        was_complete, before = box.is_complete, len(box.items)
        super()._grow(box, items)
        if box.kind in ("dict", "mapping") and was_complete and len(box.items) == before:
            box.items.extend(items)
            self._kept += len(items)


def _named(root: object) -> dict[str, Tensor]:
    """The state dict: below the usual key, or the root itself."""
    for key in STATE_KEYS:
        inner = _entries(root).get(key)
        tensors = {name: value for name, value in _entries(inner).items() if isinstance(value, Tensor)}
        if tensors:
            return tensors
    return {name: value for name, value in _entries(root).items() if isinstance(value, Tensor)}


def _entries(value: object) -> dict[str, object]:
    if not isinstance(value, Box) or value.kind not in ("dict", "mapping"):
        return {}
    if not value.is_complete:
        raise Unreadable("a dictionary with more entries than are kept")
    pairs = zip(value.items[::2], value.items[1::2], strict=False)
    return {key: inner for key, inner in pairs if isinstance(key, str)}


def _is_contiguous(tensor: Tensor) -> bool:
    expected = 1
    for size, stride in zip(reversed(tensor.shape), reversed(tensor.strides), strict=True):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True
