"""Plain lists of digests."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from harness.signing.dsse import BadSignature
from harness.signing.sums import from_hub, from_sums

ZERO, ONE = "0" * 64, "1" * 64


class TestSums:
    def test_text_and_binary_marks_and_folders(self) -> None:
        data = f"{ZERO}  config.json\n{ONE} *./speakers/anna.json\n".encode()
        assert from_sums(data).sha256 == {"config.json": ZERO, "speakers/anna.json": ONE}

    def test_names_with_spaces_and_stars_stay_whole(self) -> None:
        assert from_sums(f"{ZERO}   a *b  \n".encode()).sha256 == {" a *b  ": ZERO}

    def test_reads_what_sha256sum_writes(self, tmp_path: Path) -> None:
        (tmp_path / "back\\slash").write_bytes(b"x")
        (tmp_path / "plain").write_bytes(b"x")
        done = subprocess.run(["sha256sum", "plain"], cwd=tmp_path, capture_output=True, check=True)
        assert from_sums(done.stdout).sha256 == {"plain": hashlib.sha256(b"x").hexdigest()}
        done = subprocess.run(["sha256sum", "back\\slash"], cwd=tmp_path, capture_output=True, check=True)
        with pytest.raises(BadSignature, match="expected a path with / only"):  # read, unescaped, and refused
            from_sums(done.stdout)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            (f"{ZERO} config.json\n", "line 1: expected 64 hex digits, two spaces and a name"),
            (f"{ZERO[:-1]}  config.json\n", "line 1: expected 64 hex digits"),
            (f"{ZERO}  config.json\r\n", "line 1: expected a path of printable UTF-8"),
            (f"SHA256 (config.json) = {ZERO}\n", "line 1: expected 64 hex digits"),
            (f"{ZERO}  a\n\n{ONE}  b\n", "line 2: expected 64 hex digits"),
            (f"{ZERO}  a\n{ONE}  a\n", "line 2: expected every file once, got 'a' twice"),
            (f"{ZERO}  a\n{ONE}  ./a\n", "line 2: expected every file once"),
            (f"{ZERO}  ../a\n", "line 1: expected a plain relative path"),
            (f"{ZERO}  /etc/passwd\n", "line 1: expected a plain relative path"),
            (f"\\{ZERO}  a\\nb\n", "line 1: expected a path of printable UTF-8"),
            ("", "expected digests, got an empty list"),
        ],
    )
    def test_refuses(self, text: str, line: str) -> None:
        with pytest.raises(BadSignature) as caught:
            from_sums(text.encode())
        assert line in str(caught.value)
        assert str(caught.value).isprintable()

    def test_refuses_other_bytes(self) -> None:
        with pytest.raises(BadSignature, match="UTF-8"):
            from_sums(b"\xff")


class TestHub:
    def test_takes_the_sha256_of_large_files_and_git_s_of_small_ones(self) -> None:
        listing = [
            {"type": "directory", "path": "speakers", "oid": "a" * 40, "size": 0},
            {"type": "file", "path": "config.json", "oid": "b" * 40, "size": 2, "new": 1},
            {
                "type": "file",
                "path": "model.pth",
                "oid": "c" * 40,
                "size": 7,
                "lfs": {"oid": ONE, "size": 7, "pointerSize": 130},
            },
        ]
        found = from_hub(json.dumps(listing).encode())
        assert found.sha256 == {"model.pth": ONE}
        assert found.git == {"config.json": "b" * 40}
        assert found.sizes == {"model.pth": 7, "config.json": 2}

    @pytest.mark.parametrize(
        "listing",
        [
            "{}",
            "[]",
            '[{"type": "file", "path": "a", "oid": "x", "size": 1}]',
            f'[{{"type": "link", "path": "a", "oid": "{"a" * 40}", "size": 1}}]',
            f'[{{"type": "file", "path": "../a", "oid": "{"a" * 40}", "size": 1}}]',
            f'[{{"type": "file", "path": "a", "oid": "{"a" * 40}", "size": -1}}]',
            f'[{{"type": "file", "path": "a", "path": "b", "oid": "{"a" * 40}", "size": 1}}]',
            f'[{{"type": "file", "path": "a", "size": 1, "lfs": {{"oid": "{ONE}", "size": 2}}}}]',
            '[{"type": "file", "path": "a", "size": 1, "lfs": {"oid": "md5:x", "size": 1}}]',
            "[" * 100_000,
            "[NaN]",
        ],
    )
    def test_refuses(self, listing: str) -> None:
        with pytest.raises(BadSignature) as caught:
            from_hub(listing.encode())
        assert str(caught.value).isprintable()
