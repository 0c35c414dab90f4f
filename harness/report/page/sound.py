"""Recordings read for the page: within a bound, mono. Knows nothing of runs, clips or pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from harness.core.types import Waveform

LONGEST_SECONDS: Final = 60.0
"""A longer file is linked: a model that does not stop speaking must not hold up its own report."""


class UnreadableSound(Exception):
    """A recording that the page cannot show; the message says why in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A recording."""

    samples: Waveform
    """Mono, shape [samples], not empty."""
    rate: int
    """Hz."""
    is_opus: bool
    """Whether the file is Opus in Ogg already."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate


def read_sound(path: Path) -> Sound:
    """The recording in a FLAC or Opus file.

    Raises:
        UnreadableSound: It is missing, broken, empty or too long.
    """
    # Here, because a run that needs no page need not load libsndfile.
    import soundfile

    try:
        found = soundfile.info(str(path))
        if found.duration > LONGEST_SECONDS:
            raise UnreadableSound(f"not embedded: longer than {LONGEST_SECONDS:g} s")
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (OSError, RuntimeError, ValueError):  # soundfile's errors are RuntimeErrors; they name this machine's paths
        raise UnreadableSound("cannot be read as sound") from None
    if not len(samples):
        raise UnreadableSound("holds no sound")
    is_opus = (found.format, found.subtype) == ("OGG", "OPUS")
    return Sound(samples=samples.mean(axis=1), rate=int(rate), is_opus=is_opus)
