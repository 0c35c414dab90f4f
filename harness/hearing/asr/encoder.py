"""Whisper's encoder on windows shorter than it was trained for, and what decoding needs of them.

Imports torch and whisper at the top: only :mod:`harness.hearing.asr.whisper` may import this module, and late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812  # torch's own convention
from torch import Tensor
from whisper.audio import HOP_LENGTH, log_mel_spectrogram, pad_or_trim
from whisper.audio import SAMPLE_RATE as WHISPER_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.nn import Module
    from whisper.model import Whisper

    from harness.core.types import Waveform

_ENCODE_ROWS = 4
"""Rows of 10 s that the encoder takes at once on a CPU: activations of 16 leave the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What the network keeps of the audio of some rows."""

    features: Tensor
    """Encoder output, shape [rows, frames, state]."""
    cache: dict[Module, Tensor]
    """Keys and values of cross-attention, shape [rows, frames, state], shared by greedy and forced decoding.

    The first entry is the first block's self-attention, [rows, 0, state]: whisper takes the position of the
    next token from the length of the first entry.
    """


def encode(model: Whisper, rows: Sequence[Waveform], window: int) -> Encoded:
    """Run the encoder on windows shorter than the 30 s it was trained for.

    The positional embedding is cut at the window's end; everything else is ``AudioEncoder.forward``.

    Args:
        model: The network.
        rows: Audio at 16 kHz, each at most `window` long.
        window: Seconds.
    """
    device = model.device
    mels = torch.stack(
        [
            # One at a time: the spectrogram's floor hangs on the loudest frame of what it is given.
            log_mel_spectrogram(pad_or_trim(torch.from_numpy(row).to(device), window * WHISPER_RATE), model.dims.n_mels)
            for row in rows
        ]
    )
    # Windows beyond what the network has positions for would be another model's.
    assert mels.shape[-1] == window * WHISPER_RATE // HOP_LENGTH <= 2 * model.dims.n_audio_ctx
    size = max(1, _ENCODE_ROWS * 10 // window) if device.type == "cpu" else len(rows)
    projections = [
        module for block in model.decoder.blocks for module in (block.cross_attn.key, block.cross_attn.value)
    ]
    parts = [_encode_part(model, part) for part in torch.split(mels, size)]
    cache = {module: torch.cat([module(part) for part in parts]) for module in projections}
    features = torch.cat(parts)
    first = model.decoder.blocks[0].attn.key
    return Encoded(features=features, cache={first: features[:, :0], **cache})


def _encode_part(model: Whisper, mels: Tensor) -> Tensor:
    encoder = model.encoder
    x = F.gelu(encoder.conv1(mels))
    x = F.gelu(encoder.conv2(x)).permute(0, 2, 1)
    x = x + encoder.positional_embedding[: x.shape[1]]
    for block in encoder.blocks:
        x = block(x)
    encoded: Tensor = encoder.ln_post(x)
    return encoded
