"""Which file of a model directory is its checkpoint, by the names in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.core.voice import Voice
from harness.engines.coqui.layout import find_checkpoint, find_voice


def folder(path: Path, *names: str, config: object = None) -> Path:
    """A model directory with files of these names, each with other bytes."""
    for number, name in enumerate(names):
        (path / name).write_bytes(bytes([number]) * 8)
    (path / "config.json").write_text(json.dumps(config or {"model": "vits"}), "utf-8")
    return path


def refusal(model: Path, chosen: str = "") -> str:
    with pytest.raises(BadInput) as caught:
        find_checkpoint(model, chosen)
    line = str(caught.value)
    assert "\n" not in line
    return line.removeprefix(f"{model}: ")


class TestCheckpoint:
    @pytest.mark.parametrize(
        "names",
        [
            ("model.pth",),
            ("model_file.pth.tar",),
            ("best_model_1234.pth", "speakers.pth"),
            ("best_model.pth", "language_ids.pth", "d_vectors.pth", "optimizer.pth"),
            ("checkpoint_260000.pth.tar", "model_se.pth", "scale_stats.npy", "events.out.tfevents.1"),
            ("model.pth", "dvae.pth", "mel_stats.pth", "speakers_xtts.pth", "vocab.json"),
            ("model_7.pth", "._model_7.pth", "model_7.pth:Zone.Identifier"),
            ("my voice.pth", "speaker_encoder.pth.tar", "SPEAKERS.pth", "voices.pth"),
        ],
    )
    def test_is_the_one_that_is_no_side_file(self, names: tuple[str, ...], tmp_path: Path) -> None:
        assert find_checkpoint(folder(tmp_path, *names)).name == names[0]

    @pytest.mark.parametrize("value", ["ours.pth", "/content/run/ours.pth", "C:\\run\\ours.pth", ["a/ours.pth"]])
    def test_is_none_that_the_configuration_names_as_a_side_file(self, value: object, tmp_path: Path) -> None:
        model = folder(tmp_path, "best_model_7.pth", "ours.pth", config={"model_args": {"d_vector_file": value}})
        assert find_checkpoint(model).name == "best_model_7.pth"

    def test_that_lies_there_under_two_names_has_to_be_named_too(self, tmp_path: Path) -> None:
        model = folder(tmp_path, "best_model.pth")
        (model / "best_model_1234.pth").write_bytes((model / "best_model.pth").read_bytes())
        assert refusal(model).startswith("expected one checkpoint, got 2: best_model.pth, best_model_1234.pth; name")

    def test_of_several_has_to_be_named(self, tmp_path: Path) -> None:
        model = folder(tmp_path, "model.pth", "best_model.pth", "speakers.pth")
        assert refusal(model) == (
            "expected one checkpoint, got 2: best_model.pth, model.pth; "
            "name the one to judge: --tts-checkpoint=best_model.pth"
        )
        assert find_checkpoint(model, "model.pth") == model / "model.pth"

    def test_of_many_is_listed_in_part(self, tmp_path: Path) -> None:
        model = folder(tmp_path, *(f"checkpoint_{n}000.pth" for n in range(1, 10)))
        assert "checkpoint_6000.pth and 3 more; name" in refusal(model)

    def test_that_was_named_wrongly_is_told_with_what_there_is(self, tmp_path: Path) -> None:
        model = folder(tmp_path, "best_model_1234.pth", "speakers.pth")
        assert refusal(model, "best_model_123.pth") == (
            "expected the name of a checkpoint in it, got 'best_model_123.pth'; did you mean 'best_model_1234.pth'?"
        )
        assert refusal(model, "../x") == (
            "expected the name of a checkpoint in it, got '../x'; there is best_model_1234.pth"
        )

    def test_that_is_missing_says_what_was_looked_for(self, tmp_path: Path) -> None:
        line = "expected a checkpoint beside config.json (*.pth or *.pth.tar), got none"
        assert refusal(folder(tmp_path, "speakers.pth", "notes.txt")) == line

    def test_with_a_hostile_name_is_shown_safely(self, tmp_path: Path) -> None:
        assert "\x1b" not in refusal(folder(tmp_path, "a\x1b[2J.pth", "b\n.pth"))


class TestVoice:
    def test_is_told_by_its_checkpoint_and_known_by_it_only_beside_others(self, tmp_path: Path) -> None:
        model = folder(tmp_path, "best_model_1234.pth", "speakers.pth")
        voice = find_voice(model, Voice())
        assert (voice.words, voice.identity) == ("checkpoint best_model_1234.pth", "")
        (model / "checkpoint_9.pth").write_bytes(b"other")
        voice = find_voice(model, Voice(checkpoint="checkpoint_9.pth", speaker="amelie", language="fr"))
        assert voice.words == voice.identity == "checkpoint checkpoint_9.pth, speaker amelie, language fr"
