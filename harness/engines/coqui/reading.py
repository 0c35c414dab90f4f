"""What a VITS makes of input ids before any sound: its text encoder and duration predictor alone, in padded batches.

Runs in the worker only. Both are a hundredth of what speaking costs. With noise the durations are drawn as a rendering
of the same text and seed draws them, so that both have as many frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.core.latents import WIDTH, Latents, summarise
from harness.engines.noise import PerItemNoise


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a reading depends on beside its text."""

    speaker: Any
    d_vector: Any
    language: Any
    is_still: bool
    """Without noise in the durations."""


def read_vits(model: Any, rows: Sequence[Sequence[int]], seeds: Sequence[int], who: Conditions) -> list[Latents]:
    """Figures of some rows of input ids, as :meth:`TTS.tts.models.vits.Vits.inference` computes them.

    Args:
        model: Coqui's ``Vits``.
        rows: Input ids of each text.
        seeds: Of the noise of each.
        who: Who reads, and whether with noise.
    """
    if not all(rows):  # nothing pronounceable: a rendering is silent
        return [
            found for row, seed in zip(rows, seeds, strict=True) for found in _read_or_nothing(model, row, seed, who)
        ]
    import torch

    lengths = torch.tensor([len(row) for row in rows])
    padded = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = torch.tensor(row)
    given = {
        "x_lengths": lengths.to(model.device),
        "speaker_ids": repeated(who.speaker, len(rows)),
        "d_vectors": repeated(who.d_vector, len(rows)),
        "language_ids": None if who.language is None else torch.tensor([who.language] * len(rows)),
    }
    with PerItemNoise(seeds), torch.inference_mode():
        voice = model._get_speaker_conditioning(given, "emb_g", normalize_embedding=False)
        language = None
        if model.args.use_language_embedding and given["language_ids"] is not None:
            language = model.emb_l(given["language_ids"]).unsqueeze(-1)
        hidden, mean, spread, mask = model.text_encoder(padded.to(model.device), given["x_lengths"], lang_emb=language)
        own = {"g": voice if model.args.condition_dp_on_speaker else None, "lang_emb": language}
        if model.args.use_sdp:
            own |= {"reverse": True, "noise_scale": 0.0 if who.is_still else model.inference_noise_scale_dp}
        durations = model.duration_predictor(hidden, mask, **own)
    scale = float(np.log(model.length_scale))
    arrays = [one.transpose(1, 2).float().cpu().numpy() for one in (mean, spread, durations + scale)]
    return [
        Latents(
            ids=np.asarray(row, np.int32),
            figures=summarise(*(one[place, : len(row)] for one in arrays)),
        )
        for place, row in enumerate(rows)
    ]


def _read_or_nothing(model: Any, row: Sequence[int], seed: int, who: Conditions) -> list[Latents]:
    if row:
        return read_vits(model, [row], [seed], who)
    return [Latents(ids=np.zeros(0, np.int32), figures=np.zeros((0, WIDTH), np.float32))]


def repeated(value: Any, count: int) -> Any:
    """A speaker's or a recording's vector, or an id, once for each of so many rows; None stays None."""
    import torch

    if value is None:
        return None
    row = torch.as_tensor(value)
    return row.reshape(1, -1).repeat(count, 1).squeeze(1) if row.ndim < 2 else row.repeat(count, 1)
