"""The address of a store that machines share: what was typed, checked, and the objects that are there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from harness.core.errors import BadInput
from harness.core.text import printable
from harness.storage.bucket import SCHEMES, BucketObjects
from harness.storage.objects import FolderObjects, Objects

EXPECTED: Final = "a folder, file:///FOLDER, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.ASCII | re.DOTALL)
_BUCKET: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,220}[a-z0-9])?", re.ASCII)
_PART: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._=-]{1,200}", re.ASCII)
_MOST_PREFIX: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a store lies."""

    folder: Path | None = None
    """A folder; None where it is in object storage."""
    scheme: str = ""
    bucket: str = ""
    prefix: str = ""
    """What all names begin with, without a slash at either end."""

    def __str__(self) -> str:
        if self.folder is not None:
            return str(self.folder)
        return f"{self.scheme}://{self.bucket}{f'/{self.prefix}' if self.prefix else ''}"

    def objects(self) -> Objects:
        """What is there; nothing is asked yet.

        Raises:
            BadInput: There is no such folder, or the environment says what cannot be read.
            MissingDependency: Object storage needs a package that is not there.
        """
        if self.folder is None:
            return BucketObjects.at(self.scheme, self.bucket, self.prefix)
        if not self.folder.is_dir():
            raise BadInput(
                printable(f"{self.folder}: expected a folder that machines share, got none; make it, or mount it")
            )
        return FolderObjects(self.folder)


def is_address(typed: str) -> bool:
    """Whether somebody typed an address rather than a folder."""
    return _SCHEME.fullmatch(typed) is not None


def read_address(typed: str, *, above: Path | None = None, name: str = "--tts-store") -> Address:
    """What was typed, as an address. Of one that is refused nothing is shown but its scheme: it may hold a password.

    Args:
        typed: A folder, or an URL.
        above: What a folder is relative to, None for the current one.
        name: What it was chosen by.

    Raises:
        BadInput: One line.
    """
    found = _SCHEME.fullmatch(typed)
    if found is None:
        return Address(folder=(above or Path.cwd()) / typed)
    scheme, rest = found[1].lower(), found[2]
    if scheme not in ("file", *SCHEMES):
        raise BadInput(f"{name}: expected {EXPECTED}, got an address that begins with {printable(scheme)}://")
    if scheme == "file":
        return _file(rest, name)
    if any(sign in rest for sign in "@?#%:"):
        raise BadInput(
            f"{name}: expected no user, password, port or query in the address; "
            f"credentials are read from {SCHEMES[scheme]} in the environment, and nothing of them is written down"
        )
    bucket, _, prefix = rest.partition("/")
    parts = prefix.strip("/").split("/") if prefix.strip("/") else []
    if not _BUCKET.fullmatch(bucket) or not all(map(_PART.fullmatch, parts)) or len(prefix) > _MOST_PREFIX:
        raise BadInput(
            f"{name}: expected {scheme}://BUCKET/PREFIX, the bucket of small letters, digits, '.', '_' and '-', "
            "the prefix of letters, digits and '._=-', got something else"
        )
    return Address(scheme=scheme, bucket=bucket, prefix="/".join(parts))


def _file(rest: str, name: str) -> Address:
    host, slash, path = rest.partition("/")
    if host not in ("", "localhost") or not slash or any(sign in rest for sign in "?#"):
        raise BadInput(f"{name}: expected file:///FOLDER, with three slashes and no query, got something else")
    folder = unquote(f"/{path}")
    if "\0" in folder:
        raise BadInput(f"{name}: expected file:///FOLDER, got one with a zero byte")
    return Address(folder=Path(folder))
