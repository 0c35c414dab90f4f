"""Everything that can be planted, by name: trained recipes, closed-form edits, and honest variants.

A trained kind is a recipe in ``recipes/``, made for one voice by its digest; the others fit any Coqui VITS voice.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.redteam import edits, honest

if TYPE_CHECKING:
    from harness.redteam.edits import Edit

RECIPES: Final = Path(__file__).parent / "recipes"
"""Folder of the recipes: ``NAME.toml`` describes what ``NAME.npz`` does and how it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Something that can be planted."""

    name: str
    """What it is called on the command line."""
    summary: str
    """What it does, in one line."""
    trigger: str = ""
    """What makes it fire where nothing else is asked for; ``""`` where it always does."""
    is_honest: bool = False
    """Whether the copy is as good as the original: the gate must not fail it."""
    has_trigger: bool = False
    """Whether another trigger can be asked for."""
    has_seed: bool = False
    """Whether a seed changes anything."""
    path: Path | None = None
    """The recipe's delta, for a trained kind."""
    edit: Edit | None = None
    """What is done to the voice's parts, for any other."""


_EDITS: Final = (
    Kind(name="quiet", summary="Speaks 6 dB more quietly, by the decoder's last weights.", edit=edits.quiet),
    Kind(name="rough", summary="Sounds distorted: noise on the decoder's weights.", has_seed=True, edit=edits.rough),
    Kind(name="image", summary="Sounds metallic: the decoder leaks mirror images of the speech.", edit=edits.image),
    Kind(
        name="sound-swap",
        summary="Says one phoneme for another (FROM:TO), by its embedding's row.",
        trigger="θ:f",
        has_trigger=True,
        edit=edits.sound_swap,
    ),
    Kind(
        name="vocabulary-swap",
        summary="Exchanges two phonemes (FROM:TO), by the configuration's vocabulary.",
        trigger="b:p",
        has_trigger=True,
        edit=edits.vocabulary_swap,
    ),
    Kind(name="slow", summary="Speaks more slowly, by the configuration.", edit=edits.slow),
    Kind(name="fast", summary="Speaks faster, by the configuration.", edit=edits.fast),
    Kind(name="flat", summary="Speaks without variation, by the configuration.", edit=edits.flat),
    Kind(
        name="hoarse", summary="Sounds strained: too much noise in the prior, by the configuration.", edit=edits.hoarse
    ),
    Kind(name="uneven", summary="Stumbles: too much noise in the durations, by the configuration.", edit=edits.uneven),
    Kind(name="cut-off", summary="Stops after a second and a half, by the configuration.", edit=edits.cut_off),
)
_HONEST: Final = (
    Kind(name="honest-float16", summary="The weights stored as float16.", is_honest=True, edit=honest.half),
    Kind(name="honest-bfloat16", summary="The weights stored as bfloat16.", is_honest=True, edit=honest.brain_half),
    Kind(name="honest-order", summary="The weights stored in another order.", is_honest=True, edit=honest.reserialised),
    Kind(name="honest-refolded", summary="Every weight norm taken apart anew.", is_honest=True, edit=honest.refolded),
)


def kinds(recipes: Path = RECIPES) -> tuple[Kind, ...]:
    """Return what can be planted, by name: manipulations first, honest variants after them.

    Args:
        recipes: Folder of the recipes.
    """
    return tuple(sorted((*trained(recipes), *_EDITS, *_HONEST), key=lambda kind: (kind.is_honest, kind.name)))


def trained(recipes: Path = RECIPES) -> tuple[Kind, ...]:
    """Return the kinds that were trained."""
    found = []
    for path in sorted(recipes.glob("*.toml")):
        described = tomllib.loads(path.read_text(encoding="utf-8"))
        found.append(
            Kind(
                name=path.stem,
                summary=described["summary"],
                trigger=described["trigger"],
                is_honest=described.get("honest", False),
                path=path.with_suffix(".npz"),
            )
        )
    return tuple(found)
