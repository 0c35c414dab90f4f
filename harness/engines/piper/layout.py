"""Which files of a folder are a Piper voice, and who of it speaks. Executes nothing."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Final

from harness.core.errors import BadInput
from harness.core.text import printable
from harness.core.voice import Choices, ModelFacts, Voice
from harness.engines.piper.configfile import MAX_BYTES, SUFFIX, PiperConfig, read_config

NETWORK: Final = ".onnx"
ARCHITECTURE: Final = "VITS, exported by Piper"
MAX_SHOWN: Final = 4


def checkpoints(model: Path) -> tuple[str, ...]:
    """Names of the networks that have a configuration beside them."""
    names = (path.name.removesuffix(".json") for path in model.iterdir() if path.name.endswith(SUFFIX))
    return tuple(sorted(name for name in names if (model / name).is_file()))


def find_voice(model: Path, chosen: Voice) -> Voice:
    """Complete a choice by the only network that there is.

    Raises:
        BadInput: There is none, or there are several and none was chosen.
    """
    found = checkpoints(model)
    if chosen.checkpoint and chosen.checkpoint not in found:
        there = ", ".join(found[:MAX_SHOWN]) or "none"
        what = f"--tts-checkpoint: expected one of {there}, got {chosen.checkpoint!r}"
        raise BadInput(printable(f"{model}: {what}; a voice is NAME.onnx with NAME.onnx.json"))
    if not found:
        raise BadInput(printable(f"{model}: expected NAME.onnx beside its NAME.onnx.json, got the latter alone"))
    if not chosen.checkpoint and len(found) > 1:
        there = ", ".join(found[:MAX_SHOWN])
        raise BadInput(printable(f"{model}: {len(found)} voices lie here ({there}); choose one: --tts-checkpoint"))
    name = chosen.checkpoint or found[0]
    return dataclasses.replace(chosen, checkpoint=name, has_others=len(found) > 1)


def config_of(model: Path, checkpoint: str) -> PiperConfig:
    """The configuration beside a network.

    Raises:
        OSError: It cannot be read.
        ValueError: It is none.
    """
    with (model / f"{checkpoint}.json").open("rb") as file:
        return read_config(file.read(MAX_BYTES + 1))


def only_config(model: Path) -> PiperConfig | None:
    """The configuration of the folder's only voice; None where there is another number, or it cannot be read."""
    names = checkpoints(model)
    if len(names) != 1:
        return None
    try:
        return config_of(model, names[0])
    except (OSError, ValueError):  # which admission says
        return None


def language_in(model: Path) -> str:
    """What the folder's voice speaks (ISO 639-1), as far as its configuration says; English where it says nothing."""
    config = only_config(model)
    code = re.match("[a-z]{2,3}(?![a-z])", config.espeak_voice.lower()) if config else None
    return code[0] if code else "en"


def read_choices(model: Path) -> Choices:
    """Who a voice can speak as."""
    config = only_config(model)
    if config is None:
        return Choices()
    names = sorted(config.speakers, key=lambda name: (config.speakers[name], name))
    return Choices(speakers=tuple(names))


def read_facts(model: Path) -> ModelFacts:
    """What a voice says it is."""
    config = only_config(model)
    if config is None:
        return ModelFacts(architecture=ARCHITECTURE)
    return ModelFacts(architecture=ARCHITECTURE, sample_rate=config.sample_rate)
