"""Ids that a voice is given: espeak's symbols and marks, in pieces that the network takes."""

from __future__ import annotations

import pytest

from harness.engines.kokoro.phonemes import END, IDS, MOST, sentences
from tests.lazily import needs

SYMBOLS = {number: symbol for symbol, number in IDS.items()}


def said(text: str, voice: str = "en-us") -> list[str]:
    """Symbols of each piece, without its ends."""
    found = sentences(text, voice)
    assert all(ids[0] == ids[-1] == END for ids in found)
    return ["".join(SYMBOLS[one] for one in ids[1:-1]) for ids in found]


def test_the_vocabulary_is_that_of_the_released_voices() -> None:
    known = {";": 1, "“": 14, " ": 16, "A": 24, "I": 25, "T": 36, "a": 43, "h": 50, "z": 68, "ə": 83, "ɹ": 123}
    known |= {"ʧ": 133, "ˈ": 156, "ː": 158, "ʲ": 164, "↘": 173, "ᵻ": 177, "…": 10, "ɡ": 92, "ʌ": 138, "ŋ": 112}
    assert {symbol: IDS[symbol] for symbol in known} == known
    assert (len(IDS), len(SYMBOLS), max(SYMBOLS)) == (114, 114, 177)


@needs("espeakng_loader")
class TestEspeak:
    @pytest.mark.parametrize(
        ("text", "voice", "symbols"),
        [
            ("Hello, world! How are you?", "en-us", ["həlˈoʊ, wˈɜːld! hˈaʊ ɑːɹ juː?"]),
            ("Send 25 dollars.", "en-us", ["sˈɛnd twˈɛnti fˈaɪv dˈɑːlɚz."]),
            ("It was 3.5", "en-us", ["ɪt wʌz θɹˈiː pɔɪnt fˈaɪv"]),
            ("Bonjour, monde.", "fr-fr", ["bɔ̃ʒˈuʁ, mˈɔ̃d."]),
            ("", "en-us", []),
            ("?!", "en-us", []),
        ],
    )
    def test_says_clauses_with_their_marks(self, text: str, voice: str, symbols: list[str]) -> None:
        assert said(text, voice) == symbols

    def test_accents_differ(self) -> None:
        assert said("The car", "en-us") != said("The car", "en-gb")

    def test_a_long_text_is_cut_between_clauses(self) -> None:
        found = said("Open the red door, please. " * 60)
        assert len(found) > 1
        assert all(len(one) <= MOST for one in found)
        assert all(one.endswith((".", ",")) for one in found)
        assert " ".join(found) == " ".join(said("Open the red door, please.") * 60)

    @pytest.mark.parametrize("text", ["word " * 400, "a" * 3000])
    def test_a_long_clause_is_cut_between_words_or_within_one(self, text: str) -> None:
        found = said(text)
        assert len(found) > 1
        assert all(0 < len(one) <= MOST for one in found)

    def test_a_language_that_espeak_lacks_is_told(self) -> None:
        with pytest.raises(ValueError, match="no voice for language 'xx-yy'"):
            sentences("a", "xx-yy")
