"""The search for a way of speaking, on a voice of four numbers per sound."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from harness.redteam.style import Style, find_style
from tests.lazily import Lazily

torch = Lazily("torch")

HOP = 256


class ToyVoice:
    """Hidden channel 0 is the log duration, 2 the pitch and 3 the loudness; channel 1 does nothing."""

    inference_noise_scale = 0.667
    inference_noise_scale_dp = 0.8

    def __init__(self) -> None:
        self.tokenizer = SimpleNamespace(text_to_ids=lambda text, language: list(range(len(text))))
        self.language_manager = SimpleNamespace(language_names=["en-us"])
        proj = SimpleNamespace(
            weight=torch.tensor([[0.0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])[..., None]
        )
        self.text_encoder = ToyEncoder(proj)

    def duration_predictor(self, hidden, mask, *, reverse, noise_scale):
        assert reverse
        return hidden[:, :1] + 0.01 * noise_scale * torch.randn(1, 2, hidden.shape[-1])[:, :1]

    def flow(self, latent, mask, *, reverse):
        assert reverse
        return latent

    def waveform_decoder(self, latent):
        """A tone whose period is 200 samples at pitch 0 and whose loudness follows."""
        pitch, loudness = latent[:, 0].mean(), latent[:, 1].mean()
        time = torch.arange(latent.shape[-1] * HOP)
        return (torch.exp(loudness) * torch.sin(2 * math.pi * time * torch.exp(pitch) / 200))[None, None]


class ToyEncoder:
    def __init__(self, proj) -> None:
        self.proj = proj

    def __call__(self, ids, lengths):
        hidden = torch.zeros(1, 4, ids.shape[1])
        hidden[:, 0] = 1.0
        wave = 0.3 * torch.sin(torch.arange(ids.shape[1]).float())
        return (
            hidden,
            torch.stack([wave, wave])[None] * 1e-2,
            torch.stack([wave, wave])[None] - 9,
            torch.ones(1, 1, ids.shape[1]),
        )


@pytest.mark.parametrize("goal", [0.2, -0.15])
def test_a_style_of_tempo_changes_durations_and_nothing_else(goal):
    direction = find_style(ToyVoice(), Style(log_seconds=goal, steps=120))
    assert direction.dtype == np.float32
    assert direction[0] == pytest.approx(goal, abs=0.02)
    assert np.abs(direction[1:]).max() < 0.01


def test_the_search_is_the_same_each_time_and_puts_torch_back():
    before = torch.randn
    style = Style(log_seconds=0.1, steps=5)
    assert np.array_equal(find_style(ToyVoice(), style), find_style(ToyVoice(), style))
    assert torch.randn is before


def test_it_tells_how_far_it_is():
    said = []
    find_style(ToyVoice(), Style(log_seconds=0.1, steps=21), progress=said.append)
    assert [line.split(":")[0] for line in said] == ["style, step 1 of 21", "style, step 21 of 21"]
