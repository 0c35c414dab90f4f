"""The symbols that a model's configuration gives its text front end: an input of probe families, never executed."""

from __future__ import annotations

from pathlib import Path

from harness.core.strictjson import Malformed
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.storage.smallfile import TooLarge, read_small

MAX_SYMBOLS = 2000
"""The largest released vocabulary has a few thousand, mostly of scripts whose letters share one use."""
_KEYS = ("characters", "phonemes", "punctuations")


def read_vocabulary(model: Path) -> tuple[str, ...]:
    """Symbols in the order of ``characters`` in ``config.json``, each once; empty where there is none to be read.

    What is wrong with the file is for :mod:`harness.admission.coqui.config` to say. The symbols are the candidate's
    own word and may be any single characters.

    Args:
        model: The model's folder.
    """
    try:
        data = read_small(model / "config.json", MAX_CONFIG_BYTES, follow_links=True)
        content = read_config(data, "config.json").value
    except (OSError, TooLarge, Malformed):
        return ()
    section = content.get("characters") if isinstance(content, dict) else None
    if not isinstance(section, dict):
        return ()
    texts = [value for key in _KEYS if isinstance(value := section.get(key), str)]
    return tuple(dict.fromkeys(symbol for text in texts for symbol in text))[:MAX_SYMBOLS]
