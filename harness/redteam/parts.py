"""A voice taken apart in memory, and what is asked of an edit: what every edit reads and changes.

Knows how Coqui lays out its checkpoint and its configuration, and nothing of any particular edit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    Edit = Callable[["Parts", "Wish"], None]

NORM: Final = ".parametrizations.weight.original0"
VECTOR: Final = ".parametrizations.weight.original1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A voice in memory."""

    weights: dict[str, torch.Tensor]
    """The checkpoint's ``model``."""
    config: dict[str, Any]
    """The configuration; entries of ``model_args`` shape inference."""
    beside_weights: dict[str, Any] = field(default_factory=dict)
    """Further entries of the checkpoint."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Further files of the directory, by name."""
    tokenizer: dict[str, Any] = field(default_factory=dict)
    """Content of XTTS's file of tokens; empty for others, whose configuration has their symbols."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an edit is to do, as far as one can choose."""

    trigger: str
    """What makes it fire, in the edit's own terms; ``""`` where nothing has to."""
    seed: int
    """Of whatever is random in it."""
    strength: float
    """How much of it, in the kind's own unit; 1 where there is nothing to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What somebody chose of a kind, where it leaves the choice; None for the kind's own."""

    trigger: str | None = None
    """What is to make it fire."""
    seed: int | None = None
    """Of what is random in it."""
    strength: float | None = None
    """How much of it, in the kind's own unit."""


def need(parts: Parts, *names: str) -> None:
    """Raise BadInput unless the checkpoint has these weights."""
    for name in names:
        if name not in parts.weights:
            raise BadInput(f"the checkpoint has no weight {name} to edit")


def argue(parts: Parts, **arguments: float) -> None:
    """Set arguments of the model in the configuration."""
    parts.config["model_args"] = {**parts.config.get("model_args", {}), **arguments}


def vocabulary(parts: Parts) -> list[str]:
    """Symbols in the order of the embedding's rows, as Coqui's classes of characters number them.

    Raises:
        BadInput: The voice has another vocabulary, or puts it in an order of its own.
    """
    if parts.tokenizer:
        return _tokens(parts.tokenizer)
    about = parts.config.get("characters")
    if not isinstance(about, dict):
        return _usual(is_phonemes=bool(parts.config.get("use_phonemes")))
    name = str(about.get("characters_class", "")).rpartition(".")[2]
    if name not in ("IPAPhonemes", "Graphemes", "VitsCharacters") or about.get("is_unique"):
        wanted = "symbols are IPAPhonemes, Graphemes or VitsCharacters in the configuration's own order"
        raise BadInput(f"expected a voice whose {wanted}")
    phonemes = str(about.get("phonemes") or "")
    marks = str(about.get("punctuations") or "")
    if name == "VitsCharacters":
        return [about["pad"], *marks, *about["characters"], *phonemes, "<BLNK>"]
    own = phonemes if name == "IPAPhonemes" and phonemes else str(about["characters"])
    symbols = sorted(own) if about.get("is_sorted") else list(own)
    head = [about[key] for key in ("pad", "eos", "bos", "blank") if about.get(key)]
    return [*head, *symbols, *marks]


def _tokens(tokenizer: Mapping[str, Any]) -> list[str]:
    """Tokens by number, as the library tokenizers writes its byte-pair vocabularies."""
    kind = tokenizer.get("model")
    table = kind.get("vocab") if isinstance(kind, dict) else None
    if not isinstance(table, dict) or sorted(table.values(), key=str) != sorted(range(len(table)), key=str):
        raise BadInput("expected a file of tokens whose model has a vocab that numbers them from 0")
    return sorted(table, key=lambda token: int(table[token]))


def _usual(*, is_phonemes: bool) -> list[str]:
    """Symbols of a voice whose configuration names none: Coqui's own."""
    from TTS.tts.utils.text.characters import Graphemes, IPAPhonemes

    return list((IPAPhonemes if is_phonemes else Graphemes)().vocab)


def generator(wish: Wish) -> torch.Generator:
    """Where an edit's randomness comes from."""
    import torch

    return torch.Generator().manual_seed(wish.seed)


def unfold(weights: dict[str, torch.Tensor], stem: str) -> torch.Tensor:
    """Return the weight that a weight norm (Salimans & Kingma 2016) makes of its magnitude and direction."""
    vector = weights[stem + VECTOR]
    weight: torch.Tensor = weights[stem + NORM] * vector / _norm(vector)
    return weight


def fold(weights: dict[str, torch.Tensor], stem: str, weight: torch.Tensor) -> None:
    """Write a weight as magnitude and a direction of length one; :func:`unfold` gives it back but for rounding.

    What has no magnitude has a direction all the same, as torch divides by its length: the one that it had, if any.
    """
    norm = _norm(weight)
    had = weights.get(stem + VECTOR)
    direction = weight if had is None or had.shape != weight.shape else had.where(norm == 0, weight)
    weights[stem + NORM], weights[stem + VECTOR] = norm, direction / _norm(direction).clamp_min(1e-12)


def normed(weights: dict[str, torch.Tensor]) -> list[str]:
    """Names of the modules whose weight is stored as magnitude and direction."""
    return sorted(name.removesuffix(VECTOR) for name in weights if name.endswith(VECTOR))


def _norm(weight: torch.Tensor) -> torch.Tensor:
    norm: torch.Tensor = weight.flatten(1).norm(dim=1)
    return norm.reshape(-1, *[1] * (weight.ndim - 1))
