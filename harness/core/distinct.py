"""Which takes are one and the same audio: a voice without spread says a phrase once, however often it is asked. Pure.

Owns what counts as rounding between two renderings of one waveform. It must not know what a difference means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.core.types import Take

ROUNDING_DB = 0.01
"""Of a level, and of any band of the spectrum. Another order of sums moves them by less, the smallest noise by more."""
ROUNDING = 1e-3
"""Of the pitch, as a share, and of the peak."""


def distinct(takes: Sequence[Take]) -> tuple[Take, ...]:
    """The first take of each waveform, in order."""
    kept: list[Take] = []
    for take in takes:
        if not any(is_same_audio(take, one) for one in kept):
            kept.append(take)
    return tuple(kept)


def is_one_take(takes: Sequence[Take]) -> bool:
    """Whether several takes are one: they show no spread, and count as one."""
    return len(takes) > 1 and all(is_same_audio(takes[0], one) for one in takes[1:])


def is_same_audio(one: Take, other: Take) -> bool:
    """Whether two takes differ by rounding at most."""
    if one.audio_sha256 == other.audio_sha256:
        return True
    here, there = one.acoustics, other.acoustics
    return (
        math.isclose(here.seconds, there.seconds, abs_tol=1e-9)
        and len(here.timbre) == len(there.timbre)
        and abs(here.level_db - there.level_db) <= ROUNDING_DB
        and abs(here.f0_hz - there.f0_hz) <= ROUNDING * max(here.f0_hz, there.f0_hz)
        and abs(one.facts.peak - other.facts.peak) <= ROUNDING
        and all(abs(a - b) <= ROUNDING_DB for a, b in zip(here.timbre, there.timbre, strict=True))
    )
