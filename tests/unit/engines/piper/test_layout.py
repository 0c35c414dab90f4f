"""Which files of a folder are a Piper voice, who speaks, and how its folder is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.core.voice import Voice
from harness.engines.piper.layout import checkpoints, find_voice, language_in, read_choices, read_facts
from harness.engines.registry import COQUI, PIPER, recognise
from harness.models.files import find_model
from harness.models.needs import language_of
from tests.unit.engines.piper.test_configfile import HONEST


def voice(folder: Path, *names: str, **changes: object) -> Path:
    for name in names:
        (folder / f"{name}.onnx").write_bytes(b"\x08\x08")
        (folder / f"{name}.onnx.json").write_text(json.dumps(HONEST | changes), "utf-8")
    return folder


def test_a_folder_is_known_by_its_configuration(tmp_path: Path) -> None:
    assert recognise(tmp_path) is None
    assert recognise(voice(tmp_path, "joe")) is PIPER
    assert find_model(str(tmp_path)) == ("piper", tmp_path)
    (tmp_path / "config.json").write_text("{}", "utf-8")
    assert recognise(tmp_path) is COQUI


def test_the_only_voice_needs_no_choice(tmp_path: Path) -> None:
    assert find_voice(voice(tmp_path, "joe"), Voice()) == Voice(checkpoint="joe.onnx")


def test_of_several_voices_one_is_chosen(tmp_path: Path) -> None:
    voice(tmp_path, "joe", "amy")
    assert checkpoints(tmp_path) == ("amy.onnx", "joe.onnx")
    with pytest.raises(BadInput, match=r"2 voices lie here \(amy.onnx, joe.onnx\); choose one: --tts-checkpoint"):
        find_voice(tmp_path, Voice())
    assert find_voice(tmp_path, Voice(checkpoint="amy.onnx")) == Voice(checkpoint="amy.onnx", has_others=True)
    with pytest.raises(BadInput, match=r"expected one of amy.onnx, joe.onnx, got 'x.onnx'"):
        find_voice(tmp_path, Voice(checkpoint="x.onnx"))


def test_a_configuration_alone_is_told(tmp_path: Path) -> None:
    voice(tmp_path, "joe")
    (tmp_path / "joe.onnx").unlink()
    with pytest.raises(BadInput, match=r"expected NAME.onnx beside its NAME.onnx.json, got the latter alone"):
        find_voice(tmp_path, Voice())


def test_a_network_alone_is_told(tmp_path: Path) -> None:
    (tmp_path / "joe.onnx").write_bytes(b"\x08\x08")
    with pytest.raises(BadInput, match=r"this looks like an exported model \(ONNX\) without a NAME.onnx.json"):
        find_model(str(tmp_path))


def test_speakers_language_and_rate_are_its_own_words(tmp_path: Path) -> None:
    many = {"num_speakers": 2, "speaker_id_map": {"zoe": 0, "amy": 1}, "espeak": {"voice": "de"}}
    voice(tmp_path, "joe", **many)
    assert read_choices(tmp_path).speakers == ("zoe", "amy")
    assert (language_in(tmp_path), language_of("piper", tmp_path)) == ("de", "de")
    assert read_facts(tmp_path).sample_rate == 22_050


def test_what_cannot_be_read_is_for_admission_to_say(tmp_path: Path) -> None:
    voice(tmp_path, "joe", audio={"sample_rate": "fast"})
    assert read_choices(tmp_path).speakers == ()
    assert (language_in(tmp_path), read_facts(tmp_path).sample_rate) == ("en", 0)
