"""The vocoder that makes sound of a model's spectrograms, where it lies in a folder of its own. Opens no weights."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.identity import Beside
from harness.core.paths import expanded
from harness.core.text import printable
from harness.core.types import Model
from harness.core.voice import BY_DIGEST
from harness.engines.registry import ENGINES
from harness.models.fetching.spec import is_remote
from harness.models.files import find_model, read_directory


def with_vocoder(model: Model, typed: str) -> Model:
    """The model with the vocoder that was named; with none, one that lies in its folder is looked at.

    Args:
        model: Who speaks.
        typed: The vocoder's folder as it was typed, ``""`` for none.

    Raises:
        BadInput: It is no vocoder, or none for this model: one line.
    """
    path = _fitting(model.engine, model.path, typed)
    if path is None:
        return model
    digest, files = read_directory(path)
    beside = Beside(path=path, digest=digest, files=files)
    voice = dataclasses.replace(model.voice, vocoder=f"{BY_DIGEST}{digest}")
    return dataclasses.replace(model, vocoder=beside, voice=voice)


def check_vocoder(model: str, typed: str) -> None:
    """Look early whether a vocoder that was named is one for a model, both as typed.

    Raises:
        BadInput: As :func:`with_vocoder`.
    """
    if typed and model and not is_remote(model):
        _fitting(*find_model(model), typed)


def _fitting(engine: str, model: Path, typed: str) -> Path | None:
    """The folder that was named; None where none was."""
    module, _, function = ENGINES[engine].vocoder.partition(":")
    if not module:
        if typed:
            line = f"expected no --tts-vocoder, as a model of engine {engine!r} makes its own sound; leave it out"
            raise BadInput(printable(f"{model}: {line}"))
        return None
    require = getattr(importlib.import_module(module), function)
    if not typed:
        require(model, None)
        return None
    path = expanded(typed).absolute()
    if not path.is_dir():
        raise BadInput(printable(f"--tts-vocoder={typed}: expected the folder of a vocoder, got none there"))
    require(model, path)
    return path
