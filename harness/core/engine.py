"""What speaks, as the worker sees it: an engine, and what it gives back. Knows no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.core.latents import Latents, Unspoken
    from harness.core.types import Waveform

LENT = "SOUNDCHECK_LENT"
"""Variable in a worker's environment: a folder of this machine's own files that its engine may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What a loaded engine says of itself (the worker's word, checked for form only)."""

    name: str
    sample_rate: int
    versions: Mapping[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """Speaks. Lives inside the worker process only."""

    def prepare(self, *, device: str, threads: int) -> None:
        """Import what is needed and take hold of the device. No byte of a model is read yet.

        What is raised here is the harness's own trouble, whatever it is; what is raised later is the model's only where
        an untrained voice of the same configuration does not raise as well.
        """
        ...

    def load(self, model: Path, *, device: str, threads: int) -> EngineInfo:
        """Load a model directory. Raises whatever the engine raises; the worker reports it.

        Where the engine's row says how voices are chosen, it is also given ``voice``, a
        :class:`harness.core.voice.Voice` that was found in that directory; and ``recording``, the path of a WAV file,
        where that voice is cloned from one. Where the row says ``has_untrained`` and
        the checkpoint is not to be opened, it is also given ``is_untrained=True``; where it says ``has_stand_ins`` and
        nothing but configurations is to be opened, ``is_bare=True`` too.
        """
        ...

    def render(self, texts: Sequence[str], seeds: Sequence[int]) -> list[Speech]:
        """Speak a batch; item i depends on (texts[i], seeds[i]) only, beyond float rounding."""
        ...


class ManySpeakers(Protocol):
    """An :class:`Engine` whose models may have several speakers: its row says how they are listed."""

    def speak_as(self, speaker: str) -> None:
        """Have what is rendered from now on said by this speaker of the model that was loaded.

        Law: a rendering depends on its text, its seed and its speaker only, whoever spoke before.
        """
        ...


class Reading(Protocol):
    """An :class:`Engine` that can say what it makes of a text without speaking it: its row names the architectures."""

    def read(self, items: Sequence[Unspoken], *, is_still: bool) -> list[Latents]:
        """Figures of each item, as :func:`harness.core.latents.summarise` makes them, in order.

        Law: item i depends on item i only, beyond float rounding. Unless `is_still`, its durations are those of a
        rendering of the same text with the same seed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What an engine made of one text."""

    samples: Waveform
    sample_rate: int
    frames: int
    tokens: int
