"""Arrays whose bytes lie in a pickle: whether their values are those of a working voice. Nothing is unpickled."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.escapes import decoded
from harness.admission.reading.notebook import Notebook
from harness.admission.reading.numpycalls import numbers_of
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.symbols import ArrayData, Blob, Writing
from harness.admission.reading.values import look_at, note_values

BLOCK = 1 << 20


def check_arrays(reader: PickleReader, notebook: Notebook) -> None:
    """Write down arrays with NaN or infinity among those that a reader has seen, measurements aside.

    Small arrays are looked at together first: a pickle can hold very many.
    """
    small: dict[tuple[str, str], list[ArrayData]] = {}
    for array in reader.arrays:
        numbers = numbers_of(array.dtype)
        if numbers is None:
            continue
        if isinstance(array.content, bytes):
            small.setdefault(numbers, []).append(array)
        else:
            _check(reader, array, numbers, notebook)
    for numbers, arrays in small.items():
        together = b"".join(array.content for array in arrays if isinstance(array.content, bytes))
        if look_at([together], numbers[0], byteorder=numbers[1]).not_finite:
            for array in arrays:
                _check(reader, array, numbers, notebook)


def _check(reader: PickleReader, array: ArrayData, numbers: tuple[str, str], notebook: Notebook) -> None:
    dtype, order = numbers
    seen = look_at(_blocks(reader.source, array.content), dtype, byteorder=order)
    seen.largest = 0.0  # dates and frequencies are large, and no layer computes with them
    name = f"array {array.label!r} ({dtype})" if array.label else f"array ({dtype})"
    label = "metric" if array.is_metric else array.label
    note_values(seen, notebook, reader.where.byte(array.position), name, labels=[label])


def _blocks(source: ByteSource, content: bytes | Blob) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    end = content.start + content.size
    written = (source.read(at, min(BLOCK, end - at)) for at in range(content.start, end, BLOCK))
    if content.writing is not Writing.PLAIN:
        yield from decoded(written, content.writing)
        return
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for block in written:
        yield decoder.decode(block).encode("latin-1", "replace") if content.kind == "encoded" else block
