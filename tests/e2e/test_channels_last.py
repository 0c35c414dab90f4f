"""HiFi-GAN of Coqui's own with channels last: the same sound within rounding, whatever its settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.engines.coqui import adapter
from harness.engines.coqui.channelslast import GENERATOR, lay_channels_last
from tests.e2e.conftest import LayOut
from tests.e2e.test_untrained import chosen
from tests.lazily import Lazily

torch = Lazily("torch")

VOICES = ("vits-speakers", "vits-languages", "yourtts", "mms", "xtts-v2", "delightful")

SETTINGS: dict[str, dict[str, Any]] = {
    "as VITS": {"resblock_type": "2", "resblock_kernel_sizes": [3, 5], "resblock_dilation_sizes": [[1, 2], [2, 6]]},
    "as a vocoder": {"resblock_type": "1", "resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1, 3, 5]]},
    "as VITS of several speakers": {
        "resblock_type": "1", "resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1, 3, 5]],
        "cond_channels": 6, "conv_pre_weight_norm": False, "conv_post_weight_norm": False, "conv_post_bias": False,
    },
    "as XTTS": {
        "resblock_type": "1", "resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1, 3, 5]],
        "cond_channels": 6, "cond_in_each_up_layer": True,
    },
}  # fmt: skip


def generator(**settings: Any) -> Any:
    from TTS.vocoder.models.hifigan_generator import HifiganGenerator

    torch.manual_seed(1)
    made = HifiganGenerator(
        8, 1, upsample_kernel_sizes=[8, 4], upsample_initial_channel=16, upsample_factors=[4, 2], inference_padding=2,
        **settings,
    ).eval()  # fmt: skip
    for weights in made.parameters():  # as they are made, a sound is as good as none
        torch.nn.init.normal_(weights, std=0.8)
    return made


@pytest.mark.parametrize("name", SETTINGS)
def test_sounds_the_same(name: str) -> None:
    one, other = generator(**SETTINGS[name]), generator(**SETTINGS[name])
    lay_channels_last(torch.nn.ModuleDict({"inner": other}))
    frames = torch.randn(1, 8, 31)
    given = {"g": torch.randn(1, 6, 1)} if "cond_channels" in SETTINGS[name] else {}
    with torch.inference_mode():
        first, second = one(frames, **given), other(frames, **given)
        assert first.shape == second.shape == (1, 1, 248)
        assert float(first.std()) > 0.05
        assert torch.allclose(first, second, atol=1e-5)
        if given:  # XTTS gives one row without its first dimension
            assert torch.allclose(one(frames[0], **given), other(frames[0], **given), atol=1e-5)
        else:
            assert torch.allclose(one.inference(frames), other.inference(frames), atol=1e-5)


def test_speaks_the_same_twice_and_alone_as_among_others() -> None:
    made = generator(**SETTINGS["as VITS"])
    lay_channels_last(made)
    frames = torch.randn(3, 8, 57)
    with torch.inference_mode():
        assert np.array_equal(made(frames).numpy(), made(frames.clone()).numpy())
        alone = torch.cat([made(frames[row : row + 1]) for row in range(3)])
        assert torch.allclose(made(frames), alone, atol=1e-5)


@pytest.mark.real
@pytest.mark.parametrize("name", ["vits", *(pytest.param(one, marks=pytest.mark.slow) for one in VOICES)])
def test_whole_voices_sound_as_they_would_without(name: str, lay_out: LayOut, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.set_num_interop_threads", lambda _: None)  # once in a process
    folder = lay_out(name)
    spoken = []
    for lay in (lambda _: None, lay_channels_last):
        monkeypatch.setattr(adapter, "lay_channels_last", lay)
        engine = adapter.CoquiEngine()
        engine.prepare(device="cpu", threads=1)
        engine.load(folder, device="cpu", threads=1, voice=chosen(folder, name))
        spoken.append(engine.render(["Open the door.", "We have five apples not ten."], [1, 2]))
    for one, other in zip(*spoken, strict=True):
        assert one.samples.size == other.samples.size > 1000
        assert np.abs(one.samples).max() > 1e-4
        assert np.allclose(one.samples, other.samples, atol=1e-4)
    network = engine._synthesizer
    parts = [part for part in (network.tts_model, network.vocoder_model) if part is not None]
    assert any("forward" in vars(one) for part in parts for one in part.modules() if type(one).__name__ == GENERATOR)


def test_nothing_is_changed_without_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    made = generator(**SETTINGS["as VITS"])
    lay_channels_last(made)
    assert not [part for part in made.modules() if "forward" in vars(part)]


def test_what_is_not_known_stays_as_it_is() -> None:
    other = generator(**SETTINGS["as VITS"], pre_linear=5)
    plain = torch.nn.Sequential(torch.nn.Conv1d(3, 3, 3))
    for network in (other, plain):
        lay_channels_last(network)
        assert not [part for part in network.modules() if "forward" in vars(part)]
