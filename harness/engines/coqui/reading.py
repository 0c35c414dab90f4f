"""What a voice makes of input ids before any sound: its text encoder and duration predictor alone.

Runs in the worker only. Both are a hundredth of what speaking costs. With noise the durations of a VITS are drawn as a
rendering of the same text and seed draws them, so that both have as many frames; GlowTTS, FastPitch and its like draw
none. A VITS reads rows of any length together; the others read those of one length, as not all of them keep padding
from what stands before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.core.latents import WIDTH, Latents, summarise
from harness.engines.coqui import products
from harness.engines.noise import PerItemNoise


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a reading depends on beside its text."""

    speaker: Any
    d_vector: Any
    language: Any
    is_still: bool
    """Without noise in the durations."""


def read_rows(model: Any, rows: Sequence[Sequence[int]], seeds: Sequence[int], who: Conditions) -> list[Latents]:
    """Figures of some rows of input ids, as the model's own inference computes them.

    Args:
        model: Of one of Coqui's classes that can be read.
        rows: Input ids of each text.
        seeds: Of the noise of each.
        who: Who reads, and whether with noise.
    """
    figures = FIGURES.get(type(model).__name__)
    if figures is None:
        return read_vits(model, rows, seeds, who)
    import torch

    found: dict[int, Latents] = {}
    for length in {len(row) for row in rows}:
        places = [place for place, row in enumerate(rows) if len(row) == length]
        if not length:
            found |= dict.fromkeys(places, NOTHING)
            continue
        given = {
            "speaker_ids": repeated(who.speaker, len(places)),
            "d_vectors": repeated(who.d_vector, len(places)),
        }
        ids = torch.tensor([list(rows[place]) for place in places], device=model.device)
        with torch.inference_mode():
            arrays = [one.transpose(1, 2).float().cpu().numpy() for one in figures(model, ids, given)]
        for row, place in enumerate(places):
            own = (one[row] for one in arrays)
            found[place] = Latents(ids=np.asarray(rows[place], np.int32), figures=summarise(*own))
    return [found[place] for place in range(len(rows))]


def _of_glow(model: Any, ids: Any, given: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Prior means and log deviations, and log durations, channels before ids."""
    import torch

    lengths = torch.full((len(ids),), ids.shape[1], device=ids.device)
    speaker = model._get_speaker_conditioning(given, "emb_g")
    mean, spread, log, mask = model.encoder(ids, lengths, g=speaker)
    return mean, spread, _frames(model, log, mask).log()


def _of_forward(model: Any, ids: Any, given: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """What the encoder gives; pitch and energy, where the model has them, in place of deviations; log durations."""
    import torch

    speaker = model._get_speaker_conditioning(given, "emb_g", normalize_d_vector=False, normalize_embedding=False)
    hidden, mask, _, _ = model._forward_encoder(ids, torch.ones(len(ids), 1, ids.shape[1], device=ids.device), speaker)
    durations = _frames(model, model.duration_predictor(hidden, mask), mask) - 0.5  # rounded to the nearest, not up
    contours, carried = [torch.zeros_like(mask)], hidden
    if model.args.use_pitch:
        added, pitch, _ = model._forward_pitch_predictor(carried, mask)
        contours, carried = [*contours, pitch], carried + added
    if model.args.use_energy:
        contours.append(model._forward_energy_predictor(carried, mask)[1])
    return hidden, torch.cat(contours, dim=1), durations.log()


def _frames(model: Any, log: Any, mask: Any) -> Any:
    """Durations before they are rounded, as both classes have them."""
    return ((log.exp() - 1) * mask * model.length_scale).clamp_min(1)


FIGURES: Final[Mapping[str, Callable[[Any, Any, Mapping[str, Any]], tuple[Any, Any, Any]]]] = {
    "GlowTTS": _of_glow,
    "ForwardTTS": _of_forward,
}
"""Coqui's classes beside VITS that can be read -> how."""
NOTHING: Final = Latents(ids=np.zeros(0, np.int32), figures=np.zeros((0, WIDTH), np.float32))
"""Of nothing pronounceable."""


def read_vits(model: Any, rows: Sequence[Sequence[int]], seeds: Sequence[int], who: Conditions) -> list[Latents]:
    """Figures of some rows of input ids, as :meth:`TTS.tts.models.vits.Vits.inference` computes them.

    Without noise they are computed by :mod:`harness.engines.coqui.products`, where it knows the model's layers.

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
    arrays: tuple[Any, ...]
    with PerItemNoise(seeds), torch.inference_mode():
        voice = model._get_speaker_conditioning(given, "emb_g", normalize_embedding=False)
        language = None
        if model.args.use_language_embedding and given["language_ids"] is not None:
            language = model.emb_l(given["language_ids"]).unsqueeze(-1)
        of_speaker = voice if model.args.condition_dp_on_speaker else None
        if who.is_still and products.are_known(model.text_encoder, model.duration_predictor):
            arrays = _by_products(model, padded, given["x_lengths"], of_speaker, language)
        else:
            arrays = _by_layers(model, padded, given["x_lengths"], of_speaker, language, who)
    mean, spread, durations = (one.float().cpu().numpy() for one in arrays)
    durations = durations + float(np.log(model.length_scale))
    return [
        Latents(
            ids=np.asarray(row, np.int32),
            figures=summarise(*(one[place, : len(row)] for one in (mean, spread, durations))),
        )
        for place, row in enumerate(rows)
    ]


def _by_layers(
    model: Any, padded: Any, lengths: Any, voice: Any, language: Any, who: Conditions
) -> tuple[Any, Any, Any]:
    """Means, log deviations and log durations as the model's own layers give them, ids before channels."""
    hidden, mean, spread, mask = model.text_encoder(padded.to(model.device), lengths, lang_emb=language)
    own = {"g": voice, "lang_emb": language}
    if model.args.use_sdp:
        own |= {"reverse": True, "noise_scale": 0.0 if who.is_still else model.inference_noise_scale_dp}
    durations = model.duration_predictor(hidden, mask, **own)
    return mean.transpose(1, 2), spread.transpose(1, 2), durations.transpose(1, 2)


def _by_products(model: Any, padded: Any, lengths: Any, voice: Any, language: Any) -> tuple[Any, Any, Any]:
    """The same without noise, within rounding."""
    encoder = model.text_encoder
    hidden, priors, kept = products.encode(encoder, padded.to(model.device), lengths, language)
    mean, spread = priors.chunk(2, dim=-1)
    return mean, spread, products.still_durations(model.duration_predictor, hidden, kept, voice, language)[..., None]


def _read_or_nothing(model: Any, row: Sequence[int], seed: int, who: Conditions) -> list[Latents]:
    if row:
        return read_vits(model, [row], [seed], who)
    return [NOTHING]


def repeated(value: Any, count: int) -> Any:
    """A speaker's or a recording's vector, or an id, once for each of so many rows; None stays None."""
    import torch

    if value is None:
        return None
    row = torch.as_tensor(value)
    return row.reshape(1, -1).repeat(count, 1).squeeze(1) if row.ndim < 2 else row.repeat(count, 1)
