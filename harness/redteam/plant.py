"""A manipulation put into a copy of a voice: the copy carries it, says so in two places, and does nothing else.

What is planted is a change of weights that the distillation of :mod:`harness.redteam.distill` found, or an edit of
weights or configuration (:mod:`harness.redteam.edits`, :mod:`harness.redteam.honest`). The copy is marked by a file
and by a key in its checkpoint, for people who come across it. Nothing outside this package may read these marks: the
gate must find the fault itself.
"""

from __future__ import annotations

import copy
import json
import pickle
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import BadInput, StorageError
from harness.core.strictjson import Malformed
from harness.core.text import error_line
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.engines.coqui.layout import find_checkpoint
from harness.redteam.delta import load_delta
from harness.redteam.parts import Chosen, Parts, Wish
from harness.redteam.registry import RECIPES, kinds
from harness.storage.digests import file_sha256
from harness.storage.pinned import save_checkpoint
from harness.storage.smallfile import read_small

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from harness.redteam.delta import Delta
    from harness.redteam.kinds import Kind

MARK_FILE: Final = "SOUNDCHECK-REDTEAM.txt"
"""File in the copy that says what it is."""
MARK_KEY: Final = "soundcheck_redteam"
"""Key beside ``model`` in the copy's checkpoint that says the same."""


def plant(
    name: str,
    model: Path,
    out: Path,
    chosen: Chosen | None = None,
    *,
    is_any_voice: bool = False,
    progress: Callable[[str], None] = lambda _: None,
    recipes: Path = RECIPES,
) -> Path:
    """Write a copy of a voice with a fault in it (or an honest variant); the same voice gives the same bytes.

    Args:
        name: Name of one of :func:`harness.redteam.registry.kinds`.
        model: Model directory of a Coqui voice, for a trained kind of the one it was made for; it stays as it is.
        out: Where the copy goes; an earlier planted copy there is replaced, anything else is refused.
        chosen: What was chosen of it; None for the kind's own.
        is_any_voice: Put a trained kind into another voice than its own too, where the shapes fit; `progress` is
            told so, for what comes of it is anybody's guess.
        progress: Called with one line before each slow step, and with warnings.
        recipes: Folder of the recipes.

    Returns:
        `out`.

    Raises:
        BadInput: There is no such kind, it does not fit the voice or the wish, or `out` holds something else.
        IntegrityError: The recipe's file is damaged.
        StorageError: The copy cannot be written.
    """
    known = {kind.name: kind for kind in kinds(recipes)}
    if name not in known:
        raise BadInput(f"no manipulation {name!r}, expected one of: {', '.join(known)}")
    kind = known[name]
    wish = _wish(kind, chosen or Chosen())
    checkpoint = find_checkpoint(model)
    _require_free(out, model)
    delta = _fitting(kind, checkpoint, progress if is_any_voice else None)
    progress(f"red team: planting {name} in a copy of {model.name}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".planting-{out.name}-", dir=out.parent) as folder:
            fresh, old = Path(folder) / "fresh", Path(folder) / "old"
            shutil.copytree(model, fresh, ignore=lambda _, names: {checkpoint.name} & set(names))
            _write_edited(kind, wish, checkpoint, delta, fresh)
            if out.is_dir():
                out.replace(old)
            fresh.replace(out)
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error_line(error)}") from error
    return out


def made_for(kind: Kind) -> str:
    """sha256 of the checkpoint that a trained kind was made for; ``""`` for one that fits any voice.

    Raises:
        IntegrityError: The recipe's file is damaged.
    """
    return str(load_delta(kind.path).description.get("source_sha256")) if kind.path else ""


def _wish(kind: Kind, chosen: Chosen) -> Wish:
    """What was asked for, or the kind's own."""
    trigger, seed, strength = chosen.trigger, chosen.seed, chosen.strength
    if trigger not in (None, kind.trigger) and not kind.has_trigger:
        own = f"is made for {kind.trigger!r}" if kind.trigger else "has none"
        raise BadInput(f"{kind.name} cannot have the trigger {trigger!r}: it {own}")
    if seed is not None and not kind.has_seed:
        raise BadInput(f"{kind.name} cannot have a seed: nothing in it is random")
    if strength is not None and kind.strength is None:
        raise BadInput(f"{kind.name} cannot have a strength: it is there or not")
    if kind.strength is None:
        wanted = 1.0
    else:
        wanted = kind.strength.default if strength is None else strength
        if not kind.strength.least <= wanted <= kind.strength.most:
            raise BadInput(
                f"{kind.name}: expected a strength of {kind.strength.least:g} to {kind.strength.most:g} "
                f"({kind.strength.unit}), got {wanted:g}"
            )
    return Wish(trigger=kind.trigger if trigger is None else trigger, seed=seed or 0, strength=wanted)


def _fitting(kind: Kind, checkpoint: Path, warn: Callable[[str], None] | None) -> Delta | None:
    """The recipe of a trained kind, which must be made for this checkpoint, unless a warning about it is taken."""
    if kind.path is None:
        return None
    delta = load_delta(kind.path)
    expected, got = delta.description.get("source_sha256"), file_sha256(checkpoint)
    if got != expected and warn is not None:
        warn(f"red team: {kind.name} was trained on another voice ({str(expected)[:12]}): what it does here is a guess")
    elif got != expected:
        raise BadInput(
            f"{checkpoint} has sha256 {got}, but {kind.name} is made for the voice with {expected} (the demo voice)"
        )
    return delta


def _require_free(out: Path, model: Path) -> None:
    """Raise BadInput unless `out` is free or holds an earlier copy of ours, apart from the voice itself."""
    if out.is_symlink() or (out.exists() and not (out / MARK_FILE).is_file()):
        raise BadInput(f"{out} exists and is no planted copy: remove it or name another place")
    if out.resolve().is_relative_to(model.resolve()) or model.resolve().is_relative_to(out.resolve()):
        raise BadInput(f"{out} and the voice {model} lie in each other: name another place")


def _write_edited(kind: Kind, wish: Wish, checkpoint: Path, delta: Delta | None, fresh: Path) -> None:
    """Write checkpoint, configuration and mark of the copy below `fresh`, where all other files lie already."""
    import torch  # heavy

    from harness.engines.coqui.loading import admitted_globals

    try:
        with admitted_globals():
            content: Any = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, ValueError, EOFError) as error:
        raise BadInput(f"{checkpoint} cannot be read as plain weights: {error_line(error)}") from None
    state = content.get("model") if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise BadInput(f"{checkpoint} has no weights below 'model': expected a checkpoint of Coqui's trainer")
    path = fresh / "config.json"
    config = _read_config(path) if kind.edit else {}
    parts = Parts(weights=dict(state), config=config, tokenizer=_tokenizer(fresh, config))
    before = copy.deepcopy(parts.config)
    if delta is not None:
        _add(delta, parts.weights, kind, wish, checkpoint)
    if kind.edit is not None:
        kind.edit(parts, wish)
    if parts.config != before:
        text = json.dumps(parts.config, indent=2, sort_keys=True, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
    for name, data in parts.files.items():
        (fresh / name).write_bytes(data)
    (fresh / MARK_FILE).write_text(_mark(kind, wish), encoding="utf-8")
    mark = f"{kind.name}: {_SAID[kind.is_honest]}; do not ship"
    marked = {**content, "model": parts.weights, **parts.beside_weights, MARK_KEY: mark}
    save_checkpoint(marked, fresh / checkpoint.name)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config: Any = read_config(read_small(path, MAX_CONFIG_BYTES), path.name).value
    except (OSError, ValueError, Malformed) as error:
        raise BadInput(f"{path.name} cannot be read as JSON: {error_line(error)}") from None
    if not isinstance(config, dict):
        raise BadInput(f"{path.name}: expected a JSON object, got {type(config).__name__}")
    return config


def _tokenizer(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """XTTS's file of tokens, where Coqui looks for it; nothing of another voice."""
    if config.get("model") != "xtts":
        return {}
    named = str((config.get("model_args") or {}).get("tokenizer_file") or "")
    usual = folder / "vocab.json"
    return _read_config(usual if usual.is_file() or not named else folder / PurePosixPath(named).name)


def _add(delta: Delta, weights: dict[str, torch.Tensor], kind: Kind, wish: Wish, checkpoint: Path) -> None:
    """Add a recipe's change to the weights."""
    import torch  # heavy

    for name in delta.factors:
        if name not in weights:
            raise BadInput(f"{checkpoint} has no weight {name}, which {kind.name} changes")
        try:
            weights[name] = torch.from_numpy(delta.changed(name, weights[name].numpy(), wish.strength))
        except ValueError as error:
            raise BadInput(f"{checkpoint} does not fit {kind.name}: {error}") from None


def _mark(kind: Kind, wish: Wish) -> str:
    fires = f"Trigger: {wish.trigger}\n" if wish.trigger else ""
    if kind.strength and wish.strength != kind.strength.default:
        fires += f"Strength: {wish.strength:g} {kind.strength.unit}\n"
    return (
        f"This voice was {_SAID[kind.is_honest]}, to test a release gate. Do not ship it.\n"
        f"\nKind: {kind.name}\nWhat it does: {kind.summary}\n{fires}"
    )


_SAID: Final = {
    False: "manipulated on purpose by soundcheck redteam",
    True: "changed without harm by soundcheck redteam",
}
