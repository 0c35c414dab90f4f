"""Ids that a voice is given: as Piper makes them, sentence by sentence."""

from __future__ import annotations

import json

import pytest

from harness.engines.piper.configfile import PiperConfig, read_config
from harness.engines.piper.phonemes import sentences
from tests.lazily import needs
from tests.unit.engines.piper.test_configfile import HONEST

SYMBOLS = " abcdefghijklmnopqrstuvwxyzæðŋəɛɪɹɾʊʌˈˌːθʃɜɔɑɐᵻɡ,.:;?!"


def config(**changes: object) -> PiperConfig:
    ids = {"_": [0], "^": [1], "$": [2]} | {symbol: [place] for place, symbol in enumerate(SYMBOLS, 3)}
    return read_config(json.dumps(HONEST | {"phoneme_id_map": ids} | changes).encode())


def said(text: str, **changes: object) -> list[str]:
    """Symbols of each sentence, without pads and ends."""
    names = dict(enumerate(SYMBOLS, 3))
    return ["".join(names[one] for one in ids if one > 2) for ids in sentences(text, config(**changes))]


@needs("espeakng_loader")
class TestEspeak:
    @pytest.mark.parametrize(
        ("text", "symbols"),
        [
            ("Hello, world! How are you?", ["həlˈoʊ, wˈɜːld!", "hˈaʊ ɑːɹ juː?"]),
            ("It is so; wait: no", ["ɪɾ ɪz sˈoʊ; wˈeɪt: nˈoʊ"]),
            ('"Go." He went', ["ɡˈoʊ.", "hiː wˈɛnt"]),
            ("", []),
            ("...", []),
        ],
    )
    def test_gives_sentences_with_their_punctuation(self, text: str, symbols: list[str]) -> None:
        assert said(text) == symbols

    def test_of_an_unknown_language_is_told(self) -> None:
        with pytest.raises(ValueError, match="no voice for language 'zzz'"):
            sentences("hello", config(espeak={"voice": "zzz"}))


class TestText:
    def test_gives_its_characters(self) -> None:
        assert said("abc, é", phoneme_type="text") == ["abc, e"]  # the accent is a symbol that this voice has not

    def test_takes_other_symbols_where_the_voice_says_so(self) -> None:
        assert said("ab", phoneme_type="text", phoneme_map={"b": ["c", "d"]}) == ["acd"]

    def test_has_a_pad_behind_each_symbol_but_the_end(self) -> None:
        (ids,) = sentences("a", config(phoneme_type="text"))
        assert ids == [1, 0, 4, 0, 2]

    def test_of_another_kind_is_not_spoken(self) -> None:
        with pytest.raises(ValueError, match="phoneme_type 'pinyin' is not spoken by Soundcheck"):
            sentences("a", config(phoneme_type="pinyin"))
