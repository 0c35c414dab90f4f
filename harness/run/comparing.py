"""What a candidate is held against, by what was asked for and what is at hand. Starts nothing, judges nothing."""

from __future__ import annotations

import re

from harness.core.errors import BadInput
from harness.core.text import counted, printable
from harness.core.types import ComparisonKind, Model
from harness.core.voice import MAX_NAMED
from harness.goldens.folder import Golden
from harness.judging.comparisons import COMPARISONS, AtHand, Comparison
from harness.run.settings import Settings


def choose_comparison(settings: Settings, model: Model, golden: Golden | None) -> type[Comparison]:
    """What the candidate is held against, by what was asked for and what is at hand.

    Raises:
        BadInput: What was asked for cannot be had.
    """
    is_paired = settings.compare != "auto" and COMPARISONS[ComparisonKind(settings.compare)].is_paired
    if settings.reference and golden is None and not is_paired:
        raise BadInput("--tts-reference: expected a golden beside it, got none; add --tts-golden=NAME")
    if golden is not None:
        _refuse_other_speakers(model, golden)
    is_among = golden is not None and bool(golden.manifest.speakers) and model.voice.speaker in golden.manifest.speakers
    hand = AtHand(
        digest=model.digest,
        golden=golden.name if golden else None,
        golden_digest=golden.manifest.model_digest if golden else None,
        voice=model.voice.shared if is_among else model.voice.identity,
        golden_voice=golden.manifest.voice if golden else "",
        has_reference=bool(settings.reference),
    )
    natural = next(comparison for comparison in COMPARISONS.values() if comparison.suits(hand))
    if settings.compare == "auto":
        return natural
    asked = COMPARISONS[ComparisonKind(settings.compare)]
    if lack := asked.lacks(hand):
        raise BadInput(f"--tts-compare={settings.compare}: {lack}")
    if is_paired:
        return asked
    # A live reference is a comparison with a golden, and more.
    if settings.reference and not issubclass(natural, asked):
        raise BadInput(
            f"--tts-reference: expected no --tts-compare={settings.compare} beside it; leave one of them out"
        )
    return natural if settings.reference else asked


def _refuse_other_speakers(model: Model, golden: Golden) -> None:
    """Nobody but who was recorded is a candidate for what was recorded.

    One speaker of another model is whoever was chosen: names may differ between releases.

    Raises:
        BadInput: The golden is of other speakers.
    """
    voice, recorded = model.voice, golden.manifest
    if recorded.speakers:
        missing = [name for name in voice.names if name not in recorded.speakers]
        is_other, of = bool(missing) or not voice.names, f"speakers {', '.join(recorded.speakers[:MAX_NAMED])}"
        got = f"speaker {missing[0]}" if missing else "the only speaker of a model"
    elif voice.speakers:
        is_other, of, got = True, recorded.voice or "one speaker", counted(len(voice.speakers), "speaker")
    else:
        is_same_model, of = recorded.model_digest == model.digest, recorded.voice
        got = f"recording {voice.recording}" if voice.recording else f"speaker {voice.speaker}"
        is_other = is_same_model and bool(voice.names or voice.recording) and bool(of) and got not in of.split(", ")
    if is_other:
        line = f"golden {golden.name} is of {of}, got {got}; choose who was recorded, or record a golden of who speaks"
        raise BadInput(printable(re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1", line)))
