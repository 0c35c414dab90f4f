"""Addresses of stores: what is meant by them, and that a refused one is not repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.storage.address import is_address, read_address

SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://my.bucket/team_a/store=1/", "s3://my.bucket/team_a/store=1"),
        ("gs://bucket/prefix", "gs://bucket/prefix"),
        ("az://container/prefix", "az://container/prefix"),
        ("S3://bucket/a", "s3://bucket/a"),
    ],
)
def test_a_bucket_and_what_its_names_begin_with(typed: str, shown: str) -> None:
    assert is_address(typed)
    assert str(read_address(typed)) == shown


def test_a_folder_by_path_or_address(tmp_path: Path) -> None:
    assert read_address("shared", above=tmp_path).folder == tmp_path / "shared"
    assert read_address("/srv/shared", above=tmp_path).folder == Path("/srv/shared")
    assert read_address("file:///srv/with%20space").folder == Path("/srv/with space")
    assert read_address("file://localhost/srv").folder == Path("/srv")
    assert not is_address("/srv/shared")


@pytest.mark.parametrize(
    "typed",
    [
        f"s3://key:{SECRET}@bucket/prefix",
        f"s3://{SECRET}@bucket",
        f"az://container/prefix?sig={SECRET}",
        f"gs://bucket#{SECRET}",
        f"s3://AKIA:{SECRET}/bucket",
        f"s3://bucket/%2e%2e/{SECRET}",
        f"file://host/{SECRET}",
        f"file:///srv?{SECRET}",
        f"https://bucket.example/{SECRET}",
        f"s3://bucket/../{SECRET}",
        f"s3://bucket/a//{SECRET}",
        f"s3://UPPER/{SECRET}",
        f"s3:///{SECRET}",
        f"s3://bucket/{SECRET}\n",
        f"memory://{SECRET}",
        f"s3://bucket/{SECRET * 60}",
    ],
)
def test_anything_else_is_refused_in_one_line_that_repeats_no_secret(typed: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_address(typed)
    line = str(caught.value)
    assert line.startswith("--tts-store: expected ")
    assert SECRET not in line
    assert "\n" not in line


def test_a_folder_that_is_not_there_may_be_a_share_that_is_not_mounted(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a folder that machines share, got none; make it, or mount it"):
        read_address(str(tmp_path / "missing")).objects()
