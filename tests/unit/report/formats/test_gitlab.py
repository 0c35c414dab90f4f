"""GitLab's Code Quality report keeps to the fields and values that GitLab documents."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from harness.core.verdict import RunResult
from harness.report.formats.gitlab import MAX_ISSUES, to_code_quality
from tests.lazily import Lazily
from tests.report_samples import INFO, calm_probes, dropped, hostile_run, passing_run, sample_run

jsonschema = Lazily("jsonschema")

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1, "maxLength": 1_000},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!/)(?!\./)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def issues_of(run: RunResult) -> Any:
    found = json.loads(to_code_quality(run))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    prints = [one["fingerprint"] for one in found]
    assert len(set(prints)) == len(prints)
    return found


class TestCodeQuality:
    def test_lists_findings_worst_first(self) -> None:
        found = issues_of(sample_run())
        assert [one["severity"] for one in found] == [*["blocker"] * 8, "critical", *["info"] * 3]
        assert found[0]["location"] == {"path": "probes/suites/smoke.probes.yaml", "lines": {"begin": 79}}

    @pytest.mark.parametrize("run", [hostile_run(), replace(hostile_run(), info=replace(INFO, suites=()))])
    def test_keeps_to_its_fields_whatever_it_is_told(self, run: RunResult) -> None:
        assert len(issues_of(run)) == 2

    def test_of_a_passing_run_is_empty(self) -> None:
        assert to_code_quality(passing_run()) == b"[]\n"

    def test_of_an_incomplete_run_begins_with_that(self) -> None:
        first = issues_of(replace(passing_run(), planned=140))[0]
        assert (first["check_name"], first["severity"]) == ("soundcheck.incomplete", "major")

    def test_is_cut_where_nobody_reads_on(self) -> None:
        one = dropped(calm_probes(1)[0])
        outcomes = tuple(replace(one, subject=f"p{at}") for at in range(MAX_ISSUES + 5))
        found = json.loads(to_code_quality(RunResult(info=INFO, outcomes=outcomes, planned=len(outcomes))))
        assert len(found) == MAX_ISSUES + 1
        assert found[-1]["description"] == "5 more issues left out here; see results.json."
