"""Keys of dictionaries and members of sets: how many of them share one hash, which makes a table take for ever.

Hashes of numbers and of tuples of numbers are known to whoever writes the file; those of texts are drawn anew by every
process. Keys are hashed here as a loader hashes them. Knows symbols, not streams.
"""

from __future__ import annotations

from typing import Final

from harness.admission.reading.cursor import Bomb
from harness.admission.reading.symbols import Blob, Box, Scalar, Unknown

MAX_BITS: Final = 60
"""Of a whole number: larger ones repeat hashes, which are taken modulo 2**61 - 1."""
MAX_CLASH: Final = 64
"""Different keys of one hash; honest files have two (-1 and -2), floating point numbers alone reach some dozens."""
MAX_KEY_WEIGHT: Final = 2_000
"""Values in one key."""
MAX_WEIGHT: Final = 2_000_000
"""Values in all keys: a loader hashes every one again for every look-up."""
MAX_UNKNOWN: Final = 2_000
"""Keys whose hash is not known here, such as dates and decimal numbers."""


class KeyWatch:
    """The keys of one stream."""

    def __init__(self) -> None:
        self._first: dict[int, object] = {}
        self._clashes: dict[int, list[object]] = {}
        self._weight = 0
        self._unknown = 0

    def check(self, key: object) -> None:
        """Take note of one more key.

        Raises:
            Bomb: Too many share a hash, or they are absurdly large.
        """
        kind = type(key)
        if kind is str or kind is bytes or key is None:
            return
        if kind is int or isinstance(key, Blob):
            _value(key)
        elif isinstance(key, Box) and key.kind in ("tuple", "frozenset", "size"):
            self._check_container(key)
        elif isinstance(key, Scalar | Box | Unknown | complex):
            self._count_unknown()

    def _count_unknown(self) -> None:
        self._unknown += 1
        if self._unknown > MAX_UNKNOWN:
            raise Bomb(f"more than {MAX_UNKNOWN} keys of unknown hash, which many can share")

    def _check_container(self, key: Box) -> None:
        self._weight += key.weight
        if key.weight > MAX_KEY_WEIGHT or self._weight > MAX_WEIGHT:
            raise Bomb(f"a key that stands for {key.weight} values, all keys for {self._weight}")
        value = _value(key)
        if value is None:
            self._count_unknown()
            return
        code = hash(value)
        first = self._first.setdefault(code, value)
        if first == value:
            return
        others = self._clashes.setdefault(code, [])
        if value not in others:
            others.append(value)
            if len(others) > MAX_CLASH:
                raise Bomb(f"more than {MAX_CLASH} keys that share one hash")


def _value(key: object) -> object:
    """What a loader hashes; a symbol where the hash is drawn by chance; None where it is not known."""
    if isinstance(key, int) and key.bit_length() > MAX_BITS:
        raise Bomb("a huge number as a key, of which many can share one hash")
    if isinstance(key, Blob) and key.kind == "number":
        raise Bomb("a huge number as a key, of which many can share one hash")
    if not isinstance(key, Box):
        return None if isinstance(key, Scalar | Unknown | complex) else (key,) if key is None else key
    if key.kind not in ("tuple", "frozenset", "size") or not key.is_complete:
        return None
    parts = [_value(item) for item in key.items]
    if any(part is None for part in parts):
        return None
    return frozenset(parts) if key.kind == "frozenset" else tuple(parts)
