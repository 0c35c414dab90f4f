"""Whether a golden can vouch for the words of a probe at all: what could not be heard is not a pass."""

from __future__ import annotations

import statistics
from itertools import combinations

from harness.core.spoken import spoken_words
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
    heard = sum(are_heard(probe, text) for text in texts)
    if 2 * heard <= len(texts):
        return (
            "Whisper does not hear a critical word even in the reference; reword the probe, or record the golden "
            "with a larger Whisper"
        )
    return None


def are_heard(probe: Probe, text: str) -> bool:
    """Whether a transcript has a probe's critical words, or the same in digits and signs: ``$20`` is twenty dollars."""
    words = normalise(text, probe.language)
    missing = [word for word in probe.critical if not all(part in words for part in normalise(word, probe.language))]
    if not missing:
        return True
    # Each is named once, and "three thousand three hundred" has one twice: what stands there is what counts.
    expected = [(piece, " ".join(spoken_words(piece))) for piece in probe.expect.split()]
    wanted = {" ".join(spoken_words(word)) for word in missing}
    places = [place for place, (_, word) in enumerate(expected) if word in wanted]
    all_of_it = strict_tokens(probe.expect, probe.language)
    for word in wanted:
        without = " ".join(piece for piece, own in expected if own != word)
        if not strict_tokens(word, probe.language) and strict_tokens(without, probe.language) == all_of_it:
            return False  # no digit or sign can stand for it
    span = " ".join(piece for piece, _ in expected[places[0] : places[-1] + 1])
    return strict_tokens(span, probe.language) <= strict_tokens(text, probe.language)
