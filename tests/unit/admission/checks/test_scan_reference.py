"""``soundcheck scan --reference``: how the weights are related to a trusted model's, in every format."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.admission_corpus.hostile_checkpoints import shell
from tests.admission_corpus.pickle_assembly import legacy, state_dict, stream, tensor, torch_archive

NAMES = ("a", "b", "c", "d", "e")


def model(folder: Path, *, changed: str = "", names: tuple[str, ...] = NAMES, is_old: bool = False) -> Path:
    """A checkpoint of five small tensors; those in `changed` have other numbers."""
    data = [struct.pack("<4f", *[number + (0.5 if name in changed else 0)] * 4) for number, name in enumerate(names, 1)]
    body = state_dict(*((name, tensor(str(key), 4, (4,), (1,))) for key, name in enumerate(names)))
    folder.mkdir(exist_ok=True)
    if is_old:
        (folder / "model.pth").write_bytes(legacy(body, *((str(key), one) for key, one in enumerate(data))))
    else:
        (folder / "model.pth").write_bytes(torch_archive(stream(body), *data))
    return folder


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return model(tmp_path / "approved")


KINDS = {
    "same": ({}, 0, "same: 5 tensors equal, 0 changed"),
    "fine-tuned": ({"changed": "abcde"}, 0, "fine-tuned: 0 tensors equal, 5 changed"),
    "edited": ({"changed": "c"}, 4, "edited in few places: 4 tensors equal, 1 changed"),
    "other": ({"names": ("v", "w", "x", "y", "z")}, 4, "another architecture: 0 tensors equal, 0 changed"),
}


class TestKinship:
    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_is_told_in_every_format(
        self, kind: str, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        options, code, told = KINDS[kind]
        candidate = model(tmp_path / "candidate", **options)  # type: ignore[arg-type]
        arguments = ["scan", "--reference", str(reference), str(candidate)]
        assert main(arguments) == code
        assert f"lineage of model.pth: {told}\n" in capsys.readouterr().out
        assert main([*arguments, "--format", "json"]) == code
        assert json.loads(capsys.readouterr().out)["scans"][0]["facts"]["lineage"] == {"model.pth": told}
        assert main([*arguments, "--format", "sarif"]) == code
        (run,) = json.loads(capsys.readouterr().out)["runs"]
        assert run["properties"] == {"soundcheck/lineage": {str(candidate): {"model.pth": told}}}

    def test_an_edit_names_its_tensors(
        self, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        candidate = model(tmp_path / "candidate", changed="c")
        assert main(["scan", "--format", "sarif", "--reference", str(reference), str(candidate)]) == 4
        (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
        assert result["ruleId"] == "admission.lineage-edited"
        (place,) = result["locations"][0]["logicalLocations"]
        assert (place["name"], place["fullyQualifiedName"]) == ("admission-lineage", "tensor c")

    def test_an_old_reference_is_read_without_loading_it(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        old = model(tmp_path / "approved", is_old=True)
        assert main(["scan", "--reference", str(old), str(model(tmp_path / "candidate", changed="a"))]) == 4
        assert "edited in few places: 4 tensors equal, 1 changed" in capsys.readouterr().out

    def test_a_hostile_reference_is_compared_with_nothing(
        self, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (reference / "model.pth").write_bytes(torch_archive(stream(shell(str(tmp_path / "marker")))))
        assert main(["scan", "--reference", str(reference), str(model(tmp_path / "candidate"))]) == 4
        assert "admission.lineage-unread" in capsys.readouterr().out
        assert not (tmp_path / "marker").exists()

    def test_a_reference_that_is_not_there_is_bad_input(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["scan", "--reference", str(tmp_path / "none"), str(model(tmp_path / "candidate"))]) == 2
        assert "none: cannot be read" in capsys.readouterr().err

    def test_without_one_nothing_is_said_of_it(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        candidate = str(model(tmp_path / "candidate"))
        assert main(["scan", candidate]) == 0
        assert main(["scan", "--format", "sarif", candidate]) == 0
        assert "lineage" not in capsys.readouterr().out
