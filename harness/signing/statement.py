"""An in-toto statement and its bytes: which files a predicate is about, and of which type it is. Knows no predicate.

Source: in-toto attestation framework, Statement v1. The same key signs lists of files and sign-offs, so a reader says
which predicate it expects, and the type is looked at before anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Generic, TypeVar

import msgspec

from harness.core.plainjson import NotStrict, loads
from harness.core.text import printable
from harness.signing.dsse import BadSignature

TYPE: Final = "https://in-toto.io/Statement/v1"
MAX_PAYLOAD_BYTES: Final = 4 << 20
MAX_NAME_BYTES: Final = 1024
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DRIVE: Final = re.compile(r"[A-Za-z]:")

Predicate = TypeVar("Predicate")


class Unexpected(ValueError):
    """A payload is not the statement that was expected. ``str`` says how, without saying what was expected of it."""


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a statement is about."""

    name: str
    digest: dict[str, str]
    """Algorithm -> hex."""


class Statement(msgspec.Struct, Generic[Predicate], forbid_unknown_fields=True):
    """A statement whose predicate is of a known shape."""

    type_: str = msgspec.field(name="_type")
    subject: list[Subject]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: Predicate


def write_statement(predicate_type: str, subjects: Iterable[tuple[str, str]], predicate: Mapping[str, object]) -> bytes:
    """Write a statement: ASCII, sorted keys.

    Args:
        predicate_type: URI of the predicate's type.
        subjects: Name and sha256 of each, in order.
        predicate: Plain data.

    Raises:
        BadSignature: It is longer than any that is read.
    """
    statement = {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    payload = json.dumps(statement, sort_keys=True, allow_nan=False).encode()
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise BadSignature(f"cannot sign this: expected a statement of at most {MAX_PAYLOAD_BYTES} bytes")
    return payload


def read_statement(payload: bytes, predicate_type: str, shape: type[Statement[Predicate]]) -> Statement[Predicate]:
    """Read a statement from a payload whose signature was verified.

    Args:
        payload: The bytes that were signed.
        predicate_type: URI of the type that is expected.
        shape: :class:`Statement` of the predicate's own shape.

    Raises:
        Unexpected: It is another statement, or could be read in two ways.
    """
    try:
        content = loads(payload, max_bytes=MAX_PAYLOAD_BYTES)
        kind = msgspec.convert(content, type=_Kind)
        expect("_type", kind.type_, TYPE)
        expect("predicateType", kind.predicate_type, predicate_type)
        return msgspec.convert(content, type=shape)
    except (NotStrict, msgspec.ValidationError) as error:
        raise Unexpected(str(error)[:300]) from None


def expect(what: str, got: str, expected: str) -> None:
    """Raise Unexpected unless two texts are equal."""
    if got != expected:
        raise Unexpected(f"expected {what} {expected!r}, got {printable(ascii(got[:80]))}")


def files_to_sign(files: Mapping[str, str], *, also: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Names and digests of files, in the order in which they are written.

    Args:
        files: Relative path with ``/`` -> sha256.
        also: Names that are no path and are taken all the same.

    Raises:
        BadSignature: A name cannot be written so that all read it alike.
    """
    try:
        return [
            (name if name in also else check_name(name), check_sha256(files[name]))
            for name in sorted(files, key=path_order)
        ]
    except ValueError as error:
        raise BadSignature(f"cannot sign this: {error}; rename that file") from None


def signed_files(listed: Iterable[tuple[str, str]], *, also: Sequence[str] = ()) -> dict[str, str]:
    """Relative path -> sha256 of the files that a statement lists; the arguments are those of :func:`files_to_sign`.

    Raises:
        Unexpected: A file stands there twice, or a name or digest is none.
    """
    files: dict[str, str] = {}
    for name, digest in listed:
        if name in files:
            raise Unexpected(f"expected every file once, got {printable(ascii(name[:80]))} twice")
        try:
            files[name if name in also else check_name(name)] = check_sha256(digest)
        except ValueError as error:
            raise Unexpected(str(error)[:300]) from None
    return files


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


class _Kind(msgspec.Struct):
    """What a payload is, read before anything else."""

    type_: str = msgspec.field(name="_type")
    predicate_type: str = msgspec.field(name="predicateType")
