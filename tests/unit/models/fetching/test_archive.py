"""Archives that a stranger packed."""

from __future__ import annotations

import io
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.models.fetching.allowed import Policy
from harness.models.fetching.archive import unpack
from harness.models.fetching.spec import SourceRefused

POLICY = Policy(max_bytes=1 << 20, max_files=10)


def write(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)


def link(name: str, kind: int = stat.S_IFLNK) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (kind | 0o777) << 16
    return member


def edited(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        write(path, ("config.json", b"{}" * 50), ("model.pth", b"weights"))
        path.write_bytes(change(path.read_bytes()))

    return make


def overlapping(path: Path) -> None:
    """Two entries of the table that both point to the first member."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("aa", b"12345678")
        archive.writestr("ab", b"12345678")
    data = kept.getvalue()
    at = data.rindex(b"PK\1\2")
    path.write_bytes(data[: at + 42] + struct.pack("<L", 0) + data[at + 46 :])


def longer_than_declared(path: Path) -> None:
    """The table says 2 bytes where 200 are packed."""
    write(path, ("config.json", b"ab" * 100))
    data = path.read_bytes()
    at = data.rindex(b"PK\1\2")
    path.write_bytes(data[: at + 24] + struct.pack("<L", 2) + data[at + 28 :])


def flagged_encrypted(data: bytes) -> bytes:
    at = data.rindex(b"PK\1\2")
    return data[: at + 8] + b"\1\0" + data[at + 10 :]


def many(path: Path) -> None:
    write(path, *((f"{number}.json", b"") for number in range(11)))


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "up-and-out": (lambda p: write(p, ("../evil", b"x")), "leads out of the folder"),
    "up-within": (lambda p: write(p, ("a/../../evil", b"x")), "leads out of the folder"),
    "absolute": (lambda p: write(p, ("/tmp/evil", b"x")), "leads out of the folder"),
    "backslash": (lambda p: write(p, ("a\\..\\..\\evil", b"x")), "read in different ways"),
    "drive": (lambda p: write(p, ("c:evil", b"x")), "read in different ways"),
    "control-character": (lambda p: write(p, ("a\x1b[31m", b"x")), "read in different ways"),
    "too-deep": (lambda p: write(p, ("a/" * 9 + "b", b"x")), "leads out of the folder, or nowhere"),
    "link": (lambda p: write(p, (link("model.pth"), b"/etc/passwd")), "is a link or special file"),
    "device": (lambda p: write(p, (link("zero", stat.S_IFCHR), b"")), "is a link or special file"),
    "file-below-a-link": (
        lambda p: write(p, (link("away"), b"/tmp"), ("away/evil", b"x")),
        "is a link or special file",
    ),
    "twice": (lambda p: write(p, ("a.json", b"1"), ("A.JSON", b"2")), "a name that another member has too"),
    "file-and-folder": (lambda p: write(p, ("a", b"1"), ("a/", b"")), "a name that another member has too"),
    "bomb": (lambda p: write(p, ("zeros", bytes(1 << 20))), "unpacks to more than 100 times its size"),
    "too-large": (
        lambda p: write(p, *((f"{n}", random.Random(n).randbytes(300_000)) for n in range(5))),
        "expected at most 1048576 bytes unpacked",
    ),
    "too-many": (many, "expected 1 to 10 files, got 11"),
    "overlapping": (overlapping, "members overlap"),
    "longer-than-declared": (longer_than_declared, "expected a whole zip archive, got a broken one"),
    "encrypted": (edited(flagged_encrypted), "is encrypted"),
    "cut-short": (edited(lambda data: data[:-30]), "ends with its table of contents"),
    "trailing-bytes": (edited(lambda data: data + b"PK\5\6"), "ends with its table of contents"),
    "leading-bytes": (edited(lambda data: b"#!/bin/sh\n" + data), "other bytes in between"),
    "file-as-a-folder": (lambda p: write(p, ("a", b"1"), ("a/b", b"2")), "cannot lie beside each other"),
    "no-utf-8": (
        edited(
            lambda data: data.replace(b"config.json", b"\xffonfig.json").replace(
                b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\0\x08"
            )
        ),
        "broken one",
    ),
    "flipped-byte": (edited(lambda data: data[:45] + b"\xff" + data[46:]), "broken one"),
    "no-zip": (lambda p: p.write_bytes(b"weights" * 10) and None, "expected a zip archive"),
    "nothing": (lambda p: p.write_bytes(b"") and None, "expected a zip archive"),
    "empty-archive": (lambda p: write(p), "expected 1 to 10 files, got 0"),
    "table-of-a-million": (
        edited(lambda data: data[:-22] + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 1, 1, 0)),
        "expected at most 10 files, got 65535 members",
    ),
}


class TestUnpacking:
    def test_files_and_folders_come_out(self, tmp_path: Path) -> None:
        write(tmp_path / "a.zip", ("voice/", b""), ("voice/config.json", b"{}"), ("voice/s/a.json", b"[]"))
        (tmp_path / "out").mkdir()
        unpack(tmp_path / "a.zip", tmp_path / "out", POLICY)
        assert (tmp_path / "out/voice/s/a.json").read_bytes() == b"[]"

    def test_modes_are_not_taken_over(self, tmp_path: Path) -> None:
        write(tmp_path / "a.zip", (link("run.sh", stat.S_IFREG | stat.S_ISUID), b"#!"))
        (tmp_path / "out").mkdir()
        unpack(tmp_path / "a.zip", tmp_path / "out", POLICY)
        assert not (tmp_path / "out/run.sh").stat().st_mode & (stat.S_ISUID | 0o111)

    @pytest.mark.parametrize("what", HOSTILE)
    def test_refuses(self, tmp_path: Path, what: str) -> None:
        make, line = HOSTILE[what]
        make(tmp_path / "a.zip")
        (tmp_path / "out").mkdir()
        before = set(tmp_path.rglob("*"))
        with pytest.raises(SourceRefused) as caught:
            unpack(tmp_path / "a.zip", tmp_path / "out", POLICY)
        assert line in str(caught.value)
        assert str(caught.value).isprintable()
        assert all(path.is_relative_to(tmp_path / "out") for path in set(tmp_path.rglob("*")) - before)
