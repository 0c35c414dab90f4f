"""What one model needs of this machine, and whether it is here: asked before a worker is started, of nobody hostile.

The engine's row says what a configuration asks for; here it is read, and looked for. Nothing is imported.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.core.installation import install_command
from harness.core.strictjson import Json, Malformed
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.engines.registry import ENGINES, Need
from harness.storage.smallfile import TooLarge, read_small


def needs_of(engine: str, folder: Path, language: str) -> tuple[Need, ...]:
    """What a model needs beside what every model of its engine does.

    Args:
        engine: Name of its engine.
        folder: The model's folder.
        language: What will be spoken (ISO 639-1).
    """
    module = ENGINES[engine].needs
    if not module:
        return ()
    ask: Callable[[Mapping[str, Json], str], tuple[Need, ...]] = importlib.import_module(module).needs_of
    return ask(_config(folder), language)


def language_of(engine: str, folder: Path) -> str:
    """What a model speaks, by its own word (ISO 639-1); English where it says nothing."""
    own, _, function = ENGINES[engine].language.partition(":")
    if own:
        found: str = getattr(importlib.import_module(own), function)(folder)
        return found
    module = ENGINES[engine].needs
    if not module:
        return "en"
    ask: Callable[[Mapping[str, Json]], str] = importlib.import_module(module).language_of
    return ask(_config(folder))


def lacks_of(engine: str, folder: Path, language: str) -> str | None:
    """What of it is not here, on one line with what installs it; None where everything is."""
    spec = ENGINES[engine]
    absent = [package for package in spec.packages if not is_installed(package.name)]
    if absent:
        names = ", ".join(f"{package.name} ({package.what})" for package in absent)
        return f"engine {engine} needs {names}, not installed: {install_command(spec.extra)}"
    for need in needs_of(engine, folder, language):
        if gone := [name for name in need.modules if not is_importable(name)]:
            return f"this voice needs {', '.join(gone)} for its {need.what}, not installed: {need.install}"
    return None


def preloads_of(engine: str, folder: Path, language: str) -> tuple[str, ...]:
    """What its worker imports beside what every model of its engine needs, before it knows the model."""
    return tuple(need.preload for need in needs_of(engine, folder, language) if need.preload)


def lent_by(engine: str, folder: Path, language: str, tell: Callable[[str], None]) -> Path | None:
    """Folder of this machine's own files that its worker may read beside its packages; None where there is none.

    Args:
        engine: Name of its engine.
        folder: The model's folder.
        language: What will be spoken.
        tell: Told where one has to be made first.
    """
    for need in needs_of(engine, folder, language):
        if need.lent:
            module, _, function = need.lent.partition(":")
            make: Callable[[Callable[[str], None]], Path | None] = getattr(importlib.import_module(module), function)
            return make(tell)
    return None


def is_installed(distribution: str) -> bool:
    """Whether there is a distribution of that name."""
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def is_importable(module: str) -> bool:
    """Whether an import would find a top-level module; what comes of it is seen only when it is imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _config(folder: Path) -> Mapping[str, Json]:
    """The configuration; empty where it cannot be read, which is for others to say."""
    try:
        content = read_config(read_small(folder / "config.json", MAX_CONFIG_BYTES, follow_links=True), "config.json")
    except (OSError, TooLarge, Malformed):
        return {}
    return content.value if isinstance(content.value, dict) else {}
