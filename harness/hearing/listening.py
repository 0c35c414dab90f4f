"""What is asked of whoever hears renderings, and what each is held against. Knows no transcriber and no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from harness.core.transcriber import Echoing, Transcriber
from harness.core.types import Rendering, Take


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a rendering is held against while it is heard."""

    text: str | None
    """The text whose likelihood is wanted."""
    prints: Echoing | None = None
    """What golden takes of the phrase sounded like."""

    @property
    def key(self) -> tuple[str | None, str]:
        """Equal for what is heard alike."""
        return self.text, self.prints.digest if self.prints else ""


class Listening(Protocol):
    """Hears renderings. Implementation: :class:`harness.hearing.listener.Listener`."""

    @property
    def transcriber(self) -> Transcriber:
        """Who hears the words."""
        ...

    @property
    def senses(self) -> Mapping[str, str]:
        """What the acoustic numbers depend on."""
        ...

    def getting_ready(self) -> AbstractContextManager[None]:
        """While its block lasts, load what listens: something will have to be heard soon.

        Raises:
            SoundcheckError: It does not load, which is said when the block has ended, unless that raised itself.
        """
        ...

    def takes(self, renderings: Sequence[Rendering], expected: Sequence[Expected]) -> list[Take]:
        """Hear a batch, each with what it is held against.

        Law: one take per rendering, in their order, with the rendering's seed.
        """
        ...
