"""Reads a safetensors header against the format's own rules. Knows safetensors, nothing else.

The format: eight bytes of length, a JSON object of so many bytes, then the tensors without holes or overlaps.
"""

from __future__ import annotations

from typing import Final

from harness.admission.reading import rules
from harness.admission.reading.bytesource import ByteSource, Section
from harness.admission.reading.notebook import WHOLE, Notebook
from harness.admission.reading.symbols import show
from harness.admission.reading.values import has_values_of, look_at, note_values
from harness.admission.reading.weight import Weight
from harness.core.places import Place
from harness.core.plainjson import Ambiguous, NotStrict, loads

MAX_HEADER: Final = 4 << 20
"""The format allows 100 MB; 4 MB describe 30,000 tensors."""
MAX_NAME: Final = 1024
DTYPES: Final = {
    "F64": ("float64", 64), "F32": ("float32", 32), "F16": ("float16", 16), "BF16": ("bfloat16", 16),
    "I64": ("int64", 64), "I32": ("int32", 32), "I16": ("int16", 16), "I8": ("int8", 8), "U64": ("uint64", 64),
    "U32": ("uint32", 32), "U16": ("uint16", 16), "U8": ("uint8", 8), "BOOL": ("bool", 8), "C64": ("complex64", 64),
    "F8_E4M3": ("float8_e4m3fn", 8), "F8_E5M2": ("float8_e5m2", 8), "F8_E8M0": ("float8_e8m0fnu", 8),
    "F8_E4M3FNUZ": ("float8_e4m3fnuz", 8), "F8_E5M2FNUZ": ("float8_e5m2fnuz", 8),
    "F6_E2M3": ("float6", 6), "F6_E3M2": ("float6", 6), "F4": ("float4_e2m1fn_x2", 4),
}  # fmt: skip
"""safetensors' name -> torch's, and bits per element."""


def is_safetensors(source: ByteSource) -> bool:
    """Whether a file begins as one: a plausible length, then an object."""
    head = source.read(0, 9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") <= 100_000_000


def read_safetensors(source: ByteSource, notebook: Notebook, *, has_values: bool, where: Place = WHOLE) -> None:
    """Check a header, and the values that it describes.

    Args:
        source: The file.
        notebook: Where flaws go.
        has_values: Whether values are looked at.
        where: What is read, within the file.
    """
    length = int.from_bytes(source.read(0, 8), "little")
    if 8 + length > source.size:
        notebook.add(rules.SAFETENSORS, where.byte(0x0), f"a header of {length} bytes in a file of {source.size}")
        return
    if length > MAX_HEADER:
        shown = f"a header of {length} bytes, more than any voice has tensors for; limit {MAX_HEADER}"
        notebook.add(rules.SAFETENSORS, where.byte(0x0), shown, effect="exhausts memory and time")
        return
    try:
        header = loads(source.read(8, length), max_bytes=MAX_HEADER, floats=False)
    except Ambiguous as problem:
        notebook.add(rules.SAFETENSORS, where.byte(0x8), str(problem), effect="readers take different tensors")
        return
    except NotStrict as problem:
        notebook.add(rules.SAFETENSORS, where.byte(0x8), f"no JSON of the kind expected: {problem}")
        return
    if not isinstance(header, dict):
        notebook.add(rules.SAFETENSORS, where.byte(0x8), "expected an object")
        return
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        notebook.add(rules.SAFETENSORS, where.at("$.__metadata__"), "expected an object of texts")
    notebook.budget.spend_members(len(header))
    notebook.tensors += len(header)
    _read_tensors(Section(source, 8 + length, source.size - 8 - length), header, notebook, where, has_values=has_values)


def weights_of(source: ByteSource) -> dict[str, Weight]:
    """The tensors of a file in which :func:`read_safetensors` finds no flaw."""
    length = int.from_bytes(source.read(0, 8), "little")
    header = loads(source.read(8, length), max_bytes=MAX_HEADER, floats=False)
    assert isinstance(header, dict)
    found = {}
    for name, about in header.items():
        if name != "__metadata__":
            start, end = about["data_offsets"]
            data = Section(source, 8 + length + start, end - start)
            found[name] = Weight(dtype=DTYPES[about["dtype"]][0], shape=tuple(about["shape"]), data=data)
    return found


def _read_tensors(
    data: Section, header: dict[str, object], notebook: Notebook, where: Place, *, has_values: bool
) -> None:
    placed: list[tuple[int, int, str, str]] = []
    for name, about in header.items():
        place = where.at(f"$.{name}")
        problem, start, end, dtype = _read_one(name, about)
        if problem:
            notebook.add(rules.SAFETENSORS, place, problem, effect="readers read other bytes, or past the end")
        else:
            placed.append((start, end, name, dtype))
    reached = 0
    for start, end, name, dtype in sorted(placed):
        place = where.at(f"$.{name}")
        if start != reached:
            what = "overlaps the tensor before it" if start < reached else f"leaves {start - reached} bytes before it"
            notebook.add(rules.SAFETENSORS, place, what, effect="hides bytes, or shares them")
        reached = max(reached, end)
        if end > data.size:
            notebook.add(
                rules.SAFETENSORS, place, f"ends at {end}, the data at {data.size}", effect="reads past the end"
            )
        elif has_values and has_values_of(dtype):
            part = Section(data, start, end - start)
            blocks = (part.read(at, 1 << 20) for at in range(0, end - start, 1 << 20))
            note_values(look_at(blocks, dtype), notebook, place, name, labels=(name,))
    if reached < data.size:
        notebook.add(rules.SAFETENSORS, where.byte(data.start + reached),
                     f"{data.size - reached} bytes that belong to no tensor", effect="hides bytes")  # fmt: skip


def _read_one(name: str, about: object) -> tuple[str, int, int, str]:
    """What is wrong with a tensor's entry ("" where nothing is), its offsets and its dtype."""
    wrong = ("expected dtype, shape and data_offsets", 0, 0, "")
    if not isinstance(about, dict) or set(about) != {"dtype", "shape", "data_offsets"} or len(name) > MAX_NAME:
        return wrong
    dtype, shape, offsets = about["dtype"], about["shape"], about["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        return (f"unknown dtype {show(dtype)}", 0, 0, "")
    if not _naturals(shape) or not _naturals(offsets) or len(offsets) != 2 or len(shape) > 64:
        return wrong
    expected = DTYPES[dtype][1]
    for size in shape:
        expected *= size
    if expected % 8 or offsets[1] - offsets[0] != expected // 8:
        return (
            f"{offsets[1] - offsets[0]} bytes for {dtype} of shape {shape[:8]}, expected {show(expected // 8)}",
            0,
            0,
            "",
        )
    return ("", offsets[0], offsets[1], DTYPES[dtype][0])


def _naturals(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 1 << 48 for one in value
    )
