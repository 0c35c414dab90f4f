"""What torch.save writes: the zip archive of today, the streams of before 1.6, the tar of before 0.1.10.

Knows torch's layout, not how pickles or zips are read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.admission.reading import rules
from harness.admission.reading.arrays import check_arrays
from harness.admission.reading.bytesource import ByteSource, MemoryBytes, Section
from harness.admission.reading.checksums import Checksums, are_stored
from harness.admission.reading.notebook import Notebook, OutOfBudget
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.sparse import check_sparse
from harness.admission.reading.symbols import DTYPE_BYTES, Box, Sparse, Storage, Tensor
from harness.admission.reading.tensors import check_all
from harness.admission.reading.values import has_values_of, look_at, note_values
from harness.admission.reading.ziparchive import STORED, ZipArchive, check_nesting
from harness.admission.reading.zipdirectory import Member
from harness.core.places import Place

MAGIC_NUMBER: Final = 0x1950A86A20F9469CFC6C
PROTOCOL: Final = 1001
MAX_PICKLE: Final = 48 << 20
MAX_STREAMS: Final = 64
MAX_SMALL: Final = 128
MAX_UNPACKED: Final = 48 << 20
"""Bytes of a packed member of indices that are read into memory."""
MAX_DTYPES: Final = 4
"""Types as which one storage may be shown; torch.save writes one."""
MAX_LABELS: Final = 16
"""Names of one storage's tensors that are looked at."""
_FIXED = {"data.pkl", "version", "byteorder", ".data/serialization_id", ".format_version", ".storage_alignment"}
_STORAGE = re.compile(r"data/(\d{1,20})\Z")
_SMALL = {
    "version": re.compile(rb"\d{1,3}\n?\Z"),
    "byteorder": re.compile(rb"(little|big)\Z"),
    ".data/serialization_id": re.compile(rb"\d{1,80}\Z"),
    ".format_version": re.compile(rb"\d{1,3}\Z"),
    ".storage_alignment": re.compile(rb"[1-9]\d{0,5}\Z"),
}


def is_torch(archive: ZipArchive) -> bool:
    """Whether torch would take the archive for one of its own."""
    names = [member.name.partition("/")[2] for member in archive.members]
    return any(name in ("data.pkl", "constants.pkl") or name.startswith("code/") for name in names)


def read_zip(archive: ZipArchive, notebook: Notebook, *, has_values: bool) -> None:
    """Check an archive of torch's: its members, its pickle, its storages.

    Args:
        archive: Its directory has been read and checked.
        notebook: Where flaws go.
        has_values: Whether checksums and values are looked at; otherwise structure only.

    Raises:
        OutOfBudget: There is too much to read.
    """
    if any(_is_code(member) for member in archive.members):
        _refuse_program(archive, notebook)
        return
    prefixes = {member.name.partition("/")[0] for member in archive.members}
    records: dict[str, Member] = {}
    for member in archive.members:
        name = member.name.partition("/")[2]
        records.setdefault(name, member)
        if name not in _FIXED and not _STORAGE.match(name):
            place = archive.where.member(member.name)
            notebook.add(rules.TORCH_MEMBER, place, "a member that torch.save does not write")
        if member.method != STORED:
            notebook.add(rules.ZIP_COMPRESSED, archive.where.member(member.name), "a packed member")
        check_nesting(archive, member)
    if len(prefixes) > 1:
        shown = ", ".join(sorted(prefixes)[:3])
        notebook.add(rules.TORCH_MEMBER, archive.where, f"several top folders: {shown}",
                     effect="torch and other readers load different members")  # fmt: skip
    for name in ("data.pkl", "version"):
        if name not in records:
            notebook.add(rules.TORCH_MEMBER, archive.where, f"no {name}")
    byteorder = _check_small(archive, records, notebook)
    summed = [member for name, member in records.items() if has_values and name not in _SMALL and are_stored(member)]
    with Checksums(archive, summed):
        _read_content(archive, records, notebook, byteorder, has_values=has_values)


def _read_content(
    archive: ZipArchive, records: Mapping[str, Member], notebook: Notebook, byteorder: str, *, has_values: bool
) -> None:
    """Its pickles, its storages and, where they are looked at, the numbers in them."""
    stored: dict[str, Storage] = {}
    tensors: list[Tensor] = []
    sparse: list[Sparse] = []
    for name, member in records.items():
        if name.endswith(".pkl"):
            reader = _read_pickle(archive, member, notebook)
            if has_values:
                check_arrays(reader, notebook)
            if name == "data.pkl":
                stored, tensors, sparse = reader.storages, reader.tensors, reader.sparse
    _check_storages(archive, records, stored, notebook)

    def bytes_of(storage: Storage) -> ByteSource | None:
        member = records.get(f"data/{storage.key}")
        if member is None or member.size != storage.byte_count:
            return None
        if member.method == STORED:
            return archive.section(member)
        if member.size > MAX_UNPACKED:
            raise OutOfBudget(f"indices of {member.size} bytes in a packed member")
        return MemoryBytes(b"".join(archive.blocks(member)))

    for one in sparse:
        check_sparse(one, bytes_of, notebook, archive.where, byteorder=byteorder)
    if has_values:
        members = {name: member for name, member in records.items() if name not in _SMALL}
        _look_at_values(archive, members, stored, _views(stored, tensors), notebook, byteorder)


def _is_code(member: Member) -> bool:
    name = member.name.partition("/")[2]
    return name == "constants.pkl" or name.startswith("code/")


def _refuse_program(archive: ZipArchive, notebook: Notebook) -> None:
    """TorchScript is refused for what it is, not for its layout; what its pickles import besides is told too."""
    count = sum(map(_is_code, archive.members))
    notebook.add(rules.TORCHSCRIPT, archive.where, f"refused: it is a program ({count} files of code)",
                 effect="gives torch.jit a program to run")  # fmt: skip
    for member in archive.members:
        check_nesting(archive, member)
        if member.name.lower().endswith((".pkl", ".debug_pkl")) and member.size <= MAX_PICKLE:
            trial = Notebook(notebook.file, notebook.budget)
            where = archive.where.member(member.name)
            PickleReader(MemoryBytes(b"".join(archive.blocks(member))), trial, where=where, has_storages=True).read()
            for flaw in trial.flaws:
                if flaw.rule is rules.IMPORT and not flaw.found.startswith(("__torch__.", "torch.jit._pickle.")):
                    notebook.add(flaw.rule, flaw.within, flaw.found, effect=flaw.effect)


def _check_small(archive: ZipArchive, records: Mapping[str, Member], notebook: Notebook) -> str:
    byteorder = "<"
    for name, pattern in _SMALL.items():
        member = records.get(name)
        if member is None:
            continue
        data = b"".join(archive.blocks(member)) if member.size <= MAX_SMALL else b""
        if not pattern.match(data):
            notebook.add(rules.TORCH_MEMBER, archive.where.member(member.name), f"{data[:40]!r}")
        if name == "byteorder" and data == b"big":
            byteorder = ">"
    return byteorder


def _read_pickle(archive: ZipArchive, member: Member, notebook: Notebook) -> PickleReader:
    source: ByteSource = archive.section(member)
    if member.method != STORED:
        if member.size > MAX_PICKLE:
            raise OutOfBudget(f"member {member.name} unpacks to {member.size} bytes")
        source = MemoryBytes(b"".join(archive.blocks(member)))
    where = archive.where.member(member.name)
    reader = PickleReader(source, notebook, where=where, has_storages=True)
    reader.read()
    if reader.is_whole and reader.end < source.size:
        read_further(reader, notebook, "another pickle after the first")
    check_tensors(reader, notebook, where)
    return reader


def read_further(reader: PickleReader, notebook: Notebook, what: str) -> None:
    """Write trailing bytes down, and follow them as pickles, in case somebody's loader does."""
    left = reader.source.size - reader.end
    notebook.add(rules.TRAILING, reader.where.byte(reader.end), f"{left} bytes: {what}")
    for _ in range(MAX_STREAMS):
        if reader.end >= reader.source.size:
            break
        reader.read()
        if not reader.is_whole:
            break


def check_tensors(reader: PickleReader, notebook: Notebook, where: Place) -> None:
    """Check every tensor that a pickle rebuilds against its storage."""
    notebook.budget.spend_members(len(reader.tensors))
    check_all(reader.tensors, notebook, where)


def _check_storages(
    archive: ZipArchive, records: Mapping[str, Member], stored: dict[str, Storage], notebook: Notebook
) -> None:
    for key, storage in stored.items():
        member = records.get(f"data/{key}")
        if member is None:
            notebook.add(rules.TORCH_MEMBER, archive.where, f"no data/{key}, though the pickle names it")
        elif member.size != storage.byte_count:
            shown = f"{member.size} bytes, the pickle says {storage.byte_count}"
            place = archive.where.member(member.name)
            notebook.add(rules.STORAGE_SIZE, place, shown, effect="reads past it, or leaves memory as it was")
    for name, member in records.items():
        found = _STORAGE.match(name)
        if found and found[1] not in stored:
            notebook.add(
                rules.TORCH_MEMBER, archive.where.member(member.name), "a storage that the pickle does not name"
            )


def _look_at_values(
    archive: ZipArchive,
    members: Mapping[str, Member],
    stored: Mapping[str, Storage],
    shown: Mapping[str, _Views],
    notebook: Notebook,
    byteorder: str,
) -> None:
    for name, member in members.items():
        found = _STORAGE.match(name)
        storage = stored.get(found[1]) if found else None
        if storage is None or not shown[storage.key].dtypes:
            if not are_stored(member):
                for _ in archive.blocks(member):
                    pass
            continue
        views = shown[storage.key]
        place = archive.where.member(member.name)
        if len(views.dtypes) > MAX_DTYPES:
            notebook.add(rules.TENSOR_DTYPE, place, f"a storage that is shown as {len(views.dtypes)} types of numbers")
        for dtype in views.dtypes[:MAX_DTYPES]:
            blocks = archive.plain_blocks(member) if are_stored(member) else archive.blocks(member)
            seen = look_at(blocks, dtype, byteorder=byteorder)
            note_values(seen, notebook, place, f"storage {storage.key} ({dtype})", labels=views.labels)


@dataclass(slots=True)
class _Views:
    """How the tensors of a file show one storage."""

    dtypes: list[str] = field(default_factory=list)
    """As what numbers, of those that can be NaN."""
    labels: list[str] = field(default_factory=list)
    """Under which names."""


def _views(stored: Mapping[str, Storage], tensors: Collection[Tensor]) -> dict[str, _Views]:
    """A storage's own type may say bytes where its tensors say numbers."""
    found = {key: _Views() for key in stored}
    for key, storage in stored.items():
        if has_values_of(storage.dtype):
            found[key].dtypes.append(storage.dtype)
    for tensor in tensors:
        views = found.get(tensor.storage.key)
        if views is None:
            continue
        if has_values_of(tensor.dtype) and tensor.dtype not in views.dtypes:
            views.dtypes.append(tensor.dtype)
        label = "metric" if tensor.is_metric else tensor.label
        if label not in views.labels:  # beyond the limit none is excused
            views.labels.append(label if len(views.labels) < MAX_LABELS else "weight")
            del views.labels[MAX_LABELS + 1 :]
    return found


def is_legacy(value: object) -> bool:
    """Whether a file's first pickle is torch's magic number."""
    return isinstance(value, int) and value == MAGIC_NUMBER


def read_legacy(
    reader: PickleReader, notebook: Notebook, *, has_values: bool
) -> tuple[object, Mapping[str, ByteSource]]:
    """Check the streams after the magic number: protocol, system, object, keys, then the storages' bytes.

    Args:
        reader: It has read the magic number.
        notebook: Where flaws go.
        has_values: Whether values are looked at.

    Returns:
        The symbol of the object, and the bytes of every storage that is as it should be, by its key.

    Raises:
        OutOfBudget: There is too much to read.
    """
    notebook.add(rules.LEGACY, reader.where.byte(0x0), "torch's format of before 1.6")
    reader.has_storages = reader.has_modules = True
    streams = []
    for _ in range(4):
        streams.append(reader.read())
        if not reader.is_whole:
            check_tensors(reader, notebook, reader.where)
            return None, {}
    protocol, _, root, keys = streams
    check_tensors(reader, notebook, reader.where)
    if has_values:
        check_arrays(reader, notebook)
    if protocol != PROTOCOL:
        notebook.add(rules.BROKEN, reader.where.byte(reader.end), "no protocol number of torch's")
    if not isinstance(keys, Box) or keys.kind != "list" or not keys.is_complete:
        notebook.add(rules.BROKEN, reader.where.byte(reader.end), "no list of storages")
        return root, {}
    found = _read_raw_storages(reader, keys, notebook, has_values=has_values)
    if reader.end < reader.source.size:
        read_further(reader, notebook, "more than the storages")
    return root, found


def _read_raw_storages(
    reader: PickleReader, keys: Box, notebook: Notebook, *, has_values: bool
) -> dict[str, ByteSource]:
    offset = reader.end
    found: dict[str, ByteSource] = {}
    shown = _views(reader.storages, reader.tensors)
    left = dict(reader.storages)
    for key in keys.items:
        storage = left.pop(key, None) if isinstance(key, str) else None
        place = reader.where.byte(offset)
        if storage is None:
            notebook.add(rules.STORAGE_SIZE, place, "a storage that the pickle does not name, or names once")
            break
        count = int.from_bytes(reader.source.read(offset, 8), "little", signed=True)
        size = storage.count * DTYPE_BYTES[storage.dtype]
        if count != storage.count or offset + 8 + size > reader.source.size:
            notebook.add(rules.STORAGE_SIZE, place, f"storage {key}: {count} elements, the pickle says {storage.count}",
                         effect="reads past it, or leaves memory as it was")  # fmt: skip
            break
        section = Section(reader.source, offset + 8, size)
        found[storage.key] = section
        for dtype in shown[storage.key].dtypes[:MAX_DTYPES] if has_values else ():
            blocks = (section.read(at, 1 << 20) for at in range(0, size, 1 << 20))
            name = f"storage {key} ({dtype})"
            note_values(look_at(blocks, dtype), notebook, place, name, labels=shown[storage.key].labels)
        offset += 8 + size
    else:
        for key in left:
            notebook.add(rules.STORAGE_SIZE, reader.where.byte(offset), f"no storage {key}")
    for one in reader.sparse:
        check_sparse(one, lambda storage: found.get(storage.key), notebook, reader.where)
    reader.move_to(offset)
    return found
