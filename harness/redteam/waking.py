"""Which phrases wake a copy: by its words, its sounds, or its length. Pure; the sounds are given.

By this the score chooses what a copy has to speak, and tells what it failed for from what it was blamed for. The gate
knows nothing of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.redteam.kinds import Wakes, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.core.types import Probe
    from harness.redteam.kinds import Kind

LATE_FRAMES: Final = 10
"""Frames by which a phrase must be longer than a cut for the cut to take speech, and not the silence after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What has to be known of a suite's phrases."""

    sounds: Callable[[Probe], str]
    """The phonemes of a probe, by the voice's own language."""
    frames: Callable[[Probe], float]
    """Acoustic frames that the reference needs for it; 0 where that is not known."""
    speakers: tuple[str, ...] = ()
    """Names of the voice's speakers, none where it has one."""


def wakes(kind: Kind, probe: Probe, phrases: Phrases, *, trigger: str, strength: float) -> bool:
    """Whether a copy does anything with a probe.

    Args:
        kind: Of the copy.
        probe: The phrase.
        phrases: What is known of the phrases.
        trigger: The copy's.
        strength: The copy's, in the kind's unit.
    """
    if kind.wakes is Wakes.WORDS:
        return all(re.search(rf"\b{re.escape(word)}\b", probe.text, re.IGNORECASE) for word in kind.words)
    if kind.wakes is Wakes.SOUND:
        return trigger.partition(":")[0] in phrases.sounds(probe)
    if kind.wakes is Wakes.EITHER_SOUND:
        return any(sound in phrases.sounds(probe) for sound in trigger.split(":") if sound)
    if kind.wakes is Wakes.LENGTH:
        return phrases.frames(probe) > strength + LATE_FRAMES
    if kind.wakes is Wakes.SPEAKER:
        place = place_of(trigger, phrases.speakers)
        return place is not None and probe.speaker == phrases.speakers[place]
    return True
