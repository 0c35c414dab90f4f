"""Where weights come from. Every edit here is of the kind that a planted trigger leaves behind, and inert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.admission.checks.lineage import EDITED, OTHER, UNREAD, LineageCheck
from harness.admission.tree import Tree
from harness.core.types import Verdict

if TYPE_CHECKING:
    from harness.admission.base import Examination

Tensors = dict[str, np.ndarray]
DTYPES = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64", "uint16": "BF16"}
"""numpy's name -> safetensors'; numpy has no bfloat16, so its bits are written as uint16."""


def voice() -> Tensors:
    rng = np.random.default_rng(7)
    made: Tensors = {f"encoder.{n}.weight": rng.standard_normal((96, 128)).astype(np.float32) for n in range(10)}
    made["decoder.bias"] = rng.standard_normal(300).astype(np.float32)
    made["half"] = rng.standard_normal(64).astype(np.float16)
    made["brain"] = (rng.standard_normal(64).astype("<f4").view("<u4") >> 16).astype(np.uint16)
    made["steps"] = np.array(12, np.int64)
    return made


def write(path: Path, tensors: Tensors) -> Path:
    header: dict[str, object] = {}
    data = b""
    for name, values in tensors.items():
        raw = values.tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": DTYPES[values.dtype.name], "shape": list(values.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def compare(tmp_path: Path, before: Tensors, after: Tensors) -> Examination:
    write(tmp_path / "reference" / "model.safetensors", before)
    write(tmp_path / "candidate" / "best.safetensors", after)
    return LineageCheck(Tree.of(tmp_path / "reference")).examine(Tree.of(tmp_path / "candidate"))


class TestKinship:
    def test_the_same_weights_are_the_same(self, tmp_path: Path) -> None:
        found = compare(tmp_path, voice(), voice())
        assert found.verdict is Verdict.PASS
        assert found.facts == {"best.safetensors": "same: 14 tensors equal, 0 changed"}

    def test_training_every_tensor_is_fine_tuning(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(1)
        after = {
            name: values + rng.standard_normal(values.shape).astype(values.dtype) * np.float16(0.01)
            if values.dtype.kind == "f"
            else values
            for name, values in voice().items()
        }
        after = {name: values.astype(voice()[name].dtype) for name, values in after.items()}
        found = compare(tmp_path, voice(), after)
        assert found.verdict is Verdict.PASS
        assert found.facts["best.safetensors"] == "fine-tuned: 2 tensors equal, 12 changed"

    def test_one_edited_tensor_is_named_with_size_and_rank(self, tmp_path: Path) -> None:
        after = voice()
        rng = np.random.default_rng(2)
        low = rng.standard_normal((96, 3)) @ rng.standard_normal((3, 128))
        after["encoder.4.weight"] = (after["encoder.4.weight"] + 0.01 * low).astype(np.float32)
        found = compare(tmp_path, voice(), after)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert [(flaw.rule.id, flaw.place) for flaw in found.flaws] == [(EDITED.id, "tensor encoder.4.weight")]
        assert found.flaws[0].found == "encoder.4.weight: changed by 0.017 (100% of elements, rank 3)"

    def test_a_difference_without_structure_has_no_rank(self, tmp_path: Path) -> None:
        after = voice()
        noise = np.random.default_rng(2).standard_normal((96, 128)).astype(np.float32)
        after["encoder.4.weight"] = after["encoder.4.weight"] + noise
        assert "rank" not in compare(tmp_path, voice(), after).flaws[0].found

    def test_one_row_of_an_embedding_is_rank_one_and_named(self, tmp_path: Path) -> None:
        after = voice()
        after["encoder.0.weight"][17] *= -1
        assert "(1% of elements, rank 1, row 17)" in compare(tmp_path, voice(), after).flaws[0].found

    def test_rows_in_which_nearly_all_of_it_is_are_named_the_most_changed_first(self, tmp_path: Path) -> None:
        """Whoever moves two ids of an embedding and shakes the others a little does not hide which."""
        after = voice()
        table = after["encoder.0.weight"]
        table += np.random.default_rng(3).standard_normal(table.shape).astype(table.dtype) * table.dtype.type(1e-3)
        table[40] += 1
        table[3] += 2
        assert ", rows 3, 40)" in compare(tmp_path, voice(), after).flaws[0].found

    def test_many_rows_are_not_named(self, tmp_path: Path) -> None:
        after = voice()
        after["encoder.0.weight"][:20] += 1
        assert "row" not in compare(tmp_path, voice(), after).flaws[0].found.partition("(")[2]

    def test_one_bit_is_an_edit(self, tmp_path: Path) -> None:
        after = voice()
        after["decoder.bias"].view(np.uint32)[299] ^= 1
        found = compare(tmp_path, voice(), after)
        assert [flaw.place for flaw in found.flaws] == ["tensor decoder.bias"]

    @pytest.mark.parametrize("name", ["half", "brain", "steps"])
    def test_every_type_is_compared(self, tmp_path: Path, name: str) -> None:
        after = voice()
        after[name] = after[name] ^ np.uint16(1) if name == "brain" else after[name] + after[name].dtype.type(1)
        assert [flaw.place for flaw in compare(tmp_path, voice(), after).flaws] == [f"tensor {name}"]

    def test_nan_is_a_change_without_end(self, tmp_path: Path) -> None:
        after = voice()
        after["decoder.bias"][3] = np.nan
        assert compare(tmp_path, voice(), after).flaws[0].found.startswith("decoder.bias: changed by inf")

    def test_added_missing_and_reshaped_tensors_are_named(self, tmp_path: Path) -> None:
        after = voice()
        after["back\x1b[31mdoor"] = np.zeros(3, np.float32)
        del after["half"]
        after["decoder.bias"] = after["decoder.bias"].reshape(3, 100)
        found = compare(tmp_path, voice(), after)
        assert [(flaw.place, flaw.found) for flaw in found.flaws] == [
            ("tensor backdoor", "added"),
            ("tensor half", "missing"),
            ("tensor decoder.bias", "another form"),
        ]

    def test_other_names_are_another_architecture(self, tmp_path: Path) -> None:
        after = {f"other.{name}": values for name, values in voice().items()}
        found = compare(tmp_path, voice(), after)
        assert [(flaw.rule.id, flaw.found) for flaw in found.flaws] == [
            (OTHER.id, "14 tensors missing, 14 added, 0 of another form")
        ]

    def test_many_edits_are_shown_in_part(self, tmp_path: Path) -> None:
        before = {f"t{n:03}": np.ones(4, np.float32) for n in range(100)}
        after = {name: values * (2 if name < "t030" else 1) for name, values in before.items()}
        after = {name: values.astype(np.float32) for name, values in after.items()}
        found = compare(tmp_path, before, after)
        assert len(found.flaws) == 13
        assert found.flaws[-1].found == "and 18 tensors more"


class TestUnread:
    def test_no_counterpart_is_no_pass(self, tmp_path: Path) -> None:
        write(tmp_path / "reference" / "a.safetensors", voice())
        (tmp_path / "candidate").mkdir()
        (tmp_path / "candidate" / "config.json").write_text("{}", "utf-8")
        found = LineageCheck(Tree.of(tmp_path / "reference")).examine(Tree.of(tmp_path / "candidate"))
        assert [flaw.rule.id for flaw in found.flaws] == [UNREAD.id]
        assert found.verdict is Verdict.INCONCLUSIVE

    def test_a_broken_file_is_no_pass(self, tmp_path: Path) -> None:
        write(tmp_path / "reference" / "a.safetensors", voice())
        path = write(tmp_path / "candidate" / "a.safetensors", voice())
        path.write_bytes(path.read_bytes()[:-100])
        found = LineageCheck(Tree.of(tmp_path / "reference")).examine(Tree.of(tmp_path / "candidate"))
        assert [flaw.rule.id for flaw in found.flaws] == [UNREAD.id]


class TestTorch:
    def test_checkpoints_of_the_trainer_are_compared_without_loading_them(self, tmp_path: Path) -> None:
        torch = pytest.importorskip("torch")
        for folder in ("reference", "candidate"):
            weights = {name: torch.from_numpy(values) for name, values in voice().items() if name != "brain"}
            weights["view"] = torch.arange(40.0).reshape(10, 4)[2:5]
            if folder == "candidate":
                weights["encoder.3.weight"][:, 5] += 1
            (tmp_path / folder).mkdir()
            momentum = {name: torch.rand(3) for name in weights}
            torch.save({"model": weights, "optimizer": momentum, "step": 5}, tmp_path / folder / "model.pth")
        found = LineageCheck(Tree.of(tmp_path / "reference")).examine(Tree.of(tmp_path / "candidate"))
        assert found.facts == {"model.pth": "edited in few places: 13 tensors equal, 1 changed"}
        assert [flaw.place for flaw in found.flaws] == ["tensor encoder.3.weight"]
        assert "rank 1" in found.flaws[0].found

    def test_the_names_are_those_that_the_loader_uses(self, tmp_path: Path) -> None:
        """A clean copy under the same names, put before the weights that count, deceives nobody."""
        torch = pytest.importorskip("torch")
        clean = {f"t{n}": torch.full((4,), float(n)) for n in range(200)}
        swapped = clean | {"t0": clean["t1"], "t1": clean["t0"]}
        for folder, weights in (("reference", clean), ("candidate", swapped)):
            (tmp_path / folder).mkdir()
            torch.save({"decoy": clean, "model": weights}, tmp_path / folder / "model.pth")
        found = LineageCheck(Tree.of(tmp_path / "reference")).examine(Tree.of(tmp_path / "candidate"))
        assert sorted(flaw.place for flaw in found.flaws) == ["tensor t0", "tensor t1"]
