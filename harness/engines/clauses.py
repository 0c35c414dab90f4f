"""What is said of a text, clause by clause: IPA by espeak in this process, and the mark that ends each clause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.engines.coqui.espeak import SEPARATOR, espeak

PAUSES: Final = ",:;"
"""Ends of clauses within a sentence."""
ENDS: Final = ".?!"
"""Ends of sentences."""
_QUOTES: Final = " \t\r\n\"'»”’)]}"
"""What may stand behind such a mark."""
_LANGUAGE_SWITCH: Final = re.compile(r"\([^()]*\)")


def clauses(text: str, voice: str) -> Iterator[tuple[str, str]]:
    """Symbols of each clause and the mark that ends it, either of which may be empty.

    Args:
        text: Any text.
        voice: Of espeak, such as ``en-us``.

    Raises:
        ValueError: espeak has no such voice.
    """
    for phonemes, source in espeak().clauses(text, voice):
        mark = source.rstrip(_QUOTES)[-1:]
        spoken = _LANGUAGE_SWITCH.sub("", phonemes).replace(SEPARATOR, "").strip()
        yield spoken, mark if mark and mark in PAUSES + ENDS else ""
