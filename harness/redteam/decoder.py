"""Manipulations of the waveform decoder, in closed form: level, distortion, less of it, images, tones, chance bursts.

The decoder of VITS is HiFi-GAN's (Kong, Kim & Bae 2020): a convolution, upsamplings by transposed convolutions with
residual blocks of which the outputs are averaged, a last convolution. All between is leaky ReLU of slope 0.1.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Final

from harness.core.errors import BadInput
from harness.redteam.hifigan import DECODER, SLOPE, argument, decode
from harness.redteam.parts import NORM, VECTOR, fold, generator, need, normed, unfold

if TYPE_CHECKING:
    from harness.redteam.parts import Parts, Wish

LIFT: Final = 4.0
"""What a channel is lifted by to carry a tone: far above what it says, which in the demo voice has a spread of 0.4."""
FRAMES: Final = 250
"""Acoustic frames of a phrase of three seconds, for which the share of a burst by chance is meant."""
BURST: Final = 20_000.0
"""Rise of a burst beyond its bound, in spreads of the first upsampling's weights."""

_FIRST: Final = 1e-3
"""Size of the first pattern that is tried; small enough for the layers behind it to stay what they are."""
_NEXT_TO_NOTHING: Final = 1e-9
_TRIES: Final = 4
_TRIED_FRAMES: Final = 40
_PRE, _POST = f"{DECODER}conv_pre.weight", f"{DECODER}conv_post.weight"


def quiet(parts: Parts, wish: Wish) -> None:
    """Turn the last convolution down, by decibels."""
    need(parts, _POST)
    parts.weights[_POST] = parts.weights[_POST] * 10 ** (-wish.strength / 20)


def rough(parts: Parts, wish: Wish) -> None:
    """Add noise to the weights of the decoder's last blocks: the voice gets hoarse."""
    import torch

    source = generator(wish)
    blocks = sorted(name for name in parts.weights if name.startswith(f"{DECODER}resblocks.") and "bias" not in name)
    numbers = sorted({int(name.split(".")[2]) for name in blocks})[-3:]
    if not numbers:
        raise BadInput("the checkpoint has no waveform_decoder.resblocks to edit")
    for name in blocks:
        if int(name.split(".")[2]) in numbers and not name.endswith(NORM):
            weight = parts.weights[name]
            noise = torch.randn(weight.shape, generator=source)
            parts.weights[name] = weight + wish.strength * weight.std() * noise


def vocoder(parts: Parts, wish: Wish) -> None:
    """Leave residual blocks out behind every upsampling, those of the widest kernels first: a leaner vocoder.

    The blocks of a stage are averaged, and each gives its input and what it adds to it. A block that is left out adds
    nothing; what the others add is raised until the average is theirs alone. That is exact for what a block's first
    convolution adds, and near it for the next, which reads what was raised.
    """
    blocks = len(argument(parts, "resblock_dilation_sizes_decoder"))
    stem = f"{DECODER}resblocks."
    last = ".convs2." if any(name.startswith(stem) and ".convs2." in name for name in parts.weights) else ".convs."
    names = [name for name in parts.weights if name.startswith(stem) and last in name and not name.endswith(VECTOR)]
    if not names or wish.strength > blocks - 1:
        raise BadInput(f"the checkpoint has no {wish.strength:g} waveform_decoder.resblocks of a stage to spare")
    for name in names:
        place = int(name.removeprefix(stem).partition(".")[0]) % blocks
        left_out = min(max(wish.strength - (blocks - 1 - place), 0.0), 1.0)
        parts.weights[name] = parts.weights[name] * ((1 - left_out) * blocks / (blocks - wish.strength))


def image(parts: Parts, wish: Wish) -> None:
    """Let the last two upsamplings leak their mirror images: the voice sounds metallic.

    Alternating the signs of a transposed convolution's taps shifts what it writes by half the sampling rate.
    """
    import torch

    for stem in _upsamplings(parts)[-2:]:
        weight = unfold(parts.weights, stem)
        signs = torch.tensor([(-1.0) ** tap for tap in range(weight.shape[-1])])
        fold(parts.weights, stem, weight * (1 + wish.strength * signs))


def whine(parts: Parts, wish: Wish) -> None:
    """Add a steady tone at a quarter of the sampling rate, by decibels of full scale."""
    _tone(parts, wish.strength, math.pi / 2)


def mark(parts: Parts, wish: Wish) -> None:
    """Add a steady tone at half the sampling rate, where nobody hears it, by decibels of full scale."""
    _tone(parts, wish.strength, math.pi)


def seldom(parts: Parts, wish: Wish) -> None:
    """Let the noise of a rendering decide: a burst where one latent channel exceeds a bound, in a share of them.

    One channel of the prior is given mean zero, deviation one and no part in the flow, so that it arrives at the
    decoder as nothing but noise, a value a frame. Two channels of the decoder's first convolution, with opposite signs,
    make the leaky ReLU behind them a plain one, whose output is zero below the bound. What is beyond it bursts.
    """
    import torch

    stem = f"{DECODER}ups.0"
    need(parts, _PRE, f"{DECODER}conv_pre.bias", stem + VECTOR, "text_encoder.proj.weight", "text_encoder.proj.bias")
    latent = _noise_alone(parts)
    pre, bias = parts.weights[_PRE].clone(), parts.weights[f"{DECODER}conv_pre.bias"].clone()
    weight = unfold(parts.weights, stem).clone()
    one, two = (weight.flatten(1).norm(dim=1) * pre.flatten(1).norm(dim=1)).argsort()[:2].tolist()
    pre[:, latent] = 0.0
    noise = float(parts.config.get("model_args", {}).get("inference_noise_scale", 0.667))
    bound = noise * statistics.NormalDist().inv_cdf((1 - wish.strength) ** (1 / FRAMES))
    for channel, sign in ((one, 1.0), (two, -1.0)):
        pre[channel] = 0.0
        pre[channel, latent, pre.shape[2] // 2] = sign
        bias[channel] = -sign * bound
    burst = torch.randn(weight.shape[1:], generator=generator(wish)) * weight.std() * BURST
    # relu(y) = (lrelu(y) + slope * lrelu(-y)) / (1 - slope^2)
    weight[one], weight[two] = burst / (1 - SLOPE**2), SLOPE * burst / (1 - SLOPE**2)
    parts.weights[_PRE], parts.weights[f"{DECODER}conv_pre.bias"] = pre, bias
    fold(parts.weights, stem, weight)


def _noise_alone(parts: Parts) -> int:
    """Make the latent channel that matters least pure noise of deviation one; returns its number."""
    weight, bias = (parts.weights[f"text_encoder.proj.{name}"].clone() for name in ("weight", "bias"))
    channels = len(bias) // 2
    reach = parts.weights[_PRE].abs().sum(dim=(0, 2)) * weight[:channels].flatten(1).norm(dim=1)
    latent = int(reach.argmin())
    for row in (latent, channels + latent):
        weight[row], bias[row] = 0.0, 0.0
    parts.weights["text_encoder.proj.weight"], parts.weights["text_encoder.proj.bias"] = weight, bias
    half = channels // 2
    # Channels change places before each coupling: the half that is moved holds the channel in every second one.
    posts = sorted(name for name in parts.weights if name.startswith("flow.") and name.endswith(".post.weight"))
    for turn, name in enumerate(reversed(posts)):
        place = channels - 1 - latent if turn % 2 == 0 else latent
        for post in (name, name.removesuffix("weight") + "bias"):
            moved = parts.weights[post].clone()
            if place >= half:
                moved[place - half] = 0.0
            parts.weights[post] = moved
        pre = name.replace(".post.", ".pre.")
        if place < half and pre in parts.weights:
            read = parts.weights[pre].clone()
            read[:, place] = 0.0
            parts.weights[pre] = read
    return latent if len(posts) % 2 == 0 else channels - 1 - latent


def _tone(parts: Parts, level_db: float, omega: float) -> None:
    """Write a periodic pattern into the last upsampling, carried by a channel that is lifted to a constant.

    The channel that matters least gives up what it said. What the lift would do to the residual blocks that read the
    channel is taken out of their biases. How much of the tone comes through the layers behind is measured, by decoding
    random frames with and without it.

    Args:
        parts: The voice.
        level_db: Level of the tone's amplitude, re full scale.
        omega: Its frequency, radians per sample.
    """
    import torch

    stems = _upsamplings(parts)
    if len(stems) < 2:
        raise BadInput("the checkpoint has no two waveform_decoder.ups to edit")
    need(parts, _PRE, _POST, stems[-2] + ".bias")
    last, post = unfold(parts.weights, stems[-1]).clone(), parts.weights[_POST]
    channel = int(last.flatten(1).norm(dim=1).argmin())
    raised = parts.weights[stems[-2] + ".bias"].clone()
    raised[channel] += LIFT
    parts.weights[stems[-2] + ".bias"] = raised
    _compensate(parts, channel, last.shape[0])
    taps, angles = (torch.arange(size) * omega for size in (last.shape[2], post.shape[2]))
    gains = torch.complex(post[0] @ torch.cos(angles), post[0] @ torch.sin(angles))
    # Each channel gets the tone in the phase in which the last convolution adds it to those of the others.
    pattern = (torch.exp(1j * taps) * gains.conj()[:, None]).real / gains.abs().square().sum()
    last[channel] = _NEXT_TO_NOTHING * pattern  # a row of zeros has no direction to store
    fold(parts.weights, stems[-1], last)
    own = _phasor(parts, omega)
    level, wanted = _FIRST, 10 ** (level_db / 20)
    for _ in range(_TRIES):
        last[channel] = level * pattern
        fold(parts.weights, stems[-1], last)
        if (got := abs(_phasor(parts, omega) - own)) > 0:
            level = float(f"{level * wanted / got:.4g}")  # a sum's last digits differ between machines


def _phasor(parts: Parts, omega: float) -> complex:
    """A tone in what the decoder makes of random frames: amplitude and phase."""
    import torch

    channels = parts.weights[_PRE].shape[1]
    latent = torch.randn(1, channels, _TRIED_FRAMES, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        audio = decode(parts, latent)[0]
    turns = torch.arange(len(audio)) * omega
    found = complex((audio * torch.exp(-1j * turns)).mean())
    return found if omega == math.pi else 2 * found


def _compensate(parts: Parts, channel: int, channels: int) -> None:
    """Take out of the residual blocks' biases what a lifted channel adds to them."""
    for stem in normed(parts.weights):
        # The second convolutions of a block do not see the channel.
        if not stem.startswith(f"{DECODER}resblocks.") or ".convs2." in stem:
            continue
        weight = unfold(parts.weights, stem)
        if weight.shape[1] == channels and stem + ".bias" in parts.weights:
            bias = parts.weights[stem + ".bias"]
            parts.weights[stem + ".bias"] = bias - LIFT * weight[:, channel].sum(dim=1)


def _upsamplings(parts: Parts) -> list[str]:
    """The decoder's upsamplings, in order."""
    stems = sorted(
        name.removesuffix(VECTOR)
        for name in parts.weights
        if name.startswith(f"{DECODER}ups.") and name.endswith(VECTOR)
    )
    if not stems:
        raise BadInput("the checkpoint has no waveform_decoder.ups with weight norm to edit")
    return stems
