"""Sums that a thread takes beside the values: the same verdict as one after the other, and nothing is left running."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from harness.admission.checks.checkpoint import CheckpointCheck
from harness.admission.reading import checksums
from harness.admission.tree import Tree
from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import FOUR
from tests.admission_corpus.pickle_assembly import stream

PICKLE = stream(asm.state_dict(*((f"w{key}", asm.tensor(str(key), 4, (4,), (1,))) for key in range(3))))


def rules(path: Path, *members: asm.Member) -> list[tuple[str, str]]:
    path.write_bytes(asm.archive(*members))
    return [(flaw.rule.id, flaw.place) for flaw in CheckpointCheck().examine(Tree.of(path)).flaws]


@pytest.mark.parametrize("worth", [0, 1 << 40], ids=["by-a-thread", "in-turn"])
def test_name_each_member_that_does_not_match(worth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())  # other tests' libraries leave theirs in this process
    monkeypatch.setattr(checksums, "WORTH_A_THREAD", worth)
    members = asm.torch_members(PICKLE, FOUR, FOUR, FOUR)
    assert rules(tmp_path / "good.pth", *members) == []
    members[2].crc = members[4].crc = 7
    assert rules(tmp_path / "bad.pth", *members) == [
        ("admission.zip-crc", "member archive/data/0"),
        ("admission.zip-crc", "member archive/data/2"),
    ]
    assert set(threading.enumerate()) <= before


def test_are_given_up_where_the_values_end_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(*_: object, **__: object) -> None:
        raise OSError("gone")

    before = set(threading.enumerate())
    monkeypatch.setattr(checksums, "WORTH_A_THREAD", 0)
    monkeypatch.setattr("harness.admission.reading.torchfile.look_at", ends)
    found = rules(tmp_path / "model.pth", *asm.torch_members(PICKLE, FOUR, FOUR, FOUR))
    assert found == [("admission.unreadable", "")]
    assert set(threading.enumerate()) <= before


def test_say_where_the_file_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(checksums, "WORTH_A_THREAD", 0)
    monkeypatch.setattr(checksums.Checksums, "_sum", ends)
    found = rules(tmp_path / "model.pth", *asm.torch_members(PICKLE, FOUR, FOUR, FOUR))
    assert found == [("admission.unreadable", "")]
