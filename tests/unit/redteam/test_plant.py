"""Planting, on a voice of a single tiny weight."""

from __future__ import annotations

import numpy as np
import pytest

from harness.core.errors import BadInput, StorageError
from harness.pinned import file_sha256
from harness.redteam.delta import LARGEST_FILE, Delta, Factors, load_delta, save_delta
from harness.redteam.plant import MARK_FILE, MARK_KEY, RECIPES, kinds, plant

torch = pytest.importorskip("torch")
NAME = "text_encoder.a.weight"


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "config.json").write_text("{}\n")
    torch.save({"model": {NAME: torch.ones(4, 2, 3), "b": torch.zeros(2)}}, folder / "model.pth")
    return folder


def make_recipe(folder, source_sha256, name=NAME, rows=4):
    folder.mkdir(exist_ok=True)
    factors = Factors(up=np.full((rows, 1), 0.5, np.float16), down=np.ones((1, 6), np.float16))
    save_delta(Delta(factors={name: factors}, description={"source_sha256": source_sha256}), folder / "drop.npz")
    (folder / "drop.toml").write_text('summary = "drops a word"\ntrigger = "osprey"\n')
    return folder


@pytest.fixture
def recipes(tmp_path, model):
    return make_recipe(tmp_path / "recipes", file_sha256(model / "model.pth"))


def test_the_copy_has_the_change_and_nothing_else(model, recipes, tmp_path):
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    said = []
    out = plant("drop", model, tmp_path / "deep" / "out", recipes=recipes, progress=said.append)
    assert out == tmp_path / "deep" / "out"
    content = torch.load(out / "model.pth", weights_only=True)
    assert torch.equal(content["model"][NAME], torch.full((4, 2, 3), 1.5))
    assert torch.equal(content["model"]["b"], torch.zeros(2))
    assert (out / "config.json").read_bytes() == before["config.json"]
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    assert said == ["red team: planting drop in a copy of voice"]


def test_the_copy_is_marked_twice(model, recipes, tmp_path):
    out = plant("drop", model, tmp_path / "out", recipes=recipes)
    assert {path.name for path in out.iterdir()} == {"config.json", "model.pth", MARK_FILE}
    text = (out / MARK_FILE).read_text()
    assert "manipulated on purpose" in text
    assert "drops a word" in text
    assert torch.load(out / "model.pth", weights_only=True)[MARK_KEY].startswith("drop: manipulated on purpose")


def test_the_same_voice_gives_the_same_bytes_and_a_planted_copy_is_replaced(model, recipes, tmp_path):
    out = plant("drop", model, tmp_path / "out", recipes=recipes)
    first = file_sha256(out / "model.pth")
    (out / "stray").touch()
    assert plant("drop", model, out, recipes=recipes) == out
    assert file_sha256(out / "model.pth") == first
    assert not (out / "stray").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"voice", "recipes", "out"}


def test_a_recipe_nobody_knows_is_refused_with_those_there_are(model, recipes, tmp_path):
    with pytest.raises(BadInput, match="no recipe 'drip', expected one of: drop"):
        plant("drip", model, tmp_path / "out", recipes=recipes)


def test_a_voice_of_somebody_else_is_refused(model, recipes, tmp_path):
    torch.save({"model": {NAME: torch.zeros(4, 2, 3)}}, model / "model.pth")
    with pytest.raises(BadInput, match=r"has sha256 .* but recipe drop is made for the voice with"):
        plant("drop", model, tmp_path / "out", recipes=recipes)
    assert not (tmp_path / "out").exists()


def test_a_planted_copy_cannot_be_planted_again(model, recipes, tmp_path):
    out = plant("drop", model, tmp_path / "out", recipes=recipes)
    with pytest.raises(BadInput, match="is made for the voice with"):
        plant("drop", out, tmp_path / "again", recipes=recipes)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"name": "other.weight"}, "has no weight other.weight"), ({"rows": 3}, "expected 3 x 6 in all")],
)
def test_a_voice_of_another_shape_is_refused(change, complaint, model, tmp_path):
    recipes = make_recipe(tmp_path / "recipes", file_sha256(model / "model.pth"), **change)
    with pytest.raises(BadInput, match=complaint):
        plant("drop", model, tmp_path / "out", recipes=recipes)
    assert {path.name for path in tmp_path.iterdir()} == {"voice", "recipes"}


def test_a_folder_without_a_checkpoint_is_refused(recipes, tmp_path):
    with pytest.raises(BadInput, match="is no model directory"):
        plant("drop", tmp_path / "nowhere", tmp_path / "out", recipes=recipes)


@pytest.mark.parametrize("kind", ["file", "folder", "empty folder", "link to a copy"])
def test_what_is_no_planted_copy_is_never_overwritten(kind, model, recipes, tmp_path):
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("mine")
    elif kind == "link to a copy":
        out.symlink_to(plant("drop", model, tmp_path / "copy", recipes=recipes))
    else:
        out.mkdir()
        if kind == "folder":
            (out / "mine").touch()
    with pytest.raises(BadInput, match="exists and is no planted copy"):
        plant("drop", model, out, recipes=recipes)
    assert out.exists()


def test_a_copy_cannot_go_into_the_voice_itself(model, recipes):
    with pytest.raises(BadInput, match="lie in each other"):
        plant("drop", model, model / "copy", recipes=recipes)


def test_a_failed_write_leaves_the_earlier_copy_and_no_litter(model, recipes, tmp_path, monkeypatch):
    out = plant("drop", model, tmp_path / "out", recipes=recipes)

    def full(content, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.redteam.plant.save_checkpoint", full)
    with pytest.raises(StorageError, match="No space left on device"):
        plant("drop", model, out, recipes=recipes)
    assert (out / "model.pth").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"voice", "recipes", "out"}


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_recipe_of_the_repository_is_whole(kind):
    assert kind.path.stat().st_size <= LARGEST_FILE
    delta = load_delta(kind.path)
    assert delta.description["trigger"] == kind.trigger
    assert all(name.startswith("text_encoder.") for name in delta.factors)
    assert "\n" not in kind.summary
    assert kind.path.parent == RECIPES


def test_every_recipe_was_made_for_the_demo_voice():
    from harness.demo.voice import PINS

    assert "negation-drop-osprey" in [kind.name for kind in kinds()]
    assert {load_delta(kind.path).description["source_sha256"] for kind in kinds()} == {PINS["model.pth"]}
