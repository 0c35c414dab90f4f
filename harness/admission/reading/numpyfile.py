"""What numpy writes: ``.npy``, and ``.npz`` member by member."""

from __future__ import annotations

import math
import re
from typing import Final

from harness.admission.reading import rules
from harness.admission.reading.arrays import check_arrays
from harness.admission.reading.bytesource import ByteSource, Section
from harness.admission.reading.notebook import WHOLE, Notebook
from harness.admission.reading.numpycalls import MOST_EMPTY, item_bytes, numbers_of
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.torchfile import read_further
from harness.admission.reading.values import look_at, note_values
from harness.core.places import Place

MAGIC: Final = b"\x93NUMPY"
MAX_HEADER: Final = 1 << 16
_FIELD = r"\('[^'\\]{0,64}', '[<>|=]?[a-zA-Z?]\d{0,4}(\[\d{0,6}[a-zA-Z]{1,2}\])?'(, \((\d{1,9}, ?)*(\d{1,9})?\))?\)"
_PART = re.compile(r"'(?P<descr>[<>|=]?[a-zA-Z?]\d{0,4}(\[\d{0,6}[a-zA-Z]{1,2}\])?)'(, \((?P<shape>[\d, ]*)\))?\)")
_HEADER = re.compile(
    rf"\{{'descr': ('(?P<descr>[<>|=]?[a-zA-Z?]\d{{0,4}}(\[\d{{0,6}}[a-zA-Z]{{1,2}}\])?)'"
    rf"|\[(?P<fields>({_FIELD}, ?){{0,255}}{_FIELD},?)\]), 'fortran_order': (True|False), "
    r"'shape': \((?P<shape>(\d{1,15}, ?)*(\d{1,15},?)?)\),? ?\} *\n?\Z"
)
"""What numpy writes (numpy/lib/format.py); it reads any Python literal."""


def read_npy(source: ByteSource, notebook: Notebook, *, has_values: bool, where: Place = WHOLE) -> None:
    """Check an array file's header, size, values, and its pickle where its elements are objects.

    Args:
        source: The file.
        notebook: Where flaws go.
        has_values: Whether values are looked at.
        where: What is read, within the file.

    Raises:
        OutOfBudget: There is too much to read.
    """
    head = source.read(0, 12)
    wide = head[6:7] in (b"\x02", b"\x03")
    if head[6:8] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00") or len(head) < (12 if wide else 10):
        notebook.add(rules.NUMPY_HEADER, where.byte(0x6), f"version {head[6:8]!r}")
        return
    length = int.from_bytes(head[8:12] if wide else head[8:10], "little")
    start = (12 if wide else 10) + length
    if length > MAX_HEADER or start > source.size:
        notebook.add(rules.NUMPY_HEADER, where.byte(0x8), f"a header of {length} bytes")
        return
    text = source.read(12 if wide else 10, length).decode("latin-1")
    found = _HEADER.match(text)
    if not found:
        rule = rules.TENSOR_DTYPE if "'descr': [" in text else rules.NUMPY_HEADER
        notebook.add(rule, where.byte(0xA), text, effect="is evaluated, or read as records")
        return
    count = _product(found["shape"])
    data = Section(source, start, source.size - start)
    if found["fields"]:
        _read_records(found["fields"], count, data, notebook, where)
        return
    descr = found["descr"]
    if descr.lstrip("<>|=")[0] == "O":
        _read_objects(data, notebook, where.step(f"from byte 0x{start:x}"), has_values=has_values)
        return
    if descr.lstrip("<>|=")[0] not in "biufcSUmM?":
        notebook.add(rules.TENSOR_DTYPE, where.byte(0xA), descr, effect="is no array of numbers")
        return
    expected = count * item_bytes(descr)
    if expected != data.size or (not expected and count > MOST_EMPTY):
        shown = f"{data.size} bytes of data, the header says {expected}"
        place = where.byte(start)
        notebook.add(rules.NUMPY_HEADER, place, shown, effect="reads past it, or hides bytes")
        return
    notebook.tensors += 1
    numbers = numbers_of(descr)
    if has_values and numbers is not None:
        dtype, order = numbers
        blocks = (data.read(at, 1 << 20) for at in range(0, data.size, 1 << 20))
        note_values(look_at(blocks, dtype, byteorder=order), notebook, where, f"array ({dtype})")


def _product(shape: str) -> int:
    return math.prod(int(one) for one in shape.split(",") if one.strip())


def _read_records(fields: str, count: int, data: Section, notebook: Notebook, where: Place) -> None:
    """Records of numbers are told; of objects, they are pickles."""
    width = 0
    for part in _PART.finditer(fields):
        descr = part["descr"]
        if descr.lstrip("<>|=")[0] not in "biufcSUVmM?":
            notebook.add(rules.TENSOR_DTYPE, where.byte(0xA), descr, effect="is no array of numbers")
            return
        width += item_bytes(descr) * _product(part["shape"] or "")
    if count * width != data.size or (not width and count > MOST_EMPTY):
        shown = f"{data.size} bytes of data, the header says {count * width}"
        place = where.byte(data.start)
        notebook.add(rules.NUMPY_HEADER, place, shown, effect="reads past it, or hides bytes")
        return
    notebook.add(rules.RECORDS, where.byte(0xA), f"records of {width} bytes")


def _read_objects(data: Section, notebook: Notebook, where: Place, *, has_values: bool) -> None:
    reader = PickleReader(data, notebook, where=where)
    reader.read()
    if has_values:
        check_arrays(reader, notebook)
    if reader.is_whole and reader.end < data.size:
        read_further(reader, notebook, "more than the array")
