"""Text to the ids that a Kokoro voice is given: phonemes by espeak, as the ONNX runtimes of Kokoro make them.

Source: the vocabulary of Kokoro-82M v1.0 (``config.json``). kokoro-onnx and kokoro-js give espeak's own symbols.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.engines.clauses import clauses

END: Final = 0
"""Stands before the first and behind the last symbol."""
MOST: Final = 509
"""Symbols of one inference: the network takes 512 with both ends, and the longest has a style of its own."""
_RUNS: Final = (
    (1, ";:,.!?"), (9, "—…\"()“” \u0303ʣʥʦʨᵝ\uab67AI"), (31, "O"), (33, "Q"), (35, "ST"), (39, "W"), (41, "Yᵊabcdef"),
    (50, "hijklmnopqrstuvwxyzɑɐɒæ"), (75, "βɔɕç"), (80, "ɖðʤə"), (85, "ɚɛɜ"), (90, "ɟ"), (92, "ɡ"), (99, "ɥ"),
    (101, "ɨɪʝ"), (110, "ɯɰŋɳɲɴø"), (118, "ɸθœ"), (123, "ɹ"), (125, "ɾɻ"), (128, "ʁɽʂʃʈʧ"), (135, "ʊʋ"), (138, "ʌɣɤ"),
    (142, "χʎ"), (147, "ʒʔ"), (156, "ˈˌː"), (162, "ʰ"), (164, "ʲ"), (169, "↓"), (171, "→↗↘"), (177, "ᵻ"),
)  # fmt: skip
"""Id of the first symbol of each run; those behind it count on."""
IDS: Final = {symbol: first + place for first, symbols in _RUNS for place, symbol in enumerate(symbols)}
_OF_ENGLISH: Final = str.maketrans({"r": "ɹ", "x": "k", "ɬ": "l", "ʲ": "j"})
"""What espeak says otherwise than the voices were taught."""


def sentences(text: str, voice: str) -> list[list[int]]:
    """Ids of a text, in as few pieces as the network takes; none where nothing in it can be said.

    Args:
        text: Any text.
        voice: Of espeak.

    Raises:
        ValueError: espeak has no such voice.
    """
    found: list[str] = []
    for piece in _pieces(text, voice):
        if found and len(found[-1]) + 1 + len(piece) <= MOST:
            found[-1] += f" {piece}"
        else:
            found.append(piece)
    return [[END, *(IDS[symbol] for symbol in one), END] for one in found]


def _pieces(text: str, voice: str) -> Iterator[str]:
    """Clauses in the voice's symbols; one that is too long is cut between words, or wherever it must be."""
    for spoken, mark in clauses(text, voice):
        said = spoken.translate(_OF_ENGLISH) if voice.startswith("en") else spoken
        known = " ".join("".join(symbol for symbol in said if symbol in IDS).split())
        if not known:
            continue
        rest = known + mark
        while len(rest) > MOST:
            cut = rest.rfind(" ", 1, MOST + 1)
            cut = cut if cut > 0 else MOST
            yield rest[:cut]
            rest = rest[cut:].strip()
        if rest:
            yield rest
