"""A golden's cost on disk: kept, known again, and not believed where it is of another golden or no profile at all."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from harness.costs.profile import NAME, CostProfile, PhraseCost, keep_profile, known_profile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def golden(tmp_path: Path) -> Any:
    return SimpleNamespace(path=tmp_path, digest=hashlib.sha256(b"golden").hexdigest())


def profile(digest: str, **changes: Any) -> CostProfile:
    content: dict[str, Any] = {
        "version": 1, "golden_digest": digest, "machine": "m", "engine": "e", "calibration_seconds": 0.005,
        "phrases": {"a": PhraseCost(seconds=0.1, audio=1.0)}, "exponent": 1.0, "exponent_low": 0.9,
        "exponent_high": 1.1, "peak_bytes": 1, "load_seconds": 1.0, "load_peak_bytes": 1, "first_seconds": 0.1,
    }  # fmt: skip
    return CostProfile(**content | changes)


class TestProfile:
    def test_is_known_again(self, golden: Any) -> None:
        keep_profile(golden, profile(golden.digest))
        assert known_profile(golden) == profile(golden.digest)

    def test_of_no_golden_is_none(self, golden: Any) -> None:
        assert known_profile(golden) is None
        assert known_profile(None) is None

    @pytest.mark.parametrize(
        "changes", [{"golden_digest": "another"}, {"version": 2}, {"calibration_seconds": 0.0}], ids=str
    )
    def test_that_says_nothing_about_this_golden_is_none(self, golden: Any, changes: dict[str, Any]) -> None:
        keep_profile(golden, profile(golden.digest, **changes))
        assert known_profile(golden) is None

    @pytest.mark.parametrize("data", [b"", b"{}", b"[1", b"\xff\xfe", b'{"version": 1, "more": 1}', b'{"a":' * 9000])
    def test_that_cannot_be_read_is_none(self, golden: Any, data: bytes) -> None:
        (golden.path / NAME).write_bytes(data)
        assert known_profile(golden) is None
