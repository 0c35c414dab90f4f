"""Inputs, outputs and values in between, as an ONNX graph declares them: a name, a type, sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from harness.admission.reading.onnx import rules
from harness.admission.reading.onnx.rules import Refused
from harness.admission.reading.onnx.schema import DIMENSION, SHAPE, TENSOR_TYPE, TYPE, VALUE, Source
from harness.admission.reading.onnx.tensors import ELEMENTS, TEXTS
from harness.admission.reading.wire import Field, Misshapen, signed

MAX_DEPTH: Final = 8
MAX_ELEMENTS: Final = 1 << 33
"""Of one value; the largest that voices have are some seconds of sound."""
_HOLDING: Final = ("sequence_type", "optional_type")
_HELD: Final = {1: VALUE[2]}
"""A sequence or an option has one field, which is written like the type of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a graph says of one of its values."""

    name: str
    type: str
    """Such as ``int64 [batch_size, phonemes]``. Hostile text."""


def read_value(source: Source, start: int, end: int) -> Value:
    """Read what is declared of a value.

    Raises:
        Misshapen: It breaks the format.
        Refused: It is of a type that no voice has.
    """
    name, words = "", ""
    for what, field in source.walk(VALUE, start, end):
        if what == "name":
            name = source.text(field)
        elif what == "type":
            words = read_type(source, field.start, field.end)
    return Value(name=name, type=words)


def read_type(source: Source, start: int, end: int, depth: int = 0) -> str:
    """Read a type, as people write it.

    Raises:
        Misshapen: It breaks the format.
        Refused: No voice has it, or it stands for more than any machine has.
    """
    if depth > MAX_DEPTH:
        raise Refused(rules.BOMB, f"types within types, more than {MAX_DEPTH} deep", start)
    words = ""
    for what, field in source.walk(TYPE, start, end):
        if what == "denotation":
            continue
        if words:
            raise Misshapen("a value of two types", field.start)
        if what == "tensor_type":
            words = _tensor(source, field)
        elif what in _HOLDING:
            words = f"{what.partition('_')[0]} of {_held(source, field, depth)}"
        else:
            raise Refused(rules.TENSOR, f"a value of a {what.replace('_', ' ')}", field.start)
    return words


def _held(source: Source, field: Field, depth: int) -> str:
    """The type of what a sequence or an option holds."""
    words = ""
    for _, inner in source.walk(_HELD, field.start, field.end):
        words = read_type(source, inner.start, inner.end, depth + 1)
    return words


def _tensor(source: Source, field: Field) -> str:
    dtype, shape = "", "of any size"
    for what, inner in source.walk(TENSOR_TYPE, field.start, field.end):
        if what == "elem_type":
            if inner.value == TEXTS:
                raise Refused(rules.TENSOR, "a value of texts", inner.start)
            if inner.value not in ELEMENTS:
                raise Refused(rules.TENSOR, f"elements of a type that is not known ({inner.value})", inner.start)
            dtype = ELEMENTS[inner.value][0]
        else:
            shape = _shape(source, inner)
    return f"{dtype} {shape}"


def _shape(source: Source, field: Field) -> str:
    sizes: list[str] = []
    known: list[int] = []
    for _, inner in source.walk(SHAPE, field.start, field.end):
        size = "?"
        for what, part in source.walk(DIMENSION, inner.start, inner.end):
            if what == "dim_value":
                number = signed(part.value)
                known.append(max(1, number))
                size = str(number)
            elif what == "dim_param":
                size = source.text(part)
        sizes.append(size)
    if math.prod(known) > MAX_ELEMENTS:
        raise Refused(rules.BOMB, f"a value of sizes {sizes[:8]}", field.start)
    return f"[{', '.join(sizes)}]"
