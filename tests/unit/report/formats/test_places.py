"""What admission finds stands where it is: in a run's reports as in a scan's."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.admission.admit import admit
from harness.admission.checks.integrity import Provenance
from harness.admission.outcomes import Door
from harness.cli.scan_sarif import to_sarif as scan_to_sarif
from harness.core.findings import Finding, Outcome, Place
from harness.core.types import Model, Severity, Verdict
from harness.core.verdict import RunResult
from harness.report.formats.gitlab import to_code_quality
from harness.report.formats.issues import issues, model_path
from harness.report.formats.sarif_run import to_sarif
from harness.report.terminal import failure_text
from tests.fake_voices import fake_voice
from tests.lazily import Lazily
from tests.report_samples import INFO, RUN_DIR, SUITE_PATH, watched_run
from tests.rule_samples import rule
from tests.sarif_subset import SCHEMA

jsonschema = Lazily("jsonschema")


class Evil:
    def __reduce__(self) -> Any:
        return print, ("a marker, nothing else",)


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two hostile files, below the folder that the command is given in."""
    monkeypatch.chdir(tmp_path)
    made = fake_voice(Path("voices/new"))
    (made / "model.pth").write_bytes(pickle.dumps(Evil()))
    (made / "notes").mkdir()
    (made / "notes" / "run.py").write_text("print()", "utf-8")
    return made


def run_of(voice: Path) -> RunResult:
    outcomes = Door(Model(engine="fake", path=voice, digest=""), Provenance(model=voice)).outcomes
    return RunResult(info=replace(INFO, model=str(voice)), outcomes=outcomes, planned=len(outcomes))


def places(document: Any) -> dict[str, Any]:
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return {one["ruleId"]: one["locations"][0] for one in document["runs"][0]["results"] if one["kind"] == "fail"}


class TestAHostileFile:
    def test_stands_at_the_same_place_in_a_run_and_in_a_scan(self, voice: Path) -> None:
        ran = places(json.loads(to_sarif(run_of(voice))))
        scanned = places(json.loads(scan_to_sarif([admit(voice)], version="1")))
        assert ran == {rule_id: scanned[rule_id] for rule_id in ran}
        physical = ran["admission.pickle-import"]["physicalLocation"]
        assert physical["artifactLocation"] == {"uri": "voices/new/model.pth", "uriBaseId": "%SRCROOT%"}
        assert physical["region"]["byteOffset"] > 0
        assert (
            ran["admission.directory-code"]["physicalLocation"]["artifactLocation"]["uri"] == "voices/new/notes/run.py"
        )

    def test_is_named_by_gitlab_and_in_the_terminal(self, voice: Path) -> None:
        run = run_of(voice)
        found = [one for one in json.loads(to_code_quality(run)) if one["check_name"] == "admission.pickle-import"]
        assert [one["location"]["path"] for one in found] == ["voices/new/model.pth"]
        failed = next(one for one in run.outcomes if one.subject == "admission-checkpoint")
        text = failure_text(failed, run.info, suite_path=SUITE_PATH, run_dir=RUN_DIR)
        assert "heard     model.pth, byte 0x" in text

    def test_scanned_by_itself_stands_at_its_own_path(self, voice: Path) -> None:
        found = places(json.loads(scan_to_sarif([admit(voice / "model.pth")], version="1")))
        uri = found["admission.pickle-import"]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == "voices/new/model.pth"


class TestPlaces:
    @pytest.mark.parametrize(
        ("place", "name"),
        [
            (Place(), ""),
            (Place(file="a.pth"), "a.pth"),
            (Place(file="a.pth", offset=42), "a.pth, byte 0x2a"),
            (
                Place(file="a.pth").step("unpacked").member("data.pkl").byte(2),
                "a.pth, unpacked, member data.pkl, byte 0x2",
            ),
            (Place(file="config.json").at("$.audio.stats_path"), "config.json, $.audio.stats_path"),
        ],
    )
    def test_are_written_from_the_outside_in(self, place: Place, name: str) -> None:
        assert place.name == name

    def test_in_an_archive_are_no_bytes_of_the_file(self) -> None:
        assert Place(offset=0).is_byte_of_file
        assert not Place().is_byte_of_file
        assert not Place(offset=0).member("x").is_byte_of_file

    @pytest.mark.parametrize(
        ("model", "file", "path"),
        [
            ("voices/new", "a/b.pth", "voices/new/a/b.pth"),
            ("/srv/voices/new", "b.pth", "new/b.pth"),
            ("coqui:voices/new", "b.pth", "voices/new/b.pth"),
            ("hf://org/name@abc", "b.pth", "org/name@abc/b.pth"),
            ("voices/new", "../../etc/passwd", "voices/new/passwd"),
            ("voices/new", "", "voices/new"),
            (".", "", "."),
        ],
    )
    def test_lead_to_files_below_the_folder_of_the_command(self, model: str, file: str, path: str) -> None:
        assert model_path(model, file) == path

    def test_tell_issues_of_one_rule_apart_whatever_their_order(self) -> None:
        def found(*files: str) -> dict[str, str]:
            findings = tuple(
                Finding(
                    rule=rule("admission.pickle-import"),
                    severity=Severity.CRITICAL,
                    subject="admission-checkpoint",
                    title="imports",
                    place=Place(file=file),
                )
                for file in files
            )
            outcome = Outcome(subject="admission-checkpoint", verdict=Verdict.FAIL, findings=findings)
            listed = issues(RunResult(info=INFO, outcomes=(outcome,), planned=1))
            return {one.path: one.fingerprint for one in listed}

        assert found("a", "b") == found("b", "a")


class TestPhrases:
    def test_leave_a_finding_at_the_suite_s_file(self) -> None:
        run = watched_run()
        (check,) = [one for one in run.outcomes if one.subject == "behaviour-network"]
        assert check.findings[0].place is not None
        assert check.findings[0].place.name == ""
        bare = replace(check, findings=(replace(check.findings[0], place=None),))
        without = replace(run, outcomes=tuple(bare if one is check else one for one in run.outcomes))
        found, bare_found = (json.loads(to_sarif(one))["runs"][0]["results"] for one in (run, without))
        assert [one["locations"] for one in found] == [one["locations"] for one in bare_found]
