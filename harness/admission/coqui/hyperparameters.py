"""Numbers that size a model: how large they may be before loading or speaking becomes an attack on the machine.

Each bound is at least four times the largest value among the configurations that Coqui 0.28 defines or has released,
which stands beside it. Numbers that only training uses are not bounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from harness.core.strictjson import Json


@dataclass(frozen=True, slots=True)
class Bound:
    """The range of a kind of number."""

    names: re.Pattern[str]
    """Keys it is for, in full."""
    least: float
    most: float
    largest_released: float
    what: str
    """What grows with it."""


def _bound(names: str, least: float, most: float, largest: float, what: str) -> Bound:
    return Bound(re.compile(f"(?:{names})", re.ASCII), least, most, largest, what)


BOUNDS = (
    _bound(r"gpt_code_stride_len", 0, 16_384, 1_024, "the length"),
    _bound(r"autoregressive_batch_size|gpt_batch_size", 0, 256, 16, "the work"),
    _bound(r"(inference_)?length_scale", 0.02, 10, 1.5, "the length of the speech"),
    _bound(r"(inference_)?noise_scale(_dp|_duration)?|.*temperature|sampling_temp|tau", 0, 20, 1, "the noise"),
    _bound(
        r"max_inference_len|max_decoder_steps|.*max_(mel|audio)_tokens|gpt_max_.*", 0, 100_000, 10_000, "the length"
    ),
    _bound(
        r"max_duration|.*_seq_len|block_size|context_window_size|max_sampling_time", 0, 100_000, 1_024, "the length"
    ),
    _bound(r".*sample_rate|.*sampling_rate|fmax|mel_fmax|pitch_fmax", 0, 768_000, 48_000, "the length of the audio"),
    _bound(r"fft_size|filter_length|win_length|n_ffts?|win_lengths", 0, 65_536, 4_096, "the spectrogram"),
    _bound(r"hop_lengths?|.*hop_length", 0, 16_384, 1_024, "the spectrogram"),
    _bound(r"num_mels|n_mels|n_mel_channels|feat_dims|decoder_output_dim", 0, 4_096, 513, "the spectrogram"),
    _bound(r"griffin_lim_iters|.*iterations|num_steps|.*num_autoregressive_samples", 0, 10_000, 1_000, "the work"),
    _bound(
        r"(ar_|gpt_)?num(ber)?_?(of_)?chars|num_.*tokens|.*_num(ber)?_(text|audio|speech|style)_tokens|.*vocab_size"
        r"|.*codebook_size|.*_tokens?|in_tokens",
        -1,
        1_048_576,
        129_600,
        "the embedding",
    ),
    _bound(r"num_speakers|num_spks|num_languages|n_speakers", -1, 262_144, 20_000, "the embedding"),
    _bound(
        r".*upsample_(rates|factors|scales).*|upsampling_rates.*|.*downsample_factors?|.*strides?.*|num_squeeze|r|ddc_r",
        0,
        64,
        11,
        "the length",
    ),
    _bound(r".*kernel_sizes?.*|.*_kernels?", 0, 1_024, 80, "the convolutions"),
    _bound(r".*dilations?.*|dilation_rate.*", 0, 4_096, 512, "the convolutions"),
    _bound(
        r"(.*_)?(num|n)_.*(layers?|blocks?|convolutions|flows?|stacks|splits|heads?)(_.*)?|.*_layers?|.*_depth|depth"
        r"|stacks|n_layers?(_.*)?|.*_layers_.*|num_.*blocks|n_head|.*_heads|(num|n)_heads.*|state_per_phone|n_bins.*",
        0,
        1_024,
        256,
        "the layers",
    ),
    _bound(
        r".*(channel|hidden|_dims?|dim_latent|_features|embedding_dim|n_embd|rnn_dim|filters|dim_text|dim_speech"
        r"|outputnet_size|res_out_dims|prenet_dim|fc_dims).*",
        -1,
        65_536,
        8_194,
        "the weights",
    ),
    _bound(
        r".*segment_size|seq_len|overlap_samples|target_samples|pad_short|conv_pad", 0, 1_000_000, 25_600, "the buffers"
    ),
)
COUNTS = _bound(
    r".*size.*|.*num.*|n_.*|periods.*|top_?k|.*inputs|.*codes.*|.*codebooks", -1_000, 65_536, 10_000, "the work"
)
"""For what sounds like a count and is neither above nor for training."""
TRAINING_ONLY = re.compile(
    r"lr.*|.*_lr|.*epochs?.*|.*_alpha|.*_loss.*|.*weight.*|betas|.*milestones|.*batch.*|.*_step|steps_.*|.*_steps(?<!decoder_steps)"
    r"(?<!num_steps)|.*_seed|.*workers.*|grad_clip.*|duration_const|min_.*_len|max_(audio|text|seq|ref)_len|target_.*|data_dep.*"
    r"|save_.*|step_size|last_epoch|gamma|eval_split.*|max_wav_value|.*dropout.*|ga_alpha|capacitron_.*",
    re.ASCII,
)
MAY_BE_INFINITE = frozenset({"max_audio_len", "max_text_len"})
"""Coqui's own default, which Python writes as Infinity."""
MAX_NUMBER = 1e7
"""For a number of a name that is not in the table: above what any released configuration has outside training."""
MAX_ITEMS = 256
"""In a list of numbers; the longest released one has 32."""
MAX_UPSAMPLING = 4_096
"""Product of a vocoder's upsampling factors; the largest released one is 512."""
MAX_BYTES = 64 * 2**30
"""Of weights, estimated; the largest released model (Tortoise) has 4 GB."""

_CHANNELS = re.compile(r".*(channel|hidden|filter_channels|_dim|n_embd).*", re.ASCII)
_LAYERS = re.compile(r"(.*_)?(num_|n_).*layers?.*|.*_layers|n_layer|.*depth", re.ASCII)
_KERNELS = re.compile(r".*kernel_sizes?.*", re.ASCII)


def too_large(key: str, number: float) -> str | None:
    """Say why a number is out of bounds, or None.

    Args:
        key: The name of its field (of the list's field, for a list's item).
        number: What stands there; booleans are no numbers.
    """
    key = key.lower()
    if math.isnan(number):
        return "no number"
    if math.isinf(number):
        return None if key in MAY_BE_INFINITE else "infinite"
    bound, is_training = _bound_of(key)
    if is_training:
        return None
    if bound is not None:
        if bound.least <= number <= bound.most:
            return None
        return f"expected {bound.least:g} to {bound.most:g}; {bound.what} would grow with it"
    return None if abs(number) <= MAX_NUMBER else f"expected at most {MAX_NUMBER:g}"


@lru_cache(maxsize=1024)
def _bound_of(key: str) -> tuple[Bound | None, bool]:
    """The bound for a key, and whether only training uses it."""
    bound = next((one for one in BOUNDS if one.names.fullmatch(key)), None)
    if bound is None and TRAINING_ONLY.fullmatch(key):
        return None, True
    return bound or (COUNTS if COUNTS.names.fullmatch(key) else None), False


def weight_bytes(section: Mapping[str, Json]) -> float:
    """Estimate from above the bytes of weights that one section of a configuration asks for.

    The widest channels squared, times the most layers, times the widest kernel, in four bytes: each may be within its
    bound while all together are not.
    """

    def widest(names: re.Pattern[str]) -> float:
        found = [1.0]
        for key, value in section.items():
            if names.fullmatch(key.lower()) and not TRAINING_ONLY.fullmatch(key.lower()):
                items = value if isinstance(value, list) else [value]
                found += [
                    float(v) for v in items if isinstance(v, int | float) and not isinstance(v, bool) and v < 1e18
                ]
        return max(found)

    return 4 * widest(_CHANNELS) ** 2 * widest(_LAYERS) * widest(_KERNELS)


def upsampling(value: Json) -> float:
    """Multiply the factors of a list of upsampling rates."""
    if not isinstance(value, list):
        return 1.0
    factors = [float(v) for v in value if isinstance(v, int | float) and not isinstance(v, bool)]
    return math.prod(factors)
