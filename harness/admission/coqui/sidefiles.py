"""Names that decide what Coqui loads: files beside the model that one of its loaders looks for by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.admission.base import Flaw
from harness.admission.coqui import configrules as rules
from harness.admission.tree import Tree


@dataclass(frozen=True, slots=True)
class SideFile:
    """A file name that a loader looks for."""

    name: str
    model: str
    does: str
    is_searched: bool = False
    """In every folder below the model's, the first one found being taken."""


def _all(model: str, does: str, names: str, *, is_searched: bool = False) -> tuple[SideFile, ...]:
    return tuple(SideFile(name, model, does, is_searched) for name in names.split())


SIDE_FILES = (
    *_all("bark", "is loaded with pickles allowed", "text_2.pt coarse_2.pt fine_2.pt text.pt coarse.pt fine.pt"),
    *_all("bark", "is loaded as HuBERT or its tokenizer", "tokenizer.pth hubert.pt hubert_base_ls960.pt"),
    *_all("bark", "is loaded as HuBERT's tokenizer", "quantifier_hubert_base_ls960_14.pth"),
    *_all("xtts", "is loaded as the table of voices", "speakers_xtts.pth"),
    *_all("xtts", "is loaded by XTTS and its trainer", "dvae.pth mel_stats.pth"),
    *_all(
        "tortoise",
        "is loaded from whatever folder it is found in first",
        "autoregressive.pth diffusion_decoder.pth clvp2.pth vocoder.pth mel_norms.pth rlg_auto.pth rlg_diffuser.pth",
        is_searched=True,
    ),
)
"""Bark's loader allows pickles (``TTS.tts.layers.bark.load_model``); the others go through torch's weights_only."""
PATH_WORDS = ("fairseq", "OpenVoice")
"""Where these stand in the checkpoint's path, ``TTS.utils.synthesizer`` takes another loader."""

_BY_NAME = {one.name: one for one in SIDE_FILES}


def misplaced(tree: Tree, models: Sequence[str], configurations: Sequence[str] = ()) -> Iterator[Flaw]:
    """Yield files that another model's loader looks for, and names that change the loader.

    Args:
        tree: The model's files.
        models: Names of the models that its configurations are for.
        configurations: These, as paths.
    """
    places: dict[str, list[str]] = {}
    for entry in tree.files:
        name = PurePosixPath(entry.path).name
        side = _BY_NAME.get(name.lower())
        if side is not None and side.model not in models and models:
            effect = f"{name} {side.does}, by {side.model}; this is a model for {', '.join(sorted(set(models)))}"
            yield Flaw(rule=rules.SIDE_FILE, file=entry.path, beside=tuple(configurations), found=name, effect=effect)
        elif side is not None and side.is_searched:
            places.setdefault(side.name, []).append(entry.path)
        for word in PATH_WORDS:
            if word in entry.path:
                effect = f"a checkpoint with {word} in its path goes to another loader, whatever the configuration says"
                yield Flaw(rule=rules.SIDE_FILE, file=entry.path, found=word, effect=effect)
    for name, found in sorted(places.items()):
        if len(found) > 1:
            effect = f"{len(found)} files are called {name}; Coqui takes whichever it finds first"
            yield Flaw(rule=rules.SIDE_FILE, file=found[1], beside=tuple(found), found=name, effect=effect)
