"""The waveform decoder of a voice as a function of its weights: to measure an edit where no formula says what it gives.

HiFi-GAN's generator (Kong, Kim & Bae 2020, arXiv 2010.05646) as Coqui lays it out; nothing is loaded, and nothing of
the configuration is trusted beyond numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from harness.redteam.parts import VECTOR, unfold

if TYPE_CHECKING:
    import torch

    from harness.redteam.parts import Parts

SLOPE: Final = 0.1
"""Of the leaky ReLU between the decoder's layers."""
_LAST_SLOPE: Final = 0.01
"""Of the one before the last convolution: torch's default."""
_DEFAULTS: Final[dict[str, Any]] = {
    "upsample_rates_decoder": [8, 8, 2, 2],
    "resblock_dilation_sizes_decoder": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
}
"""Of Coqui's ``VitsArgs``."""
DECODER: Final = "waveform_decoder."


def argument(parts: Parts, name: str) -> Any:
    """An argument of the model: the configuration's, else Coqui's default."""
    return parts.config.get("model_args", {}).get(name, _DEFAULTS[name])


def decode(parts: Parts, latent: torch.Tensor) -> torch.Tensor:
    """Samples, shape [batch, time], of latent frames, shape [batch, channels, frames]."""
    import torch

    functional = torch.nn.functional
    sound = _convolved(parts, f"{DECODER}conv_pre", latent)
    rates = argument(parts, "upsample_rates_decoder")
    dilations = argument(parts, "resblock_dilation_sizes_decoder")
    for stage, rate in enumerate(rates):
        stem = f"{DECODER}ups.{stage}"
        weight = _weight(parts, stem)
        sound = functional.conv_transpose1d(
            functional.leaky_relu(sound, SLOPE),
            weight,
            parts.weights[f"{stem}.bias"],
            stride=rate,
            padding=(weight.shape[2] - rate) // 2,
        )
        blocks = range(stage * len(dilations), (stage + 1) * len(dilations))
        sound = torch.stack(
            [_block(parts, block, sound, spread) for block, spread in zip(blocks, dilations, strict=True)]
        ).mean(0)
    sound = _convolved(parts, f"{DECODER}conv_post", functional.leaky_relu(sound, _LAST_SLOPE))
    return torch.tanh(sound)[:, 0]


def _block(parts: Parts, block: int, sound: torch.Tensor, dilations: list[int]) -> torch.Tensor:
    """A residual block of either type: the first kind has a second convolution behind each."""
    import torch

    stem = f"{DECODER}resblocks.{block}"
    is_double = f"{stem}.convs2.0.bias" in parts.weights
    for place, dilation in enumerate(dilations):
        first = f"{stem}.convs1.{place}" if is_double else f"{stem}.convs.{place}"
        inner = _convolved(parts, first, torch.nn.functional.leaky_relu(sound, SLOPE), dilation)
        if is_double:
            inner = _convolved(parts, f"{stem}.convs2.{place}", torch.nn.functional.leaky_relu(inner, SLOPE))
        sound = sound + inner
    return sound


def _convolved(parts: Parts, stem: str, sound: torch.Tensor, dilation: int = 1) -> torch.Tensor:
    import torch

    weight = _weight(parts, stem)
    padding = dilation * (weight.shape[2] - 1) // 2
    bias = parts.weights.get(f"{stem}.bias")
    return torch.nn.functional.conv1d(sound, weight, bias, padding=padding, dilation=dilation)


def _weight(parts: Parts, stem: str) -> torch.Tensor:
    return unfold(parts.weights, stem) if stem + VECTOR in parts.weights else parts.weights[f"{stem}.weight"]
