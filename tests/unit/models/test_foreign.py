"""A folder of another program: told for what it is, before anything of it is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.engines.coqui.kinds import CONVERTERS, ENCODERS, GENERATORS, TTS_MODELS, VOCODERS
from harness.models.files import find_model

OTHERS = {
    "Kokoro": ({"istftnet": {"upsample_rates": [10, 6]}, "plbert": {}, "vocab": {}}, "Kokoro or StyleTTS 2"),
    "VITS": ({"train": {}, "data": {"text_cleaners": ["basic"]}, "model": {"n_layers": 6}}, "the original VITS"),
    "transformers": ({"model_type": "vits", "architectures": ["VitsModel"]}, "Hugging Face transformers"),
    "older transformers": ({"architectures": ["A"], "transformers_version": "4.30"}, "Hugging Face transformers"),
    "diffusers": ({"_class_name": "UNet", "_diffusers_version": "0.30"}, "Hugging Face diffusers"),
    "Piper": ({"audio": {"quality": "medium"}, "espeak": {}, "phoneme_id_map": {}}, "a Piper voice"),
    "OpenVoice": ({"data": {"sampling_rate": 22050}, "model": {"zero_g": True}}, "a voice converter of OpenVoice"),
    "HiFi-GAN": ({"resblock": "1", "upsample_rates": [8], "upsample_kernel_sizes": [16]}, "original HiFi-GAN"),
}


def refusal(folder: Path, config: object) -> str:
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(BadInput) as caught:
        find_model(str(folder))
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("name", OTHERS)
def test_another_s_configuration_is_told_for_what_it_is(tmp_path: Path, name: str) -> None:
    config, words = OTHERS[name]
    line = refusal(tmp_path, config)
    assert line.startswith(f"{tmp_path / 'config.json'}: no Coqui model; this looks like a")
    assert words in line


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (VOCODERS, "a vocoder of Coqui's"),
        (CONVERTERS, "a voice converter of Coqui's"),
        (ENCODERS, "a speaker encoder of Coqui's"),
    ],
)
def test_what_of_coqui_s_speaks_no_text_is_told(tmp_path: Path, names: frozenset[str], words: str) -> None:
    for name in sorted(names):
        assert f"this is {words} ({name}), which speaks no text" in refusal(tmp_path, {"model": name})
    for generator in sorted(GENERATORS):
        assert f"this is a vocoder of Coqui's ({generator})" in refusal(tmp_path, {"generator_model": generator})


@pytest.mark.parametrize("config", [{}, {"name": "web"}, {"model": 3}, {"model": None}, {"model": ""}])
def test_a_configuration_of_nothing_known_says_what_is_expected(tmp_path: Path, config: object) -> None:
    assert 'expected "model" to name an architecture' in refusal(tmp_path, config)


@pytest.mark.parametrize("name", sorted(TTS_MODELS))
def test_every_voice_of_coqui_s_is_one_whatever_else_its_configuration_has(tmp_path: Path, name: str) -> None:
    config = {"model": name.upper(), "istftnet": {}, "model_type": "x", "train": {}, "data": {}}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    assert find_model(str(tmp_path)) == ("coqui", tmp_path)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("voice.nemo", "a NeMo model"),
        ("Model.onnx", "an exported model (ONNX) without a NAME.onnx.json (Piper) or voices*.bin (Kokoro)"),
    ],
)
def test_a_folder_without_a_configuration_is_told_by_its_files(tmp_path: Path, file: str, words: str) -> None:
    (tmp_path / file).touch()
    with pytest.raises(BadInput, match="this looks like") as caught:
        find_model(str(tmp_path))
    assert str(caught.value).endswith(f"got none; this looks like {words}, which Soundcheck cannot load")
