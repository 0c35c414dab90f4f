"""The configuration of a Piper voice: what honest ones say is read, everything else is one line with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.engines.piper.configfile import read_config

HONEST: dict[str, Any] = {
    "audio": {"sample_rate": 22050, "quality": "medium"},
    "espeak": {"voice": "en-us"},
    "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    "phoneme_type": "espeak",
    "phoneme_map": {},
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3], "b": [4, 5]},
    "num_symbols": 256,
    "num_speakers": 1,
    "speaker_id_map": {},
    "piper_version": "1.0.0",
    "language": {"code": "en_US"},
}


def with_(place: str, value: object) -> bytes:
    """The honest one with another value at a place of two steps at most."""
    content = json.loads(json.dumps(HONEST))
    table, _, key = place.rpartition(".")
    (content[table] if table else content)[key] = value
    return json.dumps(content).encode()


class TestHonest:
    def test_is_read(self) -> None:
        found = read_config(json.dumps(HONEST).encode())
        assert (found.sample_rate, found.espeak_voice, found.phoneme_type) == (22050, "en-us", "espeak")
        assert (found.noise_scale, found.length_scale, found.noise_w) == (0.667, 1.0, 0.8)
        assert found.ids["b"] == (4, 5)
        assert (found.speaker_count, found.speakers) == (1, {})

    def test_of_several_speakers_names_them(self) -> None:
        content = HONEST | {"num_speakers": 2, "speaker_id_map": {"anna": 0, "bert": 1}}
        assert read_config(json.dumps(content).encode()).speakers == {"anna": 0, "bert": 1}
        assert read_config(json.dumps(content | {"speaker_id_map": {}}).encode()).speakers == {"0": 0, "1": 1}

    def test_has_usual_scales_where_it_says_none(self) -> None:
        found = read_config(json.dumps({k: v for k, v in HONEST.items() if k != "inference"}).encode())
        assert (found.noise_scale, found.length_scale, found.noise_w) == (0.667, 1.0, 0.8)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", r"\$: "),
        (b"[]", r"\$: expected an object"),
        (b'{"audio": {}, "audio": {}}', r"\$: .*audio"),
        (b'{"audio": {"sample_rate": NaN}}', r"\$: "),
        (with_("audio", []), r"\$\.audio: expected an object"),
        (with_("audio.sample_rate", 0), r"\$\.audio\.sample_rate: expected a whole number from 8000 to 96000, got 0"),
        (with_("audio.sample_rate", True), r"got True"),
        (with_("audio.sample_rate", "22050"), r"got '22050'"),
        (with_("espeak.voice", "../../etc/passwd"), r"\$\.espeak\.voice: expected a voice of espeak"),
        (with_("espeak.voice", "en-us --path=/"), r"\$\.espeak\.voice"),
        (with_("inference.length_scale", 1e9), r"\$\.inference\.length_scale: expected a number from 0.05 to 20.0"),
        (with_("inference.noise_w", -1), r"\$\.inference\.noise_w"),
        (with_("phoneme_type", "http"), r"\$\.phoneme_type: expected one of espeak, text, pinyin"),
        (with_("phoneme_type", ["espeak"]), r"\$\.phoneme_type"),
        (with_("phoneme_id_map", {}), r"\$\.phoneme_id_map: expected 1 to 4096 symbols, got 0"),
        (with_("phoneme_id_map", {"a": [1]}), r"\$\.phoneme_id_map: expected '_' among the symbols"),
        (with_("phoneme_id_map.a", [256]), r"\$\.phoneme_id_map\['a'\]: expected a whole number from 0 to 255"),
        (with_("phoneme_id_map.a", [-1]), r"got -1"),
        (with_("phoneme_id_map.a", []), r"expected a list of 1 to 16 ids"),
        (with_("phoneme_map", {"a": "b"}), r"\$\.phoneme_map\['a'\]"),
        (with_("num_speakers", 10**9), r"\$\.num_speakers: expected a whole number from 0 to 20000"),
        (json.dumps(HONEST | {"num_speakers": 2, "speaker_id_map": {"a": 2}}).encode(), r"\$\.speaker_id_map\['a'\]"),
    ],
)
def test_what_no_voice_has_is_refused_with_its_place(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_config(data)
