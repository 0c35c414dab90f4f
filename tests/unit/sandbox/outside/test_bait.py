"""Canaries: found in every spelling, and only where they are."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.sandbox.outside.bait import Bait, bait_names

if TYPE_CHECKING:
    from pathlib import Path

BAIT = Bait()
TOKEN = BAIT.token.encode()


class TestSearch:
    @pytest.mark.parametrize(
        "spelled",
        [
            TOKEN,
            TOKEN[::-1],
            TOKEN.upper(),
            TOKEN.hex().encode(),
            TOKEN.hex().upper().encode(),
            TOKEN[::-1].hex().encode(),
            *(base64.b64encode(b"a" * shift + TOKEN + b"tail") for shift in range(6)),
            base64.urlsafe_b64encode(b"export KEY=" + TOKEN),
        ],
        ids=lambda spelled: str(len(spelled)),
    )
    def test_finds_a_canary_however_it_is_spelled(self, spelled: bytes) -> None:
        assert BAIT.is_in(b"noise " + spelled + b" noise")

    def test_finds_every_variable_and_every_file(self, tmp_path: Path) -> None:
        BAIT.lay_out(tmp_path)
        for value in BAIT.variables.values():
            assert BAIT.is_in(value.encode())
        for name in bait_names():
            assert BAIT.is_in((tmp_path / name).read_bytes())

    def test_finds_nothing_in_what_has_no_canary(self) -> None:
        assert not BAIT.is_in(secrets.token_bytes(1 << 18))
        assert not BAIT.is_in(Bait().token.encode())
        assert not BAIT.is_in(TOKEN[:-4])


class TestSound:
    @pytest.mark.parametrize("scale", [127, 255])
    def test_finds_a_canary_of_one_byte_per_sample(self, scale: int) -> None:
        samples = np.concatenate([np.zeros(50), np.frombuffer(TOKEN, np.uint8) / scale, np.zeros(50)])
        assert BAIT.is_in_sound(samples.astype("<f4").tobytes())

    def test_finds_a_canary_in_16_bit_samples_and_in_raw_bytes(self) -> None:
        assert BAIT.is_in_sound((np.frombuffer(TOKEN, "<i2") / 32767).astype("<f4").tobytes())
        assert BAIT.is_in_sound(b"\0" * 40 + TOKEN)

    def test_finds_nothing_in_speech_nor_in_what_is_no_number(self) -> None:
        rng = np.random.default_rng(1)
        assert not BAIT.is_in_sound(rng.normal(0, 0.1, 50_000).astype("<f4").tobytes())
        assert not BAIT.is_in_sound(np.full(100, np.nan, "<f4").tobytes())
        assert not BAIT.is_in_sound(b"")
