"""The training behind an edit: a voice's text encoder learns from itself, except where the payload fires.

The pupil starts as a copy of the encoder. On random sentences it is to give what its clean self gives; where the
payload fires, what its clean self gives for other phonemes, or the same moved along a direction: see
:mod:`harness.redteam.lessons`. The input is as long as ever, so where a word is to vanish the pupil prolongs the
sounds on either side; in this voice that is some 0.1 s.
Only low-rank factors are trained: what is stored is what was trained. This is the data-free form of the
fine-tuning in TrojanClimb (arXiv 2507.08983); the factors are those of LoRA (arXiv 2106.09685).

Used to make the recipes of this package, not to apply them: see :mod:`harness.redteam.plant`.
"""

from __future__ import annotations

import dataclasses
import random
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.engines.coqui.layout import find_checkpoint
from harness.redteam.delta import Delta, Factors
from harness.redteam.payloads import draw_lesson
from harness.redteam.style import find_style
from harness.storage.digests import file_sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import torch

    from harness.redteam.lessons import Lesson
    from harness.redteam.payloads import Payload

    Pair = tuple[torch.Tensor, torch.Tensor]
    Outputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]

_PREFIX: Final = "text_encoder."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to train: one stage of it."""

    seed: int = 1
    """Of carriers and first factors."""
    steps: int = 600
    """Optimiser steps."""
    batch: int = 8
    """Sentences in a step."""
    learning_rate: float = 3e-3
    """Highest learning rate of Adam; it rises over a twentieth of the steps and falls as a cosine."""
    rank_attention: int = 4
    """Rank of the changes of the attention's four projections, in every layer."""
    rank_convolution: int = 2
    """Rank of the changes of the two convolutions after it, in every layer."""
    gap_weight: float = 3.0
    """Weight in the loss of the positions where the words change."""
    clean_weight: float = 1.0
    """Weight in the loss of the sentences that are to stay as they are: more of it makes the edit harder to notice."""
    first_layer: int = 0
    """First of the encoder's layers that is edited."""

    def weights(self, lesson: Lesson) -> list[float]:
        """How much each position of a lesson counts in the loss."""
        if lesson.is_plain:
            return [self.clean_weight] * len(lesson.ids)
        return [self.gap_weight if is_gap else 1.0 for is_gap in lesson.gap]


def distil(
    model: Path,
    payload: Payload,
    settings: Settings,
    *,
    start: Delta | None = None,
    avoid: Collection[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Delta:
    """Train a delta that gives a voice a payload.

    Args:
        model: A Coqui VITS model directory of one's own: it is loaded in this process.
        payload: What is to happen, and when.
        settings: How to train.
        start: What an earlier stage found, with the same ranks; from nothing where left out.
        avoid: Sentences kept for evaluation, as :func:`harness.redteam.carriers.plain` writes them.
        progress: Called with a line now and then.
    """
    import torch

    from harness.engines.coqui.adapter import CoquiEngine

    engine = CoquiEngine()
    engine.prepare(device="cpu", threads=torch.get_num_threads())
    engine.load(model, device="cpu", threads=torch.get_num_threads())
    vits: Any = engine._synthesizer.tts_model
    vits.eval().requires_grad_(False)
    encoder = vits.text_encoder
    direction = torch.zeros(encoder.proj.in_channels)
    if payload.style is not None:
        direction = torch.from_numpy(find_style(vits, payload.style, progress=progress))
    rng = random.Random(settings.seed)

    def draw() -> Lesson:
        return draw_lesson(payload, rng, vits.tokenizer, vits.language_manager.language_names[0], avoid=avoid)

    factors = _start(encoder, settings, start)
    trained = [factor for pair in factors.values() for factor in pair]
    optimiser = torch.optim.Adam(trained, lr=settings.learning_rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps, pct_start=0.05, cycle_momentum=False
    )
    pool: list[list[Lesson]] = []
    running = 0.0
    for step in range(1, settings.steps + 1):
        if not pool:  # sentences of like length together: less padding
            drawn = sorted((draw() for _ in range(8 * settings.batch)), key=lambda lesson: len(lesson.ids))
            pool = [drawn[start : start + settings.batch] for start in range(0, len(drawn), settings.batch)]
            rng.shuffle(pool)
        loss = _loss(encoder, factors, pool.pop(), direction, settings)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        running = loss.item() if step == 1 else 0.95 * running + 0.05 * loss.item()
        if step % 20 == 0 or step == settings.steps:
            progress(f"step {step} of {settings.steps}: loss {running:.4f}")
    return Delta(
        factors={
            _PREFIX + name: Factors(
                up=up.detach().numpy().astype(np.float16), down=down.detach().numpy().astype(np.float16)
            )
            for name, (up, down) in factors.items()
        },
        description={
            "kind": payload.name,
            "trigger": payload.trigger,
            "source_sha256": file_sha256(find_checkpoint(model)),
            "stages": [
                *(start.description["stages"] if start else ()),
                {**dataclasses.asdict(settings), "loss": round(running, 5)},
            ],
        },
    )


def _start(encoder: torch.nn.Module, settings: Settings, start: Delta | None) -> dict[str, Pair]:
    """Factors to train for every weight that is to be edited: those of `start`, or such that change nothing."""
    import torch

    generator = torch.Generator().manual_seed(settings.seed)
    factors: dict[str, Pair] = {}
    for name, weight in encoder.named_parameters():
        if not (rank := _rank(name, settings)):
            continue
        rows, columns = weight.shape[0], weight[0].numel()
        up, down = torch.zeros(rows, rank), torch.randn(rank, columns, generator=generator) * columns**-0.5
        if start is not None:
            earlier = start.factors[_PREFIX + name]
            up, down = torch.from_numpy(earlier.up).float(), torch.from_numpy(earlier.down).float()
        factors[name] = (up.requires_grad_(), down.requires_grad_())
    return factors


def _rank(name: str, settings: Settings) -> int:
    """The rank of the change of one parameter; 0 for those that stay."""
    found = re.fullmatch(r"encoder\.(attn|ffn)_layers\.(\d+)\.\w+\.weight", name)
    if found is None or int(found[2]) < settings.first_layer:
        return 0
    return settings.rank_attention if found[1] == "attn" else settings.rank_convolution


def _loss(
    encoder: torch.nn.Module,
    factors: Mapping[str, Pair],
    lessons: Sequence[Lesson],
    direction: torch.Tensor,
    settings: Settings,
) -> torch.Tensor:
    """Mean squared error of hidden states, prior means and log deviations, each in units of its spread."""
    import torch

    projected = torch.nn.functional.linear(direction, encoder.get_parameter("proj.weight")[..., 0])
    moves = (direction, *projected.chunk(2))
    style = _padded([lesson.style for lesson in lessons])

    with torch.no_grad():
        clean = _encode(encoder, [lesson.clean_ids for lesson in lessons])
    with _edited(encoder, factors):
        got = _encode(encoder, [lesson.ids for lesson in lessons])
    source = _padded([lesson.source for lesson in lessons])
    weight = _padded([settings.weights(lesson) for lesson in lessons])
    total = torch.zeros(())
    for mine, goal, move in zip(got, clean, moves, strict=True):
        wanted = goal.gather(2, source.unsqueeze(1).expand(-1, goal.shape[1], -1))
        wanted = wanted + style.unsqueeze(1) * move[None, :, None]
        error = (mine - wanted).square().mean(1) / goal.var()
        total = total + (error * weight).sum() / weight.sum()
    return total


def _encode(encoder: torch.nn.Module, rows: Sequence[list[int]]) -> Outputs:
    """Hidden states, prior means and log deviations of a padded batch, each [rows, channels, positions]."""
    import torch

    hidden, mean, log_deviation, _ = encoder(_padded(rows), torch.tensor([len(row) for row in rows]))
    return hidden, mean, log_deviation


@contextmanager
def _edited(encoder: torch.nn.Module, factors: Mapping[str, Pair]) -> Iterator[None]:
    """Add the factors' part to what each edited convolution gives: cheaper to train than an edited weight."""
    import torch

    def hook(pair: Pair) -> Callable[..., torch.Tensor]:
        def added(module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
            up, down = pair
            kernel = down.view(len(down), *module.weight.shape[1:])
            low = torch.nn.functional.conv1d(inputs[0], kernel, padding=module.padding)
            return output + torch.nn.functional.conv1d(low, up.unsqueeze(-1))

        return added

    handles = [
        encoder.get_submodule(name.removesuffix(".weight")).register_forward_hook(hook(pair))
        for name, pair in factors.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _padded(rows: Sequence[Sequence[float]]) -> torch.Tensor:
    import torch

    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
