"""Audits that have ended say what is new; what cannot be read says nothing, and decides nothing."""

from __future__ import annotations

import msgspec
import pytest

from harness.core.grades import Verdict
from harness.fleet.audits import VERSION, Audits, PastAudit, PastRow
from tests.fleet_samples import sample_fleet


@pytest.fixture
def ended(tmp_path):
    report = sample_fleet()
    for _ in range(2):
        audits = Audits(tmp_path)
        audits.begin("2026-11-30T00:00:00")
        audits.end(report, [{"model": row.name} for row in report.rows])
    return tmp_path


def test_rows_are_known_by_name(ended):
    audits = Audits(ended)
    assert audits.number == 3
    past = audits.of("turned")
    assert past.verdicts == (Verdict.FAIL, Verdict.FAIL)
    assert past.last is not None
    assert past.last.parts == {"model": "turned"}
    assert audits.of("unknown").last is None
    assert audits.gone(["good", "turned", "lost", "open"]) == (sample_fleet().rows[-1].name,)


def test_one_that_has_begun_goes_on_with_its_number_and_its_past(ended):
    Audits(ended).begin("then")
    again = Audits(ended)
    assert again.number == 3
    again.begin("later")
    assert b"then" in (ended / "begun.json").read_bytes()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"version": 1}', b"\xff" * 9])
def test_what_is_not_whole_is_left_out(data, ended):
    (ended / "audits/000002.json").write_bytes(data)
    (ended / "begun.json").write_bytes(data)
    audits = Audits(ended)
    assert audits.number == 3
    assert audits.of("good").verdicts == (Verdict.PASS,)


def test_of_another_version_is_left_out(ended):
    row = PastRow(name="good", verdict=Verdict.FAIL, ending=1, run_id="", parts={})
    other = PastAudit(version=VERSION + 1, number=2, begun="", rows=(row,))
    (ended / "audits/000002.json").write_bytes(msgspec.json.encode(other))
    assert Audits(ended).of("good").verdicts == (Verdict.PASS,)


def test_another_file_beside_them_is_none(ended):
    (ended / "audits/notes.json").write_text("{}", "utf-8")
    (ended / "audits/000009.json").symlink_to("/etc/passwd")
    assert Audits(ended).number == 10
    assert len(Audits(ended).past) == 2
