"""Which files may lie in a model's directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.admission.base import Examination
from harness.admission.checks.directory import MAX_FILES, DirectoryCheck
from harness.admission.tree import Tree
from harness.core.types import Verdict
from tests import config_corpus as corpus


def examine(case: corpus.Case, folder: Path) -> Examination:
    case.make(folder)
    return DirectoryCheck().examine(Tree.of(folder))


@pytest.mark.parametrize(
    "case", corpus.HOSTILE_DIRECTORIES, ids=lambda case: case.name.encode("unicode_escape").decode()
)
def test_stops_what_has_no_place_there(case: corpus.Case, tmp_path: Path) -> None:
    found = examine(case, tmp_path)
    assert f"admission.{case.rule}" in [flaw.rule.id for flaw in found.flaws], found.flaws
    assert found.verdict is Verdict.FAIL


@pytest.mark.parametrize("case", corpus.CLEAN, ids=lambda case: case.name)
def test_passes_what_is_clean(case: corpus.Case, tmp_path: Path) -> None:
    assert examine(case, tmp_path).flaws == ()


@pytest.mark.parametrize("case", corpus.UNDECIDED_DIRECTORIES, ids=lambda case: case.name)
def test_leaves_undecided_what_may_be_honest(case: corpus.Case, tmp_path: Path) -> None:
    found = examine(case, tmp_path)
    assert [flaw.rule.id for flaw in found.flaws] == [f"admission.{case.rule}"]
    assert found.verdict is Verdict.INCONCLUSIVE


def test_too_many_files_are_named_once(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}.txt").write_bytes(b"x")
    (tmp_path / "model.pth").write_bytes(corpus.checkpoint())
    assert [flaw.rule.id for flaw in DirectoryCheck().examine(Tree.of(tmp_path)).flaws] == [
        "admission.directory-crowded"
    ]


def test_empty_folders_are_fine(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "model.pth").write_bytes(corpus.checkpoint())
    assert DirectoryCheck().examine(Tree.of(tmp_path)).verdict is Verdict.PASS


def test_every_rule_that_is_reported_is_declared_once() -> None:
    assert len({rule.id for rule in DirectoryCheck().rules}) == len(DirectoryCheck().rules)


def test_a_link_says_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "a.pth").symlink_to("/etc/\x1b[31mpasswd")
    flaw = DirectoryCheck().examine(Tree.of(tmp_path)).flaws[0]
    assert (flaw.rule.id, flaw.found) == ("admission.directory-link-out", "-> /etc/passwd")
