"""Whether what a voice says it will make of a text is what it makes: its own durations beside the audio's length.

Who reads a hundred thousand texts by a voice's own figures has to know whether these are of the voice at all. A text
and a seed have so many acoustic frames, by the figures and by the audio. Pure.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

from harness.core.rules import Rule
from harness.core.types import Severity, Verdict

ROUNDING: Final = 2.0
"""Frames that padding and rounding come to."""
SHARE: Final = 0.02
"""Of the frames, what they may differ by."""
UNLIKE: Final = 0.03
"""Share by which half of all renderings are off where something cuts audio: nothing can be compared."""

FALSE = Rule(
    id="hunt.figures-false",
    severity=Severity.HIGH,
    title="A voice does not speak as it says it would",
    meaning="A hunt reads most texts by the voice's own figures. For those that were also spoken, the durations that "
    "it told do not come to the length of the audio that it made with the same seed.",
    advice="What such a voice says of texts that nobody heard counts for nothing: gate it by suites, and find out why.",
    verdict=Verdict.INCONCLUSIVE,
)
RULES = (FALSE,)


def false_ones(frames: Sequence[int], seconds: Sequence[float]) -> tuple[int, ...] | None:
    """Places of the renderings whose audio is not as long as was said.

    Args:
        frames: Acoustic frames of each, as the voice told them.
        seconds: Length of each, as it was received.

    Returns:
        None where nothing can be said: frames and seconds go by no common measure, or there are fewer than four.
    """
    if len(frames) < 4:
        return None
    rates = [length / max(1, count) for length, count in zip(seconds, frames, strict=True)]
    rate = statistics.median(rates)
    if rate <= 0 or statistics.median(abs(one / rate - 1) for one in rates) > UNLIKE:
        return None
    return tuple(
        place
        for place, (count, length) in enumerate(zip(frames, seconds, strict=True))
        if abs(length / rate - count) > max(ROUNDING, SHARE * count)
    )
