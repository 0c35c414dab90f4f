"""A way of speaking as one direction in a voice's hidden states: slower, lower, quieter, and nothing else.

The text encoder's output goes two ways: into the duration predictor, and through a projection into the prior that flow
and decoder turn into sound. One vector added to it everywhere changes both. It is found by gradient descent through
the whole voice on a few sentences, with the noise held fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import torch
    from numpy.typing import NDArray

_SENTENCES: Final = ("My brother ordered a lamp.", "The package from Amazon arrived.", "We all kept the letter.")
_FRAME: Final = 2048
_LAGS: Final = range(130, 300)
"""Periods that are looked for, in samples: 74 to 170 Hz at 22,050 Hz."""
_LOW_PASS: Final = 51
_VOICED: Final = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a direction is to do."""

    log_seconds: float
    """Natural logarithm of the ratio of durations."""
    level_db: float = 0.0
    """Change of level."""
    period: float = 1.0
    """Ratio of pitch periods: above 1 is a lower voice; 1 leaves pitch and sound alone."""
    steps: int = 60
    """Of the search."""


def find_style(vits: Any, style: Style, *, progress: Callable[[str], None] = lambda _: None) -> NDArray[np.float32]:
    """Return the direction, shape [hidden channels].

    Args:
        vits: Coqui's ``Vits``, not to be trained.
        style: What it is to do.
        progress: Called with a line now and then.
    """
    import torch

    sketches = [_Sketch(vits, text, seed) for seed, text in enumerate(_SENTENCES)]
    weight = vits.text_encoder.proj.weight[..., 0]
    direction = torch.zeros(weight.shape[1], requires_grad=True)
    optimiser = torch.optim.Adam([direction], lr=0.02)
    for step in range(style.steps):
        sketch = sketches[step % len(sketches)]
        mean, log_deviation = torch.nn.functional.linear(direction, weight).chunk(2)
        slower = sketch.log_ratio(direction)
        loss = 20 * (slower - style.log_seconds).square()
        loss = loss + 1.5 * (mean / sketch.mean.std()).square().mean()
        loss = loss + 0.5 * (log_deviation / sketch.log_deviation.std()).square().mean()
        if style.period != 1.0:
            audio = sketch.audio(mean, log_deviation)
            louder = 10 * torch.log10(audio.square().mean() / sketch.clean.square().mean())
            loss = loss + sketch.periodicity(audio, 1.0) - sketch.periodicity(audio, style.period)
            loss = loss + 0.3 * ((louder - style.level_db) / 4).square()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        if step % 20 == 0 or step == style.steps - 1:
            progress(f"style, step {step + 1} of {style.steps}: loss {loss.item():.3f}, log ratio {slower.item():.3f}")
    return direction.detach().numpy()


class _Sketch:
    """One sentence in the making, with its noise fixed."""

    def __init__(self, vits: Any, text: str, seed: int) -> None:
        import torch

        self._vits = vits
        generator = torch.Generator().manual_seed(seed)
        ids = torch.tensor([vits.tokenizer.text_to_ids(text, language=vits.language_manager.language_names[0])])
        with torch.no_grad():
            self.hidden, self.mean, self.log_deviation, self._mask = vits.text_encoder(ids, torch.tensor([ids.numel()]))
            self._timing = torch.randn(1, 2, ids.numel(), generator=generator)
            frames = self._frames(self.hidden)
            self._total = frames.sum()
            whole = torch.ceil(frames)[0, 0].long()
            self._places = torch.repeat_interleave(torch.arange(len(whole)), whole)
            self._noise = torch.randn(1, self.mean.shape[1], len(self._places), generator=generator)
            still = torch.zeros(self.mean.shape[1])
            self.clean = self.audio(still, still)
            self._voiced, self._periods = self._listen()

    def log_ratio(self, direction: torch.Tensor) -> torch.Tensor:
        """Log ratio of durations with the direction added, to those without."""
        return (self._frames(self.hidden + direction[None, :, None] * self._mask).sum() / self._total).log()

    def audio(self, mean: torch.Tensor, log_deviation: torch.Tensor) -> torch.Tensor:
        """Samples with the prior moved, in the clean timing."""
        import torch

        middle = (self.mean + mean[None, :, None])[..., self._places]
        spread = torch.exp((self.log_deviation + log_deviation[None, :, None])[..., self._places])
        latent = middle + self._noise * spread * self._vits.inference_noise_scale
        latent = self._vits.flow(latent, torch.ones(1, 1, latent.shape[-1]), reverse=True)
        audio: torch.Tensor = self._vits.waveform_decoder(latent)[0, 0]
        return audio

    def periodicity(self, audio: torch.Tensor, ratio: float) -> torch.Tensor:
        """Mean autocorrelation of the voiced frames at a ratio of their clean periods."""
        import torch

        frames = _frames_of(audio)[self._voiced]
        lags = [int(period * ratio) for period in self._periods]
        return torch.stack([_correlation(frame, lag) for frame, lag in zip(frames, lags, strict=True)]).mean()

    def _frames(self, hidden: torch.Tensor) -> torch.Tensor:
        with _noise_given(self._timing):
            predicted = self._vits.duration_predictor(
                hidden, self._mask, reverse=True, noise_scale=self._vits.inference_noise_scale_dp
            )
        frames: torch.Tensor = predicted.exp() * self._mask
        return frames

    def _listen(self) -> tuple[torch.Tensor, list[int]]:
        """Which frames of the clean audio are voiced, and their periods in samples."""
        import torch

        frames = _frames_of(self.clean)
        table = torch.stack([torch.stack([_correlation(frame, lag) for lag in _LAGS]) for frame in frames])
        best, where = table.max(1)
        energy = frames.square().mean(1)
        voiced = torch.nonzero((best > _VOICED) & (energy > 0.02 * energy.max()))[:, 0]
        return voiced, [_LAGS[index] for index in where[voiced].tolist()]


def _frames_of(audio: torch.Tensor) -> torch.Tensor:
    """Overlapping frames of the audio below some 300 Hz, where a period is one smooth hump."""
    import torch

    for _ in range(2):
        audio = torch.nn.functional.avg_pool1d(audio[None, None], _LOW_PASS, 1, _LOW_PASS // 2)[0, 0]
    return audio.unfold(0, _FRAME, _FRAME // 4)


def _correlation(frame: torch.Tensor, lag: int) -> torch.Tensor:
    early, late = frame[: _FRAME - lag], frame[lag:]
    return (early * late).sum() / (early.square().sum() * late.square().sum()).sqrt().clamp_min(1e-9)


class _noise_given:  # noqa: N801 - reads as a verb in a with statement
    """While active, ``torch.randn`` gives one prepared tensor: the duration predictor draws nothing else."""

    def __init__(self, noise: torch.Tensor) -> None:
        self._noise = noise

    def __enter__(self) -> None:
        import torch

        self._randn = torch.randn
        setattr(torch, "randn", lambda *_, **__: self._noise)  # noqa: B010 - mypy knows torch's overloads

    def __exit__(self, *_: object) -> None:
        import torch

        torch.randn = self._randn
