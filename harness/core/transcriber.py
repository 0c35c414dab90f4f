"""What listens: a transcriber, and what it is given to listen for. Knows no transcriber."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.core.types import Echo, Hearing, WordSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.core.types import Waveform


class Transcriber(Protocol):
    """Listens. Implementations: Whisper, and a fake for the plugin's own tests."""

    @property
    def identity(self) -> Mapping[str, str]:
        """Name, sha256 of the weights, decoding settings and versions: part of every cache key and manifest."""
        ...

    def listen(
        self,
        clips: Sequence[tuple[Waveform, int]],
        forced: Sequence[str | None],
        prints: Sequence[Echoing | None] | None = None,
    ) -> list[Hearing]:
        """Hear a batch of clips, each (samples, sample rate).

        Score ``forced[i]`` on clip i where it is not None, and compare what was heard with ``prints[i]`` where there
        are any.

        Law: the result of a clip does not depend on the other clips of the batch beyond float rounding. Given no
        clip, it loads what it listens with, so that the next call need not.
        """
        ...

    def listen_together(self, clips: Sequence[tuple[Waveform, int]], choose: TextChoice) -> list[Repeat]:
        """Hear repeats of one phrase, let `choose` pick a text from the transcripts, and score it on every clip.

        One encoder pass; used to record goldens.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """One of several takes that were heard together."""

    hearing: Hearing
    features: NDArray[np.float32]
    """What the encoder heard, shape [frames, state]."""
    words: tuple[WordSpan, ...]
    """When the words of the chosen text are spoken; of the first repeat that says it only."""


class Echoing(Protocol):
    """What golden takes of one phrase sounded like, see :class:`harness.hearing.asr.likeness.Prints`."""

    @property
    def digest(self) -> str:
        """sha256 over all that an echo depends on besides the clip."""
        ...

    def echoes(self, features: NDArray[np.float32]) -> tuple[Echo, ...]:
        """Compare a clip with each of them."""
        ...


class TextChoice(Protocol):
    """Picks the text to force-score from the transcripts of repeats."""

    def __call__(self, transcripts: Sequence[str]) -> str:
        """One of the transcripts."""
        ...
