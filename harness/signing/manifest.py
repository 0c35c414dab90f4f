"""A signed list of files: names and sha256 digests, as an in-toto statement and back. Opens no file.

Source: OpenSSF Model Signing specification 1.0 (predicate ``https://model_signing/signature/v1.0``); in-toto
attestation framework, Statement v1. The statement's root digest is over the digests alone; the names are bound because
the whole statement is signed, so names are compared one by one and the root digest is never used in their place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from harness.core.plainjson import NotStrict, loads
from harness.core.text import printable
from harness.signing.dsse import BadSignature

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://model_signing/signature/v1.0"
MAX_PAYLOAD_BYTES: Final = 4 << 20
MAX_NAME_BYTES: Final = 1024
WHOLE_FILE: Final = "."
"""The name that a model which is one file has in its own manifest."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DRIVE: Final = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The files that somebody vouches for."""

    name: str
    """What the signer called the model. Informative, never compared."""
    files: Mapping[str, str]
    """Relative path with ``/`` -> sha256 in lower-case hex."""
    ignored: tuple[str, ...] = ()
    """What the signer says was left out. Believed of nothing: it widens no check."""


def check_name(name: str) -> str:
    """Return a file name that means one place below the model, whoever reads it.

    Raises:
        ValueError: It is empty, absolute, has ``.``, ``..``, an empty part, a backslash, a drive letter, a control
            character or undecodable bytes, or is too long.
    """
    shown = printable(ascii(name[:80]))
    parts = name.split("/")
    if not name or "" in parts or "." in parts or ".." in parts:
        raise ValueError(f"expected a plain relative path, got {shown}")
    if "\\" in name or _DRIVE.match(name):
        raise ValueError(f"expected a path with / only, got {shown}")
    if any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in name):
        raise ValueError(f"expected a path of printable UTF-8, got {shown}")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"expected a path of at most {MAX_NAME_BYTES} bytes, got {shown}")
    return name


def check_sha256(digest: str) -> str:
    """Return a sha256 in lower-case hex.

    Raises:
        ValueError: It is something else.
    """
    if not _SHA256.fullmatch(digest):
        raise ValueError(f"expected a sha256 of 64 lower-case hex digits, got {printable(ascii(digest[:80]))}")
    return digest


def path_order(name: str) -> list[str]:
    """Sort key of paths: folder by folder, as the format's reference implementation sorts them."""
    return name.split("/")


def to_payload(manifest: Manifest) -> bytes:
    """Write a manifest as an in-toto statement.

    Raises:
        BadSignature: A name cannot be written so that all read it alike.
    """
    root = hashlib.sha256()
    resources = []
    for name in sorted(manifest.files, key=path_order):
        try:
            digest = check_sha256(manifest.files[name])
            resources.append(
                {"name": name if name == WHOLE_FILE else check_name(name), "algorithm": "sha256", "digest": digest}
            )
        except ValueError as error:
            raise BadSignature(f"cannot sign this: {error}; rename that file") from None
        root.update(bytes.fromhex(digest))
    serialization: dict[str, object] = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
    if manifest.ignored:
        serialization["ignore_paths"] = list(manifest.ignored)
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": manifest.name, "digest": {"sha256": root.hexdigest()}}],
        "predicateType": PREDICATE,
        "predicate": {"serialization": serialization, "resources": resources},
    }
    return json.dumps(statement, sort_keys=True, allow_nan=False).encode()


def from_payload(payload: bytes) -> Manifest:
    """Read a manifest from a payload whose signature was verified.

    Raises:
        BadSignature: It is no Model Signing 1.0 statement over files with sha256, or could be read in two ways.
    """
    try:
        statement = msgspec.convert(loads(payload, max_bytes=MAX_PAYLOAD_BYTES), type=_Statement)
    except (NotStrict, msgspec.ValidationError) as error:
        raise _malformed(str(error)[:300]) from None
    _expect("_type", statement.type_, STATEMENT)
    _expect("predicateType", statement.predicate_type, PREDICATE)
    serialization = statement.predicate.serialization
    _expect("serialization method", serialization.method, "files")
    _expect("hash_type", serialization.hash_type, "sha256")
    if serialization.shard_size is not None:
        raise _malformed("expected whole files, got a shard size")
    if len(statement.subject) != 1:
        raise _malformed(f"expected one subject, got {len(statement.subject)}")
    files: dict[str, str] = {}
    root = hashlib.sha256()
    for resource in statement.predicate.resources:
        _expect("algorithm", resource.algorithm, "sha256")
        try:
            name = resource.name if resource.name == WHOLE_FILE else check_name(resource.name)
            digest = check_sha256(resource.digest)
        except ValueError as error:
            raise _malformed(str(error)[:300]) from None
        if name in files:
            raise _malformed(f"expected every file once, got {printable(ascii(name[:80]))} twice")
        files[name] = digest
        root.update(bytes.fromhex(digest))
    if not files or (WHOLE_FILE in files and len(files) > 1):
        raise _malformed("expected the files of one model, got none or a file within a file")
    if statement.subject[0].digest != {"sha256": root.hexdigest()}:
        raise _malformed("the root digest does not fit the files listed")
    return Manifest(name=statement.subject[0].name, files=files, ignored=tuple(serialization.ignore_paths))


class _Subject(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    digest: dict[str, str]


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


class _Statement(msgspec.Struct, forbid_unknown_fields=True):
    type_: str = msgspec.field(name="_type")
    subject: list[_Subject]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: _Predicate


def _expect(what: str, got: str, expected: str) -> None:
    if got != expected:
        raise _malformed(f"expected {what} {expected!r}, got {printable(ascii(got[:80]))}")


def _malformed(what: str) -> BadSignature:
    return BadSignature(printable(f"the signed statement is not one of Model Signing 1.0: {what}"))
