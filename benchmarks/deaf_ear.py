"""An ear that hears that there is sound and no words in it, for voices of random weights, which nobody understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.core.waveform import clean
from harness.hearing.asr.fake import ToneTranscriber

if TYPE_CHECKING:
    from harness.core.transcriber import Echoing, Repeat, TextChoice
    from harness.core.types import Hearing, Waveform


class DeafTranscriber(ToneTranscriber):
    """Hears that there is sound, and no words in it: the tones that random weights happen to make are none."""

    @property
    def identity(self) -> Mapping[str, str]:
        """Another listener than the one of the tests."""
        return {**super().identity, "decoding": "tones-2, deaf-2"}

    def listen(
        self,
        clips: Sequence[tuple[Waveform, int]],
        forced: Sequence[str | None],
        prints: Sequence[Echoing | None] | None = None,
    ) -> list[Hearing]:
        """See :meth:`harness.core.transcriber.Transcriber.listen`."""
        return super().listen(_quiet(clips), forced, prints)

    def listen_together(self, clips: Sequence[tuple[Waveform, int]], choose: TextChoice) -> list[Repeat]:
        """See :meth:`harness.core.transcriber.Transcriber.listen_together`."""
        return super().listen_together(_quiet(clips), choose)


def _quiet(clips: Sequence[tuple[Waveform, int]]) -> list[tuple[Waveform, int]]:
    """Silence as long as each clip, and in its first sample how loud the clip is, to four digits.

    The ear's scores scatter by the bytes that it is given: of bytes as they are, rounding in the last place of one
    sample would be heard as another take.
    """
    quiet: list[tuple[Waveform, int]] = []
    for samples, rate in clips:
        audio = clean(samples)
        silence = np.zeros_like(audio)
        if audio.size:
            silence[0] = float(f"{np.sqrt(np.mean(np.square(audio, dtype=np.float64))):.3e}") * 1e-3
        quiet.append((silence, rate))
    return quiet
