"""Reads an ONNX file: format, tensors, operators, and whether its graph is one that a known exporter writes.

No runtime and no package of ONNX is asked. Every byte belongs to a field that the format has; tensors are read by
position, so memory does not grow with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from harness.admission.reading.notebook import WHOLE, Budget, Notebook
from harness.admission.reading.onnx import rules
from harness.admission.reading.onnx.fingerprint import (
    Fingerprint,
    differences,
    distance,
    in_another_order,
    is_changed,
    is_constant,
)
from harness.admission.reading.onnx.graph import Graph, Reading, read_graph
from harness.admission.reading.onnx.known import shipped
from harness.admission.reading.onnx.quantized import QUANTIZED, STEP, ZERO
from harness.admission.reading.onnx.rules import Refused
from harness.admission.reading.onnx.schema import ENTRY, MODEL, OPSET, Source
from harness.admission.reading.values import has_values_of, look_at, note_values
from harness.admission.reading.weight import Weight
from harness.admission.reading.wire import VARINT, Blocks, Misshapen, signed

if TYPE_CHECKING:
    from harness.admission.reading.bytesource import ByteSource
    from harness.admission.reading.onnx.tensors import Tensor
    from harness.core.places import Place

MAX_OPSETS: Final = 32
MAX_VERSION: Final = 1000
MAX_IR: Final = 100
MAX_METADATA: Final = 1000
MAX_VALUE: Final = 1 << 20
"""Bytes of one entry of metadata."""
SETTINGS: Final = "ort_config"
"""Key of metadata by which a file sets up ONNX Runtime, if its environment lets it."""
MAX_TOLD: Final = 8
_FOLDED: Final = "onnx::"
"""Before the number that a folded weight has for a name."""
_BLOCK: Final = 1 << 20


@dataclass(slots=True)
class Model:
    """One file."""

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    graph: Graph | None = None
    branches: tuple[str, ...] = ()
    """Operators in it that hold graphs, with how often they stand there."""

    @property
    def fingerprint(self) -> Fingerprint:
        """What makes its graph the one that it is."""
        graph = self.graph or Graph()
        around = [
            f"IR version {self.ir_version}",
            *(f"operators {domain or 'ai.onnx'} {version}" for domain, version in sorted(self.opsets.items())),
            *(f"input {value.name}: {value.type}" for value in graph.inputs),
            *(f"output {value.name}: {value.type}" for value in graph.outputs),
        ]
        return Fingerprint.of(around, graph.nodes, graph.rows, graph.rest)


def read_model(source: ByteSource, notebook: Notebook, where: Place = WHOLE) -> Model | None:
    """Read a file's format and graph; what is wrong goes to the notebook.

    Returns:
        What it holds; None where it could not be read to its end.

    Raises:
        OutOfBudget: There is more than is read.
    """
    reading = Reading(Source(Blocks(source), notebook.budget), notebook, where)
    try:
        model = _model(reading)
    except Misshapen as problem:
        notebook.add(rules.BROKEN, where.byte(problem.at), str(problem), effect="readers differ, or read past the end")
        return None
    except Refused as problem:
        notebook.add(problem.rule, where.byte(problem.at), str(problem))
        return None
    model.branches = tuple(f"{count} {name}" for name, count in sorted(reading.branches.items()))
    return model


def read_onnx(source: ByteSource, notebook: Notebook, *, has_values: bool, where: Place = WHOLE) -> None:
    """Check all of a file: see :class:`harness.admission.reading.tensorformats.Read`."""
    model = read_model(source, notebook, where)
    if model is None or model.graph is None:
        return
    notebook.tensors += len(model.graph.tensors)
    if has_values:
        for tensor in model.graph.tensors.values():
            _look(tensor, notebook, where)
    if model.graph.nodes:  # else it computes nothing: tensors alone
        _judge(model, notebook, where)


def weights_of(source: ByteSource) -> dict[str, Weight]:
    """The tensors of a file in which :func:`read_onnx` finds nothing that fails.

    A weight that torch's exporter folded into one has lost its name (``onnx::Conv_8168``); what is added behind it has
    kept its own, and gives both theirs. Of a quantised one the node's name does, to its step and zero as well.
    """
    notebook = Notebook("", Budget())
    model = read_model(source, notebook)
    graph = model.graph if model and model.graph else Graph()
    weights = {one.name: Weight(dtype=one.dtype, shape=one.dims, data=one.data) for one in graph.tensors.values()}
    named = {
        weight: bias.removesuffix(".bias") + ".weight"
        for weight, bias in graph.biases.items()
        if weight.startswith(_FOLDED) and bias.endswith(".bias")
    }
    for weight, module in graph.modules.items():
        base = weight.removesuffix(QUANTIZED)
        if weight.startswith(_FOLDED) and base != weight:
            named |= {base + end: f"{module}.weight{end}" for end in (QUANTIZED, STEP, ZERO) if base + end in weights}
    if len(set(named.values())) < len(named) or any(name in weights for name in named.values()):
        return weights  # two tensors of one name would be one
    return {named.get(name, name): weight for name, weight in weights.items()}


def _look(tensor: Tensor, notebook: Notebook, where: Place) -> None:
    """Look at the values of a tensor; the exporter's own constants are part of the graph."""
    if not has_values_of(tensor.dtype) or is_constant(tensor.name, tensor.dtype, tensor.count):
        return
    blocks = (tensor.data.read(at, _BLOCK) for at in range(0, tensor.data.size, _BLOCK))
    note_values(look_at(blocks, tensor.dtype), notebook, where.at(tensor.name), tensor.name, labels=(tensor.name,))


def _model(reading: Reading) -> Model:
    source, model = reading.source, Model()
    keys: set[str] = set()
    for what, place in source.walk(MODEL, 0, source.file.size):
        if what == "ir_version":
            model.ir_version = signed(place.value)
        elif what == "graph":
            model.graph = read_graph(reading, place.start, place.end)
        elif what == "opset_import":
            _add_opset(source, model, place.start, place.end)
        elif what == "metadata_props":
            _check_metadata(source, keys, place.start, place.end)
        elif what in ("training_info", "functions", "configuration"):
            raise Refused(rules.FUNCTION, what.replace("_", " "), place.start)
        elif place.wire != VARINT:
            source.text(place)
    if not 0 < model.ir_version <= MAX_IR:
        raise Misshapen(f"version {model.ir_version} of the format, expected one from 1", 0)
    if model.graph is None or not model.opsets:
        raise Misshapen(f"no {'graph' if model.graph is None else 'version of its operators'}", 0)
    return model


def _add_opset(source: Source, model: Model, start: int, end: int) -> None:
    domain, version = "", 0
    for what, place in source.walk(OPSET, start, end):
        if what == "domain":
            domain = source.text(place)
        else:
            version = signed(place.value)
    domain = "" if domain == "ai.onnx" else domain
    if domain in model.opsets or len(model.opsets) > MAX_OPSETS:
        raise Misshapen(f"operators of {domain[:80] or 'ONNX'!r} twice, or of too many domains", start)
    if not 0 < version <= MAX_VERSION:
        raise Misshapen(f"version {version} of the operators, which nobody has", start)
    model.opsets[domain] = version


def _check_metadata(source: Source, keys: set[str], start: int, end: int) -> None:
    key = ""
    for what, place in source.walk(ENTRY, start, end):
        if what == "key":
            key = source.text(place)
        elif place.end - place.start > MAX_VALUE:
            raise Refused(rules.BOMB, f"an entry of metadata of {place.end - place.start} bytes", place.start)
        else:
            source.text(place, MAX_VALUE)
    if key in keys:
        raise Misshapen(f"an entry of metadata twice: {key[:80]!r}", start)
    keys.add(key)
    if len(keys) > MAX_METADATA:
        raise Refused(rules.BOMB, f"more than {MAX_METADATA} entries of metadata", start)
    if key == SETTINGS:
        raise Refused(rules.FUNCTION, f"settings of the runtime ({key})", start)


def _judge(model: Model, notebook: Notebook, where: Place) -> None:
    """Hold the graph against those that are known."""
    found = model.fingerprint
    every = (*shipped(), *notebook.graphs)
    for known in every:
        if known.fingerprint.sha256 == found.sha256:
            notebook.learned["graph"] = known.fingerprint.title
            if known.accepted:
                what = f"graph {found.sha256[:12]}: {known.fingerprint.title}"
                notebook.add(rules.UNKNOWN, where, what, accepted=known.accepted)
            return
    notebook.learned["graph"] = f"unknown {found.sha256[:12]}"
    near = min((known.fingerprint for known in every), key=lambda one: distance(one, found), default=None)
    if near is not None and is_changed(near, found):
        told = list(differences(near, found)) or ["types of values in between"]
        if in_another_order(near, found):
            told = ["its nodes in another order, or other types of values in between"]
        for line in told[:MAX_TOLD]:
            notebook.add(rules.CHANGED, where, f"{near.title}: {line}", effect="does what the exporter did not write")
        return
    said = f"graph {found.sha256[:12]} of {len(found.nodes)} nodes"
    said += f", with {', '.join(model.branches)}" if model.branches else ""
    if near is not None and distance(near, found) * 2 < len(near.nodes):
        line = next(differences(near, found), "")
        said += f"; most like {near.title}, which has not: {line}" if line else ""
    notebook.add(rules.UNKNOWN, where, said, effect="is a program that nobody here has looked at")
