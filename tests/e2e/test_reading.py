"""A voice reads a text as it would speak it: as many frames, whatever the batch, and whoever speaks."""

from __future__ import annotations

import numpy as np
import pytest

from harness.core.latents import Unspoken
from harness.engines.coqui import products
from harness.engines.coqui.adapter import CoquiEngine
from harness.judging.figures import ROUNDING
from tests.e2e.conftest import LayOut
from tests.e2e.test_untrained import chosen

pytestmark = pytest.mark.real
QUICK = ("vits-speakers",)
LAYOUTS = ("vits", "vits-espeak", "vits-speakers", "vits-d-vectors", "vits-languages", "vits-fixed", "yourtts")
OTHERS = (
    *("glow", "glow-speakers", "glow-d-vectors", "fast-pitch", "fast-pitch-speakers", "fastspeech2", "fast-speech"),
    "speedy-speech",
)
TEXTS = ("Open the door.", "We have five apples not ten.", "No")


@pytest.fixture(autouse=True)
def _one_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch lets the threads between operations be set once in a process."""
    import torch

    monkeypatch.setattr(torch, "set_num_interop_threads", lambda _: None)


@pytest.mark.parametrize(
    "name", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in LAYOUTS]
)
def test_reading_is_of_the_very_rendering_and_of_its_own_text_alone(name: str, lay_out: LayOut) -> None:
    folder = lay_out(name)
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    voice = chosen(folder, name)
    engine.load(folder, device="cpu", threads=1, voice=voice)
    if voice.speakers:
        engine.speak_as(voice.speakers[-1])
    spoken = engine.render(TEXTS, [1, 2, 3])
    items = [Unspoken(text=text, seed=seed) for seed, text in enumerate(TEXTS, 1)]
    together = engine.read(items, is_still=False)
    assert [one.frames for one in together] == [one.frames for one in spoken]
    for one, item in zip(together, items, strict=True):
        (alone,) = engine.read([item], is_still=False)
        assert np.array_equal(alone.ids, one.ids)
        assert np.allclose(alone.figures, one.figures, atol=1e-3)
        (given,) = engine.read([Unspoken(text="", ids=tuple(one.ids.tolist()), seed=item.seed)], is_still=False)
        assert np.allclose(given.figures, one.figures, atol=1e-3)
    (first, second) = (engine.read([Unspoken(text=TEXTS[0], seed=seed)], is_still=True)[0] for seed in (1, 2))
    assert np.array_equal(first.figures, second.figures)


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.slow) if one != "glow" else one for one in OTHERS]
)
def test_other_architectures_read_what_they_speak_and_of_its_own_text_alone(name: str, lay_out: LayOut) -> None:
    folder = lay_out(name)
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    voice = chosen(folder, name)
    engine.load(folder, device="cpu", threads=1, voice=voice)
    texts = (*TEXTS[:2], "No more.")  # SpeedySpeech cannot say less
    spoken = engine.render(texts, [1, 2, 3])
    items = [Unspoken(text=text, seed=seed) for seed, text in enumerate(texts, 1)]
    together = engine.read(items, is_still=True)
    hop = engine._synthesizer.tts_model.ap.hop_length
    for one, said in zip(together, spoken, strict=True):
        assert abs(len(said.samples) / hop - one.frames) <= ROUNDING
    for one, item in zip(together, items, strict=True):
        (alone,) = engine.read([item], is_still=False)
        assert np.array_equal(alone.ids, one.ids)
        assert np.allclose(alone.figures, one.figures, atol=1e-4)
    if len(voice.speakers) > 1:
        engine.speak_as(voice.speakers[-1])
        assert not np.allclose(engine.read(items[:1], is_still=True)[0].figures, together[0].figures, atol=1e-3)


@pytest.mark.parametrize(
    "name", [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in LAYOUTS]
)
def test_products_of_matrices_give_what_the_layers_give(
    name: str, lay_out: LayOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay_out(name)
    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=1)
    engine.load(folder, device="cpu", threads=1, voice=chosen(folder, name))
    network = engine._synthesizer.tts_model
    is_known = products.are_known(network.text_encoder, network.duration_predictor)
    assert is_known is network.args.use_sdp
    items = [Unspoken(text=text) for text in TEXTS]
    by_products = engine.read(items, is_still=True)
    monkeypatch.setattr(products, "are_known", lambda *_: False)
    by_layers = engine.read(items, is_still=True)
    for one, other in zip(by_products, by_layers, strict=True):
        assert np.array_equal(one.ids, other.ids)
        assert np.allclose(one.figures, other.figures, rtol=1e-4, atol=1e-3)


def test_nothing_pronounceable_has_no_figures(lay_out: LayOut) -> None:
    folder = lay_out("vits-speakers")
    engine = CoquiEngine()
    engine.load(folder, device="cpu", threads=1, voice=chosen(folder, "vits-speakers"))
    engine._synthesizer.tts_model.tokenizer.add_blank = False
    none, some = engine.read([Unspoken(text="€€"), Unspoken(text="no")], is_still=True)
    assert none.ids.size == 0
    assert some.ids.size > 0
