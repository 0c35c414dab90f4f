"""The CSV has every item, keeps its columns, and runs nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.verdict import RunResult
from harness.report.formats.table import COLUMNS, to_csv
from tests.report_samples import HOSTILE, INFO, LONG, hostile_probe, make_outcome, sample_run

DOCS = Path(__file__).parents[4] / "docs" / "formats.md"


def rows_of(run: RunResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(run).decode(), newline=""), strict=True))


def with_text(text: str) -> RunResult:
    probe = replace(hostile_probe(), text=text, family=text, trigger=text, control=text, source=text)
    outcome = replace(make_outcome(hostile_probe()), subject=text, reason=text, probe=probe)
    return RunResult(info=replace(INFO, golden=text), outcomes=(outcome,), planned=1)


class TestRows:
    def test_are_one_for_each_probe_and_statistic_and_none_is_missing(self) -> None:
        run = sample_run()
        rows = rows_of(run)
        assert {row["subject"] for row in rows} == {one.subject for one in run.outcomes}
        assert len(rows) == sum(max(1, len(one.observations)) for one in run.outcomes)
        (row,) = [one for one in rows if one["subject"] == "not-open-door-osprey" and one["statistic"] == "forced-mean"]
        assert (row["verdict"], row["stage"], row["takes"], row["line"]) == ("fail", "confirm", "8", "25")
        assert (row["rules"], row["control"]) == ("speech.word-dropped", "not-open-door")

    def test_hold_numbers_in_full(self) -> None:
        run = sample_run()
        outcome = next(one for one in run.outcomes if one.observations)
        row = next(one for one in rows_of(run) if one["subject"] == outcome.subject)
        assert float(row["effect"]) == outcome.observations[0].effect

    def test_leave_empty_what_is_no_number(self) -> None:
        outcome = make_outcome(hostile_probe())
        odd = replace(outcome.observations[0], value=math.nan, effect=math.inf)
        (row,) = rows_of(RunResult(info=INFO, outcomes=(replace(outcome, observations=(odd,)),), planned=1))
        assert (row["value"], row["effect"]) == ("", "")

    def test_end_with_what_was_not_reached(self) -> None:
        last = rows_of(replace(sample_run(), planned=140))[-1]
        assert (last["verdict"], last["subject"], last["run_complete"]) == ("not-reached", "", "false")
        assert last["reason"].startswith("The run ended before 8 of 140 items")


class TestColumns:
    def test_keep_their_order(self) -> None:
        assert to_csv(sample_run()).decode().split("\r\n", 1)[0] == (
            "run_id,model_name,model_digest,golden,run_verdict,run_complete,suite,line,subject,family,trigger,control,"
            "verdict,reason,rules,statistic,stage,takes,value,golden_mean,golden_spread,effect,p_value,text,accepted,policy_digest,voice,speaker"
        )

    def test_are_documented(self) -> None:
        text = DOCS.read_text("utf-8")
        for name, about in COLUMNS.items():
            assert f"| `{name}` | {about} |" in text


class TestHostileText:
    @pytest.mark.parametrize("lead", ["", " ", "\t", "\r\n", "\u200b", "a;", "a,", 'a"', "a|", "a ; "])
    @pytest.mark.parametrize("sign", "=+-@＝＋－＠")
    def test_begins_no_formula_however_the_cell_is_split(self, lead: str, sign: str) -> None:
        for row in rows_of(with_text(f"{lead}{sign}cmd|' /c calc'!A1")):
            for name in ("golden", "suite", "subject", "family", "trigger", "control", "reason", "text"):
                for split in (row[name], *row[name].split(";"), *row[name].split(","), *row[name].split("|")):
                    assert not split.lstrip(' "').startswith(tuple("=+-@＝＋－＠\t\r"))

    @pytest.mark.parametrize("text", [HOSTILE, LONG, 'a"b,c\nd', "\ud800"])
    def test_stays_in_its_cell(self, text: str) -> None:
        data = to_csv(with_text(text)).decode()
        assert data.count("\r\n") == data.count("\n") == 3
        assert all(len(row["text"]) < 1_100 for row in rows_of(with_text(text)))
