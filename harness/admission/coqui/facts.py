"""What a Coqui model directory says it is, for people who choose a voice: read from names and configuration only."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from harness.admission.tree import Tree
from harness.core.strictjson import Json, Malformed
from harness.core.voice import ModelFacts, SideFile
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.engines.coqui.kinds import TTS_MODELS
from harness.engines.coqui.layout import VOCODER
from harness.engines.coqui.sidefiles import find_side_file, side_values

CONFIG: Final = "config.json"
OWN_DECODER: Final = frozenset({"bark", "delightful_tts", "tortoise", "vits", "xtts"})
"""Architectures that make samples themselves; the others make frames, which a vocoder turns into samples."""
MAX_FILES: Final = 100


def read_facts(model: Path) -> ModelFacts:
    """Architecture, sample rate, what makes the samples, and files beside; what cannot be read is left out."""
    tree = Tree.of(model, may_have_gaps=True)
    files = {entry.path: entry for entry in tree.files}
    try:
        with tree.open(files[CONFIG]) as file:
            config = read_config(file.read(MAX_CONFIG_BYTES), CONFIG).value
    except (KeyError, OSError, Malformed):
        return ModelFacts()
    if not isinstance(config, dict):
        return ModelFacts()
    name = config.get("model")
    architecture = name if isinstance(name, str) else ""
    vocoder = ""
    if architecture in OWN_DECODER:
        vocoder = "its own decoder"
    elif f"{VOCODER}/{CONFIG}" in files:
        vocoder = f"the one in {VOCODER}/"
    elif architecture in TTS_MODELS:
        vocoder = "none: Griffin-Lim"
    named = list(dict.fromkeys(side_values(config)))[:MAX_FILES]
    return ModelFacts(
        architecture=architecture,
        sample_rate=_rate(config.get("audio")),
        vocoder=vocoder,
        side_files=tuple(
            SideFile(field=field, value=value, file=find_side_file(value, CONFIG, files.keys()) or "")
            for field, value in named
        ),
    )


def _rate(audio: Json) -> int:
    """Of what is spoken: XTTS writes it under another name."""
    if not isinstance(audio, dict):
        return 0
    rate = audio.get("output_sample_rate") or audio.get("sample_rate")
    return rate if isinstance(rate, int) and not isinstance(rate, bool) and rate > 0 else 0
