"""Unpacks a zip archive that a stranger packed: plain files below one folder, bounded, nothing else.

Source of the tricks that are refused: Fifield, "A better zip bomb" (2019), on overlapping members; CWE-22, CWE-59.
"""

from __future__ import annotations

import errno
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from harness.core.text import printable
from harness.models.fetching.allowed import Policy
from harness.models.fetching.spec import SourceRefused

_END: Final = struct.Struct("<4s4H2LH")
_LOCAL_BYTES: Final = 30
_NAMES_CLASH: Final = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
_BLOCK: Final = 1 << 18
_MAX_DEPTH: Final = 8
_MAX_NAME: Final = 255


def unpack(archive: Path, into: Path, policy: Policy) -> None:
    """Unpack every member below `into`, which must be an empty folder.

    Raises:
        SourceRefused: It is no plain zip, or has a member that is a link, leads outside, is encrypted, has a name that
            another has too, or is larger than it says or than is allowed.
    """
    name = archive.name
    try:
        with archive.open("rb") as file:
            _check_end(file, name, policy)
            with zipfile.ZipFile(file) as content:
                members = content.infolist()
                _check_members(members, name, policy)
                left = policy.max_bytes
                for member in members:
                    left -= _unpack_one(content, member, into, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, ArithmeticError, RuntimeError, ValueError, struct.error) as error:
        why = printable(str(error)[:100])
        raise _refusal(name, f"expected a whole zip archive, got a broken one ({why})") from None
    except OSError as error:
        if error.errno not in _NAMES_CLASH:
            raise
        raise _refusal(name, f"has names that cannot lie beside each other here ({error.strerror})") from None


def _check_end(file: IO[bytes], name: str, policy: Policy) -> None:
    """Bound the table of contents before anything reads it into memory."""
    size = file.seek(0, 2)
    length = min(size, _END.size)
    file.seek(size - length)
    tail = file.read(length)
    if length < _END.size or tail[:4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        raise _refusal(name, "expected a zip archive that ends with its table of contents, got something else")
    _, disk, first_disk, here, count, table, offset, _ = _END.unpack(tail)
    if disk or first_disk or here != count:
        raise _refusal(name, "expected an archive in one part, got a part of several")
    if count > 2 * policy.max_files or table > (4 << 20):
        raise _refusal(name, f"expected at most {policy.max_files} files, got {count} members")
    if offset + table != size - _END.size:
        raise _refusal(name, "expected members, then their table and nothing more, got other bytes in between")
    file.seek(0)


def _check_members(members: list[zipfile.ZipInfo], name: str, policy: Policy) -> None:
    files = [member for member in members if not member.is_dir()]
    if not files or len(files) > policy.max_files:
        raise _refusal(name, f"expected 1 to {policy.max_files} files, got {len(files)}")
    seen: set[str] = set()
    for member in members:
        shown = f"member {printable(ascii(member.filename[:80]))}"
        _check_name(member.filename.removesuffix("/"), name, shown)
        folded = unicodedata.normalize("NFKC", member.filename.removesuffix("/")).casefold()
        if folded in seen:
            raise _refusal(name, f"{shown} has a name that another member has too")
        seen.add(folded)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
            raise _refusal(name, f"{shown} is a link or special file")
        if member.flag_bits & 0x2041:
            raise _refusal(name, f"{shown} is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refusal(name, f"{shown} is packed in another way than stored or deflated")
        if member.file_size > max(member.compress_size, 1) * policy.max_ratio:
            raise _refusal(name, f"{shown} unpacks to more than {policy.max_ratio:g} times its size")
    total = sum(member.file_size for member in members)
    if total > policy.max_bytes:
        raise _refusal(name, f"expected at most {policy.max_bytes} bytes unpacked, got {total}")
    end = 0
    for member in sorted(members, key=lambda one: one.header_offset):
        if member.header_offset < end:
            raise _refusal(name, "members overlap: the same bytes would be unpacked again and again")
        end = member.header_offset + _LOCAL_BYTES + member.compress_size


def _check_name(inner: str, name: str, shown: str) -> None:
    parts = inner.split("/")
    if "" in parts or "." in parts or ".." in parts or len(parts) > _MAX_DEPTH:
        raise _refusal(name, f"{shown} leads out of the folder, or nowhere")
    if "\\" in inner or ":" in inner or not inner.isprintable() or any(len(one.encode()) > _MAX_NAME for one in parts):
        raise _refusal(name, f"{shown} has a name that systems read in different ways")


def _unpack_one(content: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path, left: int) -> int:
    if member.is_dir():  # made by what lies in it: an empty folder would be in no digest
        return 0
    target = into / member.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    got = 0
    # "x": a name that the file system takes for an earlier one's is an error, not another content for it.
    with content.open(member) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            got += len(block)
            if got > min(member.file_size, left):
                raise zipfile.BadZipFile("a member is longer than declared")
            file.write(block)
    if got != member.file_size:
        raise zipfile.BadZipFile("a member is shorter than declared")
    return got


def _refusal(name: str, what: str) -> SourceRefused:
    return SourceRefused(f"{printable(name)}: {what}; not unpacked")
