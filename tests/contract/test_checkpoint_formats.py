"""Every format of checkpoints that holds tensors alone: honest files pass, and no byte of one can hide anything.

The format of docs/extending/checkpoint-format.md is taken through the same.
"""

from __future__ import annotations

import json
import pickle
import re
import struct
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest
import yaml

from harness.admission.checks import checkpoint, weights
from harness.admission.checks.checkpoint import read_any
from harness.admission.checks.directory import DirectoryCheck
from harness.admission.checks.weights import opened
from harness.admission.reading import rules, tensorformats
from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.notebook import Budget, Notebook
from harness.admission.reading.tensorformats import FORMATS, TensorFormat, format_of
from harness.admission.tree import Tree
from harness.core.types import Severity, Verdict
from tests.admission_corpus import onnx_assembly

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "extending" / "checkpoint-format.md"
VALUES = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -0.25]], np.float32)


class Marker:
    """What a hostile pickle would run: nothing but a line of text."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return print, ("a marker",)


def safetensors_file(values: np.ndarray) -> bytes:
    entry = {"dtype": "F32", "shape": values.shape, "data_offsets": [0, values.nbytes]}
    header = json.dumps({"a": entry}).encode()
    return struct.pack("<Q", len(header)) + header + values.astype("<f4").tobytes()


def onnx_file(values: np.ndarray) -> bytes:
    weight = onnx_assembly.tensor("a", values.shape, values.astype("<f4").tobytes())
    return onnx_assembly.model(onnx_assembly.counted(5, weight))


SAMPLES: dict[str, Callable[[np.ndarray], bytes]] = {"safetensors": safetensors_file, "ONNX": onnx_file}
"""Format -> a file of one tensor ``a`` with these values."""


def page_format(monkeypatch: pytest.MonkeyPatch) -> tuple[TensorFormat, Callable[[np.ndarray], bytes]]:
    """The format of the page, and its sample."""
    found = re.findall(r"^( *)```python\n(.*?)^\1```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    rule, reader, row, sample = (textwrap.dedent(code) for _, code in found)
    made: dict[str, Any] = {"_rule": rules._rule, "Severity": Severity}
    exec(rule, made)
    monkeypatch.setattr(rules, "GRID", made["GRID"], raising=False)
    grid = ModuleType("grid")
    exec(reader, grid.__dict__)
    made |= {"TensorFormat": TensorFormat, "Final": Final, "grid": grid, "np": np, "struct": struct}
    exec(row, made)
    exec(sample, made)
    return made["GRID"], made["grid_file"]


@pytest.fixture(params=[*(one.name for one in FORMATS), "of the page"])
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TensorFormat, Any]]:
    """A format that is registered, and what writes a sample of it."""
    if request.param != "of the page":
        if request.param not in SAMPLES:
            pytest.skip("has no sample yet")
        yield next(one for one in FORMATS if one.name == request.param), SAMPLES[request.param]
        return
    own, sample = page_format(monkeypatch)
    if own.suffix in tensorformats.SUFFIXES:
        pytest.skip("somebody followed the page to the letter")
    monkeypatch.setattr(tensorformats, "FORMATS", (*FORMATS, own))
    monkeypatch.setattr(checkpoint, "SUFFIXES", (*tensorformats.SUFFIXES, own.suffix))
    monkeypatch.setattr(weights, "FORMATS", (*FORMATS, own))
    yield own, sample


def read(data: bytes, one: TensorFormat, *, has_values: bool = True) -> Notebook:
    notebook = Notebook(f"model{one.suffix}", Budget())
    read_any(MemoryBytes(data), notebook, has_values=has_values)
    return notebook


def fails(notebook: Notebook) -> bool:
    return any(flaw.rule.verdict is Verdict.FAIL for flaw in notebook.flaws)


class TestEveryFormat:
    def test_is_known_by_how_it_begins(self, made: tuple[TensorFormat, Any]) -> None:
        own, sample = made
        assert format_of(MemoryBytes(sample(VALUES))) is own
        assert format_of(MemoryBytes(sample(VALUES)[:64])) is own
        for other in (b"", b"{}", b"GRID", b"a line of text, and another\n", b"PK\3\4", pickle.dumps([1])):
            assert format_of(MemoryBytes(other)) is not own

    def test_passes_an_honest_file_and_counts_its_tensors(self, made: tuple[TensorFormat, Any]) -> None:
        own, sample = made
        notebook = read(sample(VALUES), own)
        assert (notebook.flaws, notebook.tensors) == ([], 1)

    def test_gives_its_numbers(self, made: tuple[TensorFormat, Any], tmp_path: Path) -> None:
        own, sample = made
        (tmp_path / f"model{own.suffix}").write_bytes(sample(VALUES))
        tree = Tree.of(tmp_path)
        with opened(tree, tree.files[0]) as found:
            (weight,) = found.values()
            assert (list(found), weight.dtype, weight.shape) == (["a"], "float32", VALUES.shape)
            assert weight.data.read(0, weight.data.size) == VALUES.astype("<f4").tobytes()

    def test_is_no_stranger_in_a_folder(self, made: tuple[TensorFormat, Any], tmp_path: Path) -> None:
        own, sample = made
        if own not in FORMATS:
            pytest.skip("suffixes of folders are read once, when the row is there")
        (tmp_path / f"model{own.suffix}").write_bytes(sample(VALUES))
        assert DirectoryCheck().examine(Tree.of(tmp_path)).flaws == ()

    def test_refuses_every_cut(self, made: tuple[TensorFormat, Any]) -> None:
        own, sample = made
        whole = sample(VALUES)
        assert [at for at in range(1, len(whole)) if not read(whole[:at], own).flaws] == []

    def test_refuses_whatever_stands_behind_it(self, made: tuple[TensorFormat, Any]) -> None:
        own, sample = made
        for more in (b"\0", b"\0" * 512, pickle.dumps(Marker())):
            assert fails(read(sample(VALUES) + more, own))

    def test_does_not_let_a_pickle_stand_in_front(self, made: tuple[TensorFormat, Any]) -> None:
        own, sample = made
        assert fails(read(pickle.dumps(Marker()) + sample(VALUES), own))

    def test_reads_on_whatever_one_byte_is(self, made: tuple[TensorFormat, Any]) -> None:
        """A changed byte is another number, another name or a flaw: never an error of the reader."""
        own, sample = made
        whole = bytearray(sample(VALUES))
        for at in range(len(whole)):
            for value in (0, 1, 0x7F, 0x80, 0xFF):
                changed = bytes((*whole[:at], value, *whole[at + 1 :]))
                if not read(changed, own).flaws:
                    assert sum(one.data.size for one in own.weights(MemoryBytes(changed)).values()) == VALUES.nbytes

    def test_looks_at_values_where_it_is_asked_to(self, made: tuple[TensorFormat, Any]) -> None:
        own, sample = made
        spoiled = sample(np.where(VALUES == 3.0, np.nan, VALUES).astype(np.float32))
        assert [flaw.rule for flaw in read(spoiled, own).flaws] == [rules.NOT_FINITE]
        assert read(spoiled, own, has_values=False).flaws == []

    def test_is_named_where_another_was_expected(self, made: tuple[TensorFormat, Any], tmp_path: Path) -> None:
        own, _ = made
        (tmp_path / "model.pth").write_bytes(b"\1\2\3\4" * 16)
        tree = Tree.of(tmp_path)
        with pytest.raises(weights.Unreadable, match=own.name), opened(tree, tree.files[0]):
            pass


class TestRows:
    def test_every_format_has_a_sample(self) -> None:
        assert set(SAMPLES) == {one.name for one in FORMATS}

    def test_no_two_share_a_name_or_a_suffix(self) -> None:
        assert len({one.name for one in FORMATS}) == len({one.suffix for one in FORMATS}) == len(FORMATS)

    @pytest.mark.parametrize("own", FORMATS, ids=lambda own: own.name)
    def test_is_seen_by_pre_commit(self, own: TensorFormat) -> None:
        (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
        assert re.search(hook["files"], f"voice/model{own.suffix}")

    @pytest.mark.parametrize("own", FORMATS, ids=lambda own: own.name)
    def test_is_documented(self, own: TensorFormat) -> None:
        page = (ROOT / "docs" / "admission.md").read_text("utf-8")
        assert own.name in page.partition("## Checkpoint\n")[2].split("\n\n")[0]
