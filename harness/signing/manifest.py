"""A signed list of files: names and sha256 digests, as an in-toto statement and back. Opens no file.

Source: OpenSSF Model Signing specification 1.0 (predicate ``https://model_signing/signature/v1.0``). The statement's
root digest is over the digests alone; the names are bound because the whole statement is signed, so names are compared
one by one and the root digest is never used in their place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from harness.core.text import printable
from harness.signing.dsse import BadSignature
from harness.signing.statement import (
    Statement,
    Unexpected,
    expect,
    files_to_sign,
    read_statement,
    signed_files,
    write_statement,
)

PREDICATE: Final = "https://model_signing/signature/v1.0"
WHOLE_FILE: Final = "."
"""The name that a model which is one file has in its own manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The files that somebody vouches for."""

    name: str
    """What the signer called the model. Informative, never compared."""
    files: Mapping[str, str]
    """Relative path with ``/`` -> sha256 in lower-case hex."""
    ignored: tuple[str, ...] = ()
    """What the signer says was left out. Believed of nothing: it widens no check."""


def to_payload(manifest: Manifest) -> bytes:
    """Write a manifest as an in-toto statement.

    Raises:
        BadSignature: A name cannot be written so that all read it alike, or the statement is too long.
    """
    files = files_to_sign(manifest.files, also=(WHOLE_FILE,))
    serialization: dict[str, object] = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
    if manifest.ignored:
        serialization["ignore_paths"] = list(manifest.ignored)
    resources = [{"name": name, "algorithm": "sha256", "digest": digest} for name, digest in files]
    root = _root(digest for _, digest in files)
    return write_statement(PREDICATE, [(manifest.name, root)], {"serialization": serialization, "resources": resources})


def from_payload(payload: bytes) -> Manifest:
    """Read a manifest from a payload whose signature was verified.

    Raises:
        BadSignature: It is no Model Signing 1.0 statement over files with sha256, or could be read in two ways.
    """
    try:
        return _manifest(read_statement(payload, PREDICATE, Statement[_Predicate]))
    except Unexpected as error:
        line = f"the signed statement is not one of Model Signing 1.0: {error}"
        raise BadSignature(printable(line)) from None


def _manifest(statement: Statement[_Predicate]) -> Manifest:
    serialization, resources = statement.predicate.serialization, statement.predicate.resources
    expect("serialization method", serialization.method, "files")
    expect("hash_type", serialization.hash_type, "sha256")
    if serialization.shard_size is not None:
        raise Unexpected("expected whole files, got a shard size")
    if len(statement.subject) != 1:
        raise Unexpected(f"expected one subject, got {len(statement.subject)}")
    for resource in resources:
        expect("algorithm", resource.algorithm, "sha256")
    files = signed_files(((one.name, one.digest) for one in resources), also=(WHOLE_FILE,))
    if not files or (WHOLE_FILE in files and len(files) > 1):
        raise Unexpected("expected the files of one model, got none or a file within a file")
    (subject,) = statement.subject
    if subject.digest != {"sha256": _root(files.values())}:
        raise Unexpected("the root digest does not fit the files listed")
    return Manifest(name=subject.name, files=files, ignored=tuple(serialization.ignore_paths))


def _root(digests: Iterable[str]) -> str:
    """sha256 (hex) over the digests' bytes, one after the other."""
    root = hashlib.sha256()
    for digest in digests:
        root.update(bytes.fromhex(digest))
    return root.hexdigest()


class _Resource(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    algorithm: str
    digest: str


class _Serialization(msgspec.Struct, forbid_unknown_fields=True):
    """A parameter that is not known here could change what the digests mean: refused."""

    method: str
    hash_type: str
    allow_symlinks: bool = False
    ignore_paths: list[str] = []
    shard_size: Any = None


class _Predicate(msgspec.Struct):
    """The specification has verifiers ignore further fields; they are signed, and change nothing here."""

    serialization: _Serialization
    resources: list[_Resource]
