"""What a configuration may say, and what is said about one that may not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from harness.admission.base import Examination, Flaw
from harness.admission.coqui.config import ConfigCheck
from harness.admission.tree import Tree
from harness.core.text import printable
from harness.core.types import Verdict
from tests import config_corpus as corpus


def examine(case: corpus.Case, folder: Path) -> Examination:
    case.make(folder)
    return ConfigCheck().examine(Tree.of(folder))


def told(flaws: tuple[Flaw, ...]) -> list[str]:
    return [f"{flaw.rule.id} {flaw.file} {flaw.place} {flaw.found[:60]!r}" for flaw in flaws]


@pytest.mark.parametrize("case", corpus.HOSTILE_CONFIGS, ids=lambda case: case.name)
def test_stops_what_is_hostile_with_the_right_rule(case: corpus.Case, tmp_path: Path) -> None:
    began = time.thread_time()
    found = examine(case, tmp_path)
    assert found.verdict is not Verdict.PASS
    named = [flaw for flaw in found.flaws if flaw.rule.id == f"admission.{case.rule}"]
    assert named, told(found.flaws)
    if case.place is not None:
        assert case.place in [flaw.place for flaw in named]
    assert time.thread_time() - began < 5, "bounded in time"


@pytest.mark.parametrize("case", corpus.CLEAN, ids=lambda case: case.name)
def test_passes_what_is_clean(case: corpus.Case, tmp_path: Path) -> None:
    assert told(examine(case, tmp_path).flaws) == []


@pytest.mark.parametrize("case", corpus.UNDECIDED, ids=lambda case: case.name)
def test_leaves_undecided_what_an_honest_model_may_have(case: corpus.Case, tmp_path: Path) -> None:
    found = examine(case, tmp_path)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"admission.{case.rule}" in [flaw.rule.id for flaw in found.flaws], told(found.flaws)


class TestFindings:
    def test_say_file_place_value_and_effect(self, tmp_path: Path) -> None:
        changes = {"use_d_vector_file": True, "d_vector_file": ["reference://x"]}
        flaw = examine(corpus.Case("", corpus.with_config(changes)), tmp_path).flaws[0]
        assert (flaw.file, flaw.place, flaw.found) == ("config.json", "$.d_vector_file[0]", "reference://x")
        assert flaw.effect == "'reference://x' goes to fsspec.open, then to json or torch.load"
        assert "Put the file beside the model" in flaw.rule.help

    def test_list_the_places_of_the_training_machine_without_calling_them_flaws(self, tmp_path: Path) -> None:
        found = examine(corpus.CLEAN[0], tmp_path)
        assert found.facts["model"] == "vits"
        assert "$.datasets[0].path = /home/trainer/data/LJSpeech-1.1/" in found.facts["places of the training machine"]

    def test_are_bounded_in_number(self, tmp_path: Path) -> None:
        changes = {f"field{n}": "reference://x" for n in range(5000)}
        assert len(examine(corpus.Case("", corpus.with_config(changes)), tmp_path).flaws) <= 200

    def test_facts_show_no_control_characters(self, tmp_path: Path) -> None:
        facts = examine(
            corpus.Case("", corpus.with_config({"output_path": "/a\x1b[31m", "model": "vits\u202e"})), tmp_path
        ).facts
        assert all(printable(text) == text for text in facts.values())

    def test_every_rule_that_is_reported_is_declared(self, tmp_path: Path) -> None:
        declared = set(ConfigCheck().rules)
        for case in (*corpus.HOSTILE_CONFIGS, *corpus.UNDECIDED):
            folder = tmp_path / case.name
            folder.mkdir()
            assert {flaw.rule for flaw in examine(case, folder).flaws} <= declared
        assert len({rule.id for rule in declared}) == len(ConfigCheck().rules)


class TestGates:
    def test_a_path_that_no_flag_lets_coqui_open_is_a_fact(self, tmp_path: Path) -> None:
        found = examine(corpus.Case("", corpus.with_config({"speakers_file": "/home/trainer/speakers.pth"})), tmp_path)
        assert found.flaws == ()
        assert "$.speakers_file" in found.facts["places of the training machine"]

    @pytest.mark.parametrize("spelling", ["s.json", "/content/drive/run/s.json", "C:\\run\\s.json"])
    def test_a_file_beside_the_configuration_is_found_in_either_spelling(self, spelling: str, tmp_path: Path) -> None:
        changes = {"use_speaker_embedding": True, "speakers_file": spelling}
        found = examine(corpus.Case("", corpus.with_files({"s.json": b'{"a": 0}'}, changes)), tmp_path)
        assert found.flaws == ()
        fact = found.facts.get("places of another machine whose file lies here")
        assert fact == (None if spelling == "s.json" else f"$.speakers_file = {spelling}: s.json is used")

    def test_what_lies_beside_in_place_of_an_absolute_path_is_looked_at_as_well(self, tmp_path: Path) -> None:
        case = corpus.with_files({"s.npy": corpus.hostile_stats("x")}, {"audio.stats_path": "/train/s.npy"})
        assert [one.rule.id for one in examine(corpus.Case("", case), tmp_path).flaws] == ["admission.config-pickle"]

    def test_an_absolute_path_whose_file_does_not_lie_beside_leads_out(self, tmp_path: Path) -> None:
        changes = {"use_speaker_embedding": True, "speakers_file": "/content/s.json"}
        case = corpus.with_files({"ids/s.json": b"{}"}, changes)
        assert [one.rule.id for one in examine(corpus.Case("", case), tmp_path).flaws] == ["admission.config-path"]

    def test_a_url_is_one_even_where_no_flag_is_set(self, tmp_path: Path) -> None:
        found = examine(corpus.Case("", corpus.with_config({"speakers_file": "http://127.0.0.1/s.json"})), tmp_path)
        assert [flaw.rule.id for flaw in found.flaws] == ["admission.config-url"]

    def test_a_numeric_array_as_statistics_passes(self, tmp_path: Path) -> None:
        import numpy as np

        case = corpus.with_files({"s.npy": corpus.npy(np.zeros(4))}, {"audio.stats_path": "s.npy"})
        assert examine(corpus.Case("", case), tmp_path).flaws == ()

    def test_a_file_in_a_folder_below_is_found_from_the_configuration(self, tmp_path: Path) -> None:
        (tmp_path / "voice").mkdir()
        changes = {"use_speaker_embedding": True, "speakers_file": "ids/s.json"}
        corpus.with_files({"ids/s.json": b'{"a": 0}'}, changes)(tmp_path / "voice")
        assert ConfigCheck().examine(Tree.of(tmp_path)).flaws == ()


def test_a_single_file_is_a_tree_too(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(corpus.merged(corpus.VITS, {"base_model": "x"})), "utf-8")
    assert [flaw.place for flaw in ConfigCheck().examine(Tree.of(path)).flaws] == ["$.base_model"]
