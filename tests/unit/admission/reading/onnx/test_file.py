"""ONNX files: the hostile are stopped by the right rule, the honest are not, and memory stays small."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from harness.admission.checks.checkpoint import CheckpointCheck, read_any
from harness.admission.checks.weights import opened
from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.notebook import MAX_FLAWS, Budget, Notebook
from harness.admission.reading.onnx.head import is_onnx
from harness.admission.reading.onnx.schema import MODEL
from harness.admission.reading.wire import FIELD_COST
from harness.admission.tree import Tree
from harness.core.types import Verdict
from tests.admission_corpus import onnx_assembly as asm
from tests.admission_corpus.onnx_honest import ALONE, WRITTEN, of_onnx, of_torch
from tests.admission_corpus.onnx_hostile import HOSTILE
from tests.lazily import needs

UNKNOWN = "admission.onnx-graph-unknown"


def read(data: bytes, name: str = "voice.onnx") -> Notebook:
    notebook = Notebook(name, Budget())
    read_any(MemoryBytes(data), notebook, has_values=True)
    return notebook


def rules_of(notebook: Notebook) -> list[str]:
    return [flaw.rule.id for flaw in notebook.flaws]


class TestHostile:
    @pytest.mark.parametrize("name", sorted(HOSTILE))
    def test_is_stopped_by_the_right_rule(self, name: str) -> None:
        rule, data = HOSTILE[name]
        assert f"admission.{rule}" in rules_of(read(data))

    def test_corpus_is_large(self) -> None:
        assert len(HOSTILE) >= 100

    def test_is_known_by_content_whatever_it_is_called(self, tmp_path: Path) -> None:
        for name in ("voice.pth", "voice.bin", "voice"):
            (tmp_path / name).write_bytes(HOSTILE["elements elsewhere: climbs"][1])
            found = CheckpointCheck().examine(Tree.of(tmp_path / name))
            assert (name, found.verdict) == (name, Verdict.FAIL)

    def test_a_pickle_of_its_name_is_read_as_a_pickle(self) -> None:
        assert rules_of(read(b"\x80\x02cposix\nsystem\nX\x01\0\0\0:\x85R.")) == ["admission.pickle-import"]


class TestHonest:
    @pytest.mark.parametrize("name", sorted(WRITTEN))
    def test_in_any_form_asks_about_its_graph_only(self, name: str) -> None:
        notebook = read(WRITTEN[name])
        assert rules_of(notebook) == [UNKNOWN], [flaw.found for flaw in notebook.flaws]

    def test_tensors_alone_pass(self) -> None:
        assert rules_of(read(ALONE)) == []

    @needs("torch")
    @pytest.mark.slow
    def test_of_torch_asks_about_its_graph_only(self) -> None:
        made = of_torch()
        assert {name: rules_of(read(data)) for name, data in made.items()} == {name: [UNKNOWN] for name in made}

    @needs("onnx", "onnxruntime")
    def test_of_onnx_and_its_runtime_asks_about_its_graph_only(self) -> None:
        made = of_onnx()
        assert len(made) == 4
        assert {name: rules_of(read(data)) for name, data in made.items()} == {name: [UNKNOWN] for name in made}

    def test_branches_are_told(self) -> None:
        (flaw,) = read(WRITTEN["branches"]).flaws
        assert flaw.found.endswith("of 2 nodes, with 1 If")


class TestForm:
    def test_of_a_text_is_none(self) -> None:
        for text in (b"", b"{}", b":\n a: 1\n", b'"a text"', b"r" * 90, b"B\nbroken\n", b"2\x0a" + b"a" * 90):
            assert not is_onnx(MemoryBytes(text))

    def test_is_known_by_its_head(self) -> None:
        assert all(is_onnx(MemoryBytes(data[:64])) for data in WRITTEN.values())

    def test_has_the_fields_that_the_format_has(self) -> None:
        """A field that a later version of the format adds is refused until it has been looked at."""
        onnx = pytest.importorskip("onnx")
        from harness.admission.reading.onnx import schema

        pairs = {
            "ModelProto": MODEL, "GraphProto": schema.GRAPH, "NodeProto": schema.NODE,
            "AttributeProto": schema.ATTRIBUTE,
            "TensorProto": schema.TENSOR, "ValueInfoProto": schema.VALUE, "TypeProto": schema.TYPE,
            "OperatorSetIdProto": schema.OPSET, "StringStringEntryProto": schema.ENTRY,
        }  # fmt: skip
        for name, message in pairs.items():
            theirs = {one.number: one.name for one in getattr(onnx, name).DESCRIPTOR.fields}
            assert {number: row.name for number, row in message.items()} == theirs, name

    @pytest.mark.parametrize("name", ["two layers", "branches", "quantised", "numbers in an attribute"])
    def test_however_it_is_cut_or_changed_reading_ends_well(self, name: str) -> None:
        whole, rng = WRITTEN[name], random.Random(1)
        for at in range(1, len(whole), 3 if len(whole) > 250 else 1):
            assert read(whole[:at]).flaws, at
            changed = bytes((*whole[:at], rng.randrange(256), *whole[at + 1 :]))
            assert len(read(changed).flaws) <= MAX_FLAWS


class TestValues:
    def test_are_given_by_name(self, tmp_path: Path) -> None:
        for name in (
            "two layers",
            "elements as floats",
            "half numbers one by one",
            "negative whole numbers one by one",
        ):
            (tmp_path / "voice.onnx").write_bytes(WRITTEN[name])
            tree = Tree.of(tmp_path)
            with opened(tree, tree.files[0]) as found:
                assert list(found) == ["weight", "bias"]
                assert found["weight"].shape == (2, 2)
                assert (
                    found["weight"].data.size
                    == found["weight"].count * {"float32": 4, "float16": 2, "int64": 8}[found["weight"].dtype]
                )


LARGE = """
import sys
from pathlib import Path
from harness.admission.checks.checkpoint import CheckpointCheck
from harness.admission.reading.wire import FIELD_COST
from harness.admission.tree import Tree
found = CheckpointCheck(has_values=False).examine(Tree.of(Path(sys.argv[1])))
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(found.verdict, [flaw.rule.id for flaw in found.flaws], int(status["VmHWM"].split()[0]) // 1024)
"""


class TestBounds:
    def test_of_memory_hold_for_4_gb(self, tmp_path: Path) -> None:
        """A file with a hole: nothing but its ends is read."""
        size = 4 << 30
        sizes = b"".join(asm.number(1, one) for one in (1 << 10, 1 << 20)) + asm.number(2, asm.FLOAT)
        named = sizes + asm.counted(8, "weight")
        raw = asm.varint(9 << 3 | 2) + asm.varint(size)
        weight = asm.varint(5 << 3 | 2) + asm.varint(len(named) + len(raw) + size)
        nodes = asm.counted(1, asm.MATMUL)
        head = asm.number(1, 8) + asm.varint(7 << 3 | 2)
        head += asm.varint(len(nodes) + len(weight) + len(named) + len(raw) + size) + nodes + weight + named + raw
        file = tmp_path / "voice.onnx"
        with file.open("wb") as out:
            out.write(head)
            out.seek(size, os.SEEK_CUR)
            out.write(asm.counted(8, asm.opset()))
        done = subprocess.run(
            [sys.executable, "-c", LARGE, str(file)], capture_output=True, text=True, check=True, timeout=60
        )
        verdict, rest = done.stdout.split(" ", 1)
        assert verdict == "inconclusive", done.stdout
        assert int(rest.rpartition(" ")[2]) < 100, "MB"

    def test_of_work_hold_for_very_many_fields(self) -> None:
        data = asm.model(asm.graph(more=asm.counted(16, b"") * 2_000))
        notebook = Notebook("voice.onnx", Budget(operations=1_000 * FIELD_COST))
        read_any(MemoryBytes(data), notebook, has_values=True)
        assert rules_of(notebook) == ["admission.too-large"]
        assert Budget().operations < FIELD_COST * 1_000_000, "a million fields would take half a minute"

    def test_of_names_hold(self) -> None:
        names = [asm.node("Relu", "x", f"{place:06}{'n' * 1000}") for place in range(20_000)]
        big = asm.model(asm.graph(*[one + asm.counted(2, "m" * 1000) for one in names]))
        assert "admission.onnx-b" in " ".join(rules_of(read(big)))
