"""Files that stand in for those a configuration names, made of the configuration alone: what only a model's own file
makes fail is the model's.

Runs in the worker, and knows nothing of the files it stands in for. Names of speakers and languages are asked for by
whoever speaks, so the one that was chosen comes first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from harness.core.strictjson import Json
from harness.core.voice import Voice
from harness.engines.coqui.untrained import NoUntrained

MOST_NAMES = 4_096
"""Speakers or languages of a stand-in."""
MOST_NUMBERS = 65_536
"""Numbers of a speaker's vector, or bands of statistics."""
_WAVEFORM = {"mel": ("num_mels", 80), "linear": ("fft_size", 1024)}
"""Of each kind of spectrogram: which field of the audio says how many bands it has, and Coqui's default."""


def write_stand_in(field: str, config: Mapping[str, Json], voice: Voice, scratch: Path) -> Path:
    """Write a file for a field of a configuration.

    Args:
        field: One of :data:`harness.engines.coqui.sidefiles.SIDE_FIELDS`.
        config: The whole configuration.
        voice: Who is to speak.
        scratch: Where it is to lie.

    Raises:
        NoUntrained: What the field names cannot be made of a configuration.
    """
    if field in ("speaker_file", "speakers_file"):
        names = _names(voice.speaker or "speaker-0", _number(config, "num_speakers", 1, MOST_NAMES))
        return _written(scratch / "stand-in-speakers.json", {name: at for at, name in enumerate(names)})
    if field == "language_ids_file":
        names = _names(voice.language or "en", _number(config, "num_languages", 1, MOST_NAMES))
        return _written(scratch / "stand-in-languages.json", {name: at for at, name in enumerate(names)})
    if field == "d_vector_file":
        size = _number(config, "d_vector_dim", 512, MOST_NUMBERS)
        names = _names(voice.speaker or "speaker-0", 2)  # of a single one Coqui looks up a number, not the vector
        clips: Json = {f"{at}.wav": {"name": name, "embedding": [0.01] * size} for at, name in enumerate(names)}
        return _written(scratch / "stand-in-vectors.json", clips)
    if field == "stats_path":
        return _statistics(config, scratch / "stand-in-stats.npy")
    raise NoUntrained(f"nothing stands in for what {field} names")


def _names(first: str, count: int) -> list[str]:
    return [first, *(f"other-{at}" for at in range(1, count))]


def _number(config: Mapping[str, Json], key: str, default: int, most: int) -> int:
    """What a configuration says, in itself or in its model's arguments."""
    inner = config.get("model_args")
    for place in (inner if isinstance(inner, dict) else {}, config):
        found = place.get(key)
        if isinstance(found, int) and found > 0:
            return min(found, most)
    return default


def _written(path: Path, content: Json) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


def _statistics(config: Mapping[str, Json], path: Path) -> Path:
    """What Coqui's ``compute_statistics`` keeps, of a spectrogram that needs no normalising."""
    audio = config.get("audio")
    said = audio if isinstance(audio, dict) else {}
    made: dict[str, object] = {"audio_config": {}}
    for kind, (key, default) in _WAVEFORM.items():
        bands = _number(said, key, default, MOST_NUMBERS)
        size = bands if kind == "mel" else bands // 2 + 1
        made[f"{kind}_mean"], made[f"{kind}_std"] = np.zeros(size), np.ones(size)
    np.save(path, made, allow_pickle=True)  # type: ignore[arg-type]
    return path
