"""The messages of an ONNX file: which fields each has, how they are written, and which come once. Data, and its reader.

What no message has is refused: a field that one reader knows and another passes over is where files differ.
Source: onnx.proto of ONNX 1.23 (IR version 14).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.notebook import Budget
from harness.admission.reading.wire import COUNTED, FIXED32, VARINT, Field, Misshapen, fields

MAX_TEXT: Final = 1 << 16
"""Bytes of one text: exporters write the stack of calls beside each node."""


NUMBER: Final = (VARINT,)
NUMBERS: Final = (VARINT, COUNTED)
FLOAT: Final = (FIXED32,)
FLOATS: Final = (FIXED32, COUNTED)
TEXT: Final = (COUNTED,)
BYTES: Final = (COUNTED,)
MESSAGE: Final = (COUNTED,)
PACKED: Final = (COUNTED,)
"""Numbers that every writer puts into one field."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a message."""

    name: str
    """As ONNX calls it."""
    forms: tuple[int, ...]
    """How it may be written."""
    is_repeated: bool = False


Message = Mapping[int, Row]

_DOC: Final = Row("doc_string", TEXT)
_NAME: Final = Row("name", TEXT)
_METADATA: Final = Row("metadata_props", MESSAGE, is_repeated=True)

MODEL: Final[Message] = {
    1: Row("ir_version", NUMBER),
    2: Row("producer_name", TEXT),
    3: Row("producer_version", TEXT),
    4: Row("domain", TEXT),
    5: Row("model_version", NUMBER),
    6: _DOC,
    7: Row("graph", MESSAGE),
    8: Row("opset_import", MESSAGE, is_repeated=True),
    14: _METADATA,
    20: Row("training_info", MESSAGE, is_repeated=True),
    25: Row("functions", MESSAGE, is_repeated=True),
    26: Row("configuration", MESSAGE, is_repeated=True),
}
OPSET: Final[Message] = {1: Row("domain", TEXT), 2: Row("version", NUMBER)}
ENTRY: Final[Message] = {1: Row("key", TEXT), 2: Row("value", BYTES)}
GRAPH: Final[Message] = {
    1: Row("node", MESSAGE, is_repeated=True),
    2: _NAME,
    5: Row("initializer", MESSAGE, is_repeated=True),
    10: _DOC,
    11: Row("input", MESSAGE, is_repeated=True),
    12: Row("output", MESSAGE, is_repeated=True),
    13: Row("value_info", MESSAGE, is_repeated=True),
    14: Row("quantization_annotation", MESSAGE, is_repeated=True),
    15: Row("sparse_initializer", MESSAGE, is_repeated=True),
    16: _METADATA,
}
NODE: Final[Message] = {
    1: Row("input", TEXT, is_repeated=True),
    2: Row("output", TEXT, is_repeated=True),
    3: _NAME,
    4: Row("op_type", TEXT),
    5: Row("attribute", MESSAGE, is_repeated=True),
    6: _DOC,
    7: Row("domain", TEXT),
    8: Row("overload", TEXT),
    9: _METADATA,
    10: Row("device_configurations", MESSAGE, is_repeated=True),
}
ATTRIBUTE: Final[Message] = {
    1: _NAME,
    2: Row("f", FLOAT),
    3: Row("i", NUMBER),
    4: Row("s", BYTES),
    5: Row("t", MESSAGE),
    6: Row("g", MESSAGE),
    7: Row("floats", FLOATS, is_repeated=True),
    8: Row("ints", NUMBERS, is_repeated=True),
    9: Row("strings", BYTES, is_repeated=True),
    10: Row("tensors", MESSAGE, is_repeated=True),
    11: Row("graphs", MESSAGE, is_repeated=True),
    13: _DOC,
    14: Row("tp", MESSAGE),
    15: Row("type_protos", MESSAGE, is_repeated=True),
    20: Row("type", NUMBER),
    21: Row("ref_attr_name", TEXT),
    22: Row("sparse_tensor", MESSAGE),
    23: Row("sparse_tensors", MESSAGE, is_repeated=True),
}
TENSOR: Final[Message] = {
    1: Row("dims", NUMBERS, is_repeated=True),
    2: Row("data_type", NUMBER),
    3: Row("segment", MESSAGE),
    4: Row("float_data", PACKED),
    5: Row("int32_data", PACKED),
    6: Row("string_data", BYTES, is_repeated=True),
    7: Row("int64_data", PACKED),
    8: _NAME,
    9: Row("raw_data", BYTES),
    10: Row("double_data", PACKED),
    11: Row("uint64_data", PACKED),
    12: _DOC,
    13: Row("external_data", MESSAGE, is_repeated=True),
    14: Row("data_location", NUMBER),
    16: _METADATA,
}
VALUE: Final[Message] = {1: _NAME, 2: Row("type", MESSAGE), 3: _DOC, 4: _METADATA}
TYPE: Final[Message] = {
    1: Row("tensor_type", MESSAGE),
    4: Row("sequence_type", MESSAGE),
    5: Row("map_type", MESSAGE),
    6: Row("denotation", TEXT),
    7: Row("opaque_type", MESSAGE),
    8: Row("sparse_tensor_type", MESSAGE),
    9: Row("optional_type", MESSAGE),
}
TENSOR_TYPE: Final[Message] = {1: Row("elem_type", NUMBER), 2: Row("shape", MESSAGE)}
SHAPE: Final[Message] = {1: Row("dim", MESSAGE, is_repeated=True)}
DIMENSION: Final[Message] = {
    1: Row("dim_value", NUMBER),
    2: Row("dim_param", TEXT),
    3: Row("denotation", TEXT),
}


ANNOTATION: Final[Message] = {
    1: Row("tensor_name", TEXT),
    2: Row("quant_parameter_tensor_names", MESSAGE, is_repeated=True),
}
_UNREAD: Final[Mapping[str, Message]] = {"metadata_props": ENTRY, "quantization_annotation": ANNOTATION}
"""Messages that stand beside what is read, wherever they stand: they are held to the format all the same."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader reads from, and what reading takes from."""

    file: ByteSource
    budget: Budget

    def walk(self, message: Message, start: int, end: int) -> Iterator[tuple[str, Field]]:
        """The fields of a message by name, held against what it may have.

        Raises:
            Misshapen: It has another field, one in another form, or one twice that comes once.
            OutOfBudget: There is too much.
        """
        once: set[int] = set()
        for field in fields(self.file, start, end, self.budget):
            row = message.get(field.number)
            if row is None:
                raise Misshapen(f"field {field.number}, which the format does not have here", field.start)
            if field.wire not in row.forms:
                raise Misshapen(f"{row.name} in another form than the format has", field.start)
            if not row.is_repeated:
                if field.number in once:
                    raise Misshapen(f"{row.name} twice: readers join the two or take the last", field.start)
                once.add(field.number)
            if row.name in _UNREAD:
                self._exhaust(_UNREAD[row.name], field)
            yield row.name, field

    def _exhaust(self, message: Message, field: Field) -> None:
        """Hold a message of which nothing is wanted against what it may have, down to its last field."""
        for name, inner in self.walk(message, field.start, field.end):
            if name == "quant_parameter_tensor_names":
                self._exhaust(ENTRY, inner)

    def text(self, field: Field, most: int = MAX_TEXT) -> str:
        """A text.

        Raises:
            Misshapen: It is too long or no UTF-8.
        """
        try:
            return self.data(field, most).decode("utf-8")
        except UnicodeDecodeError:
            raise Misshapen("a text that is no UTF-8", field.start) from None

    def data(self, field: Field, most: int) -> bytes:
        """The bytes of a field.

        Raises:
            Misshapen: There are more than `most`, or fewer than it says.
        """
        length = field.end - field.start
        if length > most:
            raise Misshapen(f"{length} bytes, expected at most {most}", field.start)
        found = self.file.read(field.start, length)
        if len(found) != length:
            raise Misshapen("the file ends within a field", field.start)
        return found
