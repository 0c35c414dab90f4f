"""Digests of files: of one, of several joined, and of a listing of many. Knows no format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def file_sha256(*paths: Path) -> str:
    """Return the sha256 (hex) of the files' bytes, one after the other.

    Raises:
        OSError: One cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def listing_sha256(files: Mapping[str, str]) -> str:
    """Return the sha256 (hex) over names and digests of files: what a model directory and this package are known by.

    Args:
        files: Relative path with ``/`` -> sha256 (hex). No name holds a line break: it could stand for other lines.
    """
    total = hashlib.sha256()
    for name in sorted(files, key=lambda name: name.split("/")):
        total.update(f"{files[name]}  {name}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()
