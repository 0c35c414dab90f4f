"""The graph of an ONNX file: nodes, tensors, inputs and outputs, and what of them makes its fingerprint.

It is read in one go, field by field; of a node no more is kept than a digest and its name. What no voice has goes to
the notebook, and what breaks the format ends the reading.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from harness.admission.reading.notebook import Notebook
from harness.admission.reading.onnx import rules
from harness.admission.reading.onnx.attributes import Attribute, read_attribute
from harness.admission.reading.onnx.fingerprint import Row, digest, is_constant
from harness.admission.reading.onnx.operators import BRANCHES, OPERATORS, SIZED, SIZED_BY
from harness.admission.reading.onnx.quantized import QUANTIZED_NODE
from harness.admission.reading.onnx.rules import Refused
from harness.admission.reading.onnx.schema import GRAPH, NODE, Source
from harness.admission.reading.onnx.tensors import Tensor, read_tensor
from harness.admission.reading.onnx.values import MAX_ELEMENTS, Value, read_value
from harness.admission.reading.wire import Field, Misshapen
from harness.core.places import Place

MAX_DEPTH: Final = 6
"""Graphs within graphs."""
MAX_NODES: Final = 20_000
"""Of one file; the largest voices at hand have 6,000."""
MAX_TENSORS: Final = 20_000
MAX_VALUES: Final = 60_000
"""Values in between of which something is declared."""
MAX_ENDS: Final = 4096
"""Inputs, and as many outputs, of a graph."""
MAX_NAME: Final = 1024
MAX_NAMES: Final = 32 << 20
"""Characters of all names together: they are kept, because differences are told by them."""
MAX_LINKS: Final = 1 << 16
"""Inputs and outputs of one node."""
MAX_SHAPE: Final = 32
_CLIMBING: Final = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)")


@dataclass(slots=True)
class Reading:
    """What reading a file's graphs has come to so far."""

    source: Source
    notebook: Notebook
    where: Place
    nodes: int = 0
    tensors: int = 0
    characters: int = 0
    """Of names."""
    branches: Counter[str] = field(default_factory=Counter)
    """Operators that hold graphs, and how often each stands there."""

    def name(self, place: Field) -> str:
        """A name.

        Raises:
            Misshapen: It is no text.
            Refused: There is too much of names.
        """
        text = self.source.text(place)
        self.judge_name(text, place.start)
        return text

    def judge_name(self, text: str, at: int) -> None:
        """Look at a name, and take it into account.

        Raises:
            Refused: There is too much of names.
        """
        self.characters += len(text)
        if self.characters > MAX_NAMES:
            raise Refused(rules.BOMB, f"names of more than {MAX_NAMES} characters", at)
        if len(text) > MAX_NAME or not text.isprintable() or _CLIMBING.search(text):
            self.notebook.add(rules.NAME, self.where.byte(at), repr(text[:200]))

    def count_node(self, at: int) -> None:
        """Take one more node into account.

        Raises:
            Refused: There are too many.
        """
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise Refused(rules.BOMB, f"more than {MAX_NODES} nodes", at)

    def count_tensor(self, at: int) -> None:
        """Take one more tensor into account.

        Raises:
            Refused: There are too many.
            OutOfBudget: The file's budget has no more.
        """
        self.notebook.budget.spend_members()
        self.tensors += 1
        if self.tensors > MAX_TENSORS:
            raise Refused(rules.BOMB, f"more than {MAX_TENSORS} tensors", at)


@dataclass(slots=True)
class Graph:
    """One graph."""

    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    between: list[str] = field(default_factory=list)
    """Digests of what is declared of other values."""
    nodes: list[Row] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    """Names of what nodes make."""
    constants: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Values that are a few whole numbers, whatever the graph is given."""
    biases: dict[str, str] = field(default_factory=dict)
    """What a convolution multiplies by -> what it adds: of a weight that was folded, that one has kept its name."""
    modules: dict[str, str] = field(default_factory=dict)
    """What a quantised convolution multiplies by -> whose it is, by its node's name: what it adds is nodes away."""
    sizes: list[tuple[str, str, int]] = field(default_factory=list)
    """Node, the value that says how large its output is, and where the node stands."""

    @property
    def rows(self) -> list[Row]:
        """Its tensors, as a fingerprint has them."""
        return [_tensor_row(tensor) for tensor in self.tensors.values()]

    @property
    def rest(self) -> str:
        """Digest of what it declares of values in between."""
        return digest(self.between)

    @property
    def sha256(self) -> str:
        """Digest of all of it, for a graph within another."""
        declared = [f"{value.name}: {value.type}" for value in (*self.inputs, *self.outputs)]
        rows = sorted(row.digest for row in self.rows)
        return digest(declared, str(len(self.inputs)), [row.digest for row in self.nodes], rows, self.rest)


def read_graph(reading: Reading, start: int, end: int, depth: int = 0) -> Graph:
    """Read a graph.

    Args:
        reading: What it is part of.
        start: Its first byte.
        end: The byte behind it.
        depth: How many graphs it lies in.

    Raises:
        Misshapen: It breaks the format.
        Refused: It goes beyond any voice, or something in it is not what it says.
        OutOfBudget: There is too much.
    """
    if depth > MAX_DEPTH:
        raise Refused(rules.BOMB, f"graphs within graphs, more than {MAX_DEPTH} deep", start)
    graph = Graph()
    for what, place in reading.source.walk(GRAPH, start, end):
        if what == "node":
            reading.count_node(place.start)
            _read_node(reading, graph, place, depth)
        elif what == "initializer":
            reading.count_tensor(place.start)
            _add_tensor(reading, graph, place)
        elif what in ("input", "output"):
            declared = graph.inputs if what == "input" else graph.outputs
            declared.append(_value(reading, place))
            if len(declared) > MAX_ENDS:
                raise Refused(rules.BOMB, f"more than {MAX_ENDS} {what}s", place.start)
        elif what == "value_info":
            value = _value(reading, place)
            graph.between.append(digest(value.name, value.type))
        elif what == "sparse_initializer":
            raise Refused(rules.TENSOR, "a sparse tensor", place.start)
        elif what == "quantization_annotation":
            graph.between.append(digest(what, reading.source.data(place, 1 << 16)))
        elif what == "name":
            reading.name(place)
        if len(graph.between) > MAX_VALUES:
            raise Refused(rules.BOMB, f"more than {MAX_VALUES} declared values", place.start)
    for node, named, at in graph.sizes:
        _refuse_huge(graph.constants.get(named, ()), node, at)
    return graph


def _value(reading: Reading, place: Field) -> Value:
    value = read_value(reading.source, place.start, place.end)
    reading.judge_name(value.name, place.start)
    return value


def _add_tensor(reading: Reading, graph: Graph, place: Field) -> None:
    tensor = read_tensor(reading.source, place.start, place.end)
    if not tensor.name or tensor.name in graph.tensors:
        raise Misshapen(f"a tensor {'of a name that another has' if tensor.name else 'without a name'}", place.start)
    reading.judge_name(tensor.name, place.start)
    graph.tensors[tensor.name] = tensor
    _note_constant(graph, tensor.name, tensor)


def _note_constant(graph: Graph, name: str, tensor: Tensor) -> None:
    found = tensor.whole_numbers(MAX_SHAPE)
    if found is not None:
        graph.constants[name] = found


def _read_node(reading: Reading, graph: Graph, place: Field, depth: int) -> None:
    operator = domain = name = ""
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, Attribute] = {}
    for what, inner in reading.source.walk(NODE, place.start, place.end):
        if what in ("input", "output"):
            (inputs if what == "input" else outputs).append(reading.name(inner))
        elif what == "op_type":
            operator = reading.name(inner)
        elif what == "domain":
            domain = reading.name(inner)
        elif what == "name":
            name = reading.name(inner)
        elif what == "attribute":
            made = read_attribute(reading, inner, depth, read_graph)
            if made.name in attributes:
                raise Misshapen(f"an attribute twice: {made.name[:80]!r}", inner.start)
            attributes[made.name] = made
        elif what == "overload" and inner.end > inner.start:
            raise Refused(rules.FUNCTION, "a node of a function's overload", inner.start)
        elif what == "device_configurations":
            raise Refused(rules.FUNCTION, "a plan for several devices", inner.start)
        if len(inputs) + len(outputs) > MAX_LINKS:
            raise Refused(rules.BOMB, f"a node of more than {MAX_LINKS} inputs and outputs", place.start)
    _judge_operator(reading, operator, domain, place)
    for one in filter(None, outputs):
        if one in graph.made:
            raise Misshapen(f"two nodes make {one[:80]!r}", place.start)
        graph.made.add(one)
    domain = "" if domain == "ai.onnx" else domain
    told = [attributes[key].sha256 for key in sorted(attributes)]
    whole = digest(operator, domain, name, inputs, outputs, told)
    graph.nodes.append(Row(whole, f"{domain}:{operator}" if domain else operator, name))
    if operator == "Conv" and len(inputs) == 3:
        graph.biases.setdefault(inputs[1], inputs[2])
    if operator == "ConvInteger" and len(inputs) > 1 and name.endswith(QUANTIZED_NODE):
        graph.modules.setdefault(inputs[1], name.strip("/").removesuffix(QUANTIZED_NODE).replace("/", "."))
    _note_sizes(graph, operator, inputs, outputs, attributes, place.start)


def _judge_operator(reading: Reading, operator: str, domain: str, place: Field) -> None:
    if operator not in OPERATORS.get(domain, ()):
        known = domain in OPERATORS
        found = f"{domain}:{operator}" if domain else operator
        said = found if known else f"{found}, of a domain that needs a library of its own"
        reading.notebook.add(rules.OPERATOR, reading.where.byte(place.start), said, effect="runs code of its publisher")
    if operator in BRANCHES:
        reading.branches[operator] += 1


def _note_sizes(
    graph: Graph, operator: str, inputs: list[str], outputs: list[str], attributes: dict[str, Attribute], at: int
) -> None:
    """Remember which constant says how large an output is."""
    value = attributes.get("value")
    if operator == "Constant" and outputs and value is not None and value.tensor is not None:
        _note_constant(graph, outputs[0], value.tensor)
    place = SIZED_BY.get(operator, len(inputs))
    if place < len(inputs):
        graph.sizes.append((operator, inputs[place], at))
    if operator in SIZED and (shape := attributes.get("shape")) is not None:
        _refuse_huge(shape.numbers, operator, at)


def _refuse_huge(sizes: tuple[int, ...], operator: str, at: int) -> None:
    if math.prod(max(1, size) for size in sizes) > MAX_ELEMENTS:
        raise Refused(rules.BOMB, f"{operator} makes a value of sizes {list(sizes[:8])}", at)


def _tensor_row(tensor: Tensor) -> Row:
    pinned = b""
    if is_constant(tensor.name, tensor.dtype, tensor.count):
        pinned = b"=" + tensor.data.read(0, tensor.data.size)
    return Row(digest(tensor.name, tensor.words, pinned), tensor.words, tensor.name)
