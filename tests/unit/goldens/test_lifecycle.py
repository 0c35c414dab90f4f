"""Goldens are replaced as a whole, on record, and nothing is lost wherever it stops."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from harness.core.errors import BadInput, IntegrityError, StorageError
from harness.goldens import lifecycle
from harness.goldens.approvals import Decision, last_approval, read_approvals
from harness.goldens.folder import Golden, GoldenAudio, check_files, find_golden, read_golden, write_golden
from harness.goldens.lifecycle import (
    PREVIOUS,
    accept,
    differing_conditions,
    exchange,
    is_interrupted,
    proposal_path,
    prune,
)
from tests.unit.goldens.test_folder import AUDIO, MANIFEST, PRINTS, RECORDS, contents, record

if TYPE_CHECKING:
    from collections.abc import Callable

DECISION = Decision(at="2026-11-25T10:00:00+00:00", reason="listened", approver="voice team")
AGAIN = Decision(at="2026-11-26T10:00:00+00:00", reason="looked again", approver="voice team")


@pytest.fixture
def golden(tmp_path: Path) -> Golden:
    return write_golden(tmp_path / "golden" / "joe", MANIFEST, RECORDS, PRINTS, AUDIO)


@pytest.fixture
def proposal(golden: Golden) -> Golden:
    manifest = msgspec.structs.replace(MANIFEST, reason="more phrases")
    return write_golden(
        proposal_path(golden.path),
        manifest,
        [*RECORDS, record("c", audio="c.opus")],
        PRINTS,
        {**AUDIO, "c.opus": b"OggS c"},
    )


def everything(golden: Golden) -> set[str]:
    """Digests of all goldens that lie anywhere below the folder: what must never become less."""
    return {read_golden(path.parent).digest for path in golden.path.parent.rglob("manifest.json")}


class TestAccept:
    def test_puts_the_proposal_in_its_place_and_keeps_the_one_before(self, golden: Golden, proposal: Golden) -> None:
        before = contents(golden.path)
        done = accept(golden.path, DECISION)
        assert read_golden(golden.path).digest == proposal.digest
        assert not proposal.path.exists()
        assert done.kept == golden.path.parent / PREVIOUS / f"joe-{golden.digest[:12]}"
        assert contents(done.kept) == before
        (approval,) = read_approvals(golden.path.parent)
        assert approval == done.approval
        assert (approval.action, approval.golden, approval.digest, approval.previous) == (
            "accept", "joe", proposal.digest, golden.digest,
        )  # fmt: skip

    def test_without_a_proposal_vouches_for_what_lies_there(self, golden: Golden) -> None:
        done = accept(golden.path, DECISION)
        assert (done.approval.digest, done.approval.previous, done.kept) == (golden.digest, "", None)
        with pytest.raises(BadInput, match="nothing to accept"):
            accept(golden.path, DECISION)

    def test_of_another_digest_than_was_looked_at_is_refused(self, golden: Golden, proposal: Golden) -> None:
        with pytest.raises(BadInput, match=rf"expected digest 123456, got {proposal.digest[:12]}"):
            accept(golden.path, DECISION, digest="123456")
        assert accept(golden.path, DECISION, digest=f"sha256:{proposal.digest}").approval.digest == proposal.digest

    def test_without_a_reason_is_refused_before_anything_moves(self, golden: Golden, proposal: Golden) -> None:
        with pytest.raises(BadInput, match="--reason"):
            accept(golden.path, Decision(at=DECISION.at, reason=" ", approver="me"))
        assert proposal.path.is_dir()

    def test_of_the_same_again_is_refused(self, golden: Golden) -> None:
        shutil.copytree(golden.path, proposal_path(golden.path))
        with pytest.raises(BadInput, match="the same as the golden itself"):
            accept(golden.path, DECISION)

    @pytest.mark.parametrize(
        ("spoil", "told"),
        [
            (lambda path: (path / "records.jsonl").write_bytes(b"{}\n"), "not the records of its manifest"),
            (lambda path: (path / "prints.npz").write_bytes(b"PK"), "not the prints of its manifest"),
            (lambda path: (path / "audio" / "a.opus").write_bytes(b"other"), "not the file that the manifest binds"),
            (lambda path: (path / "audio" / "a.opus").unlink(), "is missing"),
            (lambda path: (path / "audio" / "more.opus").write_bytes(b""), "is not bound by the manifest"),
            (lambda path: (path / "features.bin").write_bytes(b""), "is not bound by the manifest"),
            (lambda path: (path / "manifest.json").unlink(), "not a whole golden"),
        ],
    )
    def test_of_a_proposal_that_is_not_whole_changes_nothing(
        self, spoil: Callable[[Path], object], told: str, golden: Golden, proposal: Golden
    ) -> None:
        spoil(proposal.path)
        with pytest.raises(IntegrityError, match=told):
            accept(golden.path, DECISION)
        assert read_golden(golden.path).digest == golden.digest
        assert proposal.path.is_dir()
        assert read_approvals(golden.path.parent) == ()

    def test_lets_what_only_informs_lie_beside(self, golden: Golden, proposal: Golden) -> None:
        (proposal.path / "self-test.json").write_text("{}")
        accept(golden.path, DECISION)
        assert (golden.path / "self-test.json").read_text() == "{}"
        (golden.path / "self-test.json").unlink()
        (golden.path / "self-test.json").symlink_to("/etc/hostname")
        with pytest.raises(IntegrityError, match="is not bound by the manifest"):
            check_files(read_golden(golden.path))

    def test_of_a_link_in_place_of_a_file_is_refused(self, golden: Golden, proposal: Golden) -> None:
        audio = proposal.path / "audio" / "a.opus"
        audio.rename(golden.path.parent / "elsewhere")
        audio.symlink_to(golden.path.parent / "elsewhere")
        with pytest.raises(IntegrityError, match="not the file that the manifest binds"):
            accept(golden.path, DECISION)

    def test_of_a_proposal_for_another_golden_is_refused(self, golden: Golden) -> None:
        other = msgspec.structs.replace(MANIFEST, name="amy")
        write_golden(proposal_path(golden.path), other, RECORDS, PRINTS, AUDIO)
        with pytest.raises(IntegrityError, match="expected a golden named 'joe', got one named 'amy'"):
            accept(golden.path, DECISION)

    def test_after_the_log_was_changed_is_refused(self, golden: Golden, proposal: Golden) -> None:
        (golden.path.parent / "approvals.jsonl").write_bytes(b"{}\n")
        with pytest.raises(IntegrityError, match=r"approvals.jsonl:1: no approval"):
            accept(golden.path, DECISION)
        assert read_golden(golden.path).digest == golden.digest
        assert everything(golden) == {golden.digest, proposal.digest}

    def test_replaces_a_broken_golden_and_keeps_that_too(self, golden: Golden, proposal: Golden) -> None:
        (golden.path / "records.jsonl").write_bytes(b"broken")
        done = accept(golden.path, DECISION)
        assert read_golden(golden.path).digest == proposal.digest
        assert done.kept is not None
        assert (done.kept / "records.jsonl").read_bytes() == b"broken"

    def test_works_where_folders_cannot_be_exchanged(
        self, golden: Golden, proposal: Golden, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lifecycle, "exchange", lambda one, other: False)
        accept(golden.path, DECISION)
        assert read_golden(golden.path).digest == proposal.digest
        assert everything(golden) == {golden.digest, proposal.digest}

    def test_of_the_same_twice_keeps_both_that_went_before(self, golden: Golden, proposal: Golden) -> None:
        shutil.copytree(golden.path, golden.path.parent / "first")
        shutil.copytree(proposal.path, golden.path.parent / "second")
        accept(golden.path, DECISION)
        for name in ("first", "second"):
            shutil.move(golden.path.parent / name, proposal_path(golden.path))
            accept(golden.path, AGAIN)
        kept = sorted(path.name for path in (golden.path.parent / PREVIOUS).iterdir())
        first, second = golden.digest[:12], proposal.digest[:12]
        assert kept == sorted([f"joe-{first}", f"joe-{first}-1", f"joe-{second}"])
        assert [one.number for one in read_approvals(golden.path.parent)] == [1, 2, 3]


class Stopped(BaseException):
    """What Ctrl-C, or the power, is to a test."""


STEPS = ("log", "exchange", "keep")


class TestInterruption:
    """Stopped before each step in turn: one golden is read whole, none is lost, the same command ends it."""

    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("can_exchange", [True, False], ids=["exchange", "rename"])
    def test_is_made_good_by_the_same_command(
        self, step: str, can_exchange: bool, golden: Golden, proposal: Golden, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(*_: object) -> None:
            raise Stopped

        with monkeypatch.context() as patch:
            if not can_exchange:
                patch.setattr(lifecycle, "exchange", lambda one, other: False)
            if step == "exchange" and not can_exchange:
                patch.setattr(lifecycle, "_place", stop)
            else:
                patch.setattr(lifecycle, {"log": "_log", "exchange": "exchange", "keep": "_place"}[step], stop)
            with pytest.raises(Stopped):
                accept(golden.path, DECISION)
        assert everything(golden) == {golden.digest, proposal.digest}
        assert is_interrupted(golden.path)
        if step != "keep":
            assert read_golden(golden.path).digest == golden.digest
        done = accept(golden.path, AGAIN)
        assert read_golden(golden.path).digest == proposal.digest
        assert everything(golden) == {golden.digest, proposal.digest}
        assert done.approval.reason == ("looked again" if step == "log" else "listened")
        assert len(read_approvals(golden.path.parent)) == 1
        assert not is_interrupted(golden.path)

    def test_between_two_renames_leaves_no_golden_rather_than_half_of_one(
        self, golden: Golden, proposal: Golden, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lifecycle, "exchange", lambda one, other: False)
        whole = Path.rename

        def rename(path: Path, target: Path) -> Path:
            if target == golden.path:
                raise Stopped
            return whole(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", rename)
            with pytest.raises(Stopped):
                accept(golden.path, DECISION)
        with pytest.raises(BadInput, match="no such golden"):
            find_golden("joe", [golden.path.parent])
        assert everything(golden) == {golden.digest, proposal.digest}
        accept(golden.path, AGAIN)
        assert read_golden(golden.path).digest == proposal.digest

    def test_before_it_was_approved_gives_the_proposal_back(
        self, golden: Golden, proposal: Golden, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (golden.path.parent / "approvals.jsonl").mkdir()  # nothing can be logged
        with pytest.raises((StorageError, IntegrityError)):
            accept(golden.path, DECISION)
        (golden.path.parent / "approvals.jsonl").rmdir()
        assert everything(golden) == {golden.digest, proposal.digest}
        with pytest.raises(BadInput, match="expected digest 00"):
            accept(golden.path, DECISION, digest="00")
        assert read_golden(proposal.path).digest == proposal.digest


class TestPrune:
    def test_removes_what_is_named_and_keeps_the_whole_of_before(self, golden: Golden) -> None:
        done = prune(golden, {"b"}, DECISION)
        left = read_golden(golden.path)
        check_files(left)
        assert set(left.records) == set(left.prints.takes) == {"a"}
        assert set(left.manifest.audio_sha256) == {"a.opus"}
        assert done.kept is not None
        assert read_golden(done.kept).digest == golden.digest
        assert done.approval.action == "prune"

    def test_of_everything_is_refused(self, golden: Golden) -> None:
        with pytest.raises(BadInput, match="nothing would be left"):
            prune(golden, {"a", "b"}, DECISION)
        assert read_golden(golden.path).digest == golden.digest

    def test_leaves_a_waiting_proposal_alone(self, golden: Golden, proposal: Golden) -> None:
        prune(golden, {"b"}, DECISION)
        assert read_golden(proposal.path).digest == proposal.digest

    def test_that_was_interrupted_is_finished_by_the_same_command(
        self, golden: Golden, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(*_: object) -> None:
            raise Stopped

        with monkeypatch.context() as patch:
            patch.setattr(lifecycle, "exchange", stop)
            with pytest.raises(Stopped):
                prune(golden, {"b"}, DECISION)
        assert read_golden(golden.path).digest == golden.digest
        assert prune(golden, {"b"}, AGAIN).approval.reason == "listened"
        assert set(read_golden(golden.path).records) == {"a"}

    def test_that_was_interrupted_before_its_approval_begins_anew(
        self, golden: Golden, proposal: Golden, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(*_: object) -> None:
            raise Stopped

        with monkeypatch.context() as patch:
            patch.setattr(lifecycle, "_log", stop)
            with pytest.raises(Stopped):
                prune(golden, {"b"}, DECISION)
        assert prune(golden, {"a"}, AGAIN).approval.reason == "looked again"
        assert set(read_golden(golden.path).records) == {"b"}
        assert read_golden(proposal.path).digest == proposal.digest


class TestExchange:
    def test_swaps_two_folders(self, tmp_path: Path) -> None:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            (tmp_path / name / name).touch()
        if not exchange(tmp_path / "one", tmp_path / "other"):
            pytest.skip("this file system cannot exchange two folders")
        assert (tmp_path / "one" / "other").exists()
        assert (tmp_path / "other" / "one").exists()

    def test_with_what_is_not_there_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "one").mkdir()
        with pytest.raises(FileNotFoundError):
            exchange(tmp_path / "one", tmp_path / "missing")


class TestConditions:
    def test_are_named_where_they_differ(self) -> None:
        other = msgspec.structs.replace(
            MANIFEST, model_digest="ef" * 32, asr={**MANIFEST.asr, "weights": "x"}, suites={}, records_sha256="1"
        )
        assert differing_conditions(MANIFEST, other) == [
            ("model digest", "ab" * 32, "ef" * 32),
            ("asr: weights", "none", "x"),
            ("suites: a.probes.yaml", "cd" * 32, ""),
        ]

    def test_that_agree_are_none(self) -> None:
        assert differing_conditions(MANIFEST, MANIFEST) == []


class TestGoldenAudio:
    def test_finds_what_the_golden_has_and_nothing_else(self, golden: Golden) -> None:
        audio = GoldenAudio(golden)
        assert audio.golden_path(golden.records["a"]) == golden.path / "audio" / "a.opus"
        assert audio.path("ab" * 32) is None
        assert last_approval((), "joe") is None
