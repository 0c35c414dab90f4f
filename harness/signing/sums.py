"""Plain lists of digests, for teams that have no signature: ``SHA256SUMS``, and a Hugging Face file listing.

They say what the files should be, not who says so: a list that lies beside the model can be changed with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from harness.core.plainjson import NotStrict, loads
from harness.core.text import printable
from harness.signing.dsse import BadSignature
from harness.signing.statement import check_name, check_sha256

MAX_BYTES: Final = 4 << 20
MAX_FILES: Final = 4000
_LINE: Final = re.compile(r"(\\?)([0-9A-Fa-f]{64}) [ *](.+)")
_ESCAPED: Final = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_GIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the files should be."""

    sha256: Mapping[str, str]
    """Path -> sha256 (hex)."""
    git: Mapping[str, str] = field(default_factory=dict)
    """Path -> git's blob id (SHA-1, hex), where the list has nothing better."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Path -> bytes, where the list says."""

    @property
    def names(self) -> frozenset[str]:
        """Every file listed."""
        return frozenset(self.sha256) | frozenset(self.git)


def from_sums(data: bytes) -> Listing:
    r"""Read what ``sha256sum`` writes: ``digest  name`` or ``digest *name``, a leading ``\`` for escaped names.

    Raises:
        BadSignature: A line is something else, a name leads out of the model, or a file is listed twice.
    """
    if len(data) > MAX_BYTES:
        raise BadSignature(f"expected at most {MAX_BYTES} bytes of digests, got {len(data)}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadSignature("expected digests and names in UTF-8, got other bytes") from None
    found: dict[str, str] = {}
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadSignature(
                f"line {number}: expected 64 hex digits, two spaces and a name, got {printable(ascii(line[:60]))}"
            )
        escaped, digest, name = match.groups()
        try:
            _keep(found, _unescape(name) if escaped else name, digest.lower())
        except ValueError as error:
            raise BadSignature(f"line {number}: {error}") from None
    if not found:
        raise BadSignature("expected digests, got an empty list")
    return Listing(sha256=found)


def from_hub(data: bytes) -> Listing:
    """Read the JSON of a hub's ``/api/models/ORG/NAME/tree/COMMIT?recursive=true``.

    Large files have their sha256 in it, small ones only git's SHA-1.

    Raises:
        BadSignature: It is no such listing.
    """
    try:
        entries = msgspec.convert(loads(data, max_bytes=MAX_BYTES), type=list[_Entry])
    except (NotStrict, msgspec.ValidationError) as error:
        raise BadSignature(printable(f"no file listing of a hub: {str(error)[:300]}")) from None
    strong: dict[str, str] = {}
    weak: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for entry in entries:
        if entry.type == "directory":
            continue
        try:
            if entry.type != "file":
                raise ValueError(f"expected files and directories, got {printable(ascii(entry.type[:40]))}")
            if entry.path in sizes:
                raise ValueError(f"expected every file once, got {printable(ascii(entry.path[:80]))} twice")
            if entry.size < 0 or (entry.lfs is not None and entry.lfs.size != entry.size):
                raise ValueError(f"expected one size of {printable(ascii(entry.path[:80]))}, got two")
            if entry.lfs is not None:
                _keep(strong, entry.path, check_sha256(entry.lfs.oid))
            elif _GIT.fullmatch(entry.oid):
                weak[check_name(entry.path)] = entry.oid
            else:
                raise ValueError(f"expected a git blob id, got {printable(ascii(entry.oid[:60]))}")
        except ValueError as error:
            raise BadSignature(f"no file listing of a hub: {error}") from None
        sizes[entry.path] = entry.size
    if not sizes or len(sizes) > MAX_FILES:
        raise BadSignature(f"expected 1 to {MAX_FILES} files in a hub's listing, got {len(sizes)}")
    return Listing(sha256=strong, git=weak, sizes=sizes)


class _Lfs(msgspec.Struct):
    oid: str
    size: int


class _Entry(msgspec.Struct):
    """A hub adds fields over time; the ones that are not known here say nothing about content."""

    type: str
    path: str
    oid: str = ""
    size: int = 0
    lfs: _Lfs | None = None


def _keep(found: dict[str, str], name: str, digest: str) -> None:
    name = check_name(name.removeprefix("./"))
    if name in found:
        raise ValueError(f"expected every file once, got {printable(ascii(name[:80]))} twice")
    found[name] = digest


def _unescape(name: str) -> str:
    """GNU coreutils' escapes: backslash, line feed, carriage return."""
    return re.sub(r"\\.", lambda match: _ESCAPED.get(match[0], match[0]), name)
