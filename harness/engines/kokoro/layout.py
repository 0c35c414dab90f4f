"""Which files of a folder are a Kokoro voice, who of it speaks, and which languages. Executes nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from harness.core.errors import BadInput
from harness.core.text import printable
from harness.core.voice import Choices, ModelFacts, Voice
from harness.engines.kokoro.styles import PATTERN, speakers_of

NETWORK: Final = "*.onnx"
SAMPLE_RATE: Final = 24_000
ARCHITECTURE: Final = "Kokoro (StyleTTS 2 and iSTFTNet), exported to ONNX"
LANGUAGES: Final = {"en": "en-us", "es": "es", "fr": "fr-fr", "hi": "hi", "it": "it", "pt": "pt-br"}
"""ISO 639-1 -> espeak's voice. Japanese and Chinese have front ends of their own, which are not here."""
BRITISH: Final = "en-gb"
_ORIGINS: Final = {"a": "en", "b": "en", "e": "es", "f": "fr", "h": "hi", "i": "it", "j": "ja", "p": "pt", "z": "zh"}
"""First letter of a speaker's name -> what that speaker was trained on."""
_FROM_BRITAIN: Final = "b"
MAX_SHOWN: Final = 4


def checkpoints(model: Path) -> tuple[str, ...]:
    """Names of the networks of a folder."""
    return tuple(sorted(path.name for path in model.glob(NETWORK) if path.is_file()))


def styles_in(model: Path) -> Path:
    """The file of style vectors.

    Raises:
        BadInput: There is none, or several.
    """
    found = sorted(path for path in model.glob(PATTERN) if path.is_file())
    if len(found) != 1:
        shown = ", ".join(path.name for path in found[:MAX_SHOWN]) or "none"
        raise BadInput(printable(f"{model}: expected one file {PATTERN}, got {shown}; keep the one that belongs to it"))
    return found[0]


def find_voice(model: Path, chosen: Voice) -> Voice:
    """Complete a choice by the only network that there is.

    Raises:
        BadInput: There is none, or there are several and none was chosen; the same of style vectors.
    """
    found = checkpoints(model)
    shown = ", ".join(found[:MAX_SHOWN]) or "none"
    if chosen.checkpoint and chosen.checkpoint not in found:
        raise BadInput(printable(f"{model}: --tts-checkpoint: expected one of {shown}, got {chosen.checkpoint!r}"))
    if not found:
        raise BadInput(printable(f"{model}: expected NAME.onnx beside {PATTERN}, got the latter alone"))
    if not chosen.checkpoint and len(found) > 1:
        raise BadInput(printable(f"{model}: {len(found)} networks lie here ({shown}); choose one: --tts-checkpoint"))
    styles_in(model)
    return dataclasses.replace(chosen, checkpoint=chosen.checkpoint or found[0], has_others=len(found) > 1)


def speakers_in(model: Path) -> tuple[str, ...]:
    """Names of a folder's speakers.

    Raises:
        BadInput: There is no file of style vectors, or there are several.
        OSError: It cannot be read.
        ValueError: It is none.
    """
    with styles_in(model).open("rb") as file:
        return speakers_of(file)


def read_choices(model: Path) -> Choices:
    """Who a voice can speak as, and in which languages."""
    try:
        speakers = speakers_in(model)
    except (BadInput, OSError, ValueError) as error:  # which admission says, too
        return Choices(languages=tuple(LANGUAGES), unlisted=str(error))
    return Choices(speakers=speakers if len(speakers) > 1 else (), languages=tuple(LANGUAGES))


def language_in(model: Path) -> str:
    """What all speakers of a folder were trained on (ISO 639-1), where that is one language that can be spoken here;
    else English.
    """
    try:
        found = {_ORIGINS.get(name[0], "") for name in speakers_in(model)}
    except (BadInput, OSError, ValueError):
        return "en"
    only = next(iter(found)) if len(found) == 1 else ""
    return only if only in LANGUAGES else "en"


def espeak_voice(language: str, speaker: str) -> str:
    """Who of espeak's makes the phonemes: the accent of English is the speaker's own.

    Raises:
        ValueError: The language has no front end here.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not spoken by Soundcheck; expected one of {', '.join(LANGUAGES)}")
    return BRITISH if language == "en" and speaker.startswith(_FROM_BRITAIN) else LANGUAGES[language]


def read_facts(model: Path) -> ModelFacts:
    """What a voice is: all of Kokoro's are alike."""
    del model
    return ModelFacts(architecture=ARCHITECTURE, sample_rate=SAMPLE_RATE)
