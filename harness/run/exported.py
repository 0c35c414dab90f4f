"""A candidate that is said to be an export of a reference: whether it can be one, and their samples side by side.

It looks at what both say of themselves, and at audio that is in the store. Nothing is loaded or judged here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.core.errors import BadInput
from harness.core.text import counted, printable
from harness.core.types import Model, Take
from harness.models.needs import language_of
from harness.models.voices import choices_of, facts_of

if TYPE_CHECKING:
    from harness.core.types import Waveform

NAME_IT = "name the checkpoint that it was exported from"


def require_export(candidate: Model, reference: Model, spec: str) -> None:
    """See whether a candidate can be an export of a reference, before either speaks.

    Args:
        candidate: Who is judged.
        reference: The checkpoint.
        spec: How that was named.

    Raises:
        BadInput: It cannot: one line.
    """

    def refuse(expected: str, got: str) -> BadInput:
        return BadInput(printable(f"--tts-reference={spec}: expected {expected}, got {got}; {NAME_IT}"))

    if (candidate.digest, candidate.voice.identity) == (reference.digest, reference.voice.identity):
        raise refuse("the checkpoint that the candidate was exported from", "the candidate itself")
    ours, theirs = (facts_of(one.engine, one.path) for one in (candidate, reference))
    if ours.architecture and theirs.architecture and _kind(ours.architecture) != _kind(theirs.architecture):
        raise refuse(f"a checkpoint of {ours.architecture}, as the candidate is", f"one of {theirs.architecture}")
    if ours.sample_rate and theirs.sample_rate and ours.sample_rate != theirs.sample_rate:
        raise refuse(
            f"a checkpoint that speaks at {ours.sample_rate} Hz, as the candidate does",
            f"one at {theirs.sample_rate} Hz",
        )
    own, other = (max(1, len(choices_of(one.engine, one.path).speakers)) for one in (candidate, reference))
    if own != other:
        raise refuse(f"a checkpoint of {counted(own, 'speaker')}, as the candidate has", f"one of {other}")
    if candidate.voice.names != reference.voice.names:
        missing = [name for name in candidate.voice.names if name not in reference.voice.names] or ["another"]
        raise refuse(f"a checkpoint with the speaker {missing[0]!r}", "one of other speakers")
    own_language, other_language = (language_of(one.engine, one.path) for one in (candidate, reference))
    if own_language and other_language and own_language != other_language:
        raise refuse(f"a checkpoint that speaks {own_language!r}, as the candidate does", f"one in {other_language!r}")


def samples_apart(audio: Callable[[str], tuple[Waveform, int]]) -> Callable[[Take, Take], float]:
    """What lays the samples of two takes side by side.

    Args:
        audio: Gives samples and rate by the sha256 of what is stored.
    """

    def apart(ours: Take, theirs: Take) -> float:
        if ours.facts.nonfinite or theirs.facts.nonfinite:
            return math.inf
        if ours.audio_sha256 == theirs.audio_sha256:
            return 0.0
        (own, rate), (other, other_rate) = audio(ours.audio_sha256), audio(theirs.audio_sha256)
        if rate != other_rate or own.shape != other.shape:
            return math.inf
        return float(abs(own - other).max(initial=0.0))

    return apart


def _kind(architecture: str) -> str:
    """First word of an architecture's name: ``vits`` of both ``vits`` and ``VITS, exported by Piper``."""
    found = re.match(r"\w+", architecture.lower())
    return found[0] if found else ""
