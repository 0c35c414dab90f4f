"""One way to digest a file, and one to digest a listing of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.storage.digests import file_sha256, listing_sha256


class TestFiles:
    def test_are_digested_as_if_they_were_one(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"x" * 3_000_000)
        (tmp_path / "b").write_bytes(b"y")
        both = hashlib.sha256(b"x" * 3_000_000 + b"y").hexdigest()
        assert file_sha256(tmp_path / "a", tmp_path / "b") == both

    def test_that_are_not_there_are_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            file_sha256(tmp_path / "none")


class TestListing:
    def test_is_sorted_folder_by_folder(self) -> None:
        lines = b"1  a/b\n2  a.b\n"
        assert listing_sha256({"a.b": "2", "a/b": "1"}) == hashlib.sha256(lines).hexdigest()

    def test_depends_on_names_and_contents(self) -> None:
        assert len({listing_sha256(one) for one in ({}, {"a": "1"}, {"a": "2"}, {"b": "1"})}) == 4

    def test_takes_names_that_are_no_text(self) -> None:
        assert listing_sha256({"\udcff": "1"}) == hashlib.sha256(b"1  \xff\n").hexdigest()
