"""Whether some bytes begin as an ONNX file. Apart from its reader, which files of other kinds need not import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.admission.reading.onnx.schema import GRAPH, MODEL, Row
from harness.admission.reading.wire import COUNTED, Misshapen, varint

if TYPE_CHECKING:
    from harness.admission.reading.bytesource import ByteSource

_HEAD: Final = 64


def is_onnx(source: ByteSource) -> bool:
    """Whether some bytes begin as one: fields of a model in a row, the format's version or a graph among them.

    Text does not: one of a model's first bytes is a control character.
    """
    head = source.read(0, 1 << 12)
    if not any(byte < 9 or 13 < byte < 32 for byte in head[:_HEAD]):
        return False
    at, seen = 0, set[str]()
    try:
        while at < source.size:
            head = source.read(at, 24)
            tag, used = varint(head, 0, at)
            row = MODEL.get(tag >> 3)
            if row is None or tag & 7 not in row.forms:
                return False
            size, used = varint(head, used, at)
            if row.name == "ir_version" and not size:
                return False
            if row.name == "graph":
                return _begins_as_graph(source, at + used, size)
            if seen and "ir_version" in (*seen, row.name):
                return True
            if row.name in seen:
                return False
            seen.add(row.name)
            at += used + (size if tag & 7 == COUNTED else 0)
    except Misshapen:  # as where what is looked at is cut
        pass
    return "ir_version" in seen


def _begins_as_graph(source: ByteSource, at: int, size: int) -> bool:
    head = source.read(at, min(size, 10))
    if not head:
        return True
    row: Row | None = GRAPH.get(head[0] >> 3)
    return head[0] >= 0x80 or (row is not None and head[0] & 7 == COUNTED)
