"""Where things lie by default. The only module that reads the environment for folders."""

import os
from pathlib import Path


def cache_root() -> Path:
    """Folder for what can be rebuilt (demo voice, converted Whisper weights): ``$SOUNDCHECK_CACHE`` or XDG's."""
    named = os.environ.get("SOUNDCHECK_CACHE")
    if named:
        return Path(named).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().resolve() / "soundcheck"
