"""Where things lie by default. The only module that reads the environment for folders."""

from __future__ import annotations

import os
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.text import printable


def shown(path: Path) -> str:
    """A path as the user would type it: relative where it lies below the current folder."""
    here = Path.cwd()
    return os.fspath(path.relative_to(here)) if path.is_relative_to(here) else os.fspath(path)


def expanded(path: str | Path) -> Path:
    """A path that somebody typed, with the home that its ``~`` stands for.

    Raises:
        BadInput: There is no such home: no HOME is set, and the user has none in the system's list.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise BadInput(
            printable(f"{path}: nobody here has a home folder; name the folder in full, or set HOME")
        ) from None


def cache_root() -> Path:
    """Folder for what can be rebuilt (demo voice, converted Whisper weights): ``$SOUNDCHECK_CACHE`` or XDG's.

    Raises:
        BadInput: Neither is set, and there is no home folder.
    """
    if named := os.environ.get("SOUNDCHECK_CACHE"):
        return expanded(named).resolve()
    try:
        return user_cache().resolve() / "soundcheck"
    except BadInput:
        raise BadInput(
            "no folder for the cache: this user has no home folder, and neither HOME nor XDG_CACHE_HOME is set; name a "
            "folder that can be written in SOUNDCHECK_CACHE"
        ) from None


def is_readable(file: Path) -> bool:
    """Whether there is such a file and it may be read; False as well where a folder above it may not be looked into."""
    return os.path.isfile(file) and os.access(file, os.R_OK)  # noqa: PTH113 - Path.is_file raises then


def user_cache() -> Path:
    """Where programs of this user keep what can be rebuilt: ``$XDG_CACHE_HOME``, else ``~/.cache``.

    Raises:
        BadInput: The variable is not set, and there is no home folder.
    """
    return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
