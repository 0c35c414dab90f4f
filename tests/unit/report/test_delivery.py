"""Where reports go, and that one which cannot be written costs one line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.core.errors import BadInput, StorageError
from harness.report.delivery import Delivery, deliver, read_requests, write_report
from harness.report.formats.github import STEP_LIMIT
from harness.report.formats.registry import FORMATS
from tests.report_samples import sample_run

if TYPE_CHECKING:
    from pathlib import Path


def delivered(*texts: str, folder: Path, **environment: str) -> list[Delivery]:
    return deliver(read_requests(texts), sample_run(), folder=folder, environment=environment)


class TestRequests:
    def test_name_a_format_and_a_path(self, tmp_path: Path) -> None:
        plain, placed = read_requests(["csv", "sarif=out/a=b.sarif"])
        assert (plain.format.name, plain.path) == ("csv", None)
        assert (placed.format.name, str(placed.path)) == ("sarif", "out/a=b.sarif")

    @pytest.mark.parametrize(
        ("texts", "line"),
        [
            (["srif"], "--tts-report: there is no format 'srif'; did you mean sarif?"),
            (["csv="], "--tts-report: expected FORMAT or FORMAT=PATH, got 'csv='"),
            (["csv", "csv"], "--tts-report: csv is asked for twice; name a path of its own for each report"),
            (["csv=x", "sarif=./x"], "--tts-report: x is asked for twice; name a path of its own for each report"),
        ],
    )
    def test_that_cannot_be_obeyed_are_refused_in_one_line(self, texts: list[str], line: str) -> None:
        with pytest.raises(BadInput) as caught:
            read_requests(texts)
        assert str(caught.value) == line


class TestDelivery:
    def test_goes_into_the_run_directory_or_where_it_is_told(self, tmp_path: Path) -> None:
        run, elsewhere = tmp_path / "run", tmp_path / "new" / "folder" / "x.sarif"
        done = delivered("csv", f"sarif={elsewhere}", folder=run)
        assert (run / "observations.csv").read_bytes() == FORMATS["csv"].write(sample_run())
        assert elsewhere.read_bytes() == FORMATS["sarif"].write(sample_run())
        assert [one.problem for one in done] == ["", ""]
        assert done[1].told == f"sarif {elsewhere}"

    def test_replaces_a_file_as_a_whole_and_leaves_nothing_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / "x.prom").write_text("old")
        delivered(f"prometheus={tmp_path / 'x.prom'}", folder=tmp_path)
        assert [one.name for one in tmp_path.iterdir()] == ["x.prom"]
        assert (tmp_path / "x.prom").read_bytes() == FORMATS["prometheus"].write(sample_run())

    def test_prints_annotations_unless_a_path_is_given(self, tmp_path: Path) -> None:
        (printed,) = delivered("github-annotations", folder=tmp_path)
        assert printed.printed.encode() == FORMATS["github-annotations"].write(sample_run())
        (kept,) = delivered(f"github-annotations={tmp_path / 'a.txt'}", folder=tmp_path)
        assert kept.printed == ""
        assert (tmp_path / "a.txt").read_text("utf-8") == printed.printed

    def test_appends_to_the_summary_of_the_step(self, tmp_path: Path) -> None:
        step = tmp_path / "step.md"
        step.write_text("others were here")
        (done,) = delivered("github-summary", folder=tmp_path, GITHUB_STEP_SUMMARY=str(step))
        assert done.told == "github-summary appended to $GITHUB_STEP_SUMMARY"
        assert step.read_bytes() == b"others were here\n" + FORMATS["github-summary"].write(sample_run())

    def test_writes_the_summary_to_the_run_directory_where_no_step_wants_it(self, tmp_path: Path) -> None:
        delivered("github-summary", folder=tmp_path)
        assert (tmp_path / "summary.md").is_file()

    def test_does_not_spoil_a_summary_that_is_full(self, tmp_path: Path) -> None:
        step = tmp_path / "step.md"
        step.write_bytes(b"x" * (STEP_LIMIT - 10))
        (done,) = delivered("github-summary", folder=tmp_path, GITHUB_STEP_SUMMARY=str(step))
        assert "has no room left" in done.problem
        assert step.stat().st_size == STEP_LIMIT - 10

    def test_of_one_that_cannot_be_written_is_one_line_and_the_others_are_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        done = delivered(f"sarif={tmp_path}/file/x.sarif", f"csv={tmp_path}", "gitlab", folder=tmp_path)
        assert done[0].problem.startswith(f"--tts-report=sarif: {tmp_path}/file/x.sarif: cannot be written (")
        assert (
            done[1].problem
            == f"--tts-report=csv: {tmp_path}: expected a new path or a plain file, got a folder, a link or a device"
        )
        assert not any("\n" in one.problem for one in done)
        assert (tmp_path / "gl-code-quality-report.json").is_file()

    @pytest.mark.parametrize("kind", ["folder", "link", "dangling", "pipe"])
    def test_takes_the_place_of_plain_files_only(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "x"
        (tmp_path / "file").write_bytes(b"old")
        {
            "folder": path.mkdir,
            "link": lambda: path.symlink_to(tmp_path / "file"),
            "dangling": lambda: path.symlink_to(tmp_path / "nowhere"),
            "pipe": lambda: os.mkfifo(path),
        }[kind]()
        before = path.lstat()
        with pytest.raises(StorageError, match="expected a new path or a plain file"):
            write_report(path, b"new")
        assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)
        assert (tmp_path / "file").read_bytes() == b"old"
        assert not (tmp_path / "nowhere").exists()
