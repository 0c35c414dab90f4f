"""Digests that the project has pinned in ``pyproject.toml``."""

from __future__ import annotations

import re
from pathlib import Path

from harness.models.project import table

_PIN = re.compile(r"sha256:[0-9a-f]{64}")


def pins(root: Path) -> dict[str, str]:
    """``[tool.soundcheck.models]``: what is typed as the model -> ``sha256:HEX``.

    Raises:
        BadInput: A pin is no such digest.
    """
    models = table(root, "models")
    found = {name: models.text(name, "") for name in models.values}
    for name, pin in found.items():
        if not is_pin(pin):
            raise models.error(name, f"{name}: expected sha256: and 64 lower-case hex digits, got {pin[:80]!a}")
    return found


def is_pin(text: str) -> bool:
    """Whether a text is ``sha256:`` and 64 lower-case hex digits."""
    return _PIN.fullmatch(text) is not None
