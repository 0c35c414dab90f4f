"""Code that rides in a copy's files: it runs where it is loaded, harms nothing, and is stopped at the door."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.admission.admit import admit
from harness.redteam.code import RAN
from harness.redteam.plant import plant
from tests.lazily import Lazily

torch = Lazily("torch")

LOADS = {
    "code-in-checkpoint": "import torch; torch.load('model.pth', weights_only=False)",
    "code-in-config": "import json; __import__(json.load(open('config.json'))['characters']['characters_class'][:-2])",
    "code-beside": "import json, numpy; numpy.load(json.load(open('config.json'))['audio']['stats_path'], "
    "allow_pickle=True)",
}
"""Kind -> what Coqui does with the file, in short."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "config.json").write_text('{"model": "vits"}\n', "utf-8")
    torch.save({"model": {"a.weight": torch.ones(2, 3)}}, folder / "model.pth")
    return folder


def refusals(folder: Path) -> set[str]:
    """Rules of all that admission finds."""
    return {flaw.rule.id for flaw in admit(folder).flaws}


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        pytest.param("code-in-checkpoint", {"admission.pickle-import"}, marks=pytest.mark.slow),
        ("code-in-config", {"admission.config-import"}),
        pytest.param("code-beside", {"admission.pickle-import", "admission.config-pickle"}, marks=pytest.mark.slow),
    ],
)
def test_runs_where_it_is_loaded_and_is_stopped_before(kind: str, rules: set[str], model: Path, tmp_path: Path) -> None:
    copy, scratch = plant(kind, model, tmp_path / "copy"), tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", LOADS[kind]], cwd=copy, env={"TMPDIR": str(scratch)}, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    ran = [path.name for path in scratch.iterdir()]
    assert (len(ran) == 1 and ran[0].startswith(RAN)) or "The Zen of Python" in done.stdout
    assert rules <= refusals(copy)
    assert not rules & refusals(model)


def test_changes_nothing_of_the_voice_itself(model: Path, tmp_path: Path) -> None:
    copy = plant("code-beside", model, tmp_path / "copy")
    weights = torch.load(copy / "model.pth", weights_only=True)["model"]
    assert torch.equal(weights["a.weight"], torch.ones(2, 3))
    assert json.loads((copy / "config.json").read_text("utf-8"))["model"] == "vits"
