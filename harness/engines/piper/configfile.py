"""The configuration of a Piper voice, as admission and engine both read it: strictly, and every value held to bounds.

Source: ``piper/config.py`` and ``piper/phoneme_ids.py`` of Piper 1.3. What else a configuration says is read by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.core.plainjson import NotStrict, loads
from harness.core.text import printable

SUFFIX: Final = ".onnx.json"
MAX_BYTES: Final = 4 << 20
MAX_SPEAKERS: Final = 20_000
MAX_SYMBOLS: Final = 4096
MAX_IDS: Final = 16
"""Ids of one symbol."""
RATES: Final = (8_000, 96_000)
PHONEME_TYPES: Final = ("espeak", "text", "pinyin")
"""The last is known and not spoken here."""
PAD, BEGIN, END = "_", "^", "$"
_VOICE: Final = re.compile(r"[A-Za-z]{2,8}(?:[-+_][A-Za-z0-9]{1,16}){0,4}")
_SCALES: Final = {"noise_scale": (0.667, 0.0, 5.0), "length_scale": (1.0, 0.05, 20.0), "noise_w": (0.8, 0.0, 5.0)}
"""Field -> its value where it is missing, the least and the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PiperConfig:
    """What a voice is."""

    sample_rate: int
    phoneme_type: str
    espeak_voice: str
    """As espeak knows it, ``en-us``."""
    ids: Mapping[str, tuple[int, ...]]
    """Symbol -> what the network is given for it."""
    symbols: Mapping[str, tuple[str, ...]]
    """Symbol -> those that stand for it instead."""
    noise_scale: float
    length_scale: float
    noise_w: float
    speaker_count: int
    speakers: Mapping[str, int]
    """Name -> number, of a voice of several speakers."""


def read_config(data: bytes) -> PiperConfig:
    """Read ``NAME.onnx.json``.

    Raises:
        ValueError: It is none; ``str`` says at which field and why, as ``$.audio.sample_rate: expected ...``.
    """
    try:
        root = loads(data, max_bytes=MAX_BYTES)
    except NotStrict as error:
        raise ValueError(f"$: {error}") from None
    if not isinstance(root, dict):
        raise ValueError("$: expected an object")
    audio, espeak, inference = (_table(root, key) for key in ("audio", "espeak", "inference"))
    phoneme_type = root.get("phoneme_type", "espeak")
    if phoneme_type not in PHONEME_TYPES:
        raise ValueError(f"$.phoneme_type: expected one of {', '.join(PHONEME_TYPES)}, got {_shown(phoneme_type)}")
    voice = espeak.get("voice", "en-us")
    if not isinstance(voice, str) or not _VOICE.fullmatch(voice):
        raise ValueError(f"$.espeak.voice: expected a voice of espeak, such as en-us, got {_shown(voice)}")
    count = _whole(root.get("num_speakers", 1), "$.num_speakers", 0, MAX_SPEAKERS)
    scales = {
        name: _number(inference.get(name, usual), name, low, high) for name, (usual, low, high) in _SCALES.items()
    }
    ids = _ids(root, _whole(root.get("num_symbols", MAX_SYMBOLS), "$.num_symbols", 1, MAX_SYMBOLS))
    return PiperConfig(
        sample_rate=_whole(audio.get("sample_rate"), "$.audio.sample_rate", *RATES),
        phoneme_type=phoneme_type,
        espeak_voice=voice,
        ids=ids,
        symbols=_symbols(root),
        speaker_count=max(1, count),
        speakers=_speakers(root, count),
        **scales,
    )


def _table(root: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = root.get(key, {})
    if not isinstance(found, dict):
        raise ValueError(f"$.{key}: expected an object, got {_shown(found)}")
    return found


def _whole(value: object, place: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{place}: expected a whole number from {low} to {high}, got {_shown(value)}")
    return value


def _number(value: object, name: str, low: float, high: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"$.inference.{name}: expected a number from {low} to {high}, got {_shown(value)}")
    return float(value)


def _ids(root: Mapping[str, object], symbols: int) -> dict[str, tuple[int, ...]]:
    table = _table(root, "phoneme_id_map")
    if not table or len(table) > MAX_SYMBOLS:
        raise ValueError(f"$.phoneme_id_map: expected 1 to {MAX_SYMBOLS} symbols, got {len(table)}")
    found: dict[str, tuple[int, ...]] = {}
    for symbol, values in table.items():
        place = f"$.phoneme_id_map[{printable(symbol[:20])!r}]"
        if not isinstance(values, list) or not 0 < len(values) <= MAX_IDS:
            raise ValueError(f"{place}: expected a list of 1 to {MAX_IDS} ids, got {_shown(values)}")
        found[symbol] = tuple(_whole(one, place, 0, symbols - 1) for one in values)
    for symbol in (PAD, BEGIN, END):
        if symbol not in found:
            raise ValueError(f"$.phoneme_id_map: expected {symbol!r} among the symbols")
    return found


def _symbols(root: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for symbol, others in _table(root, "phoneme_map").items():
        is_list = isinstance(others, list) and len(others) <= MAX_IDS and all(isinstance(one, str) for one in others)
        if not isinstance(others, list) or not is_list or len(found) >= MAX_SYMBOLS:
            raise ValueError(f"$.phoneme_map[{printable(symbol[:20])!r}]: expected a list of up to {MAX_IDS} symbols")
        found[symbol] = tuple(map(str, others))
    return found


def _speakers(root: Mapping[str, object], count: int) -> dict[str, int]:
    table = _table(root, "speaker_id_map")
    if len(table) > MAX_SPEAKERS:
        raise ValueError(f"$.speaker_id_map: expected at most {MAX_SPEAKERS} speakers, got {len(table)}")
    found = {
        name: _whole(number, f"$.speaker_id_map[{printable(name[:40])!r}]", 0, max(0, count - 1))
        for name, number in table.items()
    }
    if count > 1 and not found:
        return {str(number): number for number in range(count)}
    return found if count > 1 else {}


def _shown(value: object) -> str:
    return printable(repr(value)[:60])
