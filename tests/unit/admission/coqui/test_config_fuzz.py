"""The fuzzer's property on its seeds and on what it once found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import config_reading

ROOT = Path(__file__).parents[4]
KEPT = [*sorted((ROOT / "tests/data/fuzz-config").iterdir()), *sorted((ROOT / "fuzz/seeds-config").iterdir())]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_holds_for_what_the_fuzzer_kept(path: Path) -> None:
    config_reading.read_one(path.read_bytes())


BEGINNINGS = [b"", b"\0", b"{", b'"\\', b"[" * 9999, b"&a [*a", b"\x93NUMPY\x01\0v\0", b"PK\x05\x06" * 9]


@pytest.mark.parametrize("way", [b"j", b"y", b"n", b"k"])
@pytest.mark.parametrize("data", BEGINNINGS)
def test_holds_for_broken_beginnings(way: bytes, data: bytes) -> None:
    config_reading.read_one(way + data)


def test_notices_when_a_reader_differs_from_coquis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_reading, "_coqui", lambda data: ({"a": 2},))
    with pytest.raises(AssertionError, match="read otherwise"):
        config_reading.read_one(b'j{"a": 1}')
