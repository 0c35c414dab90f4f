"""The log of approvals: each line follows from the one before, or the log is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.core.errors import BadInput, IntegrityError, StorageError
from harness.goldens.approvals import (
    FILE,
    MAX_BYTES,
    Decision,
    append_approval,
    last_approval,
    locked,
    read_approvals,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DECISION = Decision(at="2026-11-25T10:00:00+00:00", reason="listened", approver="voice team")


def append(folder: Path, golden: str = "joe", digest: str = "ab", reason: str = "listened") -> None:
    decision = Decision(at=DECISION.at, reason=reason, approver=DECISION.approver)
    append_approval(folder, decision, action="accept", golden=golden, digest=digest * 32, previous="")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    for digest in ("aa", "bb", "cc"):
        append(tmp_path, digest=digest)
    return tmp_path / FILE


class TestLog:
    def test_of_a_folder_without_one_is_empty(self, tmp_path: Path) -> None:
        assert read_approvals(tmp_path) == ()

    def test_gives_back_what_was_appended(self, log: Path) -> None:
        found = read_approvals(log.parent)
        assert [(one.number, one.digest[:2], one.reason, one.approver) for one in found] == [
            (1, "aa", "listened", "voice team"),
            (2, "bb", "listened", "voice team"),
            (3, "cc", "listened", "voice team"),
        ]

    def test_keeps_earlier_lines_byte_for_byte(self, log: Path) -> None:
        before = log.read_bytes()
        append(log.parent)
        assert log.read_bytes().startswith(before)

    def test_names_the_latest_of_a_golden(self, log: Path) -> None:
        append(log.parent, golden="amy", digest="dd")
        approvals = read_approvals(log.parent)
        last = last_approval(approvals, "joe")
        assert last is not None
        assert last.digest == "cc" * 32
        assert last_approval(approvals, "zoe") is None

    def test_holds_hostile_text_on_one_line(self, tmp_path: Path) -> None:
        append(tmp_path, reason='x\n{"number": 9}\u202e\x1b[31m')
        append(tmp_path)
        assert read_approvals(tmp_path)[0].reason == 'x\n{"number": 9}\u202e\x1b[31m'
        assert len((tmp_path / FILE).read_bytes().splitlines()) == 2


class TestTampering:
    @pytest.mark.parametrize(
        "change",
        [
            lambda lines: [lines[0].replace(b"listened", b"listenet"), *lines[1:]],
            lambda lines: [lines[0], lines[1].replace(b"bb", b"dd"), lines[2]],
            lambda lines: [lines[0], lines[2]],
            lambda lines: lines[1:],
            lambda lines: [lines[1], lines[0], lines[2]],
            lambda lines: [lines[0], *lines],
            lambda lines: [lines[0], b"{}", *lines[1:]],
            lambda lines: [lines[0], b"", *lines[1:]],
            lambda lines: [lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]],
            lambda lines: [lines[0].replace(b"{", b'{"extra":1,', 1), *lines[1:]],
            lambda lines: [lines[0].replace(b"listened", b"\xff"), *lines[1:]],
        ],
        ids=[
            "first", "middle", "one less", "head less", "order", "twice", "empty object", "blank", "version",
            "extra", "no text",
        ],
    )  # fmt: skip
    def test_is_refused_with_its_line(self, change: Callable[[list[bytes]], list[bytes]], log: Path) -> None:
        log.write_bytes(b"".join(line + b"\n" for line in change(log.read_bytes().splitlines())))
        with pytest.raises(IntegrityError, match=rf"^{log}:[123]: ") as caught:
            read_approvals(log.parent)
        assert "\n" not in str(caught.value)

    def test_stops_every_further_approval(self, log: Path) -> None:
        changed = log.read_bytes().replace(b"aa", b"ee")
        log.write_bytes(changed)
        with pytest.raises(IntegrityError):
            append(log.parent)
        assert log.read_bytes() == changed

    def test_is_half_a_line_too(self, log: Path) -> None:
        log.write_bytes(log.read_bytes()[:-5])
        with pytest.raises(IntegrityError, match=r":3: half a line; restore"):
            read_approvals(log.parent)

    def test_of_an_endless_log_is_bounded(self, tmp_path: Path) -> None:
        with (tmp_path / FILE).open("wb") as file:
            file.truncate(MAX_BYTES + 1)
        with pytest.raises(IntegrityError, match="expected approvals of at most 16777216 bytes, got more; archive"):
            read_approvals(tmp_path)

    def test_of_a_log_that_lies_elsewhere_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / FILE).symlink_to("/dev/zero")
        with pytest.raises(IntegrityError, match="expected a regular file, got a link"):
            read_approvals(tmp_path)


class TestDecision:
    @pytest.mark.parametrize(("reason", "approver"), [("", "me"), ("  \n", "me"), ("r" * 2001, "me"), ("why", "")])
    def test_that_says_nothing_is_refused(self, reason: str, approver: str, tmp_path: Path) -> None:
        decision = Decision(at=DECISION.at, reason=reason, approver=approver)
        with pytest.raises(BadInput, match="expected 1 to"):
            append_approval(tmp_path, decision, action="accept", golden="joe", digest="ab" * 32, previous="")
        assert not (tmp_path / FILE).exists()


class TestWriting:
    def test_on_a_full_disk_keeps_the_log_as_it_was(self, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = log.read_bytes()
        monkeypatch.setattr("harness.storage.store.secrets.token_hex", lambda _: "0")
        (log.parent / f".{FILE}.{os.getpid()}.0").symlink_to("/dev/full")
        with pytest.raises(StorageError, match="No space left"):
            append(log.parent)
        assert log.read_bytes() == before
        assert len(read_approvals(log.parent)) == 3

    def test_is_for_one_at_a_time(self, tmp_path: Path) -> None:
        with locked(tmp_path), pytest.raises(BadInput, match="another soundcheck"), locked(tmp_path):
            pass
        with locked(tmp_path):
            assert list(tmp_path.iterdir()) == []

    def test_below_no_folder_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="--golden-dir"), locked(tmp_path / "missing"):
            pass

    def test_is_json_that_others_can_read(self, log: Path) -> None:
        assert [json.loads(line)["action"] for line in log.read_text("utf-8").splitlines()] == ["accept"] * 3
