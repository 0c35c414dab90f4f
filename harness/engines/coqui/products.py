"""VITS's text encoder and stochastic duration predictor as matrix products, for batches of short sentences.

Of fifty ids torch's convolutions take several times as long as the products that they come to, and most of the rest
goes into moving channels to and fro: here they are last throughout. Weights are those of the model's own layers, and
the figures are those of its own ``forward`` within rounding. It runs in the worker only, and knows what coqui-tts 0.28
builds; :func:`are_known` says whether it is that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def are_known(encoder: Any, predictor: Any) -> bool:
    """Whether both are what Coqui builds for a VITS of the usual kind; anything else has to run by itself."""
    attentions = list(encoder.encoder.attn_layers)
    return (
        type(encoder).__name__ == "TextEncoder"
        and type(predictor).__name__ == "StochasticDurationPredictor"
        and all(
            one.rel_attn_window_size and one.heads_share and one.input_length is None and not one.proximal_bias
            for one in attentions
        )
        and all(feed.padding == feed._same_padding for feed in encoder.encoder.ffn_layers)
        and all(one.half_channels == 1 for one in predictor.flows[1:])
    )


def encode(encoder: Any, ids: Tensor, lengths: Tensor, language: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """What ``TextEncoder.forward`` makes of padded rows of ids.

    Args:
        encoder: Coqui's.
        ids: Shape [rows, ids].
        lengths: Ids of each row.
        language: Embedding of the language, shape [rows, channels, 1], where the model has several.

    Returns:
        Hidden states and prior figures (means, then log deviations), shape [rows, ids, channels]; and which ids are
        of a row and not of its padding, shape [rows, ids, 1]. Each row has some more padding than it was given.
    """
    import torch

    stack = encoder.encoder
    ids = torch.nn.functional.pad(ids, (0, stack.kernel_size // 2))
    hidden = encoder.emb(ids) * math.sqrt(encoder.hidden_channels)
    if language is not None:
        hidden = torch.cat((hidden, language.transpose(1, 2).expand(-1, hidden.shape[1], -1)), dim=-1)
    is_own = (torch.arange(ids.shape[1], device=ids.device)[None] < lengths[:, None])[..., None]
    kept = is_own.to(hidden.dtype)
    layers = zip(stack.attn_layers, stack.norm_layers_1, stack.ffn_layers, stack.norm_layers_2, strict=True)
    hidden = hidden * kept
    for place, (attention, first, feed, second) in enumerate(layers, 1):
        hidden = _normed(first, hidden + _attended(attention, hidden, is_own)) * kept
        inner = _convolved(feed.conv_1, hidden).relu_() * kept
        added = _convolved(feed.conv_2, inner)
        if place == stack.num_layers and hasattr(stack, "proj"):
            hidden = _convolved(stack.proj, hidden)
        hidden = _normed(second, hidden + added) * kept
    return hidden, _convolved(encoder.proj, hidden) * kept, kept


def still_durations(
    predictor: Any, hidden: Tensor, kept: Tensor, speaker: Tensor | None, language: Tensor | None
) -> Tensor:
    """What ``StochasticDurationPredictor.forward`` makes of hidden states in reverse, without noise.

    Args:
        predictor: Coqui's.
        hidden: As of :func:`encode`.
        kept: Likewise.
        speaker: Embedding of the speaker, shape [rows, channels, 1], where the predictor knows of one.
        language: Of the language, likewise.

    Returns:
        Logarithms of durations in frames, shape [rows, ids].
    """
    import torch

    known = _convolved(predictor.pre, hidden)
    if speaker is not None:
        known = known + predictor.cond(speaker).transpose(1, 2)
    if language is not None:
        known = known + predictor.cond_lang(language).transpose(1, 2)
    known = _convolved(predictor.proj, _separated(predictor.convs, known, kept)) * kept
    flows = list(reversed(predictor.flows))
    drawn = torch.zeros((*hidden.shape[:2], 2), dtype=hidden.dtype, device=hidden.device)
    for flow in [*flows[:-2], flows[-1]]:  # the last but one is left out by Coqui, too
        drawn = drawn.flip(-1)
        drawn = _flowed(flow, drawn, known, kept) if hasattr(flow, "convs") else _scaled(flow, drawn) * kept
    return drawn[..., 0]


def _convolved(layer: Any, rows: Tensor) -> Tensor:
    """A convolution over ids, whose rows end with as much padding as it reaches: zeros that the next row begins after.

    All rows lie behind each other, so each of its taps is one product of matrices.
    """
    import torch

    weight, size = layer.weight, layer.kernel_size[0]
    if size == 1:
        return torch.nn.functional.linear(rows, weight[..., 0], layer.bias)
    flat = rows.reshape(-1, rows.shape[-1])
    count = len(flat)
    flat = torch.nn.functional.pad(flat, (0, 0, (size - 1) // 2, size // 2))
    found = torch.addmm(layer.bias, flat[:count], weight[..., 0].T)
    for tap in range(1, size):
        found.addmm_(flat[tap : tap + count], weight[..., tap].T)
    return found.reshape(*rows.shape[:2], -1)


def _normed(layer: Any, rows: Tensor) -> Tensor:
    import torch

    gamma, beta = layer.gamma.reshape(-1), layer.beta.reshape(-1)
    return torch.nn.functional.layer_norm(rows, (rows.shape[-1],), gamma, beta, layer.eps)


def _attended(layer: Any, rows: Tensor, is_own: Tensor) -> Tensor:
    """Attention of every id to every other; those near it have an embedding for how far off they are (Shaw 2018)."""
    import torch

    count, length, channels = rows.shape
    heads, width, window = layer.num_heads, layer.k_channels, layer.rel_attn_window_size
    convs = (layer.conv_q, layer.conv_k, layer.conv_v)
    weight, bias = torch.cat([one.weight[..., 0] for one in convs]), torch.cat([one.bias for one in convs])
    joined = torch.nn.functional.linear(rows, weight, bias).view(count, length, 3, heads, width)
    query, key, value = joined.permute(2, 0, 3, 1, 4)
    query = query / math.sqrt(width)
    # Room for the window at both ends: the diagonals of near ids are a view of it then.
    wide = rows.new_zeros(count, heads, length, length + 2 * window)
    wide[..., window : window + length] = query @ key.transpose(-1, -2)
    _near(wide, window).add_(query @ layer.emb_rel_k[0].T)
    scores = wide[..., window : window + length]
    scores = scores.masked_fill(~is_own[:, None, None, :, 0], -1e4)
    shares = torch.nn.functional.pad(scores.softmax(dim=-1), (window, window))
    heard = shares[..., window : window + length] @ value + _near(shares, window) @ layer.emb_rel_v[0]
    return _convolved(layer.conv_o, heard.transpose(1, 2).reshape(count, length, channels))


def _near(wide: Tensor, window: int) -> Tensor:
    """The entries of ids not further off than a window, shape [rows, heads, ids, 2 window + 1], as a view."""
    count, heads, length, full = wide.shape
    size = (count, heads, length, 2 * window + 1)
    return wide.as_strided(size, (heads * length * full, length * full, full + 1, 1))


def _separated(layers: Any, rows: Tensor, kept: Tensor, beside: Tensor | None = None) -> Tensor:
    """``DilatedDepthSeparableConv``: each channel by itself over ids, then all channels of an id."""
    import torch

    gelu = torch.nn.functional.gelu
    if beside is not None:
        rows = rows + beside
    for alone, together, first, second in zip(
        layers.convs_sep, layers.convs_1x1, layers.norms_1, layers.norms_2, strict=True
    ):
        own = gelu(_normed(first, _each_channel(alone, rows * kept)))
        rows = rows + gelu(_normed(second, _convolved(together, own)))
    return rows * kept


def _each_channel(layer: Any, rows: Tensor) -> Tensor:
    import torch

    (size,), (step,), (edge,) = layer.kernel_size, layer.dilation, layer.padding
    padded = torch.nn.functional.pad(rows, (0, 0, edge, edge))
    length = rows.shape[1]
    found: Tensor = layer.bias
    for at in range(size):
        found = torch.addcmul(found, padded[:, at * step : at * step + length], layer.weight[:, 0, at])
    return found


def _scaled(flow: Any, drawn: Tensor) -> Tensor:
    """``ElementwiseAffine`` in reverse."""
    moved: Tensor = (drawn - flow.translation[:, 0]) * (-flow.log_scale[:, 0]).exp()
    return moved


def _flowed(flow: Any, drawn: Tensor, known: Tensor, kept: Tensor) -> Tensor:
    """``ConvFlow`` in reverse."""
    import torch
    from TTS.tts.layers.vits.transforms import piecewise_rational_quadratic_transform

    still, moved = drawn[..., :1], drawn[..., 1]
    found = _separated(flow.convs, _convolved(flow.pre, still), kept, known)
    found = _convolved(flow.proj, found) * kept
    bins, scale = flow.num_bins, math.sqrt(flow.hidden_channels)
    moved, _ = piecewise_rational_quadratic_transform(
        moved,
        found[..., :bins] / scale,
        found[..., bins : 2 * bins] / scale,
        found[..., 2 * bins :],
        inverse=True,
        tails="linear",
        tail_bound=flow.tail_bound,
    )
    return torch.cat([still, moved[..., None]], dim=-1) * kept
