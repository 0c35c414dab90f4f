"""Edits of the decoder that need one that works: a small HiFi-GAN, and on the machine's demo voice if it is there."""

from __future__ import annotations

import math

import pytest

from harness.core.errors import BadInput
from harness.redteam import decoder
from harness.redteam.hifigan import decode
from harness.redteam.parts import Parts, Wish, fold
from tests.lazily import Lazily

torch = Lazily("torch")

LATENTS, HIDDEN = 8, 16
RATES = [4, 4]


def wish(strength, seed=0):
    return Wish(trigger="", seed=seed, strength=strength)


@pytest.fixture
def parts():
    """A generator of two upsamplings, one residual block each, and the prior and flow before it."""
    generator = torch.Generator().manual_seed(3)

    def random(*shape, scale=1.0):
        return scale * torch.randn(*shape, generator=generator) / math.sqrt(math.prod(shape[1:]))

    made = Parts(
        weights={
            "text_encoder.proj.weight": random(2 * LATENTS, 4, 1),
            "text_encoder.proj.bias": torch.zeros(2 * LATENTS),
            "waveform_decoder.conv_pre.weight": random(HIDDEN, LATENTS, 7),
            "waveform_decoder.conv_pre.bias": torch.zeros(HIDDEN),
            "waveform_decoder.conv_post.weight": random(1, HIDDEN // 4, 7),
            **{f"flow.flows.{n}.post.weight": random(LATENTS // 2, 5, 1) for n in range(4)},
            **{f"flow.flows.{n}.post.bias": random(LATENTS // 2, 1)[:, 0] for n in range(4)},
            **{f"flow.flows.{n}.pre.weight": random(5, LATENTS // 2, 1) for n in range(4)},
        },
        config={
            "model_args": {
                "upsample_rates_decoder": RATES,
                "resblock_dilation_sizes_decoder": [[1, 2]],
                "inference_noise_scale": 1.0,
            }
        },
    )
    for stage in range(2):
        wide = HIDDEN // 2**stage
        fold(made.weights, f"waveform_decoder.ups.{stage}", random(wide, wide // 2, 8))
        made.weights[f"waveform_decoder.ups.{stage}.bias"] = torch.zeros(wide // 2)
        for place in range(2):
            stem = f"waveform_decoder.resblocks.{stage}.convs.{place}"
            fold(made.weights, stem, random(wide // 2, wide // 2, 3, scale=0.3))
            made.weights[f"{stem}.bias"] = random(wide // 2, 1)[:, 0] * 0.1
    return made


@pytest.fixture
def rich(parts):
    """The same with three residual blocks in each stage, of one convolution each."""
    generator = torch.Generator().manual_seed(4)
    for block in range(6):
        wide = HIDDEN // 2 ** (1 + block // 3)
        stem = f"waveform_decoder.resblocks.{block}.convs"
        for name in [name for name in parts.weights if name.startswith(f"{stem}.1.")]:
            del parts.weights[name]
        kernel = 3 + 2 * (block % 3)
        fold(parts.weights, f"{stem}.0", 0.1 * torch.randn(wide, wide, kernel, generator=generator))
        parts.weights[f"{stem}.0.bias"] = 0.1 * torch.randn(wide, generator=generator)
    parts.config["model_args"]["resblock_dilation_sizes_decoder"] = [[1], [1], [1]]
    return parts


def copied(parts):
    return Parts(weights=dict(parts.weights), config=parts.config)


def frames(count=200, seed=5):
    return torch.randn(1, LATENTS, count, generator=torch.Generator().manual_seed(seed))


def phasor(audio, omega):
    turns = torch.arange(len(audio)) * omega
    return complex((audio * torch.exp(-1j * turns)).mean()) * (1 if omega == math.pi else 2)


def test_a_frame_becomes_as_many_samples_as_the_rates_say(parts):
    assert decode(parts, frames(10)).shape == (1, 10 * math.prod(RATES))


@pytest.mark.parametrize(("edit", "omega"), [(decoder.whine, math.pi / 2), (decoder.mark, math.pi)])
def test_a_tone_has_the_level_that_was_asked_for_and_leaves_the_rest(parts, edit, omega):
    other = Parts(weights=dict(parts.weights), config=parts.config)
    edit(parts, wish(-40.0))
    edit(other, wish(-90.0))
    loud, faint = decode(parts, frames())[0], decode(other, frames())[0]
    added = abs(phasor(loud, omega) - phasor(faint, omega))
    assert 20 * math.log10(added) == pytest.approx(-40.0, abs=3.0)
    assert float((loud - faint).square().mean().sqrt()) < 3 * added


def test_a_leaner_vocoder_is_what_the_narrowest_blocks_make_alone(rich):
    for left_out in (1, 2):
        lean, alone = copied(rich), Parts(weights={}, config={})
        decoder.vocoder(lean, wish(float(left_out)))
        kept = [block for block in range(6) if block % 3 < 3 - left_out]
        for name, weight in rich.weights.items():
            place = name.split(".")
            if place[1] != "resblocks":
                alone.weights[name] = weight
            elif int(place[2]) in kept:
                alone.weights[".".join([*place[:2], str(kept.index(int(place[2]))), *place[3:]])] = weight
        arguments = {**rich.config["model_args"], "resblock_dilation_sizes_decoder": [[1]] * (3 - left_out)}
        alone.config["model_args"] = arguments
        assert torch.allclose(decode(lean, frames(20)), decode(alone, frames(20)), atol=1e-5)


def test_a_part_of_a_block_can_be_left_out(rich):
    far = [copied(rich) for _ in range(3)]
    for other, share in zip(far, (0.1, 0.5, 1.0), strict=True):
        decoder.vocoder(other, wish(share))
    own = decode(rich, frames(20))
    off = [float((decode(other, frames(20)) - own).square().mean()) for other in far]
    assert 0 < off[0] < off[1] < off[2]


def test_in_a_block_of_pairs_only_what_is_added_is_turned_down(rich):
    for name in list(rich.weights):
        if ".convs." in name:
            rich.weights[name.replace(".convs.", ".convs1.")] = rich.weights[name]
            rich.weights[name.replace(".convs.", ".convs2.")] = rich.weights.pop(name)
    lean = copied(rich)
    decoder.vocoder(lean, wish(1.0))
    changed = {name for name, weight in rich.weights.items() if not torch.equal(weight, lean.weights[name])}
    assert {name.split(".")[3] for name in changed} == {"convs2"}
    assert not float(lean.weights["waveform_decoder.resblocks.5.convs2.0.bias"].abs().sum())


def test_a_decoder_with_no_block_to_spare_is_refused(rich):
    with pytest.raises(BadInput, match=r"no 2\.5 waveform_decoder\.resblocks of a stage to spare"):
        decoder.vocoder(rich, wish(2.5))
    rich.config["model_args"]["resblock_dilation_sizes_decoder"] = [[1, 2]]
    with pytest.raises(BadInput, match=r"no 0\.5 waveform_decoder\.resblocks of a stage to spare"):
        decoder.vocoder(rich, wish(0.5))


def test_chance_wakes_a_burst_in_the_share_that_was_asked_for(parts):
    decoder.seldom(parts, wish(0.5))
    channel = next(n for n in range(LATENTS) if float(parts.weights["text_encoder.proj.weight"][n].abs().sum()) == 0.0)
    pre = parts.weights["waveform_decoder.conv_pre.weight"]
    carriers = [n for n in range(HIDDEN) if float(pre[n].abs().sum()) == 1.0]
    assert len(carriers) == 2
    assert all(float(pre[n, channel].abs().sum()) == (1.0 if n in carriers else 0.0) for n in range(HIDDEN))
    bound = max(float(parts.weights["waveform_decoder.conv_pre.bias"][n].abs()) for n in carriers)
    noise = torch.randn(4_000, decoder.FRAMES, generator=torch.Generator().manual_seed(1))
    assert float((noise.amax(1) > bound).float().mean()) == pytest.approx(0.5, abs=0.03)

    calm = frames(60)
    calm[:, channel] = 0.0
    loud = calm.clone()
    loud[:, channel, 30] = bound + 0.5
    quiet, burst = decode(parts, calm)[0], decode(parts, loud)[0]
    differs = ((quiet - burst).abs() > 1e-3).nonzero()[:, 0]
    samples = math.prod(RATES)
    assert 25 * samples < int(differs.min()) <= 30 * samples < int(differs.max()) < 36 * samples


def test_the_channel_of_chance_has_no_part_in_the_flow(parts):
    decoder.seldom(parts, wish(0.5))
    channel = next(n for n in range(LATENTS) if float(parts.weights["text_encoder.proj.weight"][n].abs().sum()) == 0.0)
    latent = frames(3)
    moved = latent.clone()
    for turn, flow in enumerate(reversed(range(4))):  # as Coqui's coupling blocks do in reverse, with no WaveNet inside
        moved = torch.flip(moved, [1])
        hidden = torch.einsum("oi,bit->bot", parts.weights[f"flow.flows.{flow}.pre.weight"][..., 0], moved[:, :4])
        shift = torch.einsum("oi,bit->bot", parts.weights[f"flow.flows.{flow}.post.weight"][..., 0], hidden)
        moved = torch.cat(
            [moved[:, :4], moved[:, 4:] - shift - parts.weights[f"flow.flows.{flow}.post.bias"][:, None]], 1
        )
        assert turn == 3 - flow
    assert torch.allclose(moved[:, channel], latent[:, channel])


@pytest.mark.parametrize("edit", [decoder.whine, decoder.mark, decoder.seldom], ids=lambda e: e.__name__)
def test_the_same_wish_gives_the_same_weights(parts, edit):
    other = Parts(weights=dict(parts.weights), config=parts.config)
    edit(parts, wish(-30.0 if edit is not decoder.seldom else 0.3))
    edit(other, wish(-30.0 if edit is not decoder.seldom else 0.3))
    assert all(torch.equal(weight, other.weights[name]) for name, weight in parts.weights.items())


def test_a_decoder_of_one_upsampling_is_refused(parts):
    for name in [name for name in parts.weights if name.startswith("waveform_decoder.ups.1")]:
        del parts.weights[name]
    with pytest.raises(BadInput, match=r"no two waveform_decoder\.ups"):
        decoder.whine(parts, wish(-40.0))
