"""The runs so far."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.core.types import Verdict
from harness.core.verdict import RunResult
from harness.report.history import read_history, sparkline, trends_of
from harness.storage import rundirectory
from tests.report_samples import HOSTILE, passing_run, sample_run
from tests.signoff_samples import write_run

DAY = 86_400 * 10**9


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Time stands where it is set, and goes on by `step` with each record."""
    now = {"at": 1_800_000_000 * 10**9, "step": 10**9}

    def time_ns() -> int:
        now["at"] += now["step"]
        return now["at"]

    monkeypatch.setattr(rundirectory.time, "time_ns", time_ns)
    return now


def named(run_id: str, result: RunResult, **changes: object) -> RunResult:
    few = result.outcomes[:12]
    return replace(result, info=replace(result.info, run_id=run_id, **changes), outcomes=few, planned=12)


@pytest.fixture
def folder(tmp_path: Path, clock: dict[str, int]) -> Path:
    """Three runs on three days, the last of which failed and took twice as long."""
    for at, (run_id, result) in enumerate((("aaaa", passing_run()), ("bbbb", passing_run()), ("cccc", sample_run()))):
        clock["at"] = 1_800_000_000 * 10**9 + at * DAY
        clock["step"] = 10**9 * (2 if run_id == "cccc" else 1)
        write_run(tmp_path, named(run_id, result))
    return tmp_path


class TestHistory:
    def test_is_newest_first_with_what_it_cost(self, folder: Path) -> None:
        runs, problems = read_history(folder)
        assert problems == []
        assert [(one.run_id, one.verdict, one.seconds) for one in runs] == [
            ("cccc", Verdict.FAIL, 22.0),
            ("bbbb", Verdict.PASS, 11.0),
            ("aaaa", Verdict.PASS, 11.0),
        ]
        assert runs[0].when.isoformat() == "2027-01-17T08:00:24+00:00"
        assert runs[0].score is not None
        assert runs[1].score is not None
        assert runs[0].score < runs[1].score

    def test_keeps_the_voices_of_a_model_apart(
        self, tmp_path: Path, clock: dict[str, int], capsys: pytest.CaptureFixture[str]
    ) -> None:
        for run_id, voice in (("aaaa", "speaker amelie"), ("bbbb", "speaker amelie"), ("cccc", "speaker bruno")):
            write_run(tmp_path, named(run_id, passing_run(), voice=voice))
        runs, _ = read_history(tmp_path)
        assert [(one.voice, len(one.seconds)) for one in trends_of(runs)] == [("speaker amelie", 2)]
        assert main(["history", "--dir", str(tmp_path)]) == 0
        out = capsys.readouterr().out
        assert "candidate, speaker bruno" in out
        assert "candidate, speaker amelie, last 2 runs" in out

    def test_counts_no_pauses(self, tmp_path: Path, clock: dict[str, int]) -> None:
        path = write_run(tmp_path, named("aaaa", passing_run()))
        clock["at"] += DAY
        rundirectory.RunDirectory(tmp_path, path.name).record("main", passing_run().outcomes[0])
        assert read_history(tmp_path)[0][0].seconds == 11.0

    def test_tells_of_a_run_that_cannot_be_read_and_goes_on(self, folder: Path) -> None:
        (folder / "runs/bbbb/run.json").write_text("{", "utf-8")
        runs, problems = read_history(folder)
        assert [one.run_id for one in runs] == ["cccc", "aaaa"]
        assert len(problems) == 1
        assert "no run lies here" in problems[0]

    def test_has_a_trend_for_each_name_with_more_than_one_run(self, folder: Path) -> None:
        write_run(folder, named("dddd", passing_run(), model_name="other"))
        (trend,) = trends_of(read_history(folder)[0])
        assert (trend.model_name, trend.seconds) == ("candidate", (11.0, 11.0, 22.0))


class TestSparkline:
    @pytest.mark.parametrize(
        ("values", "drawn"),
        [([1, 2, 3], "▁▅█"), ([5, 5], "▄▄"), ([0, None, 7], "▁ █"), ([None], ""), ([], "")],
    )
    def test_spans_least_and_largest(self, values: list[float | None], drawn: str) -> None:
        assert sparkline(values) == drawn


class TestTheVerb:
    def test_shows_a_small_table(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["history", "--dir", str(folder), "--limit", "2"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split() == [
            *("when", "(UTC)", "run", "model", "digest", "verdict", "pass", "fail", "open", "of", "seconds", "score")
        ]
        assert lines[1].startswith("2027-01-17 08:00  cccc  candidate  9f3c51a2  fail")
        assert lines[3] == "... and 1 earlier; --limit 0 shows all"
        assert lines[4].startswith("candidate, last 3 runs: seconds ▁▁█  score █")

    def test_says_the_same_to_machines(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["history", "--dir", str(folder), "--format", "json"]) == 0
        content = json.loads(capsys.readouterr().out)
        assert [one["verdict"] for one in content["runs"]] == ["fail", "pass", "pass"]
        assert content["trends"][0]["seconds"] == [11.0, 11.0, 22.0]

    def test_has_nothing_to_show_at_first(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["history", "--dir", str(tmp_path)]) == 0
        assert capsys.readouterr().err.endswith("no runs so far\n")

    def test_lets_no_name_reach_the_terminal_as_it_is(
        self, tmp_path: Path, clock: dict[str, int], capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_run(tmp_path, named("aaaa", passing_run(), model_name=HOSTILE, model_digest="\x1b[31m\u202e"))
        assert main(["history", "--dir", str(tmp_path)]) == 0
        assert capsys.readouterr().out.replace("\n", "").isprintable()
