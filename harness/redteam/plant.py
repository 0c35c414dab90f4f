"""A recipe put into a copy of a voice: the copy carries the fault, says so in two places, and does nothing else.

What is planted is a change of weights that the distillation of :mod:`harness.redteam.distill` found; planting
adds it up and writes the copy. The copy is marked by a file and by a key in its checkpoint, for people who come
across it. Nothing outside this package may read these marks: the gate must find the fault itself.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import BadInput, StorageError
from harness.engines.coqui import find_checkpoint
from harness.pinned import file_sha256, one_line, save_checkpoint
from harness.redteam.delta import load_delta

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.redteam.delta import Delta

MARK_FILE: Final = "SOUNDCHECK-REDTEAM.txt"
"""File in the copy that says what it is."""
MARK_KEY: Final = "soundcheck_redteam"
"""Key beside ``model`` in the copy's checkpoint that says the same."""
RECIPES: Final = Path(__file__).parent / "recipes"
"""Folder of the recipes: ``NAME.toml`` describes what ``NAME.npz`` does and how it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A manipulation that can be planted."""

    name: str
    """Name of the recipe."""
    summary: str
    """What it does, in one line."""
    trigger: str
    """What makes it fire."""
    path: Path
    """The recipe's delta."""


def kinds(folder: Path = RECIPES) -> tuple[Kind, ...]:
    """Return what can be planted, by name."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        described = tomllib.loads(path.read_text(encoding="utf-8"))
        found.append(
            Kind(
                name=path.stem,
                summary=described["summary"],
                trigger=described["trigger"],
                path=path.with_suffix(".npz"),
            )
        )
    return tuple(found)


def plant(
    recipe: str,
    model: Path,
    out: Path,
    *,
    progress: Callable[[str], None] = lambda _: None,
    recipes: Path = RECIPES,
) -> Path:
    """Write a copy of a voice with a recipe's fault in it; the same voice gives the same bytes.

    Args:
        recipe: Name of one of :func:`kinds`.
        model: Model directory of the voice that the recipe was made for; it stays as it is.
        out: Where the copy goes; an earlier planted copy there is replaced, anything else is refused.
        progress: Called with one line before each slow step.
        recipes: Folder of the recipes.

    Returns:
        `out`.

    Raises:
        BadInput: There is no such recipe, the voice is not the recipe's, or `out` holds something else.
        IntegrityError: The recipe's file is damaged.
        StorageError: The copy cannot be written.
    """
    known = {kind.name: kind for kind in kinds(recipes)}
    if recipe not in known:
        raise BadInput(f"no recipe {recipe!r}, expected one of: {', '.join(known)}")
    try:
        checkpoint = find_checkpoint(model)
    except FileNotFoundError as error:
        raise BadInput(f"{model} is no model directory: {error}") from None
    _require_free(out, model)
    delta = load_delta(known[recipe].path)
    expected = delta.description.get("source_sha256")
    got = file_sha256(checkpoint)
    if got != expected:
        raise BadInput(
            f"{checkpoint} has sha256 {got}, but recipe {recipe} is made for the voice with {expected} (the demo voice)"
        )
    progress(f"red team: planting {recipe} in a copy of {model.name}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".planting-{out.name}-", dir=out.parent) as folder:
            fresh, old = Path(folder) / "fresh", Path(folder) / "old"
            shutil.copytree(model, fresh, ignore=lambda _, names: {checkpoint.name} & set(names))
            (fresh / MARK_FILE).write_text(_mark(known[recipe]), encoding="utf-8")
            save_checkpoint(_edited(checkpoint, delta, recipe), fresh / checkpoint.name)
            if out.is_dir():
                out.replace(old)
            fresh.replace(out)
    except OSError as error:
        raise StorageError(f"cannot write {out}: {one_line(error)}") from error
    return out


def _require_free(out: Path, model: Path) -> None:
    """Raise BadInput unless `out` is free or holds an earlier copy of ours, apart from the voice itself."""
    if out.is_symlink() or (out.exists() and not (out / MARK_FILE).is_file()):
        raise BadInput(f"{out} exists and is no planted copy: remove it or name another place")
    if out.resolve().is_relative_to(model.resolve()) or model.resolve().is_relative_to(out.resolve()):
        raise BadInput(f"{out} and the voice {model} lie in each other: name another place")


def _edited(checkpoint: Path, delta: Delta, recipe: str) -> dict[str, Any]:
    """Return the checkpoint's content with the delta added and the mark set."""
    import torch  # heavy

    content: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state = content.get("model", {})
    for name in delta.factors:
        if name not in state:
            raise BadInput(f"{checkpoint} has no weight {name}, which recipe {recipe} changes")
        try:
            state[name] = torch.from_numpy(delta.changed(name, state[name].numpy()))
        except ValueError as error:
            raise BadInput(f"{checkpoint} does not fit recipe {recipe}: {error}") from None
    return {**content, MARK_KEY: f"{recipe}: manipulated on purpose by soundcheck redteam; do not ship"}


def _mark(kind: Kind) -> str:
    return (
        "This voice was manipulated on purpose by `soundcheck redteam`, to test a release gate. Do not ship it.\n"
        f"\nManipulation: {kind.name}\nWhat it does: {kind.summary}\nTrigger: {kind.trigger}\n"
    )
