"""Seeds of renderings: each follows from what the rendering is for, so that no two uses share one by accident."""

from __future__ import annotations

import hashlib

FIRST_PURPOSE = "screen"
FRESH_PURPOSE = "confirm"
REFERENCE_PURPOSE = "reference"
"""What a rendering is for goes into its seed: takes that confirm were never seen by the screening."""

Request = tuple[str, int]
"""Text and seed."""


def seed_for(purpose: str, base: int, text: str, repeat: int) -> int:
    """Seed of one rendering, from all that it may depend on: golden and candidate never share one by accident."""
    name = f"{purpose}\0{base}\0{text}\0{repeat}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big") >> 1
