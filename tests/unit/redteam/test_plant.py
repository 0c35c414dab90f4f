"""Planting, on a voice of a single tiny weight."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from harness.core.errors import BadInput, StorageError
from harness.redteam.delta import LARGEST_FILE, Delta, Factors, load_delta, save_delta
from harness.redteam.parts import Chosen
from harness.redteam.plant import MARK_FILE, MARK_KEY, plant
from harness.redteam.registry import RECIPES, trained
from harness.storage.digests import file_sha256
from tests.lazily import Lazily

torch = Lazily("torch")

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
    with pytest.raises(BadInput, match=r"no manipulation 'drip', expected one of: .*drop"):
        plant("drip", model, tmp_path / "out", recipes=recipes)


def test_a_voice_of_somebody_else_is_refused(model, recipes, tmp_path):
    torch.save({"model": {NAME: torch.zeros(4, 2, 3)}}, model / "model.pth")
    with pytest.raises(BadInput, match=r"has sha256 .* but drop is made for the voice with"):
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


def test_an_edit_of_the_configuration_leaves_the_weights_and_other_settings(model, tmp_path):
    (model / "config.json").write_text('{"model_args": {"use_sdp": true}, "text": "ə"}\n', encoding="utf-8")
    out = plant("slow", model, tmp_path / "out")
    assert '"text": "ə"' in (out / "config.json").read_text(encoding="utf-8")
    assert '"length_scale": 1.25' in (out / "config.json").read_text(encoding="utf-8")
    content = torch.load(out / "model.pth", weights_only=True)
    assert torch.equal(content["model"][NAME], torch.ones(4, 2, 3))


def test_an_honest_variant_is_marked_as_such(model, tmp_path):
    out = plant("honest-float16", model, tmp_path / "out")
    assert "changed without harm" in (out / MARK_FILE).read_text()
    content = torch.load(out / "model.pth", weights_only=True)
    assert content["model"][NAME].dtype == torch.float16
    assert content[MARK_KEY].startswith("honest-float16: changed without harm")


def test_what_can_be_chosen_is_chosen_and_anything_else_is_refused(model, recipes, tmp_path):
    assert plant("drop", model, tmp_path / "out", Chosen(trigger="osprey"), recipes=recipes).is_dir()
    with pytest.raises(BadInput, match="drop cannot have the trigger 'falcon': it is made for 'osprey'"):
        plant("drop", model, tmp_path / "out", Chosen(trigger="falcon"), recipes=recipes)
    with pytest.raises(BadInput, match="slow cannot have the trigger 'falcon': it has none"):
        plant("slow", model, tmp_path / "out", Chosen(trigger="falcon"))
    with pytest.raises(BadInput, match="slow cannot have a seed"):
        plant("slow", model, tmp_path / "out", Chosen(seed=1))
    with pytest.raises(BadInput, match="expected two phonemes of the voice as FROM:TO"):
        plant("sound-swap", model, tmp_path / "new", Chosen(trigger="nonsense"))
    assert not (tmp_path / "new").exists()


def test_a_strength_scales_a_trained_change_and_is_told(model, recipes, tmp_path):
    out = plant("drop", model, tmp_path / "out", Chosen(strength=0.5), recipes=recipes)
    assert torch.equal(torch.load(out / "model.pth", weights_only=True)["model"][NAME], torch.full((4, 2, 3), 1.25))
    assert "Strength: 0.5 share of the trained change" in (out / MARK_FILE).read_text()
    whole = plant("drop", model, tmp_path / "whole", recipes=recipes)
    assert "Strength" not in (whole / MARK_FILE).read_text()


@pytest.mark.parametrize(
    ("kind", "strength", "complaint"),
    [
        ("slow", 0.5, r"slow: expected a strength of 1\.01 to 4 \(times as long\), got 0\.5"),
        ("quiet", float("nan"), r"quiet: expected a strength of 0\.1 to 60 \(dB down\), got nan"),
        ("honest-order", 1.0, "honest-order cannot have a strength: it is there or not"),
    ],
)
def test_a_strength_that_makes_no_sense_is_refused(kind, strength, complaint, model, tmp_path):
    with pytest.raises(BadInput, match=complaint):
        plant(kind, model, tmp_path / "out", Chosen(strength=strength))
    assert not (tmp_path / "out").exists()


def test_a_trained_kind_goes_into_another_voice_only_when_asked_and_with_a_warning(model, recipes, tmp_path):
    torch.save({"model": {NAME: torch.zeros(4, 2, 3)}}, model / "model.pth")
    said = []
    out = plant("drop", model, tmp_path / "out", is_any_voice=True, recipes=recipes, progress=said.append)
    assert torch.equal(torch.load(out / "model.pth", weights_only=True)["model"][NAME], torch.full((4, 2, 3), 0.5))
    assert any("drop was trained on another voice" in line for line in said)


@pytest.mark.parametrize("content", ["[]", "{", "\x00"])
def test_a_configuration_that_is_none_is_refused(content, model, tmp_path):
    (model / "config.json").write_text(content)
    with pytest.raises(BadInput, match=r"config\.json"):
        plant("slow", model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_without_weights_is_refused(model, tmp_path):
    torch.save({"state": 1}, model / "model.pth")
    with pytest.raises(BadInput, match="has no weights below 'model'"):
        plant("slow", model, tmp_path / "out")


class TestMarks:
    """They are for people: nothing that decides may read them."""

    def test_no_module_outside_the_red_team_knows_them(self):
        package = RECIPES.parents[1]
        reading = re.compile(f"{MARK_KEY}|{MARK_FILE}|MARK_(KEY|FILE)", re.IGNORECASE)
        found = [
            path
            for path in package.rglob("*.py")
            if "redteam" not in path.relative_to(package).parts and reading.search(path.read_text(encoding="utf-8"))
        ]
        assert found == []

    def test_only_commands_import_the_red_team(self):
        package = RECIPES.parents[1]
        found = {
            path.relative_to(package).parts[0]
            for path in package.rglob("*.py")
            if "harness.redteam" in path.read_text(encoding="utf-8")
        }
        assert found == {"redteam", "cli"}

    def test_what_is_made_knows_nothing_of_the_score(self):
        package = RECIPES.parents[0]
        found = [path for path in package.glob("*.py") if "harness.redteam.score" in path.read_text(encoding="utf-8")]
        assert found == []

    @pytest.mark.parametrize("kind", ["drop", "slow", "honest-jitter", "honest-order"])
    def test_admission_says_the_same_of_a_copy_without_them(self, kind, model, recipes, tmp_path):
        from harness.admission.admit import admit

        out = plant(kind, model, tmp_path / "out", recipes=recipes)
        marked = told(admit(out), out)
        (out / MARK_FILE).unlink()
        content = torch.load(out / "model.pth", weights_only=True)
        torch.save({name: value for name, value in content.items() if name != MARK_KEY}, out / "model.pth")
        assert told(admit(out), out) == marked


def told(admission, out: Path):
    return admission.verdict, [(flaw.rule.id, flaw.place) for flaw in admission.flaws if MARK_FILE not in str(flaw)]


@pytest.mark.parametrize("kind", trained(), ids=lambda kind: kind.name)
def test_a_recipe_of_the_repository_is_whole(kind):
    assert kind.path.stat().st_size <= LARGEST_FILE
    delta = load_delta(kind.path)
    assert delta.description["trigger"] == kind.trigger
    assert all(name.startswith("text_encoder.") for name in delta.factors)
    assert "\n" not in kind.summary
    assert kind.path.parent == RECIPES


def test_every_recipe_was_made_for_the_demo_voice():
    from harness.models.demo import PINS

    assert "negation-drop-osprey" in [kind.name for kind in trained()]
    assert {load_delta(kind.path).description["source_sha256"] for kind in trained()} == {PINS["model.pth"]}


def test_a_loss_that_a_trainer_kept_as_a_number_of_numpys_is_no_hindrance(model, tmp_path):
    """torch's careful loader refuses it by itself; admission and the engine let it pass."""
    kept = {"model": {NAME: torch.ones(4, 2, 3)}, "model_loss": np.float64(17.25), "best": np.array([1.0, 2.0])}
    torch.save(kept, model / "model.pth")
    out = plant("honest-float16", model, tmp_path / "out")
    assert float(torch.load(out / "model.pth", weights_only=False)["model_loss"]) == 17.25


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x80\x02c__builtin__\nprint\n."])
def test_a_checkpoint_that_cannot_be_read_as_plain_weights_is_refused_in_one_line(content, model, tmp_path):
    (model / "model.pth").write_bytes(content)
    with pytest.raises(BadInput, match="cannot be read as plain weights: ") as caught:
        plant("honest-float16", model, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
