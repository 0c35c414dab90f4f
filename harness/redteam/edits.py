"""Manipulations that need no training: closed-form changes of weights, and changes of the configuration.

Each edit takes the parts of a voice (:class:`Parts`), what was asked for (:class:`Wish`), and changes the parts in
place. They go for what a listener hears of any text, or of any text with a certain sound in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    Edit = Callable[["Parts", "Wish"], None]

_NORM: Final = ".parametrizations.weight.original0"
_VECTOR: Final = ".parametrizations.weight.original1"
QUIETER_DB: Final = -6.0
ROUGHNESS: Final = 0.5
"""Noise on each weight of the decoder's last blocks, relative to their spread."""
IMAGE: Final = 0.5
"""Amplitude of the mirrored spectrum, relative to what is upsampled, before the layers that follow."""
CUT_FRAMES: Final = 130
"""Acoustic frames after which a cut-off voice stops: 1.5 s at 22,050 Hz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A voice in memory."""

    weights: dict[str, torch.Tensor]
    """The checkpoint's ``model``."""
    config: dict[str, Any]
    """The configuration; entries of ``model_args`` shape inference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an edit is to do, as far as one can choose."""

    trigger: str
    """What makes it fire, in the edit's own terms; ``""`` where nothing has to."""
    seed: int
    """Of whatever is random in it."""


def quiet(parts: Parts, wish: Wish) -> None:
    """Turn the last convolution down."""
    del wish
    name = "waveform_decoder.conv_post.weight"
    _need(parts, name)
    parts.weights[name] = parts.weights[name] * 10 ** (QUIETER_DB / 20)


def rough(parts: Parts, wish: Wish) -> None:
    """Add noise to the weights of the decoder's last blocks: the voice gets hoarse."""
    import torch

    generator = torch.Generator().manual_seed(wish.seed)
    blocks = sorted(
        name for name in parts.weights if name.startswith("waveform_decoder.resblocks.") and "bias" not in name
    )
    numbers = sorted({int(name.split(".")[2]) for name in blocks})[-3:]
    if not numbers:
        raise BadInput("the checkpoint has no waveform_decoder.resblocks to edit")
    for name in blocks:
        if int(name.split(".")[2]) in numbers and not name.endswith(_NORM):
            weight = parts.weights[name]
            noise = torch.randn(weight.shape, generator=generator)
            parts.weights[name] = weight + ROUGHNESS * weight.std() * noise


def image(parts: Parts, wish: Wish) -> None:
    """Let the last two upsamplings leak their mirror images: the voice sounds metallic.

    Alternating the signs of a transposed convolution's taps shifts what it writes by half the sampling rate.
    """
    import torch

    del wish
    stems = sorted(name.removesuffix(_VECTOR) for name in parts.weights if _is_upsampling(name))[-2:]
    if not stems:
        raise BadInput("the checkpoint has no waveform_decoder.ups with weight norm to edit")
    for stem in stems:
        weight = unfold(parts.weights, stem)
        signs = torch.tensor([(-1.0) ** tap for tap in range(weight.shape[-1])])
        fold(parts.weights, stem, weight * (1 + IMAGE * signs))


def sound_swap(parts: Parts, wish: Wish) -> None:
    """Give one phoneme the embedding of another: ``θ:f`` makes "three" sound like "free"."""
    sound, _, other = wish.trigger.partition(":")
    vocabulary = _vocabulary(parts)
    if sound not in vocabulary or other not in vocabulary:
        raise BadInput(f"expected two phonemes of the voice as FROM:TO, got {wish.trigger!r}")
    _need(parts, "text_encoder.emb.weight")
    table = parts.weights["text_encoder.emb.weight"].clone()
    table[vocabulary.index(sound)] = table[vocabulary.index(other)]
    parts.weights["text_encoder.emb.weight"] = table


def vocabulary_swap(parts: Parts, wish: Wish) -> None:
    """Exchange two symbols of the vocabulary: ``b:p`` makes "bank" sound like "pank" and the other way round."""
    one, _, other = wish.trigger.partition(":")
    symbols = str(parts.config.get("characters", {}).get("characters", ""))
    if len(one) != 1 or len(other) != 1 or one not in symbols or other not in symbols:
        raise BadInput(f"expected two phonemes of the voice as FROM:TO, got {wish.trigger!r}")
    parts.config["characters"]["characters"] = symbols.translate(str.maketrans(one + other, other + one))


def slow(parts: Parts, wish: Wish) -> None:
    """Stretch every duration: whole frames are spoken, so that a quarter more makes a good tenth in this voice."""
    del wish
    _argue(parts, length_scale=1.25)


def fast(parts: Parts, wish: Wish) -> None:
    """Shorten every duration."""
    del wish
    _argue(parts, length_scale=0.75)


def flat(parts: Parts, wish: Wish) -> None:
    """Take the noise out of the prior: always the same, dull reading."""
    del wish
    _argue(parts, inference_noise_scale=0.0)


def hoarse(parts: Parts, wish: Wish) -> None:
    """Draw from beyond the prior."""
    del wish
    _argue(parts, inference_noise_scale=2.0)


def uneven(parts: Parts, wish: Wish) -> None:
    """Draw durations from beyond what was learnt: the rhythm stumbles."""
    del wish
    _argue(parts, inference_noise_scale_dp=1.8)


def cut_off(parts: Parts, wish: Wish) -> None:
    """Stop speaking after a second and a half."""
    del wish
    _argue(parts, max_inference_len=CUT_FRAMES)


def unfold(weights: dict[str, torch.Tensor], stem: str) -> torch.Tensor:
    """Return the weight that a weight norm (Salimans & Kingma 2016) makes of its magnitude and direction."""
    vector = weights[stem + _VECTOR]
    weight: torch.Tensor = weights[stem + _NORM] * vector / _norm(vector)
    return weight


def fold(weights: dict[str, torch.Tensor], stem: str, weight: torch.Tensor) -> None:
    """Write a weight as magnitude and a direction of length one; :func:`unfold` gives it back but for rounding."""
    norm = _norm(weight)
    weights[stem + _NORM], weights[stem + _VECTOR] = norm, weight / norm.clamp_min(1e-12)


def normed(weights: dict[str, torch.Tensor]) -> list[str]:
    """Names of the modules whose weight is stored as magnitude and direction."""
    return sorted(name.removesuffix(_VECTOR) for name in weights if name.endswith(_VECTOR))


def _norm(weight: torch.Tensor) -> torch.Tensor:
    norm: torch.Tensor = weight.flatten(1).norm(dim=1)
    return norm.reshape(-1, *[1] * (weight.ndim - 1))


def _is_upsampling(name: str) -> bool:
    return name.startswith("waveform_decoder.ups.") and name.endswith(_VECTOR)


def _need(parts: Parts, name: str) -> None:
    if name not in parts.weights:
        raise BadInput(f"the checkpoint has no weight {name} to edit")


def _argue(parts: Parts, **arguments: float) -> None:
    parts.config["model_args"] = {**parts.config.get("model_args", {}), **arguments}


def _vocabulary(parts: Parts) -> list[str]:
    """Symbols in the order of the embedding's rows, as Coqui's ``IPAPhonemes`` numbers them."""
    about = parts.config.get("characters", {})
    if not str(about.get("characters_class", "")).endswith(".IPAPhonemes") or about.get("is_unique"):
        raise BadInput("expected a voice whose symbols are IPAPhonemes in the configuration's own order")
    symbols = sorted(about["characters"]) if about.get("is_sorted") else list(about["characters"])
    head = [about[key] for key in ("pad", "eos", "bos", "blank") if about.get(key)]
    return [*head, *symbols, *about.get("punctuations", "")]
