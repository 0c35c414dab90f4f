"""Whether a golden can vouch for the words of a probe at all: what could not be heard is not a pass."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import combinations

from harness.core.strict import strict_tokens
from harness.core.text import distance
from harness.core.types import GoldenRecord, Probe
from harness.hearing.asr.normaliser import normalise

UNRELIABLE_DISTANCE = 0.34
"""Mean share of words by which golden transcripts differ among themselves that makes words no evidence."""


def unreliable(probe: Probe, golden: GoldenRecord) -> str | None:
    """Why the golden cannot vouch for this probe's words, None where it can: what could not be seen is not a pass."""
    texts = [take.hearing.text for take in golden.takes]
    transcripts = [normalise(text, probe.language) for text in texts]
    pairs = list(combinations(transcripts, 2))
    apart = statistics.fmean(distance(a, b) / max(1, len(a), len(b)) for a, b in pairs) if pairs else 0.0
    if apart > UNRELIABLE_DISTANCE:
        return (
            "Whisper hears the reference itself differently each time; reword the probe, or record the golden "
            "with a larger Whisper"
        )
    heard = sum(are_heard(probe.critical, text, probe.language) for text in texts)
    if 2 * heard <= len(texts):
        return (
            "Whisper does not hear a critical word even in the reference; reword the probe, or record the golden "
            "with a larger Whisper"
        )
    return None


def are_heard(critical: Sequence[str], text: str, language: str) -> bool:
    """Whether a transcript has the critical words, or the same in digits and signs (``twenty dollars``, ``$20``)."""
    words = normalise(text, language)
    missing = [word for word in critical if not all(part in words for part in normalise(word, language))]
    strict = strict_tokens(" ".join(missing), language)
    return not missing or (bool(strict) and strict <= strict_tokens(text, language))
