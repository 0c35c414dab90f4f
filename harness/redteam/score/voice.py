"""What has to be known of a voice to tell which phrases wake a copy of it: its language's sounds, and its frames."""

from __future__ import annotations

import functools
import statistics
from typing import TYPE_CHECKING, Any

from harness.core.errors import BadInput
from harness.core.strictjson import Malformed
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.storage.smallfile import read_small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.core.types import Probe
    from harness.goldens.folder import Golden


def sounds_of(model: Path) -> Callable[[Probe], str]:
    """A function that gives the phonemes of a probe as the voice's own front end would.

    Asked only for kinds that a sound wakes, and needs espeak then.
    """
    config = _config(model)
    language = config.get("phoneme_language") if config.get("use_phonemes") else None

    @functools.cache
    def sounds(text: str) -> str:
        if not isinstance(language, str):
            return text.lower()  # a voice that speaks characters
        from harness.engines.coqui.espeak import espeak  # the library is loaded at the first call

        try:
            return espeak().phonemes(text, language).replace("_", "")
        except ValueError as error:
            raise BadInput(f"config.json: {error}") from None

    return lambda probe: sounds(probe.text)


def frames_of(model: Path, golden: Golden) -> Callable[[Probe], float]:
    """A function that gives the acoustic frames which the reference needs for a probe, by its golden takes."""
    audio = _config(model).get("audio") or {}
    rate, hop = audio.get("sample_rate", 22_050), audio.get("hop_length", 256)

    def frames(probe: Probe) -> float:
        record = golden.records.get(probe.id)
        seconds = statistics.fmean(take.facts.seconds for take in record.takes) if record and record.takes else 0.0
        return float(seconds * rate / hop)

    return frames


def _config(model: Path) -> dict[str, Any]:
    """The configuration; nothing where there is none or it is no JSON, which whoever loads the voice will say."""
    try:
        config: Any = read_config(read_small(model / "config.json", MAX_CONFIG_BYTES, follow_links=True), "").value
    except (OSError, ValueError, Malformed):
        return {}
    return config if isinstance(config, dict) else {}
