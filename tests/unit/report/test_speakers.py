"""What reports say of several speakers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from harness.core.findings import Finding, Outcome
from harness.core.speakers import spoken_by
from harness.core.types import Severity, Verdict
from harness.report.formats import results
from harness.report.formats.github import to_summary
from harness.report.formats.junit import properties
from harness.report.formats.sarif_run import to_sarif
from harness.report.formats.table import to_csv
from harness.report.page import html
from harness.report.speakers import MOST, by_speaker, speaker_lines
from harness.report.terminal import summary_lines
from tests.report_samples import RUN_DIR, SampleAudio, passing_run
from tests.rule_samples import rule
from tests.synthetic_takes import probe

if TYPE_CHECKING:
    from pathlib import Path

    from harness.core.verdict import RunResult

NAMES = ("amelie", "bruno\x1b[2J", "=cmd|x")


def spoken(names: tuple[str, ...] = NAMES) -> RunResult:
    """Two probes by each: the second speaker failed one, the third was never asked for the second."""
    probes = spoken_by((probe("door"), probe("gate")), names)
    outcomes = [Outcome(subject=one.id, verdict=Verdict.PASS, probe=one) for one in probes]
    if len(names) > 2:
        found = Finding(rule=rule("timing.slow"), severity=Severity.HIGH, subject=probes[2].id, title="is slow")
        outcomes[2] = dataclasses.replace(outcomes[2], verdict=Verdict.FAIL, findings=(found,))
        del outcomes[5]
    whole = passing_run()
    suite = dataclasses.replace(whole.info.suites[0], probes=len(probes))
    info = dataclasses.replace(whole.info, speakers=names, voice="speakers", suites=(suite,))
    return dataclasses.replace(whole, info=info, outcomes=tuple(outcomes), planned=len(probes))


def test_who_failed_comes_first_then_who_is_open() -> None:
    assert [(one.probes, one.failed, one.open, one.verdict) for one in by_speaker(spoken())] == [
        (2, 1, 0, Verdict.FAIL),
        (2, 0, 1, Verdict.INCONCLUSIVE),
        (2, 0, 0, Verdict.PASS),
    ]
    lines = speaker_lines(spoken())
    assert lines[0].endswith(": 1 of 2 probes failed")
    assert lines[1:] == ("=cmd|x: 1 undecided", "amelie: 2 probes passed")


def test_of_many_a_screenful_is_named() -> None:
    lines = speaker_lines(spoken(tuple(f"p{number}" for number in range(40))))
    assert len(lines) == MOST + 1
    assert lines[-1] == f"{40 - MOST} other speakers: see results.json"


def test_one_voice_has_no_line() -> None:
    assert by_speaker(passing_run()) == ()
    assert (
        by_speaker(dataclasses.replace(passing_run(), info=dataclasses.replace(passing_run().info, speakers=("a",))))
        == ()
    )


class TestEveryFormat:
    """Each names the speaker, and lets none of a name's characters act."""

    def test_terminal(self) -> None:
        text = "\n".join(line for line, _ in summary_lines(spoken(), run_dir=RUN_DIR, width=100))
        assert "speaker   amelie: 2 probes passed" in text
        assert "\x1b" not in text
        assert "pytest '" not in text or "candidate@" in text

    def test_page(self, tmp_path: Path) -> None:
        page = html.render(spoken(), SampleAudio(tmp_path), run_dir=tmp_path)
        assert "By speaker" in page
        assert "<td>amelie</td>" in page
        assert "\x1b" not in page

    def test_json(self) -> None:
        document = results.read(results.to_json(spoken()))
        assert document["info"]["speakers"] == list(NAMES)
        assert {one["probe"]["speaker"] for one in document["outcomes"]} == set(NAMES)

    def test_csv(self) -> None:
        rows = to_csv(spoken()).decode().splitlines()
        assert rows[0].endswith(",speaker")
        assert rows[1].endswith(",amelie")
        assert rows[-2].endswith("'=cmd|x")

    def test_sarif(self) -> None:
        text = to_sarif(spoken()).decode()
        assert '"speakers"' in text
        assert "amelie" in text

    def test_github(self) -> None:
        assert "### 3 speakers" in to_summary(spoken()).decode()

    @pytest.mark.parametrize("place", range(2))
    def test_junit(self, place: int) -> None:
        assert ("tts_speaker", "amelie") in properties(spoken().outcomes[place])
