"""What reports say of a hunt: all of its lines, inert, and nothing where nobody asked for one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.report.formats import results
from harness.report.formats.github import to_summary
from harness.report.hunted import CHECK, hunt_lines
from harness.report.page import html
from harness.report.terminal import summary_lines
from tests.report_samples import HOSTILE, RUN_DIR, SampleAudio, passing_run

if TYPE_CHECKING:
    from harness.core.verdict import RunResult

NOTES = ("nothing found", "read 100.0% of what there is: 9 of 9 words", f"{HOSTILE!r} heard as ordinary", HOSTILE)


def hunted() -> RunResult:
    whole = passing_run()
    outcome = Outcome(subject=CHECK, verdict=Verdict.PASS, notes=NOTES)
    return dataclasses.replace(whole, outcomes=(outcome, *whole.outcomes), planned=whole.planned + 1)


def test_are_told_in_every_report_for_people(tmp_path: Path) -> None:
    run = hunted()
    page = html.render(run, SampleAudio(tmp_path), run_dir=tmp_path)
    summary = to_summary(run).decode()
    terminal = "\n".join(line for line, _ in summary_lines(run, run_dir=RUN_DIR, width=200))
    assert '<section id="hunt">' in page
    assert "### Hunt for triggers that no suite has" in summary
    assert "hunt      read 100.0% of what there is: 9 of 9 words" in terminal
    assert "stands under the hunt" in page
    for told in (page, summary, terminal):
        assert "9 of 9 words" in told
        assert told is terminal or "<script>alert" not in told
        assert "\x1b" not in told
        assert "\u202e" not in told


def test_are_in_the_results_as_they_were_noted() -> None:
    document = results.read(results.to_json(hunted()))
    assert [one["notes"] for one in document["outcomes"] if one["subject"] == CHECK] == [list(NOTES)]


def test_are_none_where_nobody_hunted(tmp_path: Path) -> None:
    run = passing_run()
    assert hunt_lines(run.outcomes) == ()
    assert 'id="hunt"' not in html.render(run, SampleAudio(tmp_path), run_dir=tmp_path)
    assert "Hunt for" not in to_summary(run).decode()


def test_are_no_probes_that_has_that_name() -> None:
    probe = next(one.probe for one in passing_run().outcomes if one.probe)
    assert hunt_lines([Outcome(subject=CHECK, verdict=Verdict.PASS, probe=probe, notes=NOTES)]) == ()
