"""Text to the ids that a Piper voice is given: phonemes by espeak in this process, sentence by sentence, as Piper does.

Source: ``piper/phonemize_espeak.py`` and ``piper/phoneme_ids.py`` of Piper 1.3.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from harness.engines.clauses import ENDS, PAUSES, clauses
from harness.engines.piper.configfile import BEGIN, END, PAD, PiperConfig


def sentences(text: str, config: PiperConfig) -> list[list[int]]:
    """Ids of each sentence of a text; none where nothing in it can be said.

    Raises:
        ValueError: The voice's phonemes are of a kind that is not spoken here, or espeak does not know its language.
    """
    if config.phoneme_type == "text":
        said = [list(unicodedata.normalize("NFD", text))]
    elif config.phoneme_type == "espeak":
        said = list(_by_espeak(text, config.espeak_voice))
    else:
        raise ValueError(f"phoneme_type {config.phoneme_type!r} is not spoken by Soundcheck; expected espeak or text")
    made = (_ids([other for one in symbols for other in config.symbols.get(one, (one,))], config) for symbols in said)
    return [ids for ids in made if ids]


def _by_espeak(text: str, voice: str) -> Iterator[list[str]]:
    """Symbols of each sentence: IPA, one character each, and the punctuation that ends its clauses."""
    symbols: list[str] = []
    for spoken, mark in clauses(text, voice):
        if spoken:
            symbols += unicodedata.normalize("NFD", spoken + mark + (" " if mark in tuple(PAUSES) else ""))
        if mark in tuple(ENDS) and symbols:
            yield symbols
            symbols = []
    if symbols:
        yield symbols


def _ids(symbols: Sequence[str], config: PiperConfig) -> list[int]:
    """Begin, symbols and end, with a pad behind each but the last; what the voice does not know is left out."""
    known = [config.ids[symbol] for symbol in symbols if symbol in config.ids]
    if not known:
        return []
    pad = config.ids[PAD]
    ids = [*config.ids[BEGIN], *pad]
    for own in known:
        ids += [*own, *pad]
    return [*ids, *config.ids[END]]
