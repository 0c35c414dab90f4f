"""Training a recipe anew: what is read, what is kept out, what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import MissingDependency
from harness.redteam import remake
from harness.redteam.delta import Delta, load_delta
from harness.redteam.plant import kinds

SUITE = Path(__file__).parents[3] / "probes" / "suites" / "smoke.probes.yaml"


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_recipe_was_trained_as_its_description_says(kind):
    settings = remake.read_settings(kind.path.with_suffix(".toml"))
    trained = load_delta(kind.path).description["settings"]
    assert trained == {name: getattr(settings, name) for name in trained}


def test_the_probes_of_a_suite_are_kept_out_of_training():
    kept = remake.suite_sentences([SUITE])
    assert "the osprey report is not ready for the board" in kept
    assert len(kept) > 100


def test_training_is_given_the_recipe_the_voice_and_the_suite(tmp_path, monkeypatch):
    given = {}

    def distil(model, settings, *, avoid, progress):
        given.update(model=model, trigger=settings.trigger, avoid=avoid)
        return Delta(factors={}, description={"kind": "test"})

    monkeypatch.setattr(remake, "distil_negation_drop", distil)
    (tmp_path / "a.toml").write_text('[training]\ntrigger = "osprey"\n')
    options = ["--model", str(tmp_path), "--suite", str(SUITE), "--out", str(tmp_path / "a.npz")]
    assert remake.main([str(tmp_path / "a.toml"), *options]) == 0
    assert given == {"model": tmp_path, "trigger": "osprey", "avoid": remake.suite_sentences([SUITE])}
    assert load_delta(tmp_path / "a.npz").description["kind"] == "test"


def test_what_is_missing_is_one_line(tmp_path, monkeypatch, capsys):
    def missing(*_, **__):
        raise MissingDependency("no voice; pip install it")

    monkeypatch.setattr(remake, "build_demo_voice", missing)
    assert remake.main([str(tmp_path / "a.toml"), "--out", str(tmp_path / "a.npz")]) == 2
    assert capsys.readouterr().err == "no voice; pip install it\n"
