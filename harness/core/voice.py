"""Who of a model speaks: its checkpoint, speakers and language, as they were chosen and as they were found. Pure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

GRIFFIN_LIM = "Griffin-Lim"
"""The algorithm that guesses phases where there is no vocoder."""
BY_DIGEST = "sha256:"
WHOLE_DIGEST = 64
"""Digits of a digest in an identity; people are shown fewer."""
MAX_NAMED = 3
"""Speakers that a line about several names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A choice among what a model directory holds. Empty where there is nothing to choose, or nothing was chosen."""

    checkpoint: str = ""
    """File name of the weights, below the model's folder."""
    speaker: str = ""
    """Name of the speaker, as the model has it; ``""`` where several speak."""
    speakers: tuple[str, ...] = ()
    """Names of all who speak, one after the other, where several do."""
    language: str = ""
    """Code of the language, as the model has it."""
    recording: str = ""
    """sha256 of the recording that the speaker is cloned from, ``""`` for a speaker of the model's own."""
    vocoder: str = ""
    """What makes sound of its spectrograms: :data:`GRIFFIN_LIM`, a folder below the model's, or ``sha256:HEX`` of one
    beside it; ``""`` where the model does so itself."""
    has_others: bool = False
    """Whether the folder holds other checkpoints too: its digest does not tell then which one speaks."""

    @property
    def names(self) -> tuple[str, ...]:
        """All who speak, by name; none for the only speaker of a model."""
        return self.speakers or ((self.speaker,) if self.speaker else ())

    @property
    def words(self) -> str:
        """All of it, for people: ``checkpoint best_model.pth, speaker p225``."""
        return self._say(with_checkpoint=True)

    @property
    def identity(self) -> str:
        """What tells it from other voices of the same files: ``""`` for the only voice of a model.

        Of several speakers it is what they share: each has a name of its own beside it.
        """
        return dataclasses.replace(self, speakers=())._say(with_checkpoint=self.has_others, digits=WHOLE_DIGEST)

    @property
    def shared(self) -> str:
        """Identity of what all speakers of this choice have in common."""
        return self.of("").identity

    def of(self, speaker: str) -> Voice:
        """The same choice with one speaker."""
        return dataclasses.replace(self, speaker=speaker, speakers=())

    def _say(self, *, with_checkpoint: bool, digits: int = 12) -> str:
        more = len(self.speakers) - MAX_NAMED
        named = ", ".join(self.speakers[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
        parts = (
            ("checkpoint", self.checkpoint if with_checkpoint else ""),
            ("speaker", self.speaker),
            ("speakers", named),
            ("recording", self.recording[:digits]),
            ("language", self.language),
            ("vocoder", self._vocoder(digits)),
        )
        return ", ".join(f"{noun} {name}" for noun, name in parts if name)

    def _vocoder(self, digits: int) -> str:
        """For people, what it is; as an identity, only what the model's own files do not tell."""
        if self.vocoder.startswith(BY_DIGEST):
            return self.vocoder[: len(BY_DIGEST) + digits]
        return "" if digits == WHOLE_DIGEST else self.vocoder


ONLY_VOICE = Voice()
"""Nothing was chosen, or there is nothing to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Who a model can speak as. Hostile text: the model's own words."""

    speakers: tuple[str, ...] = ()
    """Names, in the model's order; empty where it has one voice."""
    languages: tuple[str, ...] = ()
    """Codes, in the model's order; empty where it has one."""
    unlisted: str = ""
    """Why its speakers could not be listed, ``""`` where they could: a name is then taken as it is."""
    clones: bool = False
    """Whether it can speak as whoever is heard in a recording."""
    no_cloning: str = ""
    """Why it cannot though it is of a kind that could, ``""`` otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFile:
    """A file that a configuration names to speak with."""

    field: str
    value: str
    """As the configuration has it. Hostile text."""
    file: str
    """Which file of the model that is, ``""`` where it is none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a model directory says it is, for people who choose a voice. Hostile text: the model's own words."""

    architecture: str = ""
    """As its configuration names it, ``""`` where it does not."""
    sample_rate: int = 0
    """Hz, 0 where it is not said."""
    vocoder: str = ""
    """What makes the samples."""
    side_files: tuple[SideFile, ...] = ()
