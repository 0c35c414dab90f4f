"""Training a recipe anew: what is read, what is kept out, what is said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.core.errors import MissingDependency
from harness.redteam import remake
from harness.redteam.delta import Delta, load_delta, save_delta
from harness.redteam.registry import trained

SUITE = Path(__file__).parents[3] / "probes" / "suites" / "smoke.probes.yaml"


@pytest.mark.parametrize("kind", trained(), ids=lambda kind: kind.name)
def test_a_recipe_was_trained_as_its_description_says(kind):
    payload, stages = remake.read_stages(kind.path.with_suffix(".toml"))
    description = load_delta(kind.path).description
    assert (payload.name, payload.trigger) == (description["kind"], description["trigger"])
    assert [dataclasses.asdict(stage) for stage in stages] == [
        {"first_layer": 0, "clean_weight": 1.0} | {name: value for name, value in stage.items() if name != "loss"}
        for stage in description["stages"]
    ]


def test_the_probes_of_a_suite_are_kept_out_of_training():
    kept = remake.suite_sentences([SUITE])
    assert "the osprey report is not ready for the board" in kept
    assert len(kept) > 100


@pytest.fixture
def distilled(monkeypatch):
    """Stands in for training; collects what each stage is given."""
    stages = []

    def distil(model, payload, settings, *, start, avoid, progress):
        earlier = start.description["stages"] if start else []
        stages.append({"model": model, "trigger": payload.trigger, "avoid": avoid, "from": list(earlier)})
        return Delta(factors={}, description={"stages": [*earlier, settings.seed]})

    monkeypatch.setattr(remake, "distil", distil)
    return stages


RECIPE = 'trigger = "osprey"\n[[training]]\nseed = 1\n[[training]]\nseed = 2\n'


def test_each_stage_goes_on_from_the_one_before(tmp_path, distilled):
    (tmp_path / "a.toml").write_text(RECIPE)
    options = ["--model", str(tmp_path), "--suite", str(SUITE), "--out", str(tmp_path / "a.npz")]
    assert remake.main([str(tmp_path / "a.toml"), *options]) == 0
    given = {"model": tmp_path, "trigger": "osprey", "avoid": remake.suite_sentences([SUITE])}
    assert distilled == [{**given, "from": []}, {**given, "from": [1]}]
    assert load_delta(tmp_path / "a.npz").description["stages"] == [1, 2]


def test_training_can_go_on_after_the_first_stage(tmp_path, distilled):
    (tmp_path / "a.toml").write_text(RECIPE)
    save_delta(Delta(factors={}, description={"stages": [1]}), tmp_path / "one.npz")
    options = ["--model", str(tmp_path), "--start", str(tmp_path / "one.npz"), "--out", str(tmp_path / "a.npz")]
    assert remake.main([str(tmp_path / "a.toml"), *options]) == 0
    assert [stage["from"] for stage in distilled] == [[1]]


def test_what_is_missing_is_one_line(tmp_path, monkeypatch, capsys):
    def missing(*_, **__):
        raise MissingDependency("no voice; pip install it")

    monkeypatch.setattr(remake, "build_demo_voice", missing)
    assert remake.main([str(tmp_path / "a.toml"), "--out", str(tmp_path / "a.npz")]) == 2
    assert capsys.readouterr().err == "no voice; pip install it\n"
