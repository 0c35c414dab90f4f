"""Attributes of nodes: one value each, of the kind that its type says, down to graphs within a graph."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.admission.reading.onnx import rules
from harness.admission.reading.onnx.fingerprint import digest
from harness.admission.reading.onnx.rules import Refused
from harness.admission.reading.onnx.schema import ATTRIBUTE
from harness.admission.reading.onnx.tensors import Tensor, read_tensor
from harness.admission.reading.onnx.values import read_type
from harness.admission.reading.wire import Field, Misshapen, numbers, signed

if TYPE_CHECKING:
    from harness.admission.reading.onnx.graph import Graph, Reading

ReadGraph = Callable[["Reading", int, int, int], "Graph"]

MAX_NUMBERS: Final = 1 << 20
"""Bytes of an attribute's numbers."""
MAX_TEXT: Final = 1 << 16
MAX_VALUES: Final = 1 << 16
"""Tensors, texts or numbers of one attribute."""
BLOCK: Final = 1 << 20
_FIELDS: Final = {
    1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings", 9: "tensors", 10: "graphs",
    11: "sparse_tensor", 12: "sparse_tensors", 13: "tp", 14: "type_protos",
}  # fmt: skip
"""ONNX's number of an attribute's type -> the field that holds such a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute."""

    name: str
    sha256: str
    """Of its name, its type and its value."""
    numbers: tuple[int, ...] = ()
    """Its value where that is a list of whole numbers."""
    tensor: Tensor | None = None
    """Its value where that is a tensor."""


def read_attribute(reading: Reading, place: Field, depth: int, read_graph: ReadGraph) -> Attribute:
    """Read an attribute.

    Args:
        reading: What it is part of.
        place: Where it stands.
        depth: How many graphs its node lies in.
        read_graph: What reads a graph within it.

    Raises:
        Misshapen: It breaks the format.
        Refused: It is of a kind that no voice has.
        OutOfBudget: There is too much.
    """
    source = reading.source
    name, kind = "", 0
    held: list[str] = []
    ints: list[int] = []
    tensor = None
    fields: set[str] = set()
    for what, inner in source.walk(ATTRIBUTE, place.start, place.end):
        if what == "name":
            name = reading.name(inner)
        elif what == "type":
            kind = inner.value
        elif what == "ref_attr_name":
            raise Refused(rules.FUNCTION, "an attribute of a function outside of one", inner.start)
        elif what.startswith("sparse"):
            raise Refused(rules.TENSOR, "a sparse tensor", inner.start)
        elif what != "doc_string":
            fields.add(what)
            if what in ("t", "tensors"):
                tensor = _tensor(reading, inner, held)
            elif what in ("g", "graphs"):
                held.append(read_graph(reading, inner.start, inner.end, depth + 1).sha256)
            elif what in ("tp", "type_protos"):
                held.append(read_type(source, inner.start, inner.end))
            elif what in ("i", "ints"):
                ints += [signed(one) for one in numbers(source.file, inner, MAX_NUMBERS)]
            else:
                most = MAX_NUMBERS if what == "floats" else MAX_TEXT
                held.append(source.data(inner, most).hex())
            if len(held) + len(ints) > MAX_VALUES:
                raise Refused(rules.BOMB, f"an attribute of more than {MAX_VALUES} values", inner.start)
    expected = _FIELDS.get(kind)
    if expected is None or fields - {expected}:
        got = ", ".join(sorted(fields)) or "nothing"
        raise Misshapen(f"an attribute of type {kind} that holds {got}", place.start)
    whole = digest(name, str(kind), "".join(held) if expected == "floats" else held, [str(one) for one in ints])
    return Attribute(name=name, sha256=whole, numbers=tuple(ints), tensor=tensor if expected == "t" else None)


def _tensor(reading: Reading, place: Field, held: list[str]) -> Tensor:
    """Read a tensor that stands in a node: its elements are part of the graph."""
    reading.count_tensor(place.start)
    tensor = read_tensor(reading.source, place.start, place.end)
    made = hashlib.sha256()
    for at in range(0, tensor.data.size, BLOCK):
        made.update(tensor.data.read(at, BLOCK))
    held.append(digest(tensor.words, made.hexdigest()))
    return tensor
