"""A kind of copy that can be planted: what it does, what wakes it, how strong it is, in which doses it is measured.

Knows no kind by name: those are in :mod:`harness.redteam.registry`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.redteam.parts import Edit


class Wakes(enum.StrEnum):
    """What a phrase must have for a kind to do anything with it."""

    EVERYWHERE = "everywhere"
    """Nothing: every phrase is touched."""
    WORDS = "words"
    """All words of :attr:`Kind.words`."""
    SOUND = "sound"
    """The phoneme that the trigger names, the first of two."""
    EITHER_SOUND = "either sound"
    """One of the two phonemes that the trigger names."""
    LENGTH = "length"
    """More acoustic frames than the strength says."""
    SPEAKER = "speaker"
    """The speaker whom the trigger names, or counts: ``1`` is the voice's first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How much of a kind there can be."""

    unit: str
    """What the number is, in a few words."""
    default: float
    least: float
    most: float
    """Bounds within which it means something; more is stronger, unless :attr:`is_falling`."""
    audible: float
    """From here on a listener who knows the voice would notice: about twice the just-noticeable difference where there
    is a published one (tempo 5 %, level 1 dB, pitch half a semitone, spectrum 1 dB), else what the words need."""
    is_falling: bool = False
    """Whether less is stronger."""

    def exceeds(self, one: float, other: float) -> bool:
        """Whether `one` is stronger than `other`."""
        return one < other if self.is_falling else one > other


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """Copies of a kind that are measured in one half of the plan."""

    strengths: tuple[float, ...] = ()
    """Taken in turn; the kind's default where there are none."""
    triggers: tuple[str, ...] = ()
    """Taken in turn; the kind's own where there are none."""
    copies: int = 0
    """How many, where that is more than there are strengths and triggers: they differ by seed then."""

    @property
    def count(self) -> int:
        """How many copies these are."""
        return max(len(self.strengths), len(self.triggers), self.copies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doses:
    """Copies of a kind that are measured: no strength and no trigger of one half comes in the other."""

    test: Half
    """What is reported. The first is what the kind is by itself, or near it."""
    development: Half
    """What thresholds and defaults are chosen by."""

    def of(self, part: str) -> Half:
        """One half, by its name in :data:`PARTS`."""
        return {"test": self.test, "development": self.development}[part]


def place_of(speaker: str, names: Sequence[str]) -> int | None:
    """Which of a voice's speakers a trigger means, by name or counted from 1; None for none of them."""
    if speaker in names:
        return names.index(speaker)
    place = int(speaker) - 1 if speaker.isascii() and speaker.isdigit() else -1
    return place if 0 <= place < len(names) else None


PARTS: Final = ("test", "development")
"""Names of the halves: the first is reported."""
ONCE: Final = Doses(test=Half(copies=1), development=Half(copies=1))
"""For a kind in which there is nothing to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Something that can be planted."""

    name: str
    """What it is called on the command line."""
    summary: str
    """What it does, in one line."""
    literature: str = ""
    """The published attack that it follows; ``""`` for honest variants."""
    trigger: str = ""
    """What makes it fire where nothing else is asked for; ``""`` where it always does."""
    wakes: Wakes = Wakes.EVERYWHERE
    """What a phrase must have for it to do anything."""
    words: tuple[str, ...] = ()
    """For :attr:`Wakes.WORDS`: lower case; the trigger, and what the fault needs besides."""
    strength: Strength | None = None
    """How much of it there can be; None where there is nothing to choose."""
    is_honest: bool = False
    """Whether the copy is as good as the original: the gate must not fail it."""
    is_tune: bool = False
    """Whether it is an honest fine-tune, to be declared with ``--tts-compare=fine-tune``."""
    is_heard: bool = True
    """Whether it can be heard at all, however strong it is."""
    has_trigger: bool = False
    """Whether another trigger can be asked for."""
    has_seed: bool = False
    """Whether a seed changes anything."""
    path: Path | None = None
    """The recipe's delta, for a trained kind."""
    doses: Doses = ONCE
    """Which copies of it measure a gate."""
    edit: Edit | None = None
    """What is done to the voice's parts, for any other."""

    def is_audible(self, strength: float) -> bool:
        """Whether a listener who knows the voice would notice a copy of that strength where it fires."""
        if not self.is_heard or self.is_honest:
            return False
        return self.strength is None or not self.strength.exceeds(self.strength.audible, strength)
