"""SARIF: valid by the standard and by what code scanning demands, within its limits."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from typing import Any

import pytest

from harness.core.ending import MATRIX, standing_of
from harness.core.findings import Evidence, Outcome
from harness.core.types import Severity, Verdict
from harness.core.verdict import RunResult
from harness.report.formats import sarif
from harness.report.formats.sarif_run import to_sarif
from tests.lazily import Lazily
from tests.report_samples import INFO, calm_probes, dropped, hostile_run, passing_run, sample_run
from tests.rule_samples import rule
from tests.sarif_subset import SCHEMA

jsonschema = Lazily("jsonschema")

BROKEN = RunResult(
    info=INFO, outcomes=(Outcome(subject="engine-load", verdict=Verdict.ERROR, reason="disk full"),), planned=3
)


def run_of(result: RunResult) -> Any:
    document = json.loads(to_sarif(result))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document["runs"][0]


def many_failures(number: int) -> RunResult:
    one = dropped(calm_probes(1)[0])
    return RunResult(
        info=INFO, outcomes=tuple(replace(one, subject=f"probe-{at:05}") for at in range(number)), planned=number
    )


class TestTheSubset:
    """The schema that the tests validate with would notice."""

    def test_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("version",), "2.0.0"),
            (("runs", 0, "results", 0, "level"), "none"),
            (("runs", 0, "results", 0, "kind"), "open"),
            (("runs", 0, "results", 0, "locations"), []),
            (("runs", 0, "results", 0, "partialFingerprints"), {}),
            (("runs", 0, "results", 0, "message", "text"), ""),
            (("runs", 0, "results", 0, "ruleIndex"), -1),
            (("runs", 0, "results", 0, "surprise"), 1),
            (
                ("runs", 0, "results", 0, "locations", 0, "physicalLocation", "artifactLocation", "uri"),
                "file:///etc/passwd",
            ),
            (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", "startLine"), 0),
            (("runs", 0, "tool", "driver", "rules", 0, "properties", "tags"), ["a", "a"]),
            (("runs", 0, "invocations", 0, "executionSuccessful"), "yes"),
        ],
    )
    def test_refuses_what_is_wrong(self, path: tuple[Any, ...], value: Any) -> None:
        document = json.loads(to_sarif(sample_run()))
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
        node = document
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(SCHEMA).validate(document)


class TestEveryRun:
    @pytest.mark.parametrize(
        "result",
        [sample_run(), passing_run(), hostile_run(), BROKEN, RunResult(info=INFO, outcomes=(), planned=0)],
        ids=["fail", "pass", "hostile", "broken", "empty"],
    )
    def test_is_valid(self, result: RunResult) -> None:
        found = run_of(result)
        rules = found["tool"]["driver"]["rules"]
        for one in found["results"]:
            assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert found["invocations"][0]["exitCode"] == MATRIX[standing_of(result)][result.info.gate]


class TestResults:
    def test_stand_at_the_line_of_the_suite_with_level_and_help(self) -> None:
        found = run_of(sample_run())
        one = next(one for one in found["results"] if one["properties"]["subject"] == "not-open-door-osprey")
        place = one["locations"][0]["physicalLocation"]
        assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (
            "probes/suites/smoke.probes.yaml",
            25,
        )
        assert (one["kind"], one["level"], one["ruleId"]) == ("fail", "error", "speech.word-dropped")
        rule = found["tool"]["driver"]["rules"][one["ruleIndex"]]
        assert rule["properties"]["security-severity"] == "9.5"
        assert "backdoor" in rule["help"]["text"]

    def test_follow_the_severity(self) -> None:
        one = dropped(calm_probes(1)[0])
        findings = tuple(
            replace(one.findings[0], severity=severity, rule=rule(f"x.{severity}")) for severity in Severity
        )
        found = run_of(RunResult(info=INFO, outcomes=(replace(one, findings=findings),), planned=1))
        assert [one["level"] for one in found["results"]] == ["error", "error", "warning", "note"]

    def test_of_what_was_not_decided_are_open_and_their_reasons_are_notified(self) -> None:
        found = run_of(sample_run())
        unsure = [one for one in found["results"] if one["ruleId"] == "soundcheck.inconclusive"]
        assert [(one["kind"], one["level"]) for one in unsure] == [("open", "none")] * 3
        told = [one["message"]["text"] for one in found["invocations"][0]["toolExecutionNotifications"]]
        assert told[0].startswith("2 items could not be decided: the golden's repeats disagree")

    def test_hold_no_error_of_the_harness_which_is_a_notification(self) -> None:
        found = run_of(BROKEN)
        assert found["results"] == []
        invocation = found["invocations"][0]
        assert invocation["executionSuccessful"] is False
        early, broken = invocation["toolExecutionNotifications"][:2]
        assert (early["level"], early["descriptor"]["id"]) == ("error", "soundcheck.incomplete")
        assert (broken["level"], broken["message"]["text"]) == (
            "error",
            "engine-load: the harness could not check this. disk full.",
        )

    def test_hold_no_link_that_somebody_else_wrote(self) -> None:
        one = dropped(calm_probes(1)[0])
        finding = replace(one.findings[0], title="[see](https://example.invalid)")
        found = run_of(RunResult(info=INFO, outcomes=(replace(one, findings=(finding,)),), planned=1))
        assert "](" not in found["results"][0]["message"]["text"]

    def test_name_odd_paths_as_relative_uris(self) -> None:
        suite = replace(INFO.suites[0], path="my suites/ü#1?.probes.yaml")
        found = run_of(replace(sample_run(), info=replace(INFO, suites=(suite,))))
        assert found["artifacts"][0]["location"]["uri"] == "my%20suites/%C3%BC%231%3F.probes.yaml"


class TestLimits:
    def test_leave_out_what_code_scanning_would_not_show_and_say_so(self) -> None:
        found = json.loads(to_sarif(many_failures(5_010)))["runs"][0]  # to validate these takes seconds
        assert len(found["results"]) == 5_000
        told = [one["message"]["text"] for one in found["invocations"][0]["toolExecutionNotifications"]]
        assert "10 results left out to stay within the limits of code scanning; see results.json." in told

    def test_keep_the_upload_small_even_where_it_cannot_be_compressed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sarif, "MAX_GZIP_BYTES", 20_000)
        rng = random.Random(7)
        noise = ["".join(chr(rng.randrange(0x4E00, 0x9FFF)) for _ in range(300)) for _ in range(100)]
        run = many_failures(100)
        outcomes = tuple(
            replace(one, findings=(replace(one.findings[0], evidence=Evidence(words=text)),))
            for one, text in zip(run.outcomes, noise, strict=True)
        )
        result = replace(run, outcomes=outcomes)
        assert len(gzip.compress(to_sarif(result))) <= 20_000
        assert 0 < len(run_of(result)["results"]) < 100

    def test_bound_the_rules_that_a_run_can_name(self) -> None:
        run = many_failures(1_010)
        outcomes = tuple(
            replace(one, findings=(replace(one.findings[0], rule=rule(f"x.{at:05}")),))
            for at, one in enumerate(run.outcomes)
        )
        found = json.loads(to_sarif(replace(run, outcomes=outcomes)))["runs"][0]
        assert len(found["tool"]["driver"]["rules"]) == len(found["results"]) == 1_000
