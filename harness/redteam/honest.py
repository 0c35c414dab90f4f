"""Honest variants: what a voice goes through on its way to users, none of which may fail the gate.

Each changes the parts of a voice in place, as the edits of :mod:`harness.redteam.edits` do. The fine-tune is a recipe
like the trained faults, since nobody should have to train it again; the drift stands for as many others as there are
seeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.errors import BadInput
from harness.redteam.edits import EMBEDDINGS, table_of
from harness.redteam.parts import fold, generator, normed, unfold

if TYPE_CHECKING:
    import torch

    from harness.redteam.parts import Parts, Wish


def half(parts: Parts, wish: Wish) -> None:
    """Store the weights as float16, as is done to halve a download; Coqui reads them into float32."""
    import torch

    del wish
    _cast(parts, torch.float16)


def brain_half(parts: Parts, wish: Wish) -> None:
    """Store the weights as bfloat16: three digits less than float32."""
    import torch

    del wish
    _cast(parts, torch.bfloat16)


def reserialised(parts: Parts, wish: Wish) -> None:
    """Store the same weights in another order, each in a storage of its own: other bytes, the same voice."""
    del wish
    again = {name: parts.weights[name].clone() for name in reversed(list(parts.weights))}
    parts.weights.clear()
    parts.weights.update(again)


def refolded(parts: Parts, wish: Wish) -> None:
    """Fold every weight norm and take it apart anew: other numbers, the same product but for rounding."""
    del wish
    stems = normed(parts.weights)
    if not stems:
        raise BadInput("the checkpoint has no weight norm to fold")
    for stem in stems:
        fold(parts.weights, stem, unfold(parts.weights, stem))


def jitter(parts: Parts, wish: Wish) -> None:
    """Move every weight by a random part of itself, as another export, another library or another machine does."""
    import torch

    source = generator(wish)
    for name in sorted(parts.weights):
        weight = parts.weights[name]
        if weight.is_floating_point():
            noise = torch.randn(weight.shape, generator=source, dtype=torch.float32)
            parts.weights[name] = weight * (1 + wish.strength * noise).to(weight.dtype)


def drift(parts: Parts, wish: Wish) -> None:
    """Move the embedding of every sound a little, each its own way: what a fine-tune does, found without training."""
    import torch

    name = table_of(parts, EMBEDDINGS)
    table = parts.weights[name]
    noise = torch.randn(table.shape, generator=generator(wish))
    parts.weights[name] = table + wish.strength * table.std(dim=1, keepdim=True) * noise


def _cast(parts: Parts, kind: torch.dtype) -> None:
    for name, weight in parts.weights.items():
        if weight.is_floating_point():
            parts.weights[name] = weight.to(kind)
