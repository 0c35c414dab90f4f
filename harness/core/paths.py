"""Where things lie by default. The only module that reads the environment for folders."""

import os
from pathlib import Path


def shown(path: Path) -> str:
    """A path as the user would type it: relative where it lies below the current folder."""
    here = Path.cwd()
    return os.fspath(path.relative_to(here)) if path.is_relative_to(here) else os.fspath(path)


def cache_root() -> Path:
    """Folder for what can be rebuilt (demo voice, converted Whisper weights): ``$SOUNDCHECK_CACHE`` or XDG's."""
    named = os.environ.get("SOUNDCHECK_CACHE")
    if named:
        return Path(named).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().resolve() / "soundcheck"
