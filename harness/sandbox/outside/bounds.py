"""How long a worker may take, and how much it may say. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long and how much, seen from outside."""

    start_seconds: float = 300.0
    """Deadline for starting and importing, cold caches included."""
    load_seconds: float = 300.0
    """Deadline for loading."""
    batch_seconds: float = 60.0
    """Deadline for a batch, before its length is counted."""
    first_seconds: float = 0.0
    """Added to the first batch's deadline: kernels are chosen and compiled then."""
    seconds_per_character: float = 0.25
    """Added to a batch's deadline for each character of its texts."""
    audio_seconds: float = 20.0
    """Longest audio of one rendering, before its text is counted."""
    audio_seconds_per_character: float = 0.5
    """Added to that for each character. Slow speech takes 0.1."""
