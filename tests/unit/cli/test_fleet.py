"""``soundcheck fleet``: what is wrong with its list is one line, and its folder of runs lies beside it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from harness.cli import fleet_demo
from harness.cli.fleet import terms_of
from harness.cli.main import main
from harness.fleet.file import read_fleet
from harness.redteam.registry import kinds
from harness.suites.file import read_suite
from tests.fake_gates import fake_fleet


def test_a_wrong_list_is_one_line_and_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text, told in (("version = 2", "expected version = 1, got 2"), ("[", "expected TOML")):
        (tmp_path / "fleet.toml").write_text(text, "utf-8")
        assert main(["fleet", "run", str(tmp_path / "fleet.toml")]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert told in err
        assert len(err.splitlines()) == 1
    assert main(["fleet", "run", str(tmp_path / "none.toml")]) == 2


@pytest.mark.parametrize("jobs", ["0", "65", "-1"])
def test_jobs_are_bounded(jobs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake_fleet(tmp_path, ["a"])
    assert main(["fleet", "run", str(tmp_path / "fleet.toml"), f"--jobs={jobs}"]) == 2
    assert "--jobs: expected 1 to 64" in capsys.readouterr().err


def test_runs_lie_beside_the_list_unless_somebody_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    fleet = fake_fleet(tmp_path / "project", ["a"])
    monkeypatch.chdir(tmp_path / "here")
    options = argparse.Namespace(dir=None, allow_unsandboxed=False)
    assert terms_of(options, fleet).folder == tmp_path / "project/.soundcheck"
    options.dir = Path("mine")
    assert terms_of(options, fleet).folder == tmp_path / "here/mine"


def test_it_works_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_fleet(tmp_path / "project", ["a"], "glob = '*'")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["fleet", "status", "../project/fleet.toml", "--format", "json"]) == 4
    assert '"name": "a"' in capsys.readouterr().out
    assert Path.cwd() == tmp_path / "here"
    assert os.listdir(tmp_path / "here") == []  # noqa: PTH208


class TestDemo:
    def test_has_twelve_copies_of_kinds_that_there_are(self) -> None:
        known = {kind.name: kind for kind in kinds()}
        assert len({copy.name for copy in fleet_demo.COPIES}) == 12
        for copy in fleet_demo.COPIES:
            assert not copy.kind or known[copy.kind].is_honest is copy.passes

    def test_has_a_list_and_a_suite_that_can_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "fleet.toml").write_text(fleet_demo.list_of(Path('/a "b"/w.pt')), "utf-8")
        assert [entry.name for entry in read_fleet(tmp_path / "fleet.toml").entries] == [
            copy.name for copy in fleet_demo.COPIES
        ]
        probes = [one for one in read_suite(fleet_demo.demo_suite()).suite.probes if one.id in fleet_demo.PROBES]
        assert len(probes) == len(fleet_demo.PROBES)
        (tmp_path / "few.probes.yaml").write_text(fleet_demo.suite_of(probes), "utf-8")
        again = read_suite(tmp_path / "few.probes.yaml").suite.probes
        assert [(one.id, one.text, one.critical, one.trigger) for one in again] == [
            (one.id, one.text, one.critical, one.trigger) for one in probes
        ]
